package issuance_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/binding"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
)

// wallets have keys and nothing else.
type wallets struct {
	DB   *sqldb.DB
	Book *identity.Book
}

// desk is an issuer, and the wallets of its holders.
type desk struct {
	*harness.Harness
	t        *testing.T
	wallets  wallets
	resolver *resolver.Resolver
	messages int
	before   []string // message ids seen
	issued   []issuance.Credential
	arrived  []issuance.Credential
}

func open(t *testing.T) *desk {
	d := &desk{Harness: harness.Open(t, "tax"), t: t}
	var err error
	d.wallets.DB = testkit.Database(t, identity.Migrations())
	d.wallets.Book, err = identity.Open(t.Context(), d.wallets.DB, make([]byte, 32), d.Clock)
	d.check(err)
	d.resolver = &resolver.Resolver{Get: d, Cache: cache.NewMemory(d.Clock, 0, 0)}
	d.Issuer.OnIssued = func(_ context.Context, tx *sqldb.Tx, c issuance.Credential) error {
		tx.OnCommit(func() { d.issued = append(d.issued, c) })
		return nil
	}
	d.Issuer.OnDelivered = func(_ context.Context, tx *sqldb.Tx, c issuance.Credential) error {
		tx.OnCommit(func() { d.arrived = append(d.arrived, c) })
		return nil
	}
	return d
}

// Get gives the issuer's DID document.
func (d *desk) Get(context.Context, string, int64) ([]byte, http.Header, error) {
	answer := httptest.NewRecorder()
	host := strings.TrimPrefix(d.DID, "did:web:")
	d.Book.Documents(host).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/.well-known/did.json", nil))
	return answer.Body.Bytes(), nil, nil
}

func (d *desk) tx(f func(ctx context.Context, tx *sqldb.Tx) error) error {
	d.t.Helper()
	ctx := d.t.Context()
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return f(ctx, tx) })
}

func (d *desk) claims(slug string) map[string]any {
	raw, err := os.ReadFile("../credtype/testdata/" + slug + ".json")
	d.check(err)
	var claims map[string]any
	d.check(json.Unmarshal(raw, &claims))
	return claims
}

func (d *desk) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) draft(reference string) issuance.Draft {
	return issuance.Draft{Type: "TaxCard", Reference: reference, Issuer: d.DID, Claims: d.claims("tax-card"), ValidFrom: d.Clock.Now()}
}

func (d *desk) reserve(reference string) (id string) {
	d.t.Helper()
	d.check(d.tx(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		id, err = d.Issuer.Reserve(ctx, tx, d.draft(reference))
		return err
	}))
	return id
}

func (d *desk) offer(id, thread, to string) error {
	d.t.Helper()
	return d.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		return d.Issuer.Offer(ctx, tx, id, issuance.Party{Thread: thread, Ours: d.DID, Theirs: to})
	})
}

// holder makes a pairwise DID in a wallet.
func (d *desk) holder() string {
	d.t.Helper()
	pending, err := d.wallets.Book.Pairwise("https://wallet.example/didcomm")
	d.check(err)
	return d.save(pending)
}

func (d *desk) save(pending *identity.Pending) string {
	d.t.Helper()
	ctx := d.t.Context()
	d.check(d.wallets.DB.Tx(ctx, func(tx *sqldb.Tx) error { return pending.Save(ctx, tx, "holder", "") }))
	return pending.DID
}

// sent gives the messages that have been put into the outbox since last time.
func (d *desk) sent() (all []*didcomm.Message) {
	d.t.Helper()
	rows, err := d.DB.Read().QueryContext(d.t.Context(), `SELECT o.id, l.sealed FROM agent_outbox AS o JOIN agent_outbox_letter AS l ON l.id = o.id ORDER BY o.created_at, o.position`)
	all, err = sqldb.Collect(rows, err, func(r *sql.Rows) (*didcomm.Message, error) {
		var id string
		var sealed []byte
		d.check(r.Scan(&id, &sealed))
		plain, err := d.Book.KeyStore().Open(d.t.Context(), sealed, []byte(id))
		d.check(err)
		return didcomm.Parse(plain)
	})
	d.check(err)
	fresh := all[:0]
	for _, m := range all {
		if !strings.Contains(strings.Join(d.before, " "), m.ID) {
			fresh = append(fresh, m)
			d.before = append(d.before, m.ID)
		}
	}
	return fresh
}

// nonce reads the nonce of the offer that was sent last.
func (d *desk) nonce() string {
	d.t.Helper()
	sent := d.sent()
	raw, err := sent[len(sent)-1].ContentOf(didcomm.FormatCredentialOffer)
	d.check(err)
	var o struct {
		Method struct {
			Signed struct {
				Nonce string `json:"nonce"`
			} `json:"didcomm_signed_attachment"`
		} `json:"binding_method"`
	}
	d.check(json.Unmarshal(raw, &o))
	return o.Method.Signed.Nonce
}

// request asks, from a DID in a thread, with a proof of a fresh key over s. It
// gives the key and what the issuer answered.
func (d *desk) request(from, thread string, s binding.Statement) (key string, answer *didcomm.Message) {
	d.t.Helper()
	pending, err := d.wallets.Book.HolderKey()
	d.check(err)
	proof, err := binding.Sign(d.t.Context(), pending.Keys[0], s, pending.SignWith)
	d.check(err)
	key = d.save(pending)
	return key, d.say(from, didcomm.Message{Type: didcomm.TypeRequestCredential, Thid: thread, Attachments: []didcomm.Attachment{
		{ID: "r", Format: didcomm.FormatCredentialRequest, JSON: []byte(`{"data_model_version":"2.0","binding_proof":{"didcomm_signed_attachment":{"attachment_id":"b"}}}`)},
		didcomm.NewAttachment("b", "application/jose", "", []byte(proof)),
	}})
}

// say brings a message of a wallet to the issuer; the answer may be nil.
func (d *desk) say(from string, m didcomm.Message) *didcomm.Message {
	d.t.Helper()
	ctx := d.t.Context()
	d.messages++
	m.ID, m.From, m.To = "message-"+strings.Repeat("i", d.messages), from, []string{d.DID}
	plain, err := m.Render()
	d.check(err)
	body, err := envelope.Seal(ctx, d.wallets.Book, d.resolver, plain, from, d.DID)
	d.check(err)
	d.check(d.Agent.Accept(ctx, body))
	_, err = d.Agent.ActStep(ctx)
	d.check(err)
	sent := d.sent()
	if len(sent) == 0 {
		return nil
	}
	return sent[len(sent)-1]
}

// problem is the rule that an answer reports.
func (d *desk) problem(answer *didcomm.Message) string {
	d.t.Helper()
	if answer == nil || answer.Type != didcomm.TypeProblemReport {
		d.t.Fatalf("no problem report: %+v", answer)
	}
	var body struct {
		Code string `json:"code"`
	}
	d.check(json.Unmarshal(answer.Body, &body))
	return strings.TrimPrefix(body.Code, "e.p.msg.")
}

func (d *desk) state(id string) issuance.State {
	d.t.Helper()
	c, err := d.Issuer.Find(d.t.Context(), d.DB.Read(), id)
	d.check(err)
	return c.State
}

func TestCredentialIsSignedForTheKeyThatTheHolderProves(t *testing.T) {
	d := open(t)
	holder := d.holder()
	id := d.reserve("case_1")
	d.check(d.offer(id, "t", holder))
	key, answer := d.request(holder, "t", binding.Statement{Nonce: d.nonce(), Thread: "t", Audience: d.DID})
	raw, err := answer.ContentOf(didcomm.FormatCredential)
	d.check(err)
	got, err := credential.Verify(t.Context(), d.resolver, raw, credential.Options{Now: d.Clock.Now(), LeaveStatus: true})
	d.check(err)
	if got.SubjectID != key || got.ID != id || len(got.Status) != 2 || strings.Contains(string(raw), holder) {
		t.Fatalf("issued: %s", raw)
	}
	d.say(holder, didcomm.Message{Type: didcomm.TypeCredentialAck, Thid: "t", Body: []byte(`{}`)})
	d.say(holder, didcomm.Message{Type: didcomm.TypeCredentialAck, Thid: "t", Body: []byte(`{}`)})
	if len(d.issued) != 1 || len(d.arrived) != 1 || d.issued[0].Subject != key || d.state(id) != issuance.Delivered {
		t.Fatal(d.issued, d.arrived, d.state(id))
	}
	kept, err := d.Issuer.Signed(t.Context(), d.DB.Read(), id)
	if err != nil || string(kept) != string(raw) {
		t.Fatal("another credential is kept than was sent", err)
	}
	// A second request, of another key, gets nothing.
	_, answer = d.request(holder, "t", binding.Statement{Nonce: "x", Thread: "t", Audience: d.DID})
	if rule := d.problem(answer); rule != "credential.already-issued" {
		t.Fatal(rule)
	}
}

func TestProofMadeForAnotherExchangeIsRefused(t *testing.T) { // hostile 44
	d := open(t)
	holder := d.holder()
	other := d.reserve("case_2")
	d.check(d.offer(other, "other", holder))
	othersNonce := d.nonce()
	id := d.reserve("case_1")
	d.check(d.offer(id, "t", holder))
	right := binding.Statement{Nonce: d.nonce(), Thread: "t", Audience: d.DID}
	for rule, change := range map[string]func(*binding.Statement){
		"credential.binding-nonce":    func(s *binding.Statement) { s.Nonce = othersNonce },
		"credential.binding-thread":   func(s *binding.Statement) { s.Thread = "other" },
		"credential.binding-audience": func(s *binding.Statement) { s.Audience = "did:web:bank.kompetansespor.example" },
	} {
		s := right
		change(&s)
		_, answer := d.request(holder, "t", s)
		if got := d.problem(answer); got != rule || answer.Pthid != "t" {
			t.Errorf("%s: %s about %s", rule, got, answer.Pthid)
		}
	}
	if len(d.issued) != 0 || d.state(id) != issuance.Offered {
		t.Fatal("something was issued")
	}
	if _, answer := d.request(holder, "t", right); answer.Type != didcomm.TypeIssueCredential {
		t.Fatal("the right proof came to nothing after wrong ones")
	}
}

func TestThreadOfAnotherHolderDoesNotExist(t *testing.T) {
	d := open(t)
	holder, stranger := d.holder(), d.holder()
	id := d.reserve("case_1")
	d.check(d.offer(id, "t", holder))
	s := binding.Statement{Nonce: d.nonce(), Thread: "t", Audience: d.DID}
	if _, answer := d.request(stranger, "t", s); d.problem(answer) != "credential.no-such-thread" {
		t.Fatal("another holder's thread answers")
	}
	d.say(stranger, didcomm.Message{Type: didcomm.TypeCredentialAck, Thid: "t", Body: []byte(`{}`)})
	if d.state(id) != issuance.Offered {
		t.Fatal(d.state(id))
	}
	// Somebody who names their own thread as this one does not disturb it.
	d.check(d.offer(d.reserve("case_0"), "t", stranger))
	d.sent()
	if _, answer := d.request(holder, "t", s); answer.Type != didcomm.TypeIssueCredential {
		t.Fatal("a stranger's thread hides the holder's")
	}
}

func TestProblemReportEndsItsSendersThreadOnly(t *testing.T) { // hostile 50
	d := open(t)
	holder, stranger := d.holder(), d.holder()
	id := d.reserve("case_1")
	d.check(d.offer(id, "t", holder))
	d.check(d.offer(d.reserve("case_0"), "t", stranger)) // who names a thread of their own like it
	d.sent()
	refuse := func(from, thread string) {
		t.Helper()
		m := didcomm.Message{Type: didcomm.TypeProblemReport, Pthid: thread, Body: []byte(`{"code":"e.p.msg.no"}`)}
		if answer := d.say(from, m); answer != nil {
			t.Fatal("a problem report is answered")
		}
	}
	refuse(d.holder(), "t")
	refuse(stranger, "t")
	if d.state(id) != issuance.Offered {
		t.Fatal("another's report ended the thread")
	}
	refuse(holder, "another")
	refuse(holder, "t")
	if d.state(id) != issuance.Declined {
		t.Fatal(d.state(id))
	}
}

func TestThreadCarriesOneCredential(t *testing.T) {
	d := open(t)
	holder := d.holder()
	d.check(d.offer(d.reserve("case_1"), "t", holder))
	if err := d.offer(d.reserve("case_2"), "t", holder); fault.RuleOf(err) != "credential.thread-taken" {
		t.Fatal(err)
	}
}

func TestCredentialIsReservedAndOfferedOnce(t *testing.T) {
	d := open(t)
	holder := d.holder()
	id := d.reserve("case_1")
	if d.reserve("case_1") != id {
		t.Fatal("reserved twice")
	}
	d.check(d.offer(id, "", holder))
	d.check(d.offer(id, "", holder))
	if sent := d.sent(); len(sent) != 1 || sent[0].Thid != id {
		t.Fatal(sent)
	}
	if err := d.offer(id, "", d.holder()); fault.RuleOf(err) != "credential.already-offered" {
		t.Fatal(err)
	}
	var entries int
	d.check(d.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM status_entry`).Scan(&entries))
	if entries != 1 {
		t.Fatal(entries)
	}
}

func TestOfferSaysNothingThatIsNotSignedYet(t *testing.T) {
	d := open(t)
	d.check(d.offer(d.reserve("case_1"), "t", d.holder()))
	raw, err := d.sent()[0].ContentOf(didcomm.FormatCredentialOffer)
	d.check(err)
	for _, never := range []string{"credentialStatus", "proof", `"id":""`} {
		if strings.Contains(string(raw), `"`+never+`"`) || strings.Contains(string(raw), `"id":""`) {
			t.Errorf("the offer has %s: %s", never, raw)
		}
	}
}

func TestWithdrawnCredentialIsNeverSigned(t *testing.T) {
	d := open(t)
	holder := d.holder()
	id := d.reserve("case_1")
	d.check(d.offer(id, "t", holder))
	s := binding.Statement{Nonce: d.nonce(), Thread: "t", Audience: d.DID}
	withdraw := func() error {
		return d.tx(func(ctx context.Context, tx *sqldb.Tx) error {
			return d.Issuer.Withdraw(ctx, tx, id, "changed our mind")
		})
	}
	d.check(withdraw())
	d.check(withdraw())
	if _, answer := d.request(holder, "t", s); d.problem(answer) != "credential.withdrawn" {
		t.Fatal("signed after the withdrawal")
	}
	if _, err := d.Issuer.Signed(t.Context(), d.DB.Read(), id); fault.RuleOf(err) != "credential.not-issued" {
		t.Fatal(err)
	}
	if err := d.offer(id, "t", holder); fault.RuleOf(err) != "credential.withdrawn" {
		t.Fatal(err)
	}
}

func TestWithdrawalWhileTheCredentialIsBeingSignedWins(t *testing.T) {
	d := open(t)
	holder := d.holder()
	id := d.reserve("case_1")
	d.check(d.offer(id, "t", holder))
	nonce := d.nonce()
	d.Issuer.Clock = &interrupted{Clock: d.Clock, by: func() { // the signature is dated now
		d.check(d.tx(func(ctx context.Context, tx *sqldb.Tx) error {
			return d.Issuer.Withdraw(ctx, tx, id, "changed our mind")
		}))
	}}
	_, answer := d.request(holder, "t", binding.Statement{Nonce: nonce, Thread: "t", Audience: d.DID})
	d.problem(answer)
	if len(d.issued) != 0 || d.state(id) != issuance.Withdrawn {
		t.Fatal("a withdrawn credential was issued", d.state(id))
	}
}

// interrupted lets something happen when the time is asked for first.
type interrupted struct {
	clock.Clock
	by func()
}

func (i *interrupted) Now() time.Time {
	if by := i.by; by != nil {
		i.by = nil
		by()
	}
	return i.Clock.Now()
}

func TestFailedHookLeavesNoSignature(t *testing.T) {
	d := open(t)
	id := d.reserve("case_1")
	err := d.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		d.Issuer.OnIssued = func(context.Context, *sqldb.Tx, issuance.Credential) error {
			return fault.New(fault.Conflict, "test.hook", "no")
		}
		_, err := d.Issuer.IssueTo(ctx, tx, id, "did:web:employer.example")
		return err
	})
	if fault.RuleOf(err) != "test.hook" || d.state(id) != issuance.Reserved {
		t.Fatal("a failed hook leaves a signature", err, d.state(id))
	}
}

func TestOrganisationGetsItsCredentialOnce(t *testing.T) {
	d := open(t)
	id := d.reserve("case_1")
	var first, second []byte
	issue := func(out *[]byte) {
		d.check(d.tx(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			*out, err = d.Issuer.IssueTo(ctx, tx, id, "did:web:employer.example")
			return err
		}))
	}
	issue(&first)
	d.Clock.Pass(time.Minute)
	issue(&second)
	if string(first) != string(second) || len(d.issued) != 1 {
		t.Fatal("issued twice")
	}
}

func TestUnknownCredentialIsNotFound(t *testing.T) {
	d := open(t)
	if _, err := d.Issuer.Signed(t.Context(), d.DB.Read(), "urn:x"); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
	if err := d.offer("urn:x", "t", d.holder()); fault.RuleOf(err) != "credential.unknown" {
		t.Fatal(err)
	}
	bad := d.draft("case_1")
	delete(bad.Claims, "card_id")
	err := d.tx(func(ctx context.Context, tx *sqldb.Tx) error { _, err := d.Issuer.Reserve(ctx, tx, bad); return err })
	if fault.KindOf(err) != fault.Invalid {
		t.Fatal("reserved without a required claim", err)
	}
}
