package invariants

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// The cases of the world: two completed, one refused.
const (
	lisaCase = "case_lisa0000000000000000000000000001"
	mateCase = "case_mate0000000000000000000000000002"
	lostCase = "case_lost0000000000000000000000000003"
)

// world is what a run leaves behind, made with the services' own schemas, keys,
// outboxes and inboxes over a real event bus.
type world struct {
	layout *devsetup.Layout
	server *eventbus.Server
	parts  map[string]*part
	clock  *testkit.Clock
}

// part is one service's half of the world.
type part struct {
	db     *sqldb.DB
	book   *identity.Book
	issuer *issuance.Issuer
	outbox *events.Outbox
	conn   *eventbus.Conn
}

// shared is the world whose databases each test copies.
var shared *world

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "invariants-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if shared, err = newWorld(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, "make the world:", err)
		return 1
	}
	defer shared.server.Stop()
	return m.Run()
}

func newWorld(ctx context.Context, dir string) (*world, error) {
	layout, err := devsetup.Prepare(dir, devsetup.Options{FreePorts: true})
	if err != nil {
		return nil, err
	}
	w := &world{layout: layout, parts: map[string]*part{}, clock: testkit.TickingFrom(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))}
	if err := w.startBus(ctx); err != nil {
		return nil, err
	}
	for _, name := range devsetup.Services() {
		if w.parts[name], err = w.open(ctx, layout.Services[name]); err != nil {
			return nil, fmt.Errorf("open %s: %w", name, err)
		}
	}
	for _, step := range []func(context.Context) error{w.happen, w.publish, w.take, w.issue, w.order, w.work, w.write, w.read} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	for _, p := range w.parts {
		if p.conn != nil {
			p.conn.Close()
		}
		err = errors.Join(err, p.db.Close())
	}
	return w, err
}

func (w *world) startBus(ctx context.Context) error {
	passwords, err := w.layout.NATS.ReadPasswords()
	if err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(w.layout.NATS.CertFile, w.layout.NATS.KeyFile)
	if err != nil {
		return err
	}
	w.server, err = eventbus.StartServer(eventbus.ServerConfig{
		Listen: w.layout.NATS.Addr, StoreDir: w.layout.NATS.StoreDir, Certificate: func() (*tls.Certificate, error) { return &certificate, nil },
		Topology: eventbus.Standard(1), Passwords: passwords,
	})
	if err != nil {
		return err
	}
	admin, err := w.connect(eventbus.AdminUser)
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err = eventbus.NewAdmin(admin).Reconcile(ctx, eventbus.Standard(1))
	return err
}

func (w *world) connect(user string) (*eventbus.Conn, error) {
	passwords, err := w.layout.NATS.ReadPasswords()
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(w.layout.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return eventbus.Connect(eventbus.Config{URL: w.layout.NATS.URL, User: user, Password: passwords[user], CA: pool})
}

// open opens a service's database with the schema that the service has.
func (w *world) open(ctx context.Context, s devsetup.Service) (*part, error) {
	schemas := []sqldb.Migrations{
		epoch.Migrations(), identity.Migrations(), agent.Migrations(), events.Migrations(), statuslist.Migrations(), issuance.Migrations(),
		{Name: s.Name, Files: os.DirFS(filepath.Join("..", "..", s.Name, "internal", "store", "schema"))},
	}
	if slices.Contains([]string{"police", "tax", "bank"}, s.Name) {
		schemas = append(schemas, onboarding.Migrations())
	}
	p := &part{}
	var err error
	if p.db, err = sqldb.Open(ctx, "sqlite", filepath.Join(s.DataDir, s.Name+".db"), schemas...); err != nil {
		return nil, err
	}
	master, err := os.ReadFile(s.MasterKeyFile)
	if err != nil {
		return nil, err
	}
	if p.book, err = identity.Open(ctx, p.db, master, w.clock); err != nil {
		return nil, err
	}
	if s.DID == "" {
		return p, nil
	}
	if err := p.book.EnsureOrganisation(ctx, s.DID, "", s.PublicURL+"/didcomm"); err != nil {
		return nil, err
	}
	lists := statuslist.New(statuslist.Config{
		DB: p.db, Signer: p.book, AssertionKey: p.book.AssertionKey, Clock: w.clock, Random: rand.Reader, BaseURL: s.PublicURL, Lifetime: time.Minute,
	})
	p.issuer = issuance.New(issuance.Config{DB: p.db, Book: p.book, Lists: lists, Clock: w.clock, Random: rand.Reader})
	p.outbox = &events.Outbox{Producer: s.Name, Source: s.PublicURL, Clock: w.clock, Random: rand.Reader, Bell: runner.NewBell()}
	p.conn, err = w.connect(s.Name)
	return p, err
}

// happen puts the events of three cases in the outboxes.
func (w *world) happen(ctx context.Context) error {
	for _, one := range []struct {
		service, what, caseRef string
		data                   map[string]any
	}{
		{"registry", "employer.accredited", "acc_1", nil},
		{"issuer", "offer.issued", "offer_1", nil},
		{"issuer", "offer.collected", "offer_1", nil},
		{"verifier", "application.submitted", lostCase, nil},
		{"verifier", "decision.made", lostCase, map[string]any{"outcome": "REFUSED"}},
		{"verifier", "application.submitted", lisaCase, nil},
		{"verifier", "decision.made", lisaCase, map[string]any{"outcome": "GRANTED"}},
		{"verifier", "application.submitted", mateCase, nil},
		{"verifier", "decision.made", mateCase, map[string]any{"outcome": "GRANTED"}},
		{"police", "appointment.booked", lisaCase, nil},
		{"police", "appointment.attended", lisaCase, nil},
		{"police", "appointment.booked", mateCase, nil},
		{"police", "appointment.attended", mateCase, nil},
		{"tax", "identifier.assigned", lisaCase, nil},
		{"tax", "identifier.assigned", mateCase, nil},
		{"bank", "bankaccount.opened", lisaCase, nil},
		{"bank", "bankaccount.opened", mateCase, nil},
		{"verifier", "case.completed", lisaCase, nil},
		{"verifier", "case.completed", mateCase, nil},
	} {
		p := w.parts[one.service]
		if err := p.db.Tx(ctx, func(tx *sqldb.Tx) error {
			_, err := p.outbox.Append(ctx, tx, events.Happened{Type: one.what, Case: one.caseRef, TimeClass: eventbus.Machine, Data: one.data})
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

var silence = slog.New(slog.DiscardHandler)

func (w *world) publish(ctx context.Context) error {
	for name, p := range w.parts {
		if p.conn == nil {
			continue
		}
		relay := &events.Relay{DB: p.db, Producer: name, To: eventbus.NewPublisher(p.conn, name), Clock: w.clock, Log: silence}
		for busy := true; busy; {
			var err error
			if busy, err = relay.Step(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// take has every consumer take what there is.
func (w *world) take(ctx context.Context) error {
	for consumer, producers := range eventbus.Standard(1).Consumers {
		for _, producer := range producers {
			p := w.parts[consumer]
			inbox := &events.Inbox{
				DB: p.db, Producer: producer, From: eventbus.NewConsumer(p.conn, consumer, producer), Clock: w.clock, Log: silence, Wait: time.Second,
				Handlers: map[string]events.Handler{"decision.made": func(context.Context, *sqldb.Tx, *eventbus.Event) error { return nil }},
			}
			var want, got int
			if err := w.parts[producer].db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM event_outbox`).Scan(&want); err != nil {
				return err
			}
			for got < want {
				if _, err := inbox.Step(ctx); err != nil {
					return err
				}
				if err := p.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM event_inbox WHERE producer = $1`, producer).Scan(&got); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// mate is the second person of the world: what differs from the first.
var mate = map[string]any{
	"given_name": "Tan", "family_name": "Gonçalves", "birthdate": "1984-11-30", "email": "tan.goncalves.2@example.com", "phone_number": "+12125550102",
	"identifier": "70848400170", "duf_number": "202600000217", "iban": "NO8799991234574", "bban": "99991234574", "account_holder_name": "Tan Gonçalves",
}

// issue signs the credentials of two cases and puts them in the wallet.
func (w *world) issue(ctx context.Context) error {
	for _, one := range []struct{ service, slug, kind string }{
		{"issuer", "offer-of-employment", "OfferOfEmployment"}, {"verifier", "residence-permit", "ResidencePermit"},
		{"police", "appointment", "Appointment"}, {"tax", "tax-registration", "TaxRegistration"}, {"tax", "tax-card", "TaxCard"},
		{"bank", "bank-account-confirmation", "BankAccountConfirmation"},
	} {
		raw, err := os.ReadFile(filepath.Join("..", "credtype", "testdata", one.slug+".json"))
		if err != nil {
			return err
		}
		for _, caseRef := range []string{lisaCase, mateCase} {
			var claims map[string]any
			if err := json.Unmarshal(raw, &claims); err != nil {
				return err
			}
			if caseRef == mateCase {
				for claim, value := range mate {
					if _, there := claims[claim]; there {
						claims[claim] = value
					}
				}
			}
			draft := issuance.Draft{Type: one.kind, Reference: caseRef, Issuer: w.layout.Services[one.service].DID, Claims: claims, ValidFrom: w.clock.Now()}
			if err := w.deliver(ctx, one.service, draft); err != nil {
				return fmt.Errorf("deliver %s: %w", one.kind, err)
			}
		}
	}
	// And one that is reserved only.
	raw, err := os.ReadFile(filepath.Join("..", "credtype", "testdata", "residence-card.json"))
	if err != nil {
		return err
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		return err
	}
	police := w.parts["police"]
	return police.db.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := police.issuer.Reserve(ctx, tx, issuance.Draft{
			Type: "ResidenceCard", Reference: lisaCase, Issuer: w.layout.Services["police"].DID, Claims: claims, ValidFrom: w.clock.Now(),
		})
		return err
	})
}

// deliver issues one credential to a DID of the wallet.
func (w *world) deliver(ctx context.Context, service string, draft issuance.Draft) error {
	from, wallet := w.parts[service], w.parts["wallet"]
	relation, err := wallet.book.Pairwise(w.layout.Services["wallet"].PublicURL + "/didcomm")
	if err != nil {
		return err
	}
	holder, err := wallet.book.HolderKey()
	if err != nil {
		return err
	}
	var id string
	var signed []byte
	err = from.db.Tx(ctx, func(tx *sqldb.Tx) error {
		if id, err = from.issuer.Reserve(ctx, tx, draft); err != nil {
			return err
		}
		if signed, err = from.issuer.IssueTo(ctx, tx, id, holder.DID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE issuance SET state = 'delivered', thread = $1, ours = $2, theirs = $3, delivered_at = $4 WHERE credential_id = $1`,
			id, draft.Issuer, relation.DID, clock.Micros(w.clock.Now()))
		return err
	})
	if err != nil {
		return err
	}
	row := "cred_" + strings.TrimPrefix(id, "urn:uuid:")
	sealed, err := wallet.book.KeyStore().Seal(ctx, signed, []byte(row))
	if err != nil {
		return err
	}
	now := clock.Micros(w.clock.Now())
	return wallet.db.Tx(ctx, func(tx *sqldb.Tx) error {
		return errors.Join(
			relation.Save(ctx, tx, "holder_1", ""), holder.Save(ctx, tx, "holder_1", ""),
			exec(ctx, tx, `INSERT INTO holder (id, token_hash, locale, created_at) VALUES ('holder_1', '', 'en', 0) ON CONFLICT DO NOTHING`),
			exec(ctx, tx, `INSERT INTO exchange (id, holder, kind, invitation, thread, ours, theirs, state, expects, subject, rule, message, traceparent, created_at, updated_at)
				VALUES ($1, 'holder_1', 'delivery', '', $1, $2, $3, 'held', '', '', '', '', '', $4, $4)`, row, relation.DID, draft.Issuer, now),
			exec(ctx, tx, `INSERT INTO held_credential (id, holder, exchange, type, issuer, subject, format, received_at, sealed)
				VALUES ($1, 'holder_1', $1, $2, $3, $4, 'ldp_vc', $5, $6)`, row, draft.Type, draft.Issuer, holder.DID, now, sealed),
		)
	})
}

func exec(ctx context.Context, tx *sqldb.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// work writes the rows that the cases have at UDI and the agencies.
func (w *world) work(ctx context.Context) error {
	states := map[string]string{lisaCase: "COMPLETED", mateCase: "COMPLETED", lostCase: "REFUSED"}
	for n, ref := range []string{lisaCase, mateCase, lostCase} {
		file, err := w.parts["verifier"].book.KeyStore().Seal(ctx, fmt.Appendf(nil, `{"duf":"20260000%04d"}`, n+1), []byte(ref))
		if err != nil {
			return err
		}
		outcome := "GRANTED"
		if ref == lostCase {
			outcome = "REFUSED"
		}
		err = w.parts["verifier"].db.Tx(ctx, func(tx *sqldb.Tx) error {
			return errors.Join(
				exec(ctx, tx, `INSERT INTO case_file (ref, position, number, issuer, offer_id, state, offer_withdrawn, applicant, capability_hash,
					rule_set, inputs_hash, traceparent, opened_at, version)
					VALUES ($1, $2, $1, 'did:web:x', $1, $3, 0, '', '', '', '', '', 0, 1)`, ref, n+1, states[ref]),
				exec(ctx, tx, `INSERT INTO case_sealed (ref, sealed) VALUES ($1, $2)`, ref, file),
				exec(ctx, tx, `INSERT INTO decision (case_ref, id, officer, token_hash, outcome, reason, note, rule_set, inputs_hash, at)
					VALUES ($1, $1, 'officer', '', $2, '', '', '', '', 0)`, ref, outcome),
			)
		})
		if err != nil || outcome == "REFUSED" {
			return err
		}
		for service, row := range map[string]string{
			"police": `INSERT INTO appointment (id, position, case_ref, office_id, start_at, end_at, place, origin, state, cause, checkin, booked_at, officer, recorded_at,
					fingerprints_at, photo_at, signature_at)
				VALUES ($1, $2, $1, 'SUA-OSLO', $2, $2 + 1, 1, 'FIRST', 'ATTENDED', '', '', 0, 'o', 0, 0, 0, 0)`,
			"tax": `INSERT INTO person_number (case_ref, ordinal, kind, number, fingerprint, deviates, how, assigned_at, replaced_at)
				VALUES ($1, 0, 'FNR', '', $1, 0, 'ASSIGNED', $2, 0)`,
			"bank": `INSERT INTO account (case_ref, state, granted, identified, fingerprint, kind, opened_at) VALUES ($1, 'OPENED', 1, 1, $1, 'FNR', $2)`,
		} {
			p := w.parts[service]
			if err := p.db.Tx(ctx, func(tx *sqldb.Tx) error { return exec(ctx, tx, row, ref, n) }); err != nil {
				return fmt.Errorf("work of %s: %w", service, err)
			}
		}
	}
	return nil
}

// write sends one DIDComm message from tax to the wallet, and one to somebody
// outside.
func (w *world) write(ctx context.Context) error {
	var wallet string
	if err := w.parts["wallet"].db.Read().QueryRowContext(ctx, `SELECT did FROM identity WHERE did LIKE 'did:peer:%' LIMIT 1`).Scan(&wallet); err != nil {
		return err
	}
	tax := w.layout.Services["tax"].DID
	const out = `INSERT INTO agent_outbox (id, thread, position, type, sender, recipient, traceparent, created_at, due_at, attempts, state, rule)
		VALUES ($1, $1, 1, 'offer', $2, $3, '', 1, 1, 0, 'sent', '')`
	err := w.parts["tax"].db.Tx(ctx, func(tx *sqldb.Tx) error {
		return errors.Join(exec(ctx, tx, out, "m1", tax, wallet), exec(ctx, tx, out, "m2", tax, "did:web:elsewhere.example"))
	})
	if err != nil {
		return err
	}
	return w.parts["wallet"].db.Tx(ctx, func(tx *sqldb.Tx) error {
		const in = `INSERT INTO agent_inbox (sender, id, thread, type, recipient, traceparent, received_at, due_at, attempts, state, rule)
			VALUES ($1, $2, $2, 'offer', $3, '', 1, 1, 0, 'done', '')`
		return errors.Join(exec(ctx, tx, in, tax, "m1", wallet), exec(ctx, tx, in, "did:web:elsewhere.example", "m9", wallet))
	})
}

// read writes the access log.
func (w *world) read(ctx context.Context) error {
	head := accesslog.Empty()
	return w.parts["verifier"].db.Tx(ctx, func(tx *sqldb.Tx) error {
		for _, agency := range []string{"police", "tax", "bank"} {
			row, err := head.Next(accesslog.Entry{Case: lisaCase, At: clock.FromMicros(clock.Micros(w.clock.Now())), Agency: agency, Caller: agency, Purpose: "p", Claims: []string{"given_name"}})
			if err != nil {
				return err
			}
			claims, err := json.Marshal(row.Claims)
			if err != nil {
				return err
			}
			if err := exec(ctx, tx, `INSERT INTO access_log (position, case_ref, at, agency, caller, purpose, claims, prev_hash, row_hash)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, row.Position, row.Case, clock.Micros(row.At), row.Agency, row.Caller, row.Purpose, string(claims), row.Previous, row.Hash); err != nil {
				return err
			}
			head = accesslog.Head{Position: row.Position, Hash: row.Hash}
		}
		return exec(ctx, tx, `UPDATE access_log_head SET position = $1, row_hash = $2`, head.Position, head.Hash)
	})
}

// copied gives the layout of a copy of the shared world's databases.
func copied(t *testing.T) *devsetup.Layout {
	t.Helper()
	dir := t.TempDir()
	layout := *shared.layout
	layout.Services = maps.Clone(layout.Services)
	for name, service := range layout.Services {
		content, err := os.ReadFile(filepath.Join(service.DataDir, name+".db"))
		if err != nil {
			t.Fatal(err)
		}
		service.DataDir = filepath.Join(dir, name)
		if err := os.Mkdir(service.DataDir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(service.DataDir, name+".db"), bytes.Clone(content), 0o600); err != nil {
			t.Fatal(err)
		}
		layout.Services[name] = service
	}
	return &layout
}

// spoil runs statements on a service's database, without foreign keys.
func spoil(t *testing.T, layout *devsetup.Layout, service string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(layout.Services[service].DataDir, service+".db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		result, err := db.ExecContext(t.Context(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if n, err := result.RowsAffected(); err == nil && n == 0 && !strings.HasPrefix(statement, "DROP") && !strings.HasPrefix(statement, "ALTER") && !strings.HasPrefix(statement, "CREATE") {
			t.Fatalf("%s: changed nothing", statement)
		}
	}
}

// loose are the statements that rid a table of its constraints.
func loose(table string, statements ...string) []string {
	return append([]string{
		"CREATE TABLE loose AS SELECT * FROM " + table, "DROP TABLE " + table, "ALTER TABLE loose RENAME TO " + table,
	}, statements...)
}

// expect checks and wants exactly these breaches, each given as the invariant
// and a part of its text.
func expect(t *testing.T, sources Sources, want ...string) {
	t.Helper()
	got, err := Check(t.Context(), sources)
	if err != nil {
		t.Fatal(err)
	}
	for n, b := range got {
		invariant, part := "", ""
		if n < len(want) {
			invariant, part, _ = strings.Cut(want[n], " ")
		}
		if b.Invariant != invariant || !strings.Contains(b.String(), part) {
			t.Errorf("breach %d is %q, want %s %q", n, b, invariant, part)
		}
	}
	if len(got) < len(want) {
		t.Errorf("%d breaches, want %d: %q is missing", len(got), len(want), want[len(got):])
	}
}
