// Package altinn stands in for Altinn Events in development and tests: it takes
// events as strictly as the real one documents, asks a new subscription's end
// point whether it wants them, and passes events on to who subscribes.
//
// It is never part of a production process.
//
// Source: Digdir, Altinn Events API (publish, subscribe), read November 2026.
package altinn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

// Authorizer says which organisation a request's token stands for, by scope.
type Authorizer interface {
	Authorize(r *http.Request, scope string) (organisationNumber string, err error)
}

const (
	publishScope   = "altinn:events.publish"
	subscribeScope = "altinn:events.subscribe"
	mediaType      = "application/cloudevents+json"
	bodyLimit      = 64 << 10
	pushDeadline   = 2 * time.Second
	// kept is how many of the last events may be looked at.
	kept = 1000
)

// Server is the stand-in. Its routes: POST /events, GET /events for tests, POST
// /subscriptions, all below the stand-in's prefix. Safe for concurrent use.
type Server struct {
	mode.Switch
	Tokens Authorizer
	// HTTP reaches subscribers. Nil: the default client.
	HTTP *http.Client
	mux  *http.ServeMux

	mu            sync.Mutex // guards what follows
	events        []json.RawMessage
	seen          map[string]bool // source and id
	subscriptions []subscription
}

// subscription is who wants which events.
type subscription struct {
	EndPoint       string `json:"endPoint"`
	ResourceFilter string `json:"resourceFilter"`
	SubjectFilter  string `json:"subjectFilter,omitempty"`
	TypeFilter     string `json:"typeFilter,omitempty"`
	consumer       string // organisation number
}

// New makes the stand-in.
func New(tokens Authorizer) *Server {
	s := &Server{Tokens: tokens, HTTP: http.DefaultClient, mux: http.NewServeMux(), seen: map[string]bool{}}
	s.mux.HandleFunc("POST /events", s.publish)
	s.mux.HandleFunc("GET /events", s.list)
	s.mux.HandleFunc("POST /subscriptions", s.subscribe)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.mux) }

// event is what is asked of an event.
type event struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Type        string `json:"type"`
	Source      string `json:"source"`
	Subject     string `json:"subject"`
	Resource    string `json:"resource"`
	Time        string `json:"time"`
}

func (e event) check() error {
	_, sourceErr := url.ParseRequestURI(e.Source)
	_, timeErr := time.Parse(time.RFC3339, e.Time)
	switch {
	case e.SpecVersion != "1.0":
		return errors.New("specversion must be 1.0")
	case e.ID == "" || e.Type == "":
		return errors.New("id and type are required")
	case sourceErr != nil:
		return errors.New("source must be a URI")
	case !strings.HasPrefix(e.Resource, "urn:altinn:resource:"):
		return errors.New("resource must be a URN of a resource")
	case e.Time != "" && timeErr != nil:
		return errors.New("time must be an instant")
	}
	return nil
}

func (s *Server) publish(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Tokens.Authorize(r, publishScope); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if r.Header.Get("Content-Type") != mediaType {
		http.Error(w, "events are "+mediaType, http.StatusUnsupportedMediaType)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var e event
	if err == nil {
		err = json.Unmarshal(raw, &e)
	}
	if err == nil {
		err = e.check()
	}
	if err == nil && s.Wrong() {
		err = errors.New("this event is refused, as was ordered")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, to := range s.keep(e, raw) {
		// A subscriber that is away is tried again by the real one; whoever
		// tests that asks for the events that are kept.
		_ = s.push(r.Context(), to, raw)
	}
	w.WriteHeader(http.StatusOK)
}

// keep stores a new event and says who wants it.
func (s *Server) keep(e event, raw []byte) (wanted []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := e.Source + " " + e.ID; s.seen[key] {
		return nil
	} else {
		s.seen[key] = true
	}
	s.events = append(s.events, raw)
	if len(s.events) > kept {
		s.events = s.events[len(s.events)-kept:]
	}
	for _, one := range s.subscriptions {
		if one.ResourceFilter == e.Resource && (one.TypeFilter == "" || one.TypeFilter == e.Type) && (one.SubjectFilter == "" || one.SubjectFilter == e.Subject) {
			wanted = append(wanted, one.EndPoint)
		}
	}
	return wanted
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	all := slices.Clone(s.events)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all)
}

func (s *Server) subscribe(w http.ResponseWriter, r *http.Request) {
	consumer, err := s.Tokens.Authorize(r, subscribeScope)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var wanted subscription
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err == nil {
		err = json.Unmarshal(raw, &wanted)
	}
	if err == nil {
		err = wanted.check()
	}
	if err == nil {
		err = s.validate(r.Context(), wanted.EndPoint)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	wanted.consumer = consumer
	s.mu.Lock()
	s.subscriptions = append(s.subscriptions, wanted)
	id := len(s.subscriptions)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	answer := map[string]any{"id": id, "validated": true, "consumer": "/organisation/" + consumer}
	maps.Copy(answer, map[string]any{"endPoint": wanted.EndPoint, "resourceFilter": wanted.ResourceFilter})
	_ = json.NewEncoder(w).Encode(answer)
}

// check takes end points on this machine only: a stand-in calls nobody else.
func (s subscription) check() error {
	u, err := url.Parse(s.EndPoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("endPoint must be a URL")
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return errors.New("the stand-in knows only end points on loopback addresses")
	}
	if !strings.HasPrefix(s.ResourceFilter, "urn:altinn:resource:") {
		return errors.New("resourceFilter must be a URN of a resource")
	}
	return nil
}

// validate asks an end point whether it wants events.
func (s *Server) validate(ctx context.Context, endPoint string) error {
	question, err := json.Marshal(map[string]string{
		"specversion": "1.0", "id": "validation", "type": "platform.events.validatesubscription",
		"source": "urn:altinn:events:subscriptions", "resource": "urn:altinn:resource:events",
	})
	if err != nil {
		return err
	}
	return s.push(ctx, endPoint, question)
}

func (s *Server) push(ctx context.Context, endPoint string, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, pushDeadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endPoint, bytes.NewReader(payload))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", mediaType)
	answer, err := s.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("the end point does not answer: %w", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the end point answered %d", answer.StatusCode)
	}
	return nil
}
