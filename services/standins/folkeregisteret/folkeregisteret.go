// Package folkeregisteret stands in for Skatteetaten's population register in
// development and tests: requisitions of numbers in XML, receipts, and a feed of
// feedback, with the register's manual queue. Everybody in it is synthetic.
//
// Its state is a database file: sequence and numbers survive a restart. It is
// never part of a production process.
//
// Only the requisition of a D-number is public; that of a fødselsnummer has the
// same shape under a path of our own.
//
// Source: Skatteetaten, folkeregisteret-api-dokumentasjon, rekvisisjon_av_dnummer
// v5 and tilbakemelding v2.
package folkeregisteret

import (
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

//go:embed schema/*.sql
var schema embed.FS

// Scope is what an access token must be for.
const Scope = "folkeregister:deling/offentligmedhjemmel"

// Config is what the stand-in needs.
type Config struct {
	// File is the database file; it is made when it is not there.
	File  string
	Clock clock.Clock
	// Authorize checks the access token of a request for a scope, as the
	// stand-in of Maskinporten does. Nil: everybody may ask.
	Authorize func(r *http.Request, scope string) (organisationNumber string, err error)
	// QueueDays is how many days the manual queue has (saksfrist). Default 7.
	QueueDays int
}

// Server is the stand-in. Safe for concurrent use. Its routes, below its prefix:
//
//	POST /folkeregisteret/mottak/api/rekvisisjon_av_dnummer_v5
//	POST /folkeregisteret/mottak/api/rekvisisjon_av_foedselsnummer
//	GET  /folkeregisteret/tilbakemelding/api/v2/hendelser?seq=&direction=nyere&pageSize=
//	PUT  /control/next             {"outcome": "duplicate"|"duf"|"existing"|"rejected"|"deviating", "count": 1}
//	POST /control/cases/{reference} {"decision": "same-person"|"another-person"|"refuse", "existing": "…"}
//	GET  /control/cases            references of the manual queue
type Server struct {
	Config
	mode.Switch
	db  *sqldb.DB
	mux *http.ServeMux

	mu        sync.Mutex // guards positions
	positions map[identifier.Series]int
}

// New opens the stand-in. The caller must Close it.
func New(ctx context.Context, c Config) (*Server, error) {
	if c.QueueDays == 0 {
		c.QueueDays = 7
	}
	db, err := sqldb.Open(ctx, "sqlite", c.File, sqldb.Embedded("folkeregisteret", schema))
	if err != nil {
		return nil, err
	}
	s := &Server{Config: c, db: db, mux: http.NewServeMux(), positions: map[identifier.Series]int{}}
	s.mux.HandleFunc("POST /folkeregisteret/mottak/api/rekvisisjon_av_dnummer_v5", s.register(func(w http.ResponseWriter, r *http.Request) { s.requisition(w, r, dNumber) }))
	s.mux.HandleFunc("POST /folkeregisteret/mottak/api/rekvisisjon_av_foedselsnummer", s.register(func(w http.ResponseWriter, r *http.Request) { s.requisition(w, r, birthNumber) }))
	s.mux.HandleFunc("GET /folkeregisteret/tilbakemelding/api/v2/hendelser", s.register(s.feedback))
	s.mux.HandleFunc("PUT /control/next", s.order)
	s.mux.HandleFunc("GET /control/cases", s.queue)
	s.mux.HandleFunc("POST /control/cases/{reference}", s.resolve)
	return s, nil
}

// Close closes the database.
func (s *Server) Close() error { return s.db.Close() }

// ServeHTTP implements http.Handler. Paths begin below the stand-in's prefix.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// register guards what the register itself serves: by its mode, and by an access
// token. The control always answers.
func (s *Server) register(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.Serve(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.Authorize != nil {
				if _, err := s.Authorize(r, Scope); err != nil {
					http.Error(w, err.Error(), http.StatusUnauthorized)
					return
				}
			}
			next(w, r)
		}))
	}
}

// feedback is the feed: entries whose sekvensnummer is above seq, rising.
func (s *Server) feedback(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	seq, err := strconv.ParseInt(query.Get("seq"), 10, 64)
	size, sizeErr := strconv.Atoi(query.Get("pageSize"))
	if err != nil || sizeErr != nil || seq < 0 || size < 1 || size > 1000 || query.Get("direction") != "nyere" {
		http.Error(w, "seq, direction=nyere and pageSize from 1 to 1000 are needed", http.StatusBadRequest)
		return
	}
	type entry struct {
		Sequence int64           `json:"sekvensnummer"`
		Event    json.RawMessage `json:"hendelse"`
	}
	page := []entry{}
	rows, err := s.db.Read().QueryContext(r.Context(), `SELECT sequence, event FROM feedback WHERE sequence > $1 ORDER BY sequence LIMIT $2`, seq, size)
	if err != nil {
		http.Error(w, "the feed cannot be read", http.StatusInternalServerError)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var e entry
		var event string
		if err := rows.Scan(&e.Sequence, &event); err != nil {
			http.Error(w, "the feed cannot be read", http.StatusInternalServerError)
			return
		}
		e.Event = json.RawMessage(event)
		if s.Wrong() {
			e.Event = json.RawMessage(wrongNumbers(event))
		}
		page = append(page, e)
	}
	if err := rows.Err(); err != nil {
		http.Error(w, "the feed cannot be read", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, page)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
