package folkeregisteret

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

const (
	dNumber     = identifier.DNumber
	birthNumber = identifier.BirthNumber

	// requestLimit is the size of the largest requisition, in bytes.
	requestLimit = 64 << 10
)

// request is what the stand-in reads of a requisition, and keeps.
type request struct {
	Kind          identifier.PersonNumberKind `xml:"-"`
	Reference     string                      `xml:"innsending>avsendersMeldingsidentifikator"`
	SentAt        string                      `xml:"innsending>avsendersInnsendingstidspunkt"`
	System        string                      `xml:"innsending>kildesystem"`
	Given         string                      `xml:"forespoersel>kandidat>navn>fornavn"`
	Middle        string                      `xml:"forespoersel>kandidat>navn>mellomnavn"`
	Family        string                      `xml:"forespoersel>kandidat>navn>etternavn"`
	BirthKnown    bool                        `xml:"forespoersel>kandidat>foedselsdatoErKjent"`
	Birth         string                      `xml:"forespoersel>kandidat>foedselsdato"`
	Sex           string                      `xml:"forespoersel>kandidat>kjoenn"`
	Nationalities []string                    `xml:"forespoersel>kandidat>statsborgerskap"`
	Source        string                      `xml:"forespoersel>kilde"`
	RequestedOn   string                      `xml:"forespoersel>rekvireringsdato"`
	Clerk         string                      `xml:"forespoersel>avsendersSaksbehandler"`
	Replaces      string                      `xml:"forespoersel>gjeldendeDNummer"`
	IDs           []struct {
		Number   string `xml:"personidentifikasjon>identifikasjonsnummer"`
		Type     string `xml:"personidentifikasjon>identifikasjonsnummertype"`
		Passport string `xml:"dokumentgrunnlag>identifikasjonsdokumentnummer"`
		PassType string `xml:"dokumentgrunnlag>identifikasjonsdokumenttype"`
		Country  string `xml:"dokumentgrunnlag>utstederland"`
	} `xml:"forespoersel>identifikasjon"`
}

var (
	// namePattern is the register's own.
	namePattern = regexp.MustCompile(`^[a-zA-ZæøåÆØÅáàâãäçðéèêëíìîïñóòôõöþúùûüýÿÁÀÂÃÄÇÐÉÈÊËÍÌÎÏÑÓÒÔÕÖÞÚÙÛÜÝŸ \-']+$`)
	sources     = []string{
		"utlendingsdirektoratet", "nav", "skatteetaten", "skatteetatenPaaSvalbard", "bankOgFinansinstitusjon", "helfo", "broennoeysundregistrene",
		"statensKartverk", "verdipapirsentralen", "utenriksdepartementet", "diverse",
	}
	sexes     = map[string]int{"kvinne": identifier.SexFemale, "mann": identifier.SexMale, "ukjent": identifier.SexOther}
	documents = []string{"pass", "schengenStandardisertOppholdskort"}
)

// check says what is wrong with a requisition, or nothing.
func (r request) check() string {
	_, birthErr := time.Parse(time.DateOnly, r.Birth)
	_, onErr := time.Parse(time.DateOnly, r.RequestedOn)
	_, sentErr := time.Parse(time.RFC3339, r.SentAt)
	_, sexKnown := sexes[r.Sex]
	switch {
	case r.Reference == "" || r.System == "" || sentErr != nil:
		return "innsending is not complete"
	case !namePattern.MatchString(r.Given) || !namePattern.MatchString(r.Family) || r.Middle != "" && !namePattern.MatchString(r.Middle):
		return "navn has letters that the register does not know"
	case !r.BirthKnown || birthErr != nil:
		return "foedselsdato is no date"
	case !sexKnown:
		return "kjoenn is kvinne, mann or ukjent"
	case len(r.Nationalities) == 0:
		return "statsborgerskap is missing"
	case !slices.Contains(sources, r.Source) || onErr != nil || r.Clerk == "":
		return "kilde, rekvireringsdato or avsendersSaksbehandler is wrong"
	}
	for _, country := range r.Nationalities {
		if _, ok := identifier.Alpha2(country); !ok {
			return "statsborgerskap is not in alpha-3"
		}
	}
	for _, id := range r.IDs {
		if _, ok := identifier.Alpha2(id.Country); id.Passport != "" && (!ok || !slices.Contains(documents, id.PassType)) {
			return "dokumentgrunnlag has another type or country"
		}
	}
	return ""
}

func (r request) name() string {
	return strings.ToUpper(strings.Join([]string{strings.TrimSpace(r.Given + " " + r.Middle), r.Family}, "|"))
}

func (r request) passport() string {
	for _, id := range r.IDs {
		if id.Passport != "" {
			return id.Country + "|" + id.Passport
		}
	}
	return ""
}

func (r request) duf() string {
	for _, id := range r.IDs {
		if id.Type == "utlendingsmyndighetenesIdentifikasjonsnummer" {
			return id.Number
		}
	}
	return ""
}

// requisition takes one. A repetition gets the first receipt.
func (s *Server) requisition(w http.ResponseWriter, r *http.Request, kind identifier.PersonNumberKind) {
	var q request
	decoder := xml.NewDecoder(http.MaxBytesReader(w, r.Body, requestLimit))
	if err := decoder.Decode(&q); err != nil {
		http.Error(w, "the requisition is no XML of its kind", http.StatusBadRequest)
		return
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		http.Error(w, "there is more than one document", http.StatusBadRequest)
		return
	}
	if wrong := q.check(); wrong != "" {
		http.Error(w, wrong, http.StatusBadRequest)
		return
	}
	q.Kind = kind
	if s.Wrong() {
		writeJSON(w, http.StatusAccepted, map[string]any{"folkeregisterReferanse": "fr-0", "avsendersMeldingsidentifikator": q.Reference + "0"})
		return
	}
	receipt, err := s.take(r.Context(), q)
	if err != nil {
		http.Error(w, "the requisition could not be kept", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusAccepted, map[string]any{"folkeregisterReferanse": receipt, "avsendersMeldingsidentifikator": q.Reference})
}

func (s *Server) take(ctx context.Context, q request) (receipt string, err error) {
	err = s.db.Tx(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT receipt FROM requisition WHERE reference = $1`, q.Reference).Scan(&receipt)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		sum := sha256.Sum256([]byte(q.Reference))
		receipt = "fr-" + hex.EncodeToString(sum[:8])
		kept, err := json.Marshal(q)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO requisition (reference, receipt, stage, request) VALUES ($1, $2, 'SENT', $3)`, q.Reference, receipt, string(kept)); err != nil {
			return err
		}
		outcome, err := next(ctx, tx)
		if err != nil {
			return err
		}
		return s.decide(ctx, tx, q, receipt, outcome)
	})
	return receipt, err
}

// next takes what the control has ordered for the next requisition, or "".
func next(ctx context.Context, tx *sqldb.Tx) (outcome string, err error) {
	err = tx.QueryRowContext(ctx, `DELETE FROM ordered WHERE position = (SELECT MIN(position) FROM ordered) RETURNING outcome`).Scan(&outcome)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return outcome, err
}

// known is a person who agrees with the requisition.
type known struct {
	person, number string
	kind           identifier.PersonNumberKind
}

// decide answers a requisition: as ordered, or as the register's own knowledge of
// people says.
func (s *Server) decide(ctx context.Context, tx *sqldb.Tx, q request, receipt, outcome string) error {
	same, doubt, err := s.look(ctx, tx, q)
	if err != nil {
		return err
	}
	switch outcome {
	case "rejected":
		return s.tell(ctx, tx, q.Reference, receipt, map[string]any{"saksbeslutning": map[string]any{"beslutning": "avslaatt"}})
	case "duplicate":
		doubt = "muligDublett"
	case "duf":
		doubt = "dufNummerIBruk"
	case "existing":
		if same == nil {
			if same, err = s.invent(ctx, tx, q); err != nil {
				return err
			}
		}
	}
	switch {
	case doubt != "":
		if _, err := tx.ExecContext(ctx, `UPDATE requisition SET stage = 'QUEUED' WHERE reference = $1`, q.Reference); err != nil {
			return err
		}
		return s.tell(ctx, tx, q.Reference, receipt, map[string]any{"sakTilManuellBehandling": map[string]any{
			"saksfrist": s.Clock.Now().AddDate(0, 0, s.QueueDays).Format(time.DateOnly), "begrunnelse": doubt,
		}})
	case same != nil && !(same.kind == dNumber && q.Kind == birthNumber):
		return s.tellExisting(ctx, tx, q, receipt, same.number)
	case same != nil:
		return s.assign(ctx, tx, q, receipt, same.person, outcome == "deviating")
	}
	return s.assign(ctx, tx, q, receipt, q.Reference, outcome == "deviating")
}

// look finds who the person is without doubt, or why a clerk must look.
func (s *Server) look(ctx context.Context, q sqldb.Querier, r request) (same *known, doubt string, err error) {
	rows, err := q.QueryContext(ctx, `
		SELECT person, name, birth, passport, duf, kind, number, EXISTS (SELECT 1 FROM given_number AS g WHERE g.person = p.person AND g.number = $5)
		FROM person AS p
		WHERE (name = $1 AND birth = $2) OR (passport = $3 AND $3 <> '') OR (duf = $4 AND $4 <> '')
			OR person = (SELECT person FROM given_number WHERE number = $5)`,
		r.name(), r.Birth, r.passport(), r.duf(), r.Replaces)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var one known
		var name, birth, passport, duf string
		var owns bool
		if err := rows.Scan(&one.person, &name, &birth, &passport, &duf, &one.kind, &one.number, &owns); err != nil {
			return nil, "", err
		}
		born, named := birth == r.Birth, name == r.name()
		switch {
		case born && (passport != "" && passport == r.passport() || owns || named && duf != "" && duf == r.duf()):
			if same != nil {
				doubt = "muligDublett"
			}
			same = &one
		case duf != "" && duf == r.duf():
			doubt = "dufNummerIBruk"
		case doubt == "":
			doubt = "muligDublett"
		}
	}
	return same, doubt, rows.Err()
}

// invent makes the person known under a number from before.
func (s *Server) invent(ctx context.Context, tx *sqldb.Tx, q request) (*known, error) {
	number, _, err := s.allocate(ctx, tx, q, q.Reference, false)
	if err != nil {
		return nil, err
	}
	return &known{q.Reference, number, q.Kind}, s.know(ctx, tx, q, q.Reference, number)
}

func (s *Server) know(ctx context.Context, tx *sqldb.Tx, q request, person, number string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO person (person, name, birth, passport, duf, kind, number) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (person) DO UPDATE SET kind = excluded.kind, number = excluded.number`,
		person, q.name(), q.Birth, q.passport(), q.duf(), string(q.Kind), number)
	return err
}

func (s *Server) assign(ctx context.Context, tx *sqldb.Tx, q request, receipt, person string, deviating bool) error {
	number, deviates, err := s.allocate(ctx, tx, q, person, deviating)
	if err != nil {
		return err
	}
	if err := s.know(ctx, tx, q, person, number); err != nil {
		return err
	}
	at := s.Clock.Now().UTC().Format(time.RFC3339)
	given := map[string]any{"registreringstidspunkt": at, "gyldighetstidspunkt": at}
	decision := map[string]any{"beslutning": "registrert"}
	if q.Kind == dNumber {
		given["dNummer"], given["tildeltDnummerAvvikerFraFoedselsdato"] = number, deviates
		decision["skalTildeleDNummer"] = given
	} else {
		given["foedselsnummer"], given["tildeltFoedselsnummerAvvikerFraFoedselsdato"] = number, deviates
		decision["skalTildeleFoedselsnummer"] = given
	}
	return s.tell(ctx, tx, q.Reference, receipt, map[string]any{"saksbeslutning": decision})
}

func (s *Server) tellExisting(ctx context.Context, tx *sqldb.Tx, q request, receipt, number string) error {
	return s.tell(ctx, tx, q.Reference, receipt, map[string]any{"saksbeslutning": map[string]any{
		"beslutning": "godkjent", "skalIkkeTildeleDNummer": map[string]any{"eksisterendeIdNummer": number},
	}})
}

// allocate takes the next number of the birth date that nobody has or had.
func (s *Server) allocate(ctx context.Context, tx *sqldb.Tx, q request, person string, deviating bool) (string, bool, error) {
	birth, err := time.Parse(time.DateOnly, q.Birth)
	if err != nil {
		return "", false, err
	}
	series := identifier.Series{Kind: q.Kind, Birth: birth, Sex: sexes[q.Sex], Rule: identifier.ControlRuleAt(s.Clock.Now())}
	if err := series.Check(); err != nil {
		return "", false, err
	}
	// Where the last search of the series ended; after a restart it begins anew.
	begin := s.searched(series)
	position := 0
	for candidate := range series.Numbers() {
		position++
		if position <= begin && !deviating || deviating && !candidate.DateDeviates {
			continue
		}
		free, err := sqldb.Inserted(ctx, tx, `INSERT INTO given_number (number, person) VALUES ($1, $2) ON CONFLICT DO NOTHING`, candidate.Number, person)
		if err != nil {
			return "", false, err
		}
		if free {
			if !deviating {
				tx.OnCommit(func() { s.searchedTo(series, position) })
			}
			return candidate.Number, candidate.DateDeviates, nil
		}
	}
	return "", false, identifier.Exhausted()
}

func (s *Server) searched(series identifier.Series) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.positions[series]
}

func (s *Server) searchedTo(series identifier.Series, position int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.positions[series] = max(s.positions[series], position)
}

// tell adds to the feed.
func (s *Server) tell(ctx context.Context, tx *sqldb.Tx, reference, receipt string, event map[string]any) error {
	event["folkeregisterReferanse"], event["avsendersMeldingsidentifikator"] = receipt, reference
	event["hendelsestidspunkt"] = s.Clock.Now().UTC().Format(time.RFC3339)
	text, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("write feedback: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO feedback (sequence, event) VALUES ((SELECT COALESCE(MAX(sequence), 0) + 1 FROM feedback), $1)`, string(text))
	return err
}

var elevenDigits = regexp.MustCompile(`"[0-9]{11}"`)

// wrongNumbers changes the last digit of every number: an event that is
// well-formed and tells nothing true.
func wrongNumbers(event string) string {
	return elevenDigits.ReplaceAllStringFunc(event, func(number string) string {
		last := number[11]
		return number[:11] + string('0'+(last-'0'+1)%10) + `"`
	})
}
