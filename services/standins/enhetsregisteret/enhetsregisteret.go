// Package enhetsregisteret stands in for Enhetsregisteret: it serves the JSON of
// the open API of Brønnøysundregistrene for organisations that do not exist, all
// with synthetic numbers.
//
//	GET /api/enheter/{orgnr}          200, 404 or 410
//	GET /api/enheter/{orgnr}/roller
//	GET /api/oppdateringer/enheter?oppdateringsid=N | ?dato=T [&size=N]
//
// A test or a person changes an organisation with
//
//	PUT   /control/enheter/{orgnr}    the whole organisation, as Entity
//	PATCH /control/enheter/{orgnr}    the members given
//
// and each change is an update of the feed. In the mode wrong it answers about
// another organisation than was asked for, and its feed runs backwards.
package enhetsregisteret

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

// Entity is an organisation of the stand-in. Its JSON is that of control.
type Entity struct {
	OrganisationNumber string   `json:"organisation_number"`
	Name               string   `json:"name"`
	Form               string   `json:"form"`   // such as AS or ORGL
	Sector             string   `json:"sector"` // such as 2100, or 6100 for the state
	Employees          int      `json:"employees"`
	Business           bool     `json:"business"` // in Foretaksregisteret
	VAT                bool     `json:"vat"`      // in Merverdiavgiftsregisteret
	Municipality       string   `json:"municipality"`
	Bankrupt           bool     `json:"bankrupt"`
	Dissolving         bool     `json:"dissolving"`
	ForcedDissolution  bool     `json:"forced_dissolution"`
	Deleted            bool     `json:"deleted"` // given with slettedato
	Gone               bool     `json:"gone"`    // 410
	Roles              []Holder `json:"roles"`
}

// Holder is somebody with a role.
type Holder struct {
	Role    string `json:"role"` // such as DAGL
	Given   string `json:"given"`
	Middle  string `json:"middle"`
	Family  string `json:"family"`
	Changed string `json:"changed"` // the date of the group's last change
	Left    bool   `json:"left"`
	Dead    bool   `json:"dead"`
}

// Config is what the stand-in needs. A nil clock is the machine's.
type Config struct {
	Clock clock.Clock
	// Entities are the organisations; nil: Seed.
	Entities []Entity
}

// Register is the stand-in. Safe for concurrent use.
type Register struct {
	mode.Switch
	clock clock.Clock
	mux   *http.ServeMux

	mu       sync.Mutex // guards what follows
	entities map[string]Entity
	updates  []update
}

type update struct {
	number int64
	at     time.Time
	entity string
	kind   string
}

// New makes the stand-in.
func New(c Config) *Register {
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Entities == nil {
		c.Entities = Seed()
	}
	r := &Register{clock: c.Clock, mux: http.NewServeMux(), entities: map[string]Entity{}}
	for _, e := range c.Entities {
		r.entities[e.OrganisationNumber] = e
	}
	r.mux.HandleFunc("GET /api/enheter/{orgnr}", r.enhet)
	r.mux.HandleFunc("GET /api/enheter/{orgnr}/roller", r.roller)
	r.mux.HandleFunc("GET /api/oppdateringer/enheter", r.oppdateringer)
	r.mux.HandleFunc("PUT /control/enheter/{orgnr}", func(w http.ResponseWriter, q *http.Request) { r.order(w, q, Entity{}) })
	r.mux.HandleFunc("PATCH /control/enheter/{orgnr}", func(w http.ResponseWriter, q *http.Request) {
		have, ok := r.find(q.PathValue("orgnr"))
		if !ok {
			http.Error(w, "there is no such organisation", http.StatusNotFound)
			return
		}
		r.order(w, q, have)
	})
	return r
}

// ServeHTTP implements http.Handler. Orders are taken in every mode.
func (r *Register) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Method != http.MethodGet {
		r.mux.ServeHTTP(w, q)
		return
	}
	r.Serve(w, q, r.mux)
}

// Set puts in an organisation, or changes it; the feed tells.
func (r *Register) Set(e Entity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := "Endring"
	if _, known := r.entities[e.OrganisationNumber]; !known {
		kind = "Ny"
	}
	if e.Deleted {
		kind = "Sletting"
	}
	if e.Gone {
		kind = "Fjernet"
	}
	r.entities[e.OrganisationNumber] = e
	// Numbers have gaps, and go on where they were when the stand-in starts anew.
	next := update{number: r.clock.Now().UnixMilli(), at: r.clock.Now(), entity: e.OrganisationNumber, kind: kind}
	if n := len(r.updates); n > 0 && r.updates[n-1].number >= next.number {
		next.number = r.updates[n-1].number + 1
	}
	r.updates = append(r.updates, next)
}

func (r *Register) find(number string) (Entity, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.entities[number]
	return e, ok
}

const orderLimit = 64 << 10

func (r *Register) order(w http.ResponseWriter, q *http.Request, onto Entity) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, orderLimit))
	if err == nil {
		err = json.Unmarshal(body, &onto)
	}
	onto.OrganisationNumber = q.PathValue("orgnr")
	if err == nil && onto.Name == "" {
		err = fmt.Errorf("an organisation has a name")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Set(onto)
	w.WriteHeader(http.StatusNoContent)
}

// asked finds the organisation of a path, or answers that there is none.
func (r *Register) asked(w http.ResponseWriter, q *http.Request) (Entity, bool) {
	e, ok := r.find(q.PathValue("orgnr"))
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		return e, false
	case e.Gone:
		write(w, http.StatusGone, map[string]any{"status": http.StatusGone, "feilmelding": "Enheten er fjernet av juridiske årsaker"})
		return e, false
	}
	if r.Wrong() {
		r.mu.Lock()
		numbers := slices.Sorted(maps.Keys(r.entities))
		r.mu.Unlock()
		for _, other := range numbers {
			if another, _ := r.find(other); other != e.OrganisationNumber && !another.Gone {
				return another, true
			}
		}
	}
	return e, true
}

func (r *Register) enhet(w http.ResponseWriter, q *http.Request) {
	e, ok := r.asked(w, q)
	if !ok {
		return
	}
	self := "https://data.brreg.no/enhetsregisteret/api/enheter/" + e.OrganisationNumber
	body := map[string]any{
		"organisasjonsnummer":               e.OrganisationNumber,
		"navn":                              e.Name,
		"organisasjonsform":                 map[string]any{"kode": e.Form},
		"_links":                            map[string]any{"self": map[string]any{"href": self}},
		"registreringsdatoEnhetsregisteret": "2015-01-01",
	}
	if e.Deleted {
		body["slettedato"] = r.clock.Now().UTC().Format(time.DateOnly)
		write(w, http.StatusOK, body)
		return
	}
	maps.Copy(body, map[string]any{
		"registrertIMvaregisteret":           e.VAT,
		"registrertIForetaksregisteret":      e.Business,
		"registrertIStiftelsesregisteret":    false,
		"registrertIFrivillighetsregisteret": false,
		"naeringskode1":                      map[string]any{"kode": "85.421", "beskrivelse": "Undervisning ved universiteter"},
		"stiftelsesdato":                     "1990-01-01",
		"institusjonellSektorkode":           map[string]any{"kode": e.Sector},
		"forretningsadresse": map[string]any{
			"land": "Norge", "landkode": "NO", "postnummer": "0001", "poststed": "OSLO", "adresse": []string{"Prøveveien 1"},
			"kommune": "OSLO", "kommunenummer": e.Municipality,
		},
		"konkurs":        e.Bankrupt,
		"underAvvikling": e.Dissolving,
		"underTvangsavviklingEllerTvangsopplosning": e.ForcedDissolution,
		"maalform":                   "Bokmål",
		"sisteInnsendteAarsregnskap": "2025",
	})
	// The register shows no number of employees below five.
	if e.Employees == 0 || e.Employees >= 5 {
		body["antallAnsatte"] = e.Employees
	}
	write(w, http.StatusOK, body)
}

func (r *Register) roller(w http.ResponseWriter, q *http.Request) {
	e, ok := r.asked(w, q)
	if !ok {
		return
	}
	groups := []any{}
	if r.Wrong() {
		write(w, http.StatusOK, map[string]any{"roller": groups})
		return
	}
	for _, h := range e.Roles {
		name := map[string]any{"fornavn": h.Given, "etternavn": h.Family}
		if h.Middle != "" {
			name["mellomnavn"] = h.Middle
		}
		groups = append(groups, map[string]any{
			"type": map[string]any{"kode": h.Role}, "sistEndret": h.Changed,
			"roller": []any{map[string]any{
				"type":      map[string]any{"kode": h.Role},
				"person":    map[string]any{"fodselsdato": "1970-01-01", "navn": name, "erDoed": h.Dead},
				"fratraadt": h.Left, "rekkefolge": 0,
			}},
		})
	}
	write(w, http.StatusOK, map[string]any{"rollegrupper": groups})
}

func (r *Register) oppdateringer(w http.ResponseWriter, q *http.Request) {
	query := q.URL.Query()
	from, _ := strconv.ParseInt(query.Get("oppdateringsid"), 10, 64)
	since, _ := time.Parse(time.RFC3339, query.Get("dato"))
	size, err := strconv.Atoi(query.Get("size"))
	if err != nil || size < 1 {
		size = 20
	}
	r.mu.Lock()
	all := slices.Clone(r.updates)
	r.mu.Unlock()
	all = slices.DeleteFunc(all, func(u update) bool { return u.number < from || u.at.Before(since) })
	total := len(all)
	all = all[:min(size, total)]
	if r.Wrong() {
		slices.Reverse(all)
	}
	rows := []any{}
	for _, u := range all {
		rows = append(rows, map[string]any{
			"oppdateringsid": u.number, "dato": u.at.UTC().Format("2006-01-02T15:04:05.000Z"), "organisasjonsnummer": u.entity, "endringstype": u.kind,
			"_links": map[string]any{"enhet": map[string]any{"href": "https://data.brreg.no/enhetsregisteret/api/enheter/" + u.entity}},
		})
	}
	body := map[string]any{
		"_links": map[string]any{"self": map[string]any{"href": "https://data.brreg.no/enhetsregisteret/api/oppdateringer/enheter"}},
		"page":   map[string]any{"size": size, "totalElements": total, "totalPages": (total + size - 1) / size, "number": 0},
	}
	if len(rows) > 0 {
		body["_embedded"] = map[string]any{"oppdaterteEnheter": rows}
	}
	write(w, http.StatusOK, body)
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may be gone
}
