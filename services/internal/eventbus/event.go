// Package eventbus is the transport of events between services: what an event
// looks like (CloudEvents 1.0), and NATS JetStream underneath: publishing,
// consuming, the topology, and the embedded server.
//
// Events are thin: a case reference and codes, never personal data. The
// package decides nothing about an event's meaning and keeps no state of its
// own; outbox and inbox in the database are the truth.
package eventbus

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

const (
	// MaxPayload is the size of the largest event, in bytes.
	MaxPayload = 16 << 10
	// Resource is Altinn's `resource` attribute of every event.
	Resource = "urn:altinn:resource:kompetansespor-case"
	// RuleUnknownVersion is the rule of an event whose schema version is not
	// known here: it is parked, not lost.
	RuleUnknownVersion = "event.version-unknown"

	typePrefix = "no.kompetansespor."
	version    = "v1"
	maxDepth   = 6
)

// TimeClass says whose time the step took that an event tells of.
type TimeClass string

// The time classes.
const (
	Machine   TimeClass = "machine"
	Human     TimeClass = "human"
	Queue     TimeClass = "queue"
	Candidate TimeClass = "candidate"
	Physical  TimeClass = "physical"
)

// Event is one thing that happened in a case. On the wire it is a CloudEvents
// 1.0 structured-mode JSON object with Altinn's resource and resourceinstance
// (the case reference) and the extensions timeclass, sequence and traceparent.
type Event struct {
	// ID is unique per producer: 1 to 100 of [A-Za-z0-9._-].
	ID string
	// Source is the producer's public URL.
	Source string
	// Type is no.kompetansespor.<thing>.<verb>.v1; TypeOf makes it.
	Type string
	// Case is the case reference, a pseudonym: 1 to 64 of [A-Za-z0-9_-].
	Case string
	// Time is when it happened, UTC.
	Time time.Time
	// TimeClass is whose time the step took.
	TimeClass TimeClass
	// Sequence counts the producer's events of the case from 1.
	Sequence int64
	// Traceparent is W3C trace context, or "".
	Traceparent string
	// Data is a small object of references and codes. After Parse its numbers
	// are json.Number.
	Data map[string]any
}

var (
	idForm   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	caseForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}\.[a-z][a-z0-9-]{0,39}$`)
	verForm  = regexp.MustCompile(`^v[1-9][0-9]{0,3}$`)
	parent   = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
	sequence = regexp.MustCompile(`^[1-9][0-9]{0,15}$`)
	// What no value of data may look like: an e-mail address, or eleven
	// digits that stand alone, as identity and account numbers do.
	personal = regexp.MustCompile(`@|(^|[^0-9A-Za-z])[0-9]{11}($|[^0-9A-Za-z])`)
)

// TypeOf is the CloudEvents type of an event's name, such as "decision.made".
func TypeOf(name string) string { return typePrefix + name + "." + version }

// Name is the middle of the type: "decision.made".
func (e *Event) Name() string {
	return strings.TrimSuffix(strings.TrimPrefix(e.Type, typePrefix), "."+version)
}

// Subject is the NATS subject of a producer's events of a case.
func Subject(producer, caseRef string) string { return "ks." + producer + "." + caseRef }

// Hash is the hexadecimal SHA-256 of a payload. An event's identity is its id
// and this.
func Hash(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// wire is the JSON of an event, members in this order.
type wire struct {
	SpecVersion      string         `json:"specversion"`
	ID               string         `json:"id"`
	Source           string         `json:"source"`
	Type             string         `json:"type"`
	Subject          string         `json:"subject"`
	Resource         string         `json:"resource"`
	ResourceInstance string         `json:"resourceinstance"`
	Time             string         `json:"time"`
	TimeClass        TimeClass      `json:"timeclass"`
	Sequence         string         `json:"sequence"`
	Traceparent      string         `json:"traceparent,omitempty"`
	DataContentType  string         `json:"datacontenttype"`
	Data             map[string]any `json:"data"`
}

// Encode writes the event. It fails with an Invalid fault where Parse would.
// The same event always gives the same bytes.
func (e *Event) Encode() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	data := e.Data
	if data == nil {
		data = map[string]any{}
	}
	payload, err := json.Marshal(wire{
		SpecVersion: "1.0", ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Case,
		Resource: Resource, ResourceInstance: e.Case,
		Time: e.Time.UTC().Format(time.RFC3339Nano), TimeClass: e.TimeClass,
		Sequence: strconv.FormatInt(e.Sequence, 10), Traceparent: e.Traceparent,
		DataContentType: "application/json", Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("write event: %w", err)
	}
	if len(payload) > MaxPayload {
		return nil, invalid("event.too-large", "an event has at most %d bytes", MaxPayload)
	}
	return payload, nil
}

// Parse reads an event that came from outside. Its errors are Invalid faults;
// RuleUnknownVersion marks a schema version that is not known here.
func Parse(payload []byte) (*Event, error) {
	limits := strictjson.Limits{Bytes: MaxPayload, Depth: maxDepth}
	// The version is looked at first: a later one may have other members.
	read, err := strictjson.ReadObject(payload, limits)
	if err != nil {
		return nil, err
	}
	kind, _ := read.Get("type").Text()
	if err := checkType(kind); err != nil {
		return nil, err
	}
	var w wire
	if err := strictjson.Unmarshal(payload, &w, limits); err != nil {
		return nil, err
	}
	switch {
	case w.SpecVersion != "1.0":
		return nil, invalid("event.specversion", "specversion must be 1.0")
	case w.Resource != Resource:
		return nil, invalid("event.resource", "resource must be %s", Resource)
	case w.ResourceInstance != w.Subject:
		return nil, invalid("event.resourceinstance", "resourceinstance must be the subject")
	case w.DataContentType != "application/json":
		return nil, invalid("event.datacontenttype", "datacontenttype must be application/json")
	case w.Data == nil:
		return nil, invalid("event.data", "data must be an object")
	case !sequence.MatchString(w.Sequence):
		return nil, invalid("event.sequence", "sequence must be a decimal number from 1")
	}
	at, err := time.Parse(time.RFC3339Nano, w.Time)
	if err != nil || !strings.HasSuffix(w.Time, "Z") {
		return nil, invalid("event.time", "time must be RFC 3339 in UTC")
	}
	position, err := strconv.ParseInt(w.Sequence, 10, 64)
	if err != nil {
		return nil, invalid("event.sequence", "sequence must be a decimal number from 1")
	}
	e := &Event{
		ID: w.ID, Source: w.Source, Type: w.Type, Case: w.Subject, Time: at, TimeClass: w.TimeClass,
		Sequence: position, Traceparent: w.Traceparent, Data: w.Data,
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	return e, nil
}

// checkType tells an unknown version from what is no type of ours.
func checkType(kind string) error {
	rest, ours := strings.CutPrefix(kind, typePrefix)
	dot := strings.LastIndexByte(rest, '.')
	if !ours || dot < 0 || !nameForm.MatchString(rest[:dot]) || !verForm.MatchString(rest[dot+1:]) {
		return invalid("event.type", "type must be no.kompetansespor.<thing>.<verb>.v<number>")
	}
	if rest[dot+1:] != version {
		return invalid(RuleUnknownVersion, "this version of the event is not known here")
	}
	return nil
}

func (e *Event) check() error {
	if err := checkType(e.Type); err != nil {
		return err
	}
	switch {
	case !idForm.MatchString(e.ID):
		return invalid("event.id", "id must be 1 to 100 letters, digits, dots, dashes and underscores")
	case !caseForm.MatchString(e.Case):
		return invalid("event.subject", "subject must be a case reference")
	case e.Source == "" || len(e.Source) > 200:
		return invalid("event.source", "source must be the producer's URL")
	case e.Time.IsZero() || e.Time.Year() > 9999:
		return invalid("event.time", "time must be given")
	case e.Sequence < 1:
		return invalid("event.sequence", "sequence must be a decimal number from 1")
	case e.Traceparent != "" && !parent.MatchString(e.Traceparent):
		return invalid("event.traceparent", "traceparent must be W3C trace context")
	}
	switch e.TimeClass {
	case Machine, Human, Queue, Candidate, Physical:
	default:
		return invalid("event.timeclass", "timeclass must be machine, human, queue, candidate or physical")
	}
	return checkData(e.Data, 0)
}

// checkData keeps data small, and out of it what looks personal.
func checkData(value any, depth int) error {
	if depth > maxDepth-2 {
		return invalid("event.data", "data is too deep")
	}
	switch v := value.(type) {
	case map[string]any:
		if len(v) > 50 {
			return invalid("event.data", "data has too many members")
		}
		for name, inner := range v {
			if personal.MatchString(name) {
				return invalid("event.personal-data", "an event must not hold personal data")
			}
			if err := checkData(inner, depth+1); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range v {
			if err := checkData(inner, depth+1); err != nil {
				return err
			}
		}
	case string:
		if personal.MatchString(v) {
			return invalid("event.personal-data", "an event must not hold personal data")
		}
	case json.Number:
		if personal.MatchString(v.String()) {
			return invalid("event.personal-data", "an event must not hold personal data")
		}
	}
	return nil
}

func invalid(rule, message string, args ...any) error {
	return fault.New(fault.Invalid, rule, message, args...)
}
