package desk_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/store"
)

const (
	uio    = "310000019"
	second = "310000035"
)

// world is an issuer with two employers, and the others as the test wants them.
type world struct {
	*harness.Harness
	desk  *desk.Desk
	store store.Store

	mu       sync.Mutex // guards what follows
	refuse   error      // of the trust list
	unsigned error      // of the signatories
	right    string     // by which somebody signs
	asked    []desk.Signature
	mails    map[string]string
	returned string // the mail that is not taken
	mailed   func() // called for each that is
	number   string // of the worker
	wishes   []wish
	answers  []answering
}

func (w *world) Accredited(_ context.Context, issuer, _ string, _ time.Time) (trustlist.Entity, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return trustlist.Entity{OrganisationNumber: issuer[len(issuer)-9:], AccreditationID: "acc_7"}, w.refuse
}

func (w *world) Check(_ context.Context, s desk.Signature) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, s)
	return w.right, w.unsigned
}

func (w *world) Deliver(_ context.Context, id string, raw []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id == w.returned {
		return errors.New("not now")
	}
	w.mails[id] = string(raw)
	if w.mailed != nil {
		w.mailed()
	}
	return nil
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{Harness: harness.Open(t, "issuer", store.Migrations()), mails: map[string]string{}, right: "urn:altinn:resource:kompetansespor-issue"}
	w.store = store.Store{Sealer: w.Book.KeyStore()}
	tenants := []desk.Tenant{
		{OrganisationNumber: uio, LegalName: "University of Oslo", ContactEmail: "hr@uio.example.com"},
		{OrganisationNumber: second, LegalName: "Second Employer", ContactEmail: "hr@second.example.com"},
	}
	for i := range tenants {
		tenants[i].DID = w.DID + ":employers:" + tenants[i].OrganisationNumber
		if err := w.Book.EnsureOrganisation(t.Context(), tenants[i].DID, tenants[i].OrganisationNumber, "https://issuer.kompetansespor.example/didcomm"); err != nil {
			t.Fatal(err)
		}
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	w.desk = desk.New(desk.Config{
		DB: w.DB, Store: w.store, Agent: w.Agent, Outbox: w.Outbox, Trust: w, Signatories: w, Identifiers: w, TaxCards: register{w}, Accounts: bank{w},
		Mailer: w, Clock: w.Clock, Random: rand.Reader, Rules: offer.DefaultRules(identifier.Synthetic), Zone: zone, Tenants: tenants,
		PublicURL: "https://issuer.kompetansespor.example",
	})
	w.desk.Issuer = w.Issuer
	return w
}

var people = synthetic.Offers(3, 80, harness.Start, synthetic.Employer{OrganisationNumber: uio, LegalName: "University of Oslo", ContactEmail: "hr@uio.example.com"})

// form is the nth person's.
func form(t *testing.T, n int) offer.Form {
	t.Helper()
	raw, err := json.Marshal(people[n])
	if err != nil {
		t.Fatal(err)
	}
	var f offer.Form
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	f.Signatory = offer.Signatory{Name: "Kari Nordmann", Role: "HR manager"}
	return f
}

func signing(t *testing.T, n int) desk.Signing {
	return desk.Signing{Tenant: uio, TokenHash: "token", IdempotencyKey: fmt.Sprintf("key-%06d", n), Form: form(t, n), CodeForm: offer.Words}
}

func (w *world) issue(t *testing.T, n int) (desk.Record, offer.CollectionCode) {
	t.Helper()
	record, code, err := w.desk.Issue(t.Context(), signing(t, n))
	if err != nil {
		t.Fatal(err)
	}
	return record, code
}

func (w *world) stands(t *testing.T, id string) offer.State {
	t.Helper()
	record, err := w.store.ByID(t.Context(), w.DB.Read(), id)
	if err != nil {
		t.Fatal(err)
	}
	return record.Offer.State()
}

func (w *world) mustStand(t *testing.T, id string, want offer.State) {
	t.Helper()
	if got := w.stands(t, id); got != want {
		t.Errorf("the offer is %s, want %s", got, want)
	}
}

// told are the names of an offer's events in the outbox.
func (w *world) told(t *testing.T, id string) []string {
	t.Helper()
	names := w.Events(t, id)
	for i := range names {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(names[i], "no.kompetansespor."), ".v1")
	}
	return names
}

func (w *world) payload(t *testing.T, id, name string) map[string]any {
	t.Helper()
	var raw []byte
	err := w.DB.Read().QueryRowContext(t.Context(), `SELECT payload FROM event_outbox WHERE case_ref = $1 AND type = $2`, id, eventbus.TypeOf(name)).Scan(&raw)
	if err != nil {
		t.Fatal(err)
	}
	event, err := eventbus.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return event.Data
}

// steps runs a step until it has nothing to do.
func steps(t *testing.T, step func(context.Context) (bool, error)) {
	t.Helper()
	for range 1000 {
		more, err := step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
	t.Fatal("a step never ends")
}

// collect has a wallet show the code over the link's invitation.
func (w *world) collect(t *testing.T, r desk.Record, code offer.CollectionCode) error {
	t.Helper()
	effect, err := w.desk.Collect(t.Context(), agent.Received{
		Message: &didcomm.Message{ID: "m", Thid: "t-" + r.Offer.ID()}, Sender: wallet, Recipient: w.DID + ":employers:" + r.Tenant,
	}, r.Offer.ID(), string(code))
	if err != nil {
		return err
	}
	return w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return effect(t.Context(), tx) })
}

// wallet is a did:key: nothing is sent in a test of one service.
const wallet = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"

func (w *world) delivered(t *testing.T, r desk.Record) {
	t.Helper()
	err := w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return w.desk.Delivered(t.Context(), tx, issuance.Credential{ID: r.CredentialID})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rule(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil && want != "" || err != nil && fault.RuleOf(err) != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestDraftSaysWhatItLacksAndBecomesTheOffer(t *testing.T) {
	w := open(t)
	short := offer.Form{GivenName: "Lisa", Signatory: offer.Signatory{Name: "Kari Nordmann", Role: "HR manager"}}
	record, err := w.desk.Draft(t.Context(), uio, "draft-key-1", short)
	if err != nil {
		t.Fatal(err)
	}
	id := record.Offer.ID()
	lacks, _ := w.desk.Lacks(record.Offer)
	if len(lacks) < 10 || !slices.ContainsFunc(lacks, func(v fault.Violation) bool { return v.Field == "passport.document_number" }) {
		t.Errorf("it lacks %v", lacks)
	}
	again, err := w.desk.Draft(t.Context(), uio, "draft-key-1", short)
	if err != nil || again.Offer.ID() != id {
		t.Errorf("the same draft again is %s, %v", again.Offer.ID(), err)
	}
	_, err = w.desk.Draft(t.Context(), uio, "draft-key-1", form(t, 1))
	rule(t, err, "offer.key-with-another-form")
	s := signing(t, 1)
	s.IdempotencyKey, s.Form = "draft-key-1", short
	_, _, err = w.desk.Issue(t.Context(), s)
	rule(t, err, "offer.key-with-another-form")

	_, _, err = w.desk.SignDraft(t.Context(), desk.Signing{Tenant: uio}, id)
	rule(t, err, "offer.form")
	if len(w.told(t, id)) != 0 {
		t.Error("a draft is told of")
	}
	if _, err := w.desk.Invitation(t.Context(), id); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a draft has an invitation: %v", err)
	}
	_, err = w.desk.Withdraw(t.Context(), uio, id, "cut")
	rule(t, err, "offer.draft")

	changed, err := w.desk.ChangeDraft(t.Context(), uio, id, form(t, 1))
	if lacks, _ := w.desk.Lacks(changed.Offer); err != nil || len(lacks) != 0 {
		t.Fatal(lacks, err)
	}
	_, err = w.desk.ChangeDraft(t.Context(), second, id, form(t, 1))
	rule(t, err, "offer.unknown")
	_, _, err = w.desk.SignDraft(t.Context(), desk.Signing{Tenant: second}, id)
	rule(t, err, "offer.unknown")

	w.Clock.Pass(time.Hour)
	signed, code, err := w.desk.SignDraft(t.Context(), desk.Signing{Tenant: uio, TokenHash: "token", CodeForm: offer.Words}, id)
	if err != nil {
		t.Fatal(err)
	}
	if signed.Offer.ID() != id || !signed.Offer.IssuedAt().Equal(w.Clock.Now()) || signed.CredentialID == "" || strings.Count(string(code), "-") != 3 {
		t.Errorf("%s issued at %s, credential %q, code %q", signed.Offer.ID(), signed.Offer.IssuedAt(), signed.CredentialID, code)
	}
	if _, same, err := w.desk.SignDraft(t.Context(), desk.Signing{Tenant: uio}, id); err != nil || same != code {
		t.Errorf("signed again: code %q, %v", same, err)
	}
	if got := w.told(t, id); !slices.Equal(got, []string{"offer.issued"}) {
		t.Errorf("told %v", got)
	}
	_, err = w.desk.ChangeDraft(t.Context(), uio, id, form(t, 2))
	rule(t, err, "offer.signed")
	rule(t, w.desk.DeleteDraft(t.Context(), uio, id), "offer.signed")
	var by string
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT authorised_by FROM authorisation WHERE offer_id = $1`, id).Scan(&by); err != nil || by != w.right {
		t.Errorf("authorised by %q, %v", by, err)
	}
}

func TestDeletedDraftIsGone(t *testing.T) {
	w := open(t)
	record, err := w.desk.Draft(t.Context(), uio, "draft-key-1", form(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	id := record.Offer.ID()
	rule(t, w.desk.DeleteDraft(t.Context(), second, id), "offer.unknown")
	rule(t, w.desk.DeleteDraft(t.Context(), uio, id), "")
	rule(t, w.desk.DeleteDraft(t.Context(), uio, id), "")
	_, err = w.desk.Get(t.Context(), uio, id)
	rule(t, err, "offer.unknown")
	_, _, err = w.desk.SignDraft(t.Context(), desk.Signing{Tenant: uio}, id)
	rule(t, err, "offer.unknown")
	if all, err := w.desk.List(t.Context(), desk.Listing{Tenant: uio, After: w.Clock.Now().Add(time.Hour), Limit: 10}); err != nil || len(all) != 0 {
		t.Errorf("%d offers are listed, %v", len(all), err)
	}
	left, err := w.store.ByID(t.Context(), w.DB.Read(), id)
	if err != nil || left.Offer.Form().GivenName != "" {
		t.Errorf("left is %q, %v", left.Offer.Form().GivenName, err)
	}
}

func TestChangedOfferRevokesTheOldOneInOneTransaction(t *testing.T) {
	w := open(t)
	old, _ := w.issue(t, 1)
	w.Clock.Pass(time.Hour)
	s := signing(t, 1)
	s.IdempotencyKey = "change-key-1"
	s.Form.Employment.AnnualSalary = "700 000"
	changed, code, err := w.desk.Change(t.Context(), s, old.Offer.ID())
	if err != nil {
		t.Fatal(err)
	}
	id := changed.Offer.ID()
	if claims := changed.Offer.Claims(); claims["supersedes"] != old.Offer.ID() || id == old.Offer.ID() || code == "" {
		t.Errorf("the new offer supersedes %v", claims["supersedes"])
	}
	w.mustStand(t, old.Offer.ID(), offer.Superseded)
	if got := w.Credentials(t, old.Offer.ID()); !slices.Equal(got, []string{"OfferOfEmployment withdrawn"}) {
		t.Errorf("the old credential: %v", got)
	}
	if got := w.Credentials(t, id); !slices.Equal(got, []string{"OfferOfEmployment reserved"}) {
		t.Errorf("the new credential: %v", got)
	}
	if got := w.told(t, old.Offer.ID()); !slices.Equal(got, []string{"offer.issued", "offer.superseded"}) {
		t.Errorf("told of the old: %v", got)
	}
	if got := w.payload(t, old.Offer.ID(), "offer.superseded"); got["superseded_by"] != id {
		t.Errorf("superseded by %v", got)
	}
	if got := w.told(t, id); !slices.Equal(got, []string{"offer.issued"}) {
		t.Errorf("told of the new: %v", got)
	}

	again, sameCode, err := w.desk.Change(t.Context(), s, old.Offer.ID())
	if err != nil || again.Offer.ID() != id || sameCode != code {
		t.Errorf("the same change again: %s, %v", again.Offer.ID(), err)
	}
	s.IdempotencyKey = "change-key-2"
	_, _, err = w.desk.Change(t.Context(), s, old.Offer.ID())
	rule(t, err, "offer.superseded")
	_, err = w.desk.Withdraw(t.Context(), uio, old.Offer.ID(), "cut")
	rule(t, err, "offer.superseded")
	if all, err := w.desk.List(t.Context(), desk.Listing{Tenant: uio, After: w.Clock.Now().Add(time.Hour), Limit: 10}); err != nil || len(all) != 2 {
		t.Errorf("%d offers, want 2: %v", len(all), err)
	}
	s.Tenant, s.IdempotencyKey = second, "change-key-3"
	_, _, err = w.desk.Change(t.Context(), s, id)
	rule(t, err, "offer.unknown")
}

func TestWithdrawnOrExpiredOfferIsNotChanged(t *testing.T) {
	w := open(t)
	withdrawn, _ := w.issue(t, 1)
	expired, _ := w.issue(t, 2)
	if _, err := w.desk.Withdraw(t.Context(), uio, withdrawn.Offer.ID(), "cut"); err != nil {
		t.Fatal(err)
	}
	s := signing(t, 3)
	s.IdempotencyKey = "change-key-1"
	_, _, err := w.desk.Change(t.Context(), s, withdrawn.Offer.ID())
	rule(t, err, "offer.withdrawn")
	if got := w.payload(t, withdrawn.Offer.ID(), "offer.withdrawn"); got["reason"] != "OFFER_WITHDRAWN" {
		t.Errorf("withdrawn for %v", got)
	}
	w.Clock.Pass(91 * 24 * time.Hour)
	s.Form.Passport.DateOfExpiry = "2036-01-01"
	_, _, err = w.desk.Change(t.Context(), s, expired.Offer.ID())
	rule(t, err, "offer.expired")
	if all, err := w.desk.List(t.Context(), desk.Listing{Tenant: uio, After: w.Clock.Now(), Limit: 10}); err != nil || len(all) != 2 {
		t.Errorf("%d offers, want the two: %v", len(all), err)
	}
}

func TestOffersExpireByThemselves(t *testing.T) {
	w := open(t)
	var all []desk.Record
	for n := range 40 { // more than one step takes
		r, _ := w.issue(t, n)
		all = append(all, r)
	}
	collected, code := w.issue(t, 50)
	if err := w.collect(t, collected, code); err != nil {
		t.Fatal(err)
	}
	w.delivered(t, collected)
	w.Clock.Pass(90*24*time.Hour - time.Second)
	steps(t, w.desk.ExpireStep)
	w.mustStand(t, all[0].Offer.ID(), offer.Issued)
	w.Clock.Pass(time.Second)
	steps(t, w.desk.ExpireStep)
	for _, r := range all {
		w.mustStand(t, r.Offer.ID(), offer.Expired)
	}
	if got := w.told(t, all[39].Offer.ID()); !slices.Equal(got, []string{"offer.issued", "offer.expired"}) {
		t.Errorf("told %v", got)
	}
	w.mustStand(t, collected.Offer.ID(), offer.Collected)
}

func TestOfferThatIsFoundExpiredTellsSo(t *testing.T) {
	w := open(t)
	r, code := w.issue(t, 1)
	w.Clock.Pass(90 * 24 * time.Hour)
	effect, err := w.desk.Collect(t.Context(), agent.Received{
		Message: &didcomm.Message{ID: "m", Thid: "t"}, Sender: wallet, Recipient: w.DID + ":employers:" + uio,
	}, r.Offer.ID(), string(code))
	if err != nil {
		t.Fatal(err)
	}
	w.tx(t, func(tx *sqldb.Tx) error { // as the agent does: a refusal keeps what was written
		rule(t, effect(t.Context(), tx), "offer.expired")
		return nil
	})
	w.mustStand(t, r.Offer.ID(), offer.Expired)
	if got := w.told(t, r.Offer.ID()); !slices.Equal(got, []string{"offer.issued", "offer.expired"}) {
		t.Errorf("told %v", got)
	}
	steps(t, w.desk.ExpireStep)
	if got := w.told(t, r.Offer.ID()); len(got) != 2 {
		t.Errorf("told again: %v", got)
	}
}

func (w *world) tx(t *testing.T, f func(tx *sqldb.Tx) error) {
	t.Helper()
	if err := w.DB.Tx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestNumberAndCodeFindTheInvitation(t *testing.T) {
	w := open(t)
	r, code := w.issue(t, 1)
	number := string(r.Offer.Number())
	if !strings.HasPrefix(number, "26-000001-") {
		t.Errorf("number %s", number)
	}
	for _, typed := range []string{number, strings.ToLower(strings.ReplaceAll(number, "-", " "))} {
		m, err := w.desk.Find(t.Context(), typed, offer.CollectionCode(strings.ToUpper(strings.ReplaceAll(string(code), "-", " "))))
		if err != nil || m.ID != r.Offer.ID() || m.From != w.DID+":employers:"+uio {
			t.Fatal(m, err)
		}
	}
	other, _ := w.issue(t, 2)
	if strings.HasPrefix(string(other.Offer.Number()), "26-000002-") == false {
		t.Errorf("the second number is %s", other.Offer.Number())
	}
	// Whatever is wrong, the answer is one.
	var answers []string
	for _, c := range [][2]string{
		{number, "abacus-abacus-abacus-abacus"}, {string(other.Offer.Number()), string(code)}, {"26-999999-A", string(code)}, {"", string(code)},
		{number, ""}, {"'; DROP TABLE offer", string(code)},
	} {
		_, err := w.desk.Find(t.Context(), c[0], offer.CollectionCode(c[1]))
		answers = append(answers, fmt.Sprint(fault.KindOf(err), err))
	}
	// Each of the eight attempts wrote the same row, the right ones too.
	var misses int
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT misses FROM offer_miss`).Scan(&misses); err != nil || misses != 8 {
		t.Errorf("%d attempts wrote, %v", misses, err)
	}
	if len(slices.Compact(answers)) != 1 || !strings.HasPrefix(answers[0], "not-found offer.number-or-code") {
		t.Errorf("answers %q", answers)
	}
}

func TestFiveWrongCodesLockTheNumberAndNotTheLink(t *testing.T) {
	w := open(t)
	r, code := w.issue(t, 1)
	number := string(r.Offer.Number())
	for range 4 {
		_, err := w.desk.Find(t.Context(), number, "wrong")
		rule(t, err, "offer.number-or-code")
	}
	// A right code is no attempt.
	for range 3 {
		_, err := w.desk.Find(t.Context(), number, code)
		rule(t, err, "")
	}
	_, err := w.desk.Find(t.Context(), number, "wrong")
	rule(t, err, "offer.number-or-code")
	_, err = w.desk.Find(t.Context(), number, code)
	rule(t, err, "offer.number-or-code")
	if err := w.collect(t, r, code); err != nil {
		t.Errorf("who counts numbers up keeps the worker from the link: %v", err)
	}
	w.mustStand(t, r.Offer.ID(), offer.Collecting)
}

func TestOnlyASignatoryWhoMaySignsAnOffer(t *testing.T) {
	w := open(t)
	for name, refused := range map[string]error{
		"unknown":   fault.New(fault.Denied, "signatory.unknown", "nobody of this name"),
		"unchecked": fault.New(fault.Unavailable, "signatory.unchecked", "nobody can tell"),
	} {
		w.unsigned = refused
		s := signing(t, 1)
		_, _, err := w.desk.Issue(t.Context(), s)
		rule(t, err, fault.RuleOf(refused))
		if _, err := w.store.ByKey(t.Context(), w.DB.Read(), uio, s.IdempotencyKey); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: an offer is kept: %v", name, err)
		}
	}
	w.unsigned = nil
	r, _ := w.issue(t, 1)
	who := w.asked[len(w.asked)-1]
	if who.OrganisationNumber != uio || who.Name != "Kari Nordmann" || who.Role != "HR manager" || !who.At.Equal(w.Clock.Now()) {
		t.Errorf("asked about %+v", who)
	}
	claims, _ := r.Offer.Claims()["signatory"].(map[string]any)
	if claims["authorised_by"] != w.right || claims["name"] != "Kari Nordmann" {
		t.Errorf("the offer says it was signed by %v", claims)
	}
	s := signing(t, 2)
	s.Form.Signatory.AuthorisedBy = "urn:altinn:resource:another"
	named, _, err := w.desk.Issue(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if claims, _ := named.Offer.Claims()["signatory"].(map[string]any); claims["authorised_by"] != "urn:altinn:resource:another" {
		t.Errorf("what the form named became %v", claims)
	}
}

// event is one as the inbox hands it over.
func (w *world) event(caseRef, name string, data map[string]any) *eventbus.Event {
	w.Clock.Pass(time.Second)
	return &eventbus.Event{
		ID: fmt.Sprintf("evt-%s-%s-%d", caseRef, name, w.Clock.Now().Unix()), Type: eventbus.TypeOf(name), Case: caseRef,
		Time: w.Clock.Now(), TimeClass: eventbus.Human, Data: data,
	}
}

func (w *world) follow(t *testing.T, service, caseRef, name string, data map[string]any) {
	t.Helper()
	event := w.event(caseRef, name, data)
	if err := w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return w.desk.Follow(service)(t.Context(), tx, event) }); err != nil {
		t.Fatal(err)
	}
}

func (w *world) revoke(t *testing.T, organisationNumber string) {
	t.Helper()
	event := w.event("acc_7", "employer.revoked", map[string]any{"organisation_number": organisationNumber, "reason": "EMP-4"})
	for range 2 { // a repetition changes nothing
		if err := w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return w.desk.EmployerRevoked(t.Context(), tx, event) }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRevokedAccreditationWithdrawsWhatHasLedToNoPermit(t *testing.T) {
	w := open(t)
	var open []desk.Record
	for n := range 40 {
		r, _ := w.issue(t, n)
		open = append(open, r)
	}
	granted, _ := w.issue(t, 50)
	applied, _ := w.issue(t, 51)
	w.follow(t, "verifier", "case_granted", "application.submitted", map[string]any{"offer_id": granted.Offer.ID()})
	w.follow(t, "verifier", "case_granted", "decision.made", map[string]any{"outcome": "GRANTED"})
	w.follow(t, "verifier", "case_applied", "application.submitted", map[string]any{"offer_id": applied.Offer.ID()})
	s := signing(t, 60)
	s.Tenant = second
	others, _, err := w.desk.Issue(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	w.revoke(t, uio)
	w.revoke(t, "310000043") // issues elsewhere
	w.Clock.Pass(time.Minute)
	later, _ := w.issue(t, 52) // accredited again
	steps(t, w.desk.RevokedStep)
	for _, r := range append(open, applied) {
		w.mustStand(t, r.Offer.ID(), offer.Withdrawn)
	}
	if got := w.payload(t, open[0].Offer.ID(), "offer.withdrawn"); got["reason"] != "EMPLOYER_REVOKED" {
		t.Errorf("withdrawn for %v", got)
	}
	if got := w.Credentials(t, open[39].Offer.ID()); !slices.Equal(got, []string{"OfferOfEmployment withdrawn"}) {
		t.Errorf("the credential: %v", got)
	}
	for _, r := range []desk.Record{granted, others, later} {
		w.mustStand(t, r.Offer.ID(), offer.Issued)
	}
	if got := w.told(t, open[0].Offer.ID()); !slices.Equal(got, []string{"offer.issued", "offer.withdrawn"}) {
		t.Errorf("told %v", got)
	}
}

func TestEmployerSeesTheCaseAndIsToldWhenItStops(t *testing.T) {
	w := open(t)
	r, _ := w.issue(t, 1)
	id := r.Offer.ID()
	if c, err := w.desk.CaseOf(t.Context(), id); err != nil || c != nil {
		t.Fatal(c, err)
	}
	w.follow(t, "tax", "case_1", "taxcard.issued", nil) // before UDI's events came
	w.follow(t, "verifier", "case_1", "application.submitted", map[string]any{"offer_id": id})
	w.follow(t, "verifier", "case_1", "decision.made", map[string]any{"outcome": "GRANTED"})
	w.follow(t, "verifier", "case_1", "case.halted", map[string]any{"cause": "OFFER_SUPERSEDED"})
	c, err := w.desk.CaseOf(t.Context(), id)
	if err != nil || c.State != "HALTED" || c.Cause != "OFFER_SUPERSEDED" || !c.CardIssued || c.Ref != "case_1" {
		t.Fatalf("%+v, %v", c, err)
	}
	record, err := w.desk.Get(t.Context(), uio, id)
	if err != nil {
		t.Fatal(err)
	}
	timeline, err := w.desk.Steps(t.Context(), record)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, step := range timeline {
		names = append(names, step.Service+" "+step.Name+" "+step.Cause)
	}
	want := []string{"issuer offer.issued ", "tax taxcard.issued ", "verifier application.submitted ", "verifier decision.made ", "verifier case.halted OFFER_SUPERSEDED"}
	if !slices.Equal(names, want) {
		t.Errorf("timeline %q", names)
	}
	w.follow(t, "verifier", "case_1", "case.resumed", map[string]any{"cause": "OFFER_SUPERSEDED"})
	w.follow(t, "verifier", "case_1", "case.completed", nil)
	w.follow(t, "verifier", "case_1", "permit.revoked", map[string]any{"cause": "OFFICER"})
	steps(t, w.desk.MailStep)
	var letters []string
	for mailID, raw := range w.mails {
		if mailID == "mail_"+id {
			continue // the worker's guide
		}
		head, parts := testkit.ReadMail(t, []byte(raw))
		text := parts["text/plain"]
		if head.Get("To") != "<hr@uio.example.com>" {
			t.Errorf("%s goes to %s", mailID, head.Get("To"))
		}
		letters = append(letters, text)
		for _, personal := range []string{people[1].GivenName, people[1].FamilyName, people[1].Email, people[1].Passport.DocumentNumber} {
			if strings.Contains(raw, personal) {
				t.Errorf("%s names the worker", mailID)
			}
		}
		if !strings.Contains(text, string(r.Offer.Number())) {
			t.Errorf("%s does not say which offer: %s", mailID, text)
		}
		if !strings.Contains(text, "example/offers/"+id) {
			t.Errorf("%s does not lead to the offer's page: %s", mailID, text)
		}
	}
	if len(letters) != 3 {
		t.Fatalf("%d letters, want one each for halted, completed, revoked", len(letters))
	}
	all := strings.Join(letters, "\n")
	for _, words := range []string{
		"The case of offer", "the offer was changed", "Saken til tilbud", "tilbudet er endret", "Saka til tilbod", "tilbodet er endra",
		"may begin", "kan begynne", "kan byrje", "UDI has revoked", "UDI har tilbakekalt", "UDI har kalla tilbake",
	} {
		if !strings.Contains(all, words) {
			t.Errorf("no letter says %q", words)
		}
	}
}

func TestMailThatIsNotTakenIsSentLaterAndHoldsUpNone(t *testing.T) {
	w := open(t)
	first, _ := w.issue(t, 1)
	w.issue(t, 2)
	w.issue(t, 3)
	w.returned = "mail_" + first.Offer.ID()
	steps(t, w.desk.MailStep)
	if len(w.mails) != 2 || w.mails[w.returned] != "" {
		t.Fatalf("%d mails were sent", len(w.mails))
	}
	clear(w.mails)
	w.returned = ""
	steps(t, w.desk.MailStep)
	if len(w.mails) != 0 {
		t.Errorf("%d mails were sent again at once", len(w.mails))
	}
	w.Clock.Pass(time.Second)
	steps(t, w.desk.MailStep)
	if len(w.mails) != 1 || w.mails["mail_"+first.Offer.ID()] == "" {
		t.Errorf("%d mails were sent later", len(w.mails))
	}
}

func TestMailThatLeftBeforeTheServiceStoppedIsNotSentAgain(t *testing.T) {
	w := open(t)
	w.issue(t, 1)
	ctx, stop := context.WithCancel(t.Context())
	w.mailed = stop
	if _, err := w.desk.MailStep(ctx); err != nil || len(w.mails) != 1 {
		t.Fatal(len(w.mails), err)
	}
	clear(w.mails)
	w.Clock.Pass(time.Hour)
	steps(t, w.desk.MailStep)
	if len(w.mails) != 0 {
		t.Error("it was sent again")
	}
}

func TestGuideNamesTheOfferAndNotItsCode(t *testing.T) {
	w := open(t)
	r, code := w.issue(t, 1)
	steps(t, w.desk.MailStep)
	_, parts := testkit.ReadMail(t, []byte(w.mails["mail_"+r.Offer.ID()]))
	for kind, links := range map[string]int{"text/plain": 3, "text/html": 6} { // as a link and as its text
		text := parts[kind]
		if strings.Count(text, string(r.Offer.Number())) != 3 || strings.Count(text, "/invitations/"+r.Offer.ID()) != links {
			t.Errorf("%s: %s", kind, text)
		}
		if strings.Contains(text, string(code)) {
			t.Error("the code travels with the link")
		}
	}
	if strings.Contains(parts["text/html"], "src=") || strings.Contains(parts["text/html"], "<script") {
		t.Error("the mail asks for something from elsewhere")
	}
}

func TestCaseMovesToTheChangedOffer(t *testing.T) {
	w := open(t)
	old, _ := w.issue(t, 1)
	w.follow(t, "verifier", "case_1", "application.submitted", map[string]any{"offer_id": old.Offer.ID()})
	w.follow(t, "verifier", "case_1", "decision.made", map[string]any{"outcome": "GRANTED"})
	s := signing(t, 1)
	s.IdempotencyKey = "change-key-1"
	changed, _, err := w.desk.Change(t.Context(), s, old.Offer.ID())
	if err != nil {
		t.Fatal(err)
	}
	w.follow(t, "verifier", "case_1", "case.halted", map[string]any{"cause": "OFFER_SUPERSEDED"})
	w.follow(t, "verifier", "case_1", "application.submitted", map[string]any{"offer_id": changed.Offer.ID()})
	w.follow(t, "verifier", "case_1", "case.resumed", map[string]any{"cause": "OFFER_SUPERSEDED"})
	c, err := w.desk.CaseOf(t.Context(), changed.Offer.ID())
	if err != nil || c == nil || c.Ref != "case_1" || c.State != "GRANTED" {
		t.Errorf("%+v, %v", c, err)
	}
}
