package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/population"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// Population is the tax administration's own population register, which
// allocates synthetic numbers where no Folkeregisteret is configured. It keeps
// what it knows of people as keyed hashes, and everything else sealed. It
// implements desk.Register. Safe for concurrent use.
type Population struct {
	DB         *sqldb.DB
	Store      Store
	Clock      clock.Clock
	Parameters registration.Parameters
}

// answersAtOnce is the most answers that are given at once.
const answersAtOnce = 100

// Name implements desk.Register.
func (p *Population) Name() string { return "own" }

// Requisition decides at once, unless a clerk must look. A repetition gives the
// first receipt and decides nothing. Faults: identifier.name-letters and
// identifier.person-number-birth-year (Invalid), identifier.person-number-exhausted
// (Conflict).
func (p *Population) Requisition(ctx context.Context, r registration.Requisition) (receipt string, err error) {
	err = p.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT receipt FROM population_requisition WHERE reference = $1`, r.Reference).Scan(&receipt)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		receipt = "own-" + p.Store.Fingerprint.Of(r.Reference)[:16]
		keys, err := p.keysOf(r)
		if err != nil {
			return err
		}
		matches, err := p.matches(ctx, tx, keys)
		if err != nil {
			return err
		}
		verdict := population.Judge(r.Kind, matches)
		if err := p.keep(ctx, tx, r, receipt, verdict.Queued != ""); err != nil {
			return err
		}
		if verdict.Queued != "" {
			return p.answer(ctx, tx, registration.Answer{Reference: r.Reference, Queued: &registration.Queue{
				Deadline: p.Parameters.DuplicateDeadline(p.Clock.Now()), Reason: verdict.Queued,
			}})
		}
		return p.decide(ctx, tx, r, keys, verdict.Person, verdict.Assign)
	})
	return receipt, err
}

// keys are the keyed hashes by which a person is told from others.
type keys struct{ birth, name, passport, duf, number string }

func (p *Population) keysOf(r registration.Requisition) (keys, error) {
	name, err := population.Key(r.GivenName, r.FamilyName)
	if err != nil {
		return keys{}, err
	}
	birth := r.Birth.Format(time.DateOnly)
	k := keys{birth: p.Store.Fingerprint.Of("birth|" + birth), name: p.Store.Fingerprint.Of("name|" + birth + "|" + name)}
	if r.Passport.Number != "" {
		k.passport = p.Store.Fingerprint.Of("passport|" + r.Passport.Country + "|" + r.Passport.Number)
	}
	if r.DUF != "" {
		k.duf = p.Store.Fingerprint.Of("duf|" + r.DUF)
	}
	if r.Replaces != "" {
		k.number = p.Store.Fingerprint.Of(r.Replaces)
	}
	return k, nil
}

// matches is everybody whom the newcomer agrees with in a key.
func (p *Population) matches(ctx context.Context, q sqldb.Querier, k keys) ([]population.Match, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT k.person, k.what, m.birth, m.kind FROM population_key AS k JOIN population_person AS m ON m.person = k.person
		WHERE (k.what = 'NAME' AND k.value = $1) OR (k.what = 'PASSPORT' AND k.value = $2) OR (k.what = 'DUF' AND k.value = $3)
		UNION SELECT n.person, 'NUMBER', m.birth, m.kind FROM population_number AS n JOIN population_person AS m ON m.person = n.person
		WHERE n.fingerprint = $4`, k.name, k.passport, k.duf, k.number)
	found := map[string]*population.Match{}
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var person, what, birth string
		var kind identifier.PersonNumberKind
		if err := r.Scan(&person, &what, &birth, &kind); err != nil {
			return struct{}{}, err
		}
		if found[person] == nil {
			found[person] = &population.Match{Person: person, Birth: birth == k.birth, Kind: kind}
		}
		m := found[person]
		m.Name, m.Passport = m.Name || what == "NAME", m.Passport || what == "PASSPORT"
		m.DUF, m.Number = m.DUF || what == "DUF", m.Number || what == "NUMBER"
		return struct{}{}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for people: %w", err)
	}
	var all []population.Match
	for _, m := range found {
		all = append(all, *m)
	}
	return all, nil
}

// decide answers with a number: a new one, or the person's own.
func (p *Population) decide(ctx context.Context, tx *sqldb.Tx, r registration.Requisition, k keys, person string, assign bool) error {
	if !assign {
		own, err := p.own(ctx, tx, person)
		if err != nil {
			return err
		}
		return p.answer(ctx, tx, registration.Answer{Reference: r.Reference, Number: &registration.Number{Number: own, How: registration.Existing}})
	}
	if person == "" {
		person = r.Reference
	}
	candidate, err := p.allocate(ctx, tx, r, person)
	if err != nil {
		return err
	}
	sealed, err := p.Store.Sealer.Seal(ctx, []byte(candidate.Number), []byte(person))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO population_person (person, birth, kind, number) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person) DO UPDATE SET kind = excluded.kind, number = excluded.number`, person, k.birth, string(r.Kind), sealed)
	if err != nil {
		return fmt.Errorf("register person: %w", err)
	}
	for what, value := range map[string]string{"NAME": k.name, "PASSPORT": k.passport, "DUF": k.duf} {
		if value == "" {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO population_key (person, what, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, person, what, value)
		if err != nil {
			return fmt.Errorf("register person: %w", err)
		}
	}
	return p.answer(ctx, tx, registration.Answer{Reference: r.Reference, Number: &registration.Number{
		Number: candidate.Number, DateDeviates: candidate.DateDeviates, How: registration.New,
	}})
}

// perEpoch is how many numbers of a series an epoch has: more than are born on a
// day and come. Those that were handed out after the backup that a database was
// restored from are passed over.
const perEpoch = 300

// allocate takes the next number of the birth date that nobody has or had. Where
// the last search ended is kept, so that a day's thousandth is found like the
// first.
func (p *Population) allocate(ctx context.Context, tx *sqldb.Tx, r registration.Requisition, person string) (identifier.Candidate, error) {
	series := identifier.Series{Kind: r.Kind, Birth: r.Birth, Sex: r.Sex, Rule: identifier.ControlRuleAt(p.Clock.Now())}
	if err := series.Check(); err != nil {
		return identifier.Candidate{}, err
	}
	name := p.Store.Fingerprint.Of(fmt.Sprintf("series|%s|%s|%d|%d", r.Kind, r.Birth.Format(time.DateOnly), r.Sex, series.Rule))
	var begin int64
	err := tx.QueryRowContext(ctx, `SELECT position FROM population_series WHERE series = $1`, name).Scan(&begin)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return identifier.Candidate{}, fmt.Errorf("read series: %w", err)
	}
	current, err := epoch.Current(ctx, tx)
	if err != nil {
		return identifier.Candidate{}, err
	}
	begin = max(begin, current*perEpoch)
	position := int64(0)
	for candidate := range series.Numbers() {
		position++
		if position <= begin {
			continue
		}
		free, err := sqldb.Inserted(ctx, tx, `INSERT INTO population_number (fingerprint, person) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			p.Store.Fingerprint.Of(candidate.Number), person)
		if err != nil {
			return candidate, fmt.Errorf("take number: %w", err)
		}
		if !free {
			continue
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO population_series (series, position) VALUES ($1, $2) ON CONFLICT (series) DO UPDATE SET position = excluded.position`,
			name, position)
		if err != nil {
			return candidate, fmt.Errorf("keep series: %w", err)
		}
		return candidate, nil
	}
	return identifier.Candidate{}, identifier.Exhausted()
}

// own is a person's current number.
func (p *Population) own(ctx context.Context, q sqldb.Querier, person string) (string, error) {
	var sealed []byte
	if err := q.QueryRowContext(ctx, `SELECT number FROM population_person WHERE person = $1`, person).Scan(&sealed); err != nil {
		return "", fmt.Errorf("read person: %w", err)
	}
	plain, err := p.Store.Sealer.Open(ctx, sealed, []byte(person))
	return string(plain), err
}

func (p *Population) keep(ctx context.Context, tx *sqldb.Tx, r registration.Requisition, receipt string, queued bool) error {
	plain, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write requisition: %w", err)
	}
	sealed, err := p.Store.Sealer.Seal(ctx, plain, []byte(r.Reference))
	if err != nil {
		return err
	}
	stage := "DECIDED"
	if queued {
		stage = "QUEUED"
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO population_requisition (reference, receipt, stage, request) VALUES ($1, $2, $3, $4)`, r.Reference, receipt, stage, sealed)
	if err != nil {
		return fmt.Errorf("keep requisition: %w", err)
	}
	return nil
}

func (p *Population) answer(ctx context.Context, tx *sqldb.Tx, a registration.Answer) error {
	plain, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	sealed, err := p.Store.Sealer.Seal(ctx, plain, []byte("answer|"+a.Reference))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO population_answer (sequence, reference, answer) VALUES ((SELECT COALESCE(MAX(sequence), 0) + 1 FROM population_answer), $1, $2)`, a.Reference, sealed)
	if err != nil {
		return fmt.Errorf("answer requisition: %w", err)
	}
	return nil
}

// Answers gives what was decided after a place, oldest first.
func (p *Population) Answers(ctx context.Context, after int64) ([]registration.Answer, error) {
	rows, err := p.DB.Read().QueryContext(ctx, `SELECT sequence, reference, answer FROM population_answer WHERE sequence > $1 ORDER BY sequence LIMIT $2`, after, answersAtOnce)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (registration.Answer, error) {
		var sequence int64
		var reference string
		var sealed []byte
		var a registration.Answer
		if err := r.Scan(&sequence, &reference, &sealed); err != nil {
			return a, err
		}
		plain, err := p.Store.Sealer.Open(ctx, sealed, []byte("answer|"+reference))
		if err != nil {
			return a, err
		}
		err = json.Unmarshal(plain, &a)
		a.Sequence = sequence
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	return all, nil
}

// Resolve decides on a queued requisition as a clerk says.
//
// Faults: requisition.unknown (NotFound), requisition.decided (Conflict),
// registration.existing (Invalid) when nobody has the number that is named.
func (p *Population) Resolve(ctx context.Context, reference string, resolution registration.Resolution) error {
	return p.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		r, err := p.queued(ctx, tx, reference)
		if err != nil {
			return err
		}
		if resolution.Refuse {
			return p.answer(ctx, tx, registration.Answer{Reference: reference, Refusal: registration.Declined})
		}
		k, err := p.keysOf(r)
		if err != nil {
			return err
		}
		if !resolution.SamePerson {
			return p.decide(ctx, tx, r, k, "", true)
		}
		var person string
		var has identifier.PersonNumberKind
		err = tx.QueryRowContext(ctx, `
			SELECT m.person, m.kind FROM population_number AS n JOIN population_person AS m ON m.person = n.person WHERE n.fingerprint = $1`,
			p.Store.Fingerprint.Of(resolution.Existing)).Scan(&person, &has)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.Invalid, "registration.existing", "nobody has this number here: look it up again")
		}
		if err != nil {
			return fmt.Errorf("find person: %w", err)
		}
		return p.decide(ctx, tx, r, k, person, population.Upgrades(has, r.Kind))
	})
}

// queued takes a requisition out of the queue.
func (p *Population) queued(ctx context.Context, tx *sqldb.Tx, reference string) (registration.Requisition, error) {
	var r registration.Requisition
	var sealed []byte
	err := tx.QueryRowContext(ctx, `SELECT request FROM population_requisition WHERE reference = $1`, reference).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fault.New(fault.NotFound, "requisition.unknown", "there is no such requisition")
	}
	if err != nil {
		return r, fmt.Errorf("read requisition: %w", err)
	}
	n, err := sqldb.Changed(ctx, tx, `UPDATE population_requisition SET stage = 'DECIDED' WHERE reference = $1 AND stage = 'QUEUED'`, reference)
	if err != nil {
		return r, err
	}
	if n == 0 {
		return r, fault.New(fault.Conflict, "requisition.decided", "the requisition is not in the queue: it has been decided")
	}
	plain, err := p.Store.Sealer.Open(ctx, sealed, []byte(reference))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(plain, &r)
}
