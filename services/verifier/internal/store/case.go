package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Number gives a new case its position and its number within the year.
func (s *Store) Number(ctx context.Context, tx *sqldb.Tx, year int) (position, number int64, err error) {
	if position, err = count(ctx, tx, "case"); err != nil {
		return 0, 0, err
	}
	number, err = count(ctx, tx, "case-"+strconv.Itoa(year))
	return position, number, err
}

func count(ctx context.Context, tx *sqldb.Tx, name string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO case_counter (name, last) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET last = case_counter.last + 1 RETURNING last`, name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("number case: %w", err)
	}
	return n, nil
}

// TakeDUF makes a DUF number the case's; false when it is taken.
func (s *Store) TakeDUF(ctx context.Context, tx *sqldb.Tx, duf, caseRef string) (bool, error) {
	return sqldb.Inserted(ctx, tx, `INSERT INTO duf_taken (digest, case_ref) VALUES ($1, $2) ON CONFLICT DO NOTHING`, s.dufDigest(duf), caseRef)
}

func (s *Store) dufDigest(duf string) string {
	digest := hmac.New(sha256.New, s.dufKey)
	digest.Write([]byte(duf))
	return hex.EncodeToString(digest.Sum(nil))
}

// sealed is what is sealed of a case.
type sealed struct {
	DUF        string             `json:"duf"`
	Evaluation ruleset.Evaluation `json:"evaluation"`
	File       desk.File          `json:"file"`
}

// keep writes the personal part of a case, unless it is as it was found.
func (s *Store) keep(ctx context.Context, tx *sqldb.Tx, r desk.Record) error {
	snap := r.Case.Snapshot()
	plain, err := json.Marshal(sealed{DUF: snap.DUF, Evaluation: snap.Evaluation, File: r.File})
	if err != nil {
		return fmt.Errorf("write case: %w", err)
	}
	if sha256.Sum256(plain) == r.Sealed {
		return nil
	}
	text, err := s.sealer.Seal(ctx, plain, []byte(snap.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO case_sealed (ref, sealed) VALUES ($1, $2) ON CONFLICT (ref) DO UPDATE SET sealed = excluded.sealed`, snap.ID, text)
	if err != nil {
		return fmt.Errorf("save what a case is about: %w", err)
	}
	return nil
}

// Add puts in a new case; false when its offer has opened one already.
func (s *Store) Add(ctx context.Context, tx *sqldb.Tx, r desk.Record, p desk.Presentation) (bool, error) {
	snap := r.Case.Snapshot()
	presentation, err := s.sealer.Seal(ctx, p.Document, presentationName(r))
	if err != nil {
		return false, err
	}
	fresh, err := sqldb.Inserted(ctx, tx, `
		INSERT INTO case_file (ref, position, number, issuer, offer_id, state, offer_withdrawn, applicant, capability_hash,
			rule_set, inputs_hash, traceparent, opened_at, version,
			fee_amount, fee_currency, fee_source, fee_paid_at, causes, employer)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, 1, $13, $14, $15, 0, $16, $17) ON CONFLICT (issuer, offer_id) DO NOTHING`,
		snap.ID, r.Position, snap.Number, r.File.Offer.Issuer, r.OfferID, string(snap.State), r.Applicant, p.CapabilityHash,
		snap.Evaluation.RuleSet, snap.Evaluation.InputsHash, r.Traceparent, clock.Micros(r.OpenedAt),
		snap.Fee.Amount, snap.Fee.Currency, snap.Fee.Source, causesText(snap.Causes), r.File.Facts.OrganisationNumber)
	if err != nil {
		return false, fmt.Errorf("add case: %w", err)
	}
	if !fresh {
		return false, nil
	}
	if err := s.keep(ctx, tx, r); err != nil {
		return false, err
	}
	return addOffer(ctx, tx, r, p, presentation, r.OpenedAt)
}

// AddPresentation keeps another presentation of a case.
func (s *Store) AddPresentation(ctx context.Context, tx *sqldb.Tx, r desk.Record, p desk.Presentation) (bool, error) {
	presentation, err := s.sealer.Seal(ctx, p.Document, presentationName(r))
	if err != nil {
		return false, err
	}
	timeline := r.Case.Snapshot().Timeline
	return addOffer(ctx, tx, r, p, presentation, timeline[len(timeline)-1].At)
}

func presentationName(r desk.Record) []byte { return []byte(r.Case.ID() + ".presentation") }

func addOffer(ctx context.Context, tx *sqldb.Tx, r desk.Record, p desk.Presentation, presentation []byte, at time.Time) (bool, error) {
	fresh, err := sqldb.Inserted(ctx, tx, `
		INSERT INTO case_offer (issuer, offer_id, case_ref, capability_hash, presentation, presented_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (issuer, offer_id) DO NOTHING`,
		r.File.Offer.Issuer, r.OfferID, r.Case.ID(), p.CapabilityHash, presentation, clock.Micros(at))
	if err != nil {
		return false, fmt.Errorf("add presented offer: %w", err)
	}
	return fresh, nil
}

// Save writes a case back that nobody has changed since it was read.
func (s *Store) Save(ctx context.Context, tx *sqldb.Tx, r desk.Record) error {
	snap := r.Case.Snapshot()
	withdrawn := 0
	if r.Case.IsOfferWithdrawn() {
		withdrawn = 1
	}
	n, err := sqldb.Changed(ctx, tx, `
		UPDATE case_file SET state = $1, offer_withdrawn = $2, fee_paid_at = $3, causes = $4, issuer = $5, offer_id = $6, applicant = $7,
			rule_set = $8, inputs_hash = $9, employer = $10, automatic_at = $11, version = version + 1
		WHERE ref = $12 AND version = $13`,
		string(snap.State), withdrawn, clock.Micros(snap.Fee.PaidAt), causesText(snap.Causes), r.File.Offer.Issuer, r.OfferID, r.Applicant,
		snap.Evaluation.RuleSet, snap.Evaluation.InputsHash, r.File.Facts.OrganisationNumber, automaticAt(snap), r.Case.ID(), r.Version)
	if err != nil {
		return fmt.Errorf("save case: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Unavailable, "case.changed-meanwhile", "the case has changed meanwhile: try again")
	}
	if err := s.keep(ctx, tx, r); err != nil || snap.Appeal.ID == "" {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE appeal SET state = $1, officer = $2, at = $3 WHERE case_ref = $4`,
		string(snap.Appeal.State), snap.Appeal.Officer, clock.Micros(snap.Appeal.At), snap.ID)
	if err != nil {
		return fmt.Errorf("save appeal: %w", err)
	}
	return nil
}

// automaticAt is now for a case that rules grant by themselves, which 1 is. The
// step that decides moves it on.
func automaticAt(snap casefile.Snapshot) int64 {
	if snap.State == casefile.Proposed && snap.Evaluation.Outcome == ruleset.Grant {
		return 1
	}
	return 0
}

func causesText(causes []casefile.Cause) string {
	texts := make([]string, len(causes))
	for i, cause := range causes {
		texts[i] = string(cause)
	}
	return strings.Join(texts, ",")
}

func causesOf(text string) []casefile.Cause {
	var causes []casefile.Cause
	for one := range strings.SplitSeq(text, ",") {
		if one != "" {
			causes = append(causes, casefile.Cause(one))
		}
	}
	return causes
}

// AddStep puts the next step into a case's timeline.
func (s *Store) AddStep(ctx context.Context, tx *sqldb.Tx, caseRef string, step desk.Step) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO case_step (case_ref, position, milestone, service, at, time_class, event_id, event_type, cause)
		VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM case_step WHERE case_ref = $1), $2, $3, $4, $5, $6, $7, $8)`,
		caseRef, string(step.Step.Step), step.Service, clock.Micros(step.At), string(step.TimeClass), step.EventID, step.EventType, step.Cause)
	if err != nil {
		return fmt.Errorf("add step: %w", err)
	}
	return nil
}

// CapabilityHashes are what is kept of the capabilities of a case's access log.
func (s *Store) CapabilityHashes(ctx context.Context, q sqldb.Querier, caseRef string) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT capability_hash FROM case_offer WHERE case_ref = $1`, caseRef)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (hash string, err error) {
		err = r.Scan(&hash)
		return hash, err
	})
}

const selectCase = `
	SELECT c.ref, c.position, c.number, c.offer_id, c.state, c.applicant, s.sealed, c.traceparent, c.opened_at, c.version,
		c.fee_amount, c.fee_currency, c.fee_source, c.fee_paid_at, c.causes, COALESCE(m.family, ''),
		COALESCE(a.id, ''), COALESCE(a.state, ''), COALESCE(a.received_at, 0), COALESCE(a.late, 0), COALESCE(a.officer, ''), COALESCE(a.at, 0)
	FROM case_file AS c JOIN case_sealed AS s ON s.ref = c.ref LEFT JOIN appeal AS a ON a.case_ref = c.ref LEFT JOIN family_member AS m ON m.case_ref = c.ref `

// ByRef finds a case.
func (s *Store) ByRef(ctx context.Context, q sqldb.Querier, caseRef string) (desk.Record, error) {
	return s.one(ctx, q, selectCase+`WHERE c.ref = $1`, caseRef)
}

// ByOffer finds the cases that rest on an offer now: one, but that another
// issuer may call an offer of its own the same.
func (s *Store) ByOffer(ctx context.Context, q sqldb.Querier, offerID string) ([]desk.Record, error) {
	return s.cases(ctx, q, selectCase+`WHERE c.offer_id = $1 ORDER BY c.position`, offerID)
}

// ByPresented finds the case in which an issuer's offer was ever presented.
func (s *Store) ByPresented(ctx context.Context, q sqldb.Querier, issuer, offerID string) (desk.Record, error) {
	return s.one(ctx, q, selectCase+`JOIN case_offer AS o ON o.case_ref = c.ref WHERE o.issuer = $1 AND o.offer_id = $2`, issuer, offerID)
}

// ByEmployer finds all cases of an employer.
func (s *Store) ByEmployer(ctx context.Context, q sqldb.Querier, organisationNumber string) ([]desk.Record, error) {
	return s.cases(ctx, q, selectCase+`WHERE c.employer = $1 ORDER BY c.position`, organisationNumber)
}

// ByNumber finds a case by its number or its applicant's DUF number.
func (s *Store) ByNumber(ctx context.Context, q sqldb.Querier, number string) (desk.Record, error) {
	return s.one(ctx, q, selectCase+`WHERE c.number = $1 OR c.ref = (SELECT case_ref FROM duf_taken WHERE digest = $2)`, number, s.dufDigest(number))
}

// listState is the state that lists name a case by. The index case_file_listed is on
// this expression.
const listState = `CASE WHEN c.state IN ('FEE_DUE', 'RECEIVED', 'PROPOSED', 'AWAITING_NEW_OFFER') AND c.offer_withdrawn = 1 THEN 'WITHDRAWN'
	WHEN c.state IN ('RECEIVED', 'PROPOSED') THEN 'OPEN' ELSE c.state END`

// List gives cases by position, or from the newest down.
func (s *Store) List(ctx context.Context, q sqldb.Querier, l desk.Listing) ([]desk.Record, error) {
	where, order := `c.position > $1`, ` ORDER BY c.position`
	if l.Newest {
		where, order = `c.position < $1`, ` ORDER BY c.position DESC`
		if l.After == 0 {
			l.After = math.MaxInt64
		}
	}
	args := []any{l.After, l.Limit}
	if l.OfferID != "" {
		args = append(args, l.OfferID)
		where += fmt.Sprintf(` AND c.offer_id = $%d`, len(args))
	}
	if l.State != "" {
		args = append(args, l.State)
		where += fmt.Sprintf(` AND %s = $%d`, listState, len(args))
	}
	return s.cases(ctx, q, selectCase+`WHERE `+where+order+` LIMIT $2`, args...)
}

func (s *Store) one(ctx context.Context, q sqldb.Querier, query string, keys ...any) (desk.Record, error) {
	all, err := s.cases(ctx, q, query, keys...)
	if err != nil {
		return desk.Record{}, err
	}
	if len(all) == 0 {
		return desk.Record{}, unknown()
	}
	return all[0], nil
}

func unknown() error { return fault.New(fault.NotFound, "case.unknown", "there is no such case") }

// row is a case as its columns have it.
type row struct {
	desk.Record
	snap   casefile.Snapshot
	sealed []byte
}

func (s *Store) cases(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]desk.Record, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	found, err := sqldb.Collect(rows, err, scanCase)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	refs := make([]string, len(found))
	for i := range found {
		refs[i] = found[i].snap.ID
	}
	steps, err := s.steps(ctx, q, refs)
	if err != nil {
		return nil, err
	}
	decisions, err := s.decisions(ctx, q, refs)
	if err != nil {
		return nil, err
	}
	records := make([]desk.Record, len(found))
	for i := range found {
		found[i].snap.Decisions = decisions[found[i].snap.ID]
		if records[i], err = s.restore(ctx, found[i], steps[found[i].snap.ID]); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func scanCase(r *sql.Rows) (row, error) {
	var one row
	var opened, paid, received, late, dealt int64
	var causes string
	snap := &one.snap
	fee, appeal := &snap.Fee, &snap.Appeal
	err := r.Scan(&snap.ID, &one.Position, &snap.Number, &one.OfferID, &snap.State, &one.Applicant, &one.sealed,
		&one.Traceparent, &opened, &one.Version, &fee.Amount, &fee.Currency, &fee.Source, &paid, &causes, &one.Family,
		&appeal.ID, &appeal.State, &received, &late, &appeal.Officer, &dealt)
	one.OpenedAt, fee.PaidAt = clock.FromMicros(opened), clock.FromMicros(paid)
	appeal.ReceivedAt, appeal.At, appeal.Late = clock.FromMicros(received), clock.FromMicros(dealt), late == 1
	snap.Causes = causesOf(causes)
	return one, err
}

// steps are the steps of cases, by case.
func (s *Store) steps(ctx context.Context, q sqldb.Querier, refs []string) (map[string][]desk.Step, error) {
	byCase := map[string][]desk.Step{}
	err := collectOf(ctx, q, refs, `
		SELECT case_ref, milestone, service, at, time_class, event_id, event_type, cause
		FROM case_step WHERE case_ref IN `, ` ORDER BY case_ref, position`, func(r *sql.Rows) (desk.Step, error) {
		var ref string
		var step desk.Step
		var at int64
		err := r.Scan(&ref, &step.Step.Step, &step.Service, &at, &step.TimeClass, &step.EventID, &step.EventType, &step.Cause)
		step.At = clock.FromMicros(at)
		byCase[ref] = append(byCase[ref], step)
		return step, err
	})
	if err != nil {
		return nil, fmt.Errorf("read timeline: %w", err)
	}
	return byCase, nil
}

// atOnce is how many cases one query asks for; a power of two.
const atOnce = 256

// collectOf scans what a query finds of cases, their list between its halves.
func collectOf[T any](ctx context.Context, q sqldb.Querier, refs []string, query, rest string, scan func(*sql.Rows) (T, error)) error {
	for some := range slices.Chunk(refs, atOnce) {
		rows, err := q.QueryContext(ctx, query+placesFor(len(some))+rest, filled(some)...)
		if _, err := sqldb.Collect(rows, err, scan); err != nil {
			return err
		}
	}
	return nil
}

// size is the next power of two, so that nine statements do for every list.
func size(n int) int { return 1 << bits.Len(uint(n-1)) }

// placesFor is a list of placeholders for n keys.
func placesFor(n int) string {
	var list strings.Builder
	for i := range size(n) {
		fmt.Fprintf(&list, ", $%d", i+1)
	}
	return "(" + list.String()[2:] + ")"
}

// filled are the keys, the last again and again up to the size of the list.
func filled(refs []string) []any {
	args := make([]any, size(len(refs)))
	for i := range args {
		args[i] = refs[min(i, len(refs)-1)]
	}
	return args
}

func (s *Store) restore(ctx context.Context, one row, steps []desk.Step) (desk.Record, error) {
	plain, err := s.sealer.Open(ctx, one.sealed, []byte(one.snap.ID))
	if err != nil {
		return desk.Record{}, fmt.Errorf("unseal case: %w", err)
	}
	var kept sealed
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber() // claims are handed on as they were signed
	if err := decoder.Decode(&kept); err != nil {
		return desk.Record{}, fmt.Errorf("read case: %w", err)
	}
	one.snap.DUF, one.snap.Evaluation = kept.DUF, kept.Evaluation
	for _, step := range steps {
		one.snap.Timeline = append(one.snap.Timeline, step.Step)
	}
	record := one.Record
	record.File, record.Steps, record.Sealed = kept.File, steps, sha256.Sum256(plain)
	record.Case, err = casefile.Restore(one.snap)
	return record, err
}
