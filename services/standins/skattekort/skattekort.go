// Package skattekort stands in for the tax administration's "skattekort til
// arbeidsgiver", for development and tests: an order is taken, answered 204 for
// a while, and then with a tax card in the real one's shape.
//
// A person with a valid number has a card of the scheme for foreign workers
// (kildeskatt på lønn) unless told otherwise by PUT /persons.
package skattekort

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

// Config is what the stand-in needs.
type Config struct {
	// Authorize checks a request's access token for a scope; the stand-in of
	// Maskinporten has it. Nil: no token is asked for.
	Authorize func(r *http.Request, scope string) (organisationNumber string, err error)
	// Dir is where orders and what it was told of persons are kept; empty: nowhere.
	Dir string
	// After is how long an order is worked on. Default 300 ms.
	After  time.Duration
	Clock  clock.Clock
	Random io.Reader
}

// scope is what a token must allow.
const scope = "skatteetaten:skattekorttilarbeidsgiver"

// bodyLimit is the size of the largest order, in bytes.
const bodyLimit = 64 << 10

// Server is the stand-in. Safe for concurrent use.
type Server struct {
	mode.Switch
	config Config
	mux    *http.ServeMux

	mu   sync.Mutex // guards kept
	kept kept
}

// kept is what it remembers.
type kept struct {
	Orders  map[string]taken `json:"orders"`
	Persons map[string]Told  `json:"persons"`
	Cards   int              `json:"cards"` // how many have been issued
}

// taken is an order.
type taken struct {
	At           time.Time `json:"at"`
	Year         int       `json:"year"`
	Organisation string    `json:"organisation"`
	Persons      []string  `json:"persons"`
}

// Told is what the stand-in was told of a person: the result, and the
// forskuddstrekk of the card when that is skattekortopplysningerOK.
type Told struct {
	Result     string           `json:"resultatForSkattekort"`
	Deductions []map[string]any `json:"forskuddstrekk,omitempty"`
	Additional []string         `json:"tilleggsopplysning,omitempty"`
}

// New makes it, with what its folder remembers.
func New(c Config) (*Server, error) {
	if c.After == 0 {
		c.After = 300 * time.Millisecond
	}
	s := &Server{config: c, mux: http.NewServeMux(), kept: kept{Orders: map[string]taken{}, Persons: map[string]Told{}}}
	if c.Dir != "" {
		raw, err := os.ReadFile(s.file())
		if err == nil {
			err = json.Unmarshal(raw, &s.kept)
		}
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("read what the tax administration's stand-in remembers: %w", err)
		}
	}
	s.mux.HandleFunc("POST /api/forskudd/bestillSkattekort/", s.order)
	s.mux.HandleFunc("GET /api/forskudd/skattekortTilArbeidsgiver/svar/{reference}", s.answer)
	s.mux.HandleFunc("PUT /persons", s.tell)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, s.mux) }

func (s *Server) file() string { return filepath.Join(s.config.Dir, "skattekort.json") }

// save writes what is remembered; mu is held.
func (s *Server) save() error {
	if s.config.Dir == "" {
		return nil
	}
	raw, err := json.Marshal(s.kept)
	if err != nil {
		return err
	}
	draft := s.file() + ".part"
	if err := os.WriteFile(draft, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, s.file())
}

func (s *Server) allowed(w http.ResponseWriter, r *http.Request) bool {
	if s.config.Authorize == nil {
		return true
	}
	if _, err := s.config.Authorize(r, scope); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return false
	}
	return true
}

func (s *Server) order(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	var body struct {
		Year    string `json:"inntektsaar"`
		Kind    string `json:"bestillingstype"`
		Contact struct {
			Email string `json:"epostadresse"`
			Phone string `json:"mobiltelefonummer"`
		} `json:"kontaktinformasjon"`
		Notify  string `json:"varslingstype"`
		Request struct {
			Employers []struct {
				Employer struct {
					Number string `json:"organisasjonsnummer"`
				} `json:"arbeidsgiveridentifikator"`
				Persons []string `json:"arbeidstakeridentifikator"`
			} `json:"arbeidsgiver"`
		} `json:"forespoerselOmSkattekortTilArbeidsgiver"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		http.Error(w, "the order cannot be read", http.StatusBadRequest)
		return
	}
	year, err := strconv.Atoi(body.Year)
	kind := body.Kind == "HENT_ALLE_OPPGITTE" || body.Kind == "HENT_KUN_ENDRING"
	if err != nil || !kind || body.Contact.Email == "" || body.Notify == "" || len(body.Request.Employers) != 1 || len(body.Request.Employers[0].Persons) == 0 {
		http.Error(w, "the order lacks something", http.StatusBadRequest)
		return
	}
	random := make([]byte, 32)
	if _, err := io.ReadFull(s.config.Random, random); err != nil {
		http.Error(w, "no randomness", http.StatusInternalServerError)
		return
	}
	reference := hex.EncodeToString(random[:16])
	employer := body.Request.Employers[0]
	s.mu.Lock()
	s.kept.Orders[reference] = taken{At: s.config.Clock.Now(), Year: year, Organisation: employer.Employer.Number, Persons: employer.Persons}
	err = s.save()
	s.mu.Unlock()
	if err != nil {
		http.Error(w, "the order cannot be kept", http.StatusInternalServerError)
		return
	}
	writeJSON(w, map[string]string{"dialogreferanse": hex.EncodeToString(random[16:]), "bestillingsreferanse": reference})
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	taken, known := s.kept.Orders[r.PathValue("reference")]
	switch {
	case !known:
		http.Error(w, "there is no such order", http.StatusNotFound)
		return
	case s.config.Clock.Now().Before(taken.At.Add(s.config.After)):
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var persons []map[string]any
	for _, number := range taken.Persons {
		persons = append(persons, s.person(taken, number))
	}
	writeJSON(w, map[string]any{"status": "FORESPOERSEL_OK", "arbeidsgiver": []any{map[string]any{
		"arbeidsgiveridentifikator": map[string]any{"organisasjonsnummer": taken.Organisation}, "arbeidstaker": persons,
	}}})
}

// person is what the answer says of one person. A wrong stand-in answers about
// somebody else.
func (s *Server) person(o taken, number string) map[string]any {
	told := s.about(o, number)
	out := map[string]any{"arbeidstakeridentifikator": number, "resultatForSkattekort": told.Result, "inntektsaar": strconv.Itoa(o.Year)}
	if s.Wrong() {
		out["arbeidstakeridentifikator"] = "00000000000"
	}
	if told.Result == "skattekortopplysningerOK" {
		s.kept.Cards++
		out["skattekort"] = map[string]any{
			"utstedtDato": o.At.Format(time.DateOnly), "skattekortidentifikator": s.kept.Cards, "forskuddstrekk": told.Deductions,
		}
		out["tilleggsopplysning"] = told.Additional
	}
	return out
}

func (s *Server) about(o taken, number string) Told {
	if told, ok := s.kept.Persons[number]; ok {
		return told
	}
	if identifier.CheckOrganisationNumber(o.Organisation, identifier.Synthetic) != nil {
		return Told{Result: "ugyldigOrganisasjonsnummer"}
	}
	if _, err := identifier.CheckPersonNumber(number, identifier.Synthetic, identifier.ControlRuleAt(o.At)); err != nil {
		return Told{Result: "ugyldigFoedselsEllerDnummer"}
	}
	return Told{
		Result: "skattekortopplysningerOK", Additional: []string{"kildeskattPaaLoenn"},
		Deductions: []map[string]any{{"trekkode": "loennFraHovedarbeidsgiver", "trekkprosent": map[string]any{"prosentsats": 25}}},
	}
}

// Tell says what is answered about a person from now on.
func (s *Server) Tell(number string, what Told) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Persons[number] = what
	return s.save()
}

// tell is Tell over HTTP: {"arbeidstakeridentifikator", ...}. The number stands
// in the body, as everywhere.
func (s *Server) tell(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Number string `json:"arbeidstakeridentifikator"`
		Told
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(&body); err != nil || body.Number == "" || body.Result == "" {
		http.Error(w, "say whom it is about and what the result is", http.StatusBadRequest)
		return
	}
	if err := s.Tell(body.Number, body.Told); err != nil {
		http.Error(w, "it cannot be kept", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
