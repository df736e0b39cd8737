package verifier

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/store"
)

const (
	udi        = "did:web:udi.kompetansespor.example"
	university = "did:web:issuer.kompetansespor.example:employers:310000019"
	orgNumber  = "310000019"
	policeCall = "police.internal.kompetansespor.example"
	taxCall    = "tax.internal.kompetansespor.example"
	bankCall   = "bank.internal.kompetansespor.example"
)

// rig is a verifier's desk over a real database. Wallet and employer keys live
// in the same book; nothing is sent.
type rig struct {
	*testing.T
	*desk.Desk
	book   *identity.Book
	source config.Database // the rig's own

	// What the clock and others answer.
	now     time.Time
	status  error
	trusted error
	entity  trustlist.Entity
	// meantime, once, is what comes while somebody asks for a status.
	meantime func()

	// What the payment provider, the registry and the police answer.
	payments  map[string]*casefile.Payment // by id
	ordered   []desk.PaymentOrder
	paying    error
	signatory func(desk.Signing) (bool, error)
	identity  func(caseRef string) (desk.Correction, error)
}

func (r *rig) Create(_ context.Context, o desk.PaymentOrder) (desk.Payment, error) {
	if r.paying != nil {
		return desk.Payment{}, r.paying
	}
	id := "pay-" + strings.TrimPrefix(o.Reference, "case_")
	if _, have := r.payments[id]; !have {
		r.ordered = append(r.ordered, o)
		r.payments[id] = &casefile.Payment{Reference: o.Reference, Currency: o.Currency}
	}
	return desk.Payment{ID: id, URL: "https://pay.example/pay/" + id}, nil
}

func (r *rig) Status(_ context.Context, id string) (casefile.Payment, error) {
	if r.paying != nil {
		return casefile.Payment{}, r.paying
	}
	return *r.payments[id], nil
}

func (r *rig) Authorised(_ context.Context, s desk.Signing) (bool, error) { return r.signatory(s) }

func (r *rig) Identity(_ context.Context, caseRef string) (desk.Correction, error) {
	return r.identity(caseRef)
}

// pay has the payment of a case paid and looked at.
func (r *rig) pay(caseRef string) {
	r.Helper()
	for _, p := range r.payments {
		if p.Reference == caseRef {
			p.Amount = 630000
		}
	}
	r.look()
}

// look lets a second pass and has the payments looked at.
func (r *rig) look() {
	r.Helper()
	r.later(time.Second)
	_, err := r.PayStep(r.Context())
	r.must(err)
}

func (r *rig) Now() time.Time { return r.now }

func (r *rig) CheckStatus(context.Context, *credential.Verified) error {
	if comes := r.meantime; comes != nil {
		r.meantime = nil
		comes()
	}
	return r.status
}

func (r *rig) Accredited(context.Context, string, string, time.Time) (trustlist.Entity, error) {
	return r.entity, r.trusted
}

func (r *rig) Resolve(ctx context.Context, name string) (*did.Document, error) {
	if !strings.HasPrefix(name, "did:web:") {
		return did.Static{}.Resolve(ctx, name)
	}
	address, err := did.WebURL(name)
	r.must(err)
	where, err := url.Parse(address)
	r.must(err)
	answer := httptest.NewRecorder()
	r.book.Documents(where.Host).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, where.Path, nil))
	return did.ParseFor(name, answer.Body.Bytes())
}

func (r *rig) VerificationKey(ctx context.Context, kid string, purpose credential.Purpose, _ time.Time) (did.PublicKey, error) {
	name, _, err := did.Split(kid)
	if err != nil {
		return did.PublicKey{}, err
	}
	document, err := r.Resolve(ctx, name)
	if err != nil {
		return did.PublicKey{}, err
	}
	key, ok := document.Key(kid, did.Purpose(purpose))
	if !ok {
		return did.PublicKey{}, fault.New(fault.Denied, "did.key-not-for-purpose", "no such key")
	}
	return key, nil
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, now: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), entity: trustlist.Entity{OrganisationNumber: orgNumber},
		payments:  map[string]*casefile.Payment{},
		signatory: func(desk.Signing) (bool, error) { return true, nil },
		identity: func(string) (desk.Correction, error) {
			return desk.Correction{}, fault.New(fault.NotFound, "identity.unknown", "not known")
		},
	}
	driver, dsn := testkit.Source(t)
	r.source = config.Database{Driver: driver, DSN: dsn}
	db := testkit.Open(t, driver, dsn,
		epoch.Migrations(), identity.Migrations(), agent.Migrations(), events.Migrations(), statuslist.Migrations(), issuance.Migrations(), store.Migrations())
	var err error
	r.book, err = identity.Open(t.Context(), db, make([]byte, 32), r)
	r.must(err)
	r.must(r.book.EnsureOrganisation(t.Context(), udi, "", "https://udi.kompetansespor.example/didcomm"))
	r.must(r.book.EnsureOrganisation(t.Context(), university, orgNumber, "https://issuer.kompetansespor.example/didcomm"))
	rules, err := ruleset.Current()
	r.must(err)
	figures, err := casefile.LoadParameters()
	r.must(err)
	notices, err := casefile.LoadNotices()
	r.must(err)
	zone, err := time.LoadLocation("Europe/Oslo")
	r.must(err)
	cases, err := store.Open(t.Context(), db, r.book.KeyStore(), rand.Reader)
	r.must(err)
	didcommAgent := agent.New(agent.Config{DB: db, Book: r.book, Resolver: r, Clock: r, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Patience: time.Minute})
	r.Desk = desk.New(desk.Config{
		DB: db, Store: cases, Agent: didcommAgent, Resolver: r, Verification: &verification.Verifier{Keys: r, Status: r, Trust: r, Clock: r}, Rules: rules,
		Parameters: figures, Notices: notices, Payments: r, Signatories: r, Identities: r, Clock: r, Random: rand.Reader,
		Outbox: &events.Outbox{Producer: "verifier", Source: "https://udi.kompetansespor.example", Clock: r, Random: rand.Reader, Bell: runner.NewBell()},
		Zone:   zone, DID: udi, Agencies: agencies(DefaultAgencies()), ChallengeLifetime: 5 * time.Minute,
	})
	lists := statuslist.New(statuslist.Config{DB: db, Signer: r.book, AssertionKey: r.book.AssertionKey, Clock: r, Random: rand.Reader, BaseURL: "https://udi.kompetansespor.example", Lifetime: time.Minute})
	r.Issuer = issuance.New(issuance.Config{DB: db, Book: r.book, Agent: didcommAgent, Lists: lists, Clock: r, Random: rand.Reader})
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) refused(err error, kind fault.Kind, rule string) {
	r.Helper()
	if err == nil || fault.KindOf(err) != kind || fault.RuleOf(err) != rule {
		r.Errorf("got %v, want %s (%s)", err, rule, kind)
	}
}

func (r *rig) later(d time.Duration) { r.now = r.now.Add(d) }

func (r *rig) count(query string, args ...any) (n int) {
	r.Helper()
	r.must(r.DB.Read().QueryRowContext(r.Context(), query, args...).Scan(&n))
	return n
}

func (r *rig) exec(statement string) {
	r.Helper()
	r.must(r.DB.Tx(r.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(r.Context(), statement)
		return err
	}))
}

// diskFull makes what a trigger sees fail, such as BEFORE INSERT ON access_log.
func (r *rig) diskFull(event string) {
	r.Helper()
	if r.DB.Driver() == "sqlite" {
		r.exec(`CREATE TRIGGER disk_full ` + event + ` BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
		return
	}
	r.exec(`CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$`)
	r.exec(`CREATE TRIGGER disk_full ` + event + ` FOR EACH ROW EXECUTE FUNCTION disk_full()`)
}

// diskEmpties ends what diskFull began.
func (r *rig) diskEmpties() {
	r.Helper()
	if r.DB.Driver() == "sqlite" {
		r.exec(`DROP TRIGGER disk_full`)
		return
	}
	r.exec(`DROP FUNCTION disk_full CASCADE`)
}

// worker is a wallet in the test's hand.
type worker struct {
	*rig
	connection string
	thread     string
	subject    string
	offer      []byte
	consent    map[string]any
	supporting [][]byte
	paymentURL string // once applied
}

// newDID makes a DID that somebody can write to.
func (r *rig) newDID() string {
	pending, err := r.book.Pairwise("https://wallet.kompetansespor.example/didcomm")
	r.must(err)
	return pending.DID
}

// newWorker has an offer with the given id; change may edit its claims.
func (r *rig) newWorker(offerID string, change func(claims map[string]any)) *worker {
	r.Helper()
	raw, err := os.ReadFile("../internal/credtype/testdata/offer-of-employment.json")
	r.must(err)
	var claims map[string]any
	r.must(json.Unmarshal(raw, &claims))
	claims["offer_id"] = offerID
	if change != nil {
		change(claims)
	}
	key, err := r.book.HolderKey()
	r.must(err)
	r.must(r.DB.Tx(r.Context(), func(tx *sqldb.Tx) error { return key.Save(r.Context(), tx, "worker", "") }))
	w := &worker{rig: r, connection: r.newDID(), thread: "thread-" + offerID, subject: key.DID}
	w.offer = r.sign(key.DID, claims, []status.Entry{{List: "https://issuer.kompetansespor.example/status/1", Index: 5, Purpose: status.Revocation}})
	var parties []any
	for _, a := range r.Agencies {
		parties = append(parties, map[string]any{"agency": a.DID, "delivery": r.newDID(), "claims": anys(a.Claims)})
	}
	w.consent = map[string]any{
		"purpose": "residence-permit", "given_at": r.Now().Format(time.RFC3339), "agencies": parties,
		"as": "applicant", "offer_hash": r.hashOf(w.offer), "shares": []any{"payroll_account"}, "lang": "nb",
	}
	return w
}

func (r *rig) hashOf(offer []byte) string {
	r.Helper()
	hash, err := credential.OfferHash(offer)
	r.must(err)
	return hash
}

func anys(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

func (r *rig) sign(subject string, claims map[string]any, status []status.Entry) []byte {
	r.Helper()
	key, err := r.book.AssertionKey(r.Context(), university)
	r.must(err)
	raw, err := credential.Issue(r.Context(), r.book, credential.Draft{
		ID: "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001", Type: credtype.OfferOfEmployment, Issuer: university, Subject: subject,
		Claims: claims, ValidFrom: r.Now().Add(-time.Hour), ValidUntil: r.Now().AddDate(0, 0, 90), Status: status,
	}.Document(), credential.Securing{Key: key, Created: r.Now()})
	r.must(err)
	return raw
}

func (w *worker) received(kind string) agent.Received {
	return agent.Received{
		Message: &didcomm.Message{ID: "m", Type: kind, Thid: w.thread}, Sender: w.connection, Recipient: udi, At: w.Now(),
	}
}

// act runs an effect as the agent does.
func (r *rig) act(effect agent.Effect, err error) error {
	if err != nil {
		return err
	}
	return r.DB.Tx(r.Context(), func(tx *sqldb.Tx) error { return effect(r.Context(), tx) })
}

func (w *worker) propose() error {
	return w.act(w.Ask(w.Context(), w.received(didcomm.TypeProposePresentation)))
}

// sent are the messages of a type that were left for a DID, oldest first.
func (r *rig) sent(to, kind string) []*didcomm.Message {
	r.Helper()
	rows, err := r.DB.Read().QueryContext(r.Context(), `SELECT o.id, l.sealed FROM agent_outbox AS o JOIN agent_outbox_letter AS l ON l.id = o.id WHERE o.recipient = $1 AND o.type = $2 ORDER BY o.position`, to, kind)
	r.must(err)
	defer func() { _ = rows.Close() }()
	var all []*didcomm.Message
	for rows.Next() {
		var id string
		var sealed []byte
		r.must(rows.Scan(&id, &sealed))
		plain, err := r.book.KeyStore().Open(r.Context(), sealed, []byte(id))
		r.must(err)
		message, err := didcomm.Parse(plain)
		r.must(err)
		all = append(all, message)
	}
	r.must(rows.Err())
	return all
}

// asked is the challenge of the last request.
func (w *worker) asked() (challenge string) {
	w.Helper()
	requests := w.sent(w.connection, didcomm.TypeRequestPresentation)
	raw, err := requests[len(requests)-1].ContentOf(didcomm.FormatPresentationDefinition)
	w.must(err)
	var definition struct {
		Options struct{ Challenge, Domain string }
	}
	w.must(json.Unmarshal(raw, &definition))
	if definition.Options.Domain != udi {
		w.Errorf("asked for domain %q", definition.Options.Domain)
	}
	return definition.Options.Challenge
}

func (w *worker) present(challenge, domain string) []byte {
	w.Helper()
	document, err := credential.Present(w.Context(), w.book, credential.Presenting{
		Types: []string{"ApplicationPresentation"}, Holder: w.subject, Credentials: append([][]byte{w.offer}, w.supporting...),
		Members: map[string]any{"consent": w.consent}, Challenge: challenge, Domain: domain,
		Key: keyOf(w.subject), Created: w.Now(),
	})
	w.must(err)
	return document
}

func (w *worker) answer(document []byte) error {
	return w.act(w.Receive(w.Context(), w.received(didcomm.TypePresentation), document))
}

// apply proposes, presents and gives what the authority acknowledges.
func (w *worker) apply() (caseRef, capability string, err error) {
	w.Helper()
	w.must(w.propose())
	if err := w.answer(w.present(w.asked(), udi)); err != nil {
		return "", "", err
	}
	var body struct {
		Status     string `json:"status"`
		PaymentURL string `json:"payment_url"`
		CaseRef    string `json:"case_ref"`
		Capability string `json:"access_capability"`
	}
	acks := w.sent(w.connection, didcomm.TypePresentationAck)
	if len(acks) != 1 || acks[0].Thid != w.thread {
		w.Fatalf("%d acknowledgements", len(acks))
	}
	w.must(acks[0].DecodeBody(&body))
	w.paymentURL = body.PaymentURL
	return body.CaseRef, body.Capability, nil
}

// paid applies and pays the fee.
func (w *worker) paid() (caseRef, capability string, err error) {
	w.Helper()
	caseRef, capability, err = w.apply()
	if err == nil {
		w.pay(caseRef)
	}
	return caseRef, capability, err
}

func (r *rig) decide(caseRef string, outcome casefile.State, reason string) (desk.Record, error) {
	return r.Decide(r.Context(), desk.Deciding{CaseRef: caseRef, Officer: "officer-1", TokenHash: "hash", Outcome: outcome, Reason: reason})
}

// granted is a case that an officer has granted.
func (r *rig) granted(offerID string) (caseRef, capability string, w *worker) {
	r.Helper()
	w = r.newWorker(offerID, nil)
	caseRef, capability, err := w.paid()
	r.must(err)
	_, err = r.decide(caseRef, casefile.Granted, "")
	r.must(err)
	return caseRef, capability, w
}

// tell brings an event as the inbox does.
func (r *rig) tell(producer, name, caseRef string, at time.Time) error {
	return r.tellOf(producer, name, caseRef, at, nil)
}

// tellOf brings an event with its data.
func (r *rig) tellOf(producer, name, caseRef string, at time.Time, data map[string]any) error {
	event := &eventbus.Event{
		ID: "e-" + name + at.Format("150405.000000"), Type: eventbus.TypeOf(name), Case: caseRef, Time: at, TimeClass: eventbus.Machine, Data: data,
	}
	return r.DB.Tx(r.Context(), func(tx *sqldb.Tx) error {
		return inbox.Events(r.Desk)[producer][name](r.Context(), tx, event)
	})
}
