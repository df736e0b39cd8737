package desk_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/store"
)

const authority = "did:web:udi.kompetansespor.example"

// everybody trusts the one issuer, and knows its documents.
type everybody struct{ issuer *harness.Harness }

func (e everybody) Get(_ context.Context, url string, _ int64) ([]byte, http.Header, error) {
	answer := httptest.NewRecorder()
	e.issuer.Book.Documents("issuer.kompetansespor.example").ServeHTTP(answer, httptest.NewRequest(http.MethodGet, url, nil))
	if answer.Code != http.StatusOK {
		return nil, nil, fault.New(fault.NotFound, "fetch.not-found", "no such document")
	}
	return answer.Body.Bytes(), answer.Header(), nil
}

func (e everybody) Accredited(context.Context, string, string, time.Time) (trustlist.Entity, error) {
	return trustlist.Entity{OrganisationNumber: "310000019"}, nil
}

// world is one wallet service and one issuer.
type world struct {
	*harness.Harness
	issuer *harness.Harness
	desk   *desk.Desk
	store  store.Store
}

func open(t *testing.T) *world {
	w := &world{Harness: harness.Open(t, "wallet", store.Migrations()), issuer: harness.Open(t, "issuer")}
	w.store = store.Store{Sealer: w.Book.KeyStore(), Clock: w.Clock}
	known := everybody{w.issuer}
	keys := &resolver.Resolver{Get: known, Cache: cache.NewMemory(w.Clock, 0, 0), Clock: w.Clock}
	w.desk = desk.New(desk.Config{
		DB: w.DB, Store: w.store, Book: w.Book, Agent: w.Agent, Clock: w.Clock, Random: rand.Reader,
		Verification: &verification.Verifier{Keys: keys, Trust: known, Clock: w.Clock, Status: &statuslist.Checker{Get: known, Keys: keys, Clock: w.Clock}},
		Endpoint:     "https://wallet.kompetansespor.example/didcomm", Authority: authority,
	})
	for _, holder := range []string{"lisa", "ola"} {
		w.tx(t, func(tx *sqldb.Tx) error {
			return w.store.AddHolder(t.Context(), tx, holder, "hash of "+holder, holding.Wishes{Locale: "en", Format: credential.DataIntegrity})
		})
	}
	return w
}

func (w *world) tx(t *testing.T, f func(tx *sqldb.Tx) error) {
	t.Helper()
	if err := w.DB.Tx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// key makes a holder's did:key.
func (w *world) key(t *testing.T, holder string) string {
	t.Helper()
	pending, err := w.Book.HolderKey()
	if err != nil {
		t.Fatal(err)
	}
	w.tx(t, func(tx *sqldb.Tx) error { return pending.Save(t.Context(), tx, holder, w.issuer.DID) })
	return pending.DID
}

// signed is a credential of a type about a subject.
func (w *world) signed(t *testing.T, name, slug, subject string, format credential.Format) []byte {
	t.Helper()
	claims := testkit.ExampleClaims(t, slug)
	claims["id"] = subject
	raw, err := w.issuer.Issuer.IssueDocument(t.Context(), issuance.Order{Issuer: w.issuer.DID, Type: name, Format: format, Document: map[string]any{
		"@context": []any{vcdm.ContextV2, jsonld.KompetansesporV1}, "type": []any{vcdm.TypeCredential, name},
		"issuer": w.issuer.DID, "credentialSubject": claims,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// holds puts an offer into a wallet, as collecting does.
func (w *world) holds(t *testing.T, holder, id string, format credential.Format) holding.Credential {
	t.Helper()
	subject := w.key(t, holder)
	held := holding.Credential{
		ID: id, Holder: holder, Exchange: "exc_" + id, Type: "OfferOfEmployment", Issuer: w.issuer.DID, Subject: subject,
		Format: format, ReceivedAt: w.Clock.Now(), Document: w.signed(t, "OfferOfEmployment", "offer-of-employment", subject, format),
	}
	w.tx(t, func(tx *sqldb.Tx) error {
		e := holding.Imported(holding.Exchange{ID: held.Exchange, Holder: holder, Thread: held.Exchange, CreatedAt: w.Clock.Now()}, held.Type, subject)
		if _, err := w.store.AddExchange(t.Context(), tx, e, "", nil); err != nil {
			return err
		}
		return w.store.AddCredential(t.Context(), tx, held)
	})
	return held
}

func consent(shares ...string) holding.Consent {
	return holding.Consent{Purpose: "residence-permit", Shares: shares, Agencies: []holding.Agency{
		{DID: "did:web:police.kompetansespor.example", Claims: []string{"given_name"}},
		{DID: "did:web:bank.kompetansespor.example", Claims: []string{"given_name"}},
	}}
}

// sent is the newest message of a thread in the outbox.
func (w *world) sent(t *testing.T, thread string) didcomm.Message {
	t.Helper()
	rows, err := w.DB.Read().QueryContext(t.Context(), `SELECT o.id, l.sealed FROM agent_outbox AS o JOIN agent_outbox_letter AS l ON l.id = o.id WHERE o.thread = $1 ORDER BY o.position DESC`, thread)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (didcomm.Message, error) {
		var id string
		var sealed []byte
		if err := r.Scan(&id, &sealed); err != nil {
			return didcomm.Message{}, err
		}
		plain, err := w.Book.KeyStore().Open(t.Context(), sealed, []byte(id))
		if err != nil {
			return didcomm.Message{}, err
		}
		m, err := didcomm.Parse(plain)
		if err != nil {
			return didcomm.Message{}, err
		}
		return *m, nil
	})
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	return all[0]
}

// presented has the authority ask for an application's presentation.
func (w *world) presented(t *testing.T, e holding.Exchange) (map[string]any, []any) {
	t.Helper()
	effect, err := w.desk.Present(t.Context(), agent.Received{
		Message: &didcomm.Message{ID: "ask", Thid: e.Thread}, Sender: authority, Recipient: e.Ours, Owner: e.Holder,
	}, "challenge", authority)
	if err != nil {
		t.Fatal(err)
	}
	w.tx(t, func(tx *sqldb.Tx) error { return effect(t.Context(), tx) })
	m := w.sent(t, e.Thread)
	raw, err := m.ContentOf(didcomm.FormatPresentation)
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Consent    map[string]any
		Credential []any `json:"verifiableCredential"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	verified, report := w.desk.Verification.Presentation(t.Context(), raw, "challenge", authority)
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	hash, err := credential.OfferHash(verified.Credentials[0].Raw())
	if err != nil || hash != p.Consent["offer_hash"] {
		t.Errorf("the worker signed the offer %v, shown was %s (%v)", p.Consent["offer_hash"], hash, err)
	}
	return p.Consent, p.Credential
}

func TestWorkerSignsTheOfferAsApplicant(t *testing.T) {
	for _, format := range []credential.Format{credential.DataIntegrity, credential.SDJWT} {
		t.Run(string(format), func(t *testing.T) {
			w := open(t)
			offer := w.holds(t, "lisa", "cred_offer", format)
			e, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: offer.ID, Consent: consent(holding.SharePayrollAccount)})
			if err != nil {
				t.Fatal(err)
			}
			said, shown := w.presented(t, e)
			if said["as"] != "applicant" || said["lang"] != "en" || len(shown) != 1 {
				t.Errorf("signed as %v, %d credentials", said["as"], len(shown))
			}
			if shares, _ := said["shares"].([]any); len(shares) != 1 || shares[0] != "payroll_account" {
				t.Errorf("shares %v", said["shares"])
			}
		})
	}
}

func TestNothingIsSharedUnlessTheWorkerSaysSo(t *testing.T) {
	w := open(t)
	offer := w.holds(t, "lisa", "cred_offer", credential.DataIntegrity)
	for _, bad := range [][]string{{"everything"}, {"payroll_account", "payroll_account"}} {
		if _, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: offer.ID, Consent: consent(bad...)}); fault.RuleOf(err) != "consent.incomplete" {
			t.Errorf("%v: %v", bad, err)
		}
	}
	e, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: offer.ID, Consent: consent()})
	if err != nil {
		t.Fatal(err)
	}
	if said, _ := w.presented(t, e); said["shares"] != nil {
		t.Errorf("shares %v", said["shares"])
	}
}

func TestSupportingCredentialsComeWithTheOffer(t *testing.T) {
	for _, format := range []credential.Format{credential.DataIntegrity, credential.SDJWT} {
		t.Run(string(format), func(t *testing.T) {
			w := open(t)
			offer := w.holds(t, "lisa", "cred_offer", format)
			var besides []string
			for name, slug := range map[string]string{
				"EducationRecognition": "education-recognition", "PoliceCertificate": "police-certificate", "LanguageTestResult": "language-test-result",
			} {
				held, err := w.desk.Import(t.Context(), "lisa", w.signed(t, name, slug, offer.Subject, format))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				besides = append(besides, held.ID)
			}
			e, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: offer.ID, Supporting: besides, Consent: consent()})
			if err != nil {
				t.Fatal(err)
			}
			if _, shown := w.presented(t, e); len(shown) != 4 {
				t.Errorf("%d credentials are shown", len(shown))
			}
		})
	}
}

func TestImportTakesWhatIsTheHoldersAlone(t *testing.T) {
	w := open(t)
	offer := w.holds(t, "lisa", "cred_offer", credential.DataIntegrity)
	recognition := func(subject string) []byte {
		return w.signed(t, "EducationRecognition", "education-recognition", subject, credential.DataIntegrity)
	}
	good := recognition(offer.Subject)
	held, err := w.desk.Import(t.Context(), "lisa", good)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.desk.Import(t.Context(), "lisa", good); err != nil || again.ID != held.ID {
		t.Errorf("imported again it is %s, %v, not %s", again.ID, err, held.ID)
	}
	if e, err := w.desk.Exchange(t.Context(), "lisa", held.Exchange); err != nil || e.Kind != holding.Import || e.State() != holding.Held {
		t.Errorf("its exchange is a %s, %s, %v", e.Kind, e.State(), err)
	}
	tampered := append([]byte(nil), good...)
	for i, b := range tampered {
		if b == '8' { // somewhere in the signature or a date
			tampered[i] = '9'
			break
		}
	}
	for name, c := range map[string]struct {
		holder   string
		document []byte
		rule     string
	}{
		"another's":           {"ola", good, "credential.another-holder"},
		"nobody's key":        {"lisa", recognition("did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"), "credential.another-holder"},
		"an offer":            {"lisa", w.signed(t, "OfferOfEmployment", "offer-of-employment", offer.Subject, credential.DataIntegrity), "credential.type-not-imported"},
		"a permit of its own": {"lisa", w.signed(t, "ResidencePermit", "residence-permit", offer.Subject, credential.DataIntegrity), "credential.type-not-imported"},
		"tampered":            {"lisa", tampered, ""},
		"no credential":       {"lisa", []byte("{}"), ""},
	} {
		_, err := w.desk.Import(t.Context(), c.holder, c.document)
		if err == nil || c.rule != "" && fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v, want %s", name, err, c.rule)
		}
	}
	if all, err := w.desk.Credentials(t.Context(), "lisa", 0, 10); err != nil || len(all) != 2 {
		t.Errorf("%d credentials are held, %v", len(all), err)
	}
}

func TestApplicationShowsWhatOneKeyHolds(t *testing.T) {
	w := open(t)
	offer := w.holds(t, "lisa", "cred_offer", credential.DataIntegrity)
	other, err := w.desk.Import(t.Context(), "lisa", w.signed(t, "PoliceCertificate", "police-certificate", w.key(t, "lisa"), credential.DataIntegrity))
	if err != nil {
		t.Fatal(err)
	}
	second := w.holds(t, "lisa", "cred_second", credential.DataIntegrity)
	olas := w.holds(t, "ola", "cred_ola", credential.DataIntegrity)
	for name, c := range map[string]struct {
		besides []string
		rule    string
	}{
		"bound to another key": {[]string{other.ID}, "application.another-key"},
		"another offer":        {[]string{second.ID}, "application.supporting-type"},
		"another's":            {[]string{olas.ID}, "credential.unknown"},
		"nine":                 {make([]string, 9), "application.supporting-count"},
	} {
		_, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: offer.ID, Supporting: c.besides, Consent: consent()})
		if fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v, want %s", name, err, c.rule)
		}
	}
	if _, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: other.ID, Consent: consent()}); fault.RuleOf(err) != "application.not-an-offer" {
		t.Error(err)
	}
}

func TestNoticesAreTakenFromKnownOrganisationsOnly(t *testing.T) {
	w := open(t)
	offer := w.holds(t, "lisa", "cred_offer", credential.DataIntegrity)
	e, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: offer.ID, Consent: consent()})
	if err != nil {
		t.Fatal(err)
	}
	write := func(from, to, lang, content string, about ...holding.NoticeKind) error {
		effect, err := w.desk.Notice(t.Context(), agent.Received{Message: &didcomm.Message{ID: "m"}, Sender: from, Recipient: to, Owner: "lisa", At: w.Clock.Now()}, lang, append(about, "")[0], content)
		if err != nil {
			return err
		}
		w.tx(t, func(tx *sqldb.Tx) error { return effect(t.Context(), tx) })
		return nil
	}
	if err := write(authority, e.Ours, "nb", "Vedtaket er klart.", "Refused<1>"); err != nil {
		t.Fatal(err)
	}
	if err := write(authority, e.Ours, "en", "Pay the fee.", holding.NoticeFeeDue); err != nil {
		t.Fatal(err)
	}
	if err := write("did:web:evil.example", e.Ours, "en", "Send money."); fault.RuleOf(err) != "notice.stranger" {
		t.Error(err)
	}
	if err := write("did:web:evil.example", offer.Subject, "en", "Send money."); fault.RuleOf(err) != "notice.stranger" {
		t.Error(err)
	}
	all, unread, err := w.desk.Notices(t.Context(), "lisa", 1<<62, 10)
	if err != nil || len(all) != 2 || unread != 2 || all[0].Content != "Pay the fee." || all[1].Language != "nb" || all[0].Kind != holding.NoticeFeeDue || all[1].Kind != "" || all[1].Sender != authority {
		t.Fatalf("%+v, %d unread, %v", all, unread, err)
	}
	var sealed []byte
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT sealed FROM notice WHERE id = $1`, all[0].ID).Scan(&sealed); err != nil || string(sealed) == all[0].Content {
		t.Errorf("the notice stands in the database as %q, %v", sealed, err)
	}
	read, err := w.desk.Read(t.Context(), "lisa", all[1].ID)
	if err != nil || !read.ReadAt.Equal(w.Clock.Now()) {
		t.Fatal(read.ReadAt, err)
	}
	w.Clock.Pass(time.Hour)
	if again, err := w.desk.Read(t.Context(), "lisa", all[1].ID); err != nil || !again.ReadAt.Equal(read.ReadAt) {
		t.Errorf("read again at %s, %v", again.ReadAt, err)
	}
	if _, err := w.desk.Read(t.Context(), "ola", all[1].ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another holder reads it: %v", err)
	}
	older, unread, err := w.desk.Notices(t.Context(), "lisa", all[0].Position, 10)
	if err != nil || len(older) != 1 || older[0].ID != all[1].ID || unread != 1 {
		t.Errorf("the second page has %d, %d unread, %v", len(older), unread, err)
	}
	if _, unread, err := w.desk.Notices(t.Context(), "ola", 1<<62, 10); err != nil || unread != 0 {
		t.Errorf("another holder has %d unread, %v", unread, err)
	}
}

func TestAcceptanceTellsWhereToPay(t *testing.T) {
	w := open(t)
	offer := w.holds(t, "lisa", "cred_offer", credential.DataIntegrity)
	e, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: offer.ID, Consent: consent()})
	if err != nil {
		t.Fatal(err)
	}
	w.presented(t, e)
	effect, err := w.desk.Accepted(t.Context(), agent.Received{Message: &didcomm.Message{ID: "ack", Thid: e.Thread}, Sender: authority, Recipient: e.Ours},
		desk.Acceptance{CaseRef: "case_1", Capability: "c", PaymentURL: "https://udi.kompetansespor.example/pay/1"})
	if err != nil {
		t.Fatal(err)
	}
	w.tx(t, func(tx *sqldb.Tx) error { return effect(t.Context(), tx) })
	if e, err = w.desk.Exchange(t.Context(), "lisa", e.ID); err != nil {
		t.Fatal(err)
	}
	if out, err := w.desk.OutcomeOf(t.Context(), e); err != nil || out.CaseRef != "case_1" || out.PaymentURL != "https://udi.kompetansespor.example/pay/1" {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := w.desk.Paid(t.Context(), "lisa", e.ID); err != nil {
		t.Fatal(err)
	}
	if m := w.sent(t, e.Thread); m.Type != didcomm.TypePaid || string(m.Body) != `{"case_ref":"case_1"}` {
		t.Errorf("sent %s %s", m.Type, m.Body)
	}
	if _, err := w.desk.Appeal(t.Context(), "lisa", e.ID, "The salary was read wrongly."); err != nil {
		t.Fatal(err)
	}
	if m := w.sent(t, e.Thread); m.Type != didcomm.TypeAppeal || string(m.Body) != `{"case_ref":"case_1","grounds":"The salary was read wrongly."}` {
		t.Errorf("sent %s %s", m.Type, m.Body)
	}
	for _, grounds := range []string{"", "\xff", strings.Repeat("a", 10_001)} {
		if _, err := w.desk.Appeal(t.Context(), "lisa", e.ID, grounds); fault.RuleOf(err) != "appeal.grounds" {
			t.Errorf("%.10q: %v", grounds, err)
		}
	}
	if _, err := w.desk.Paid(t.Context(), "ola", e.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another holder's application: %v", err)
	}
	if _, err := w.desk.Paid(t.Context(), "lisa", offer.Exchange); fault.RuleOf(err) != "application.not-taken" {
		t.Errorf("no application: %v", err)
	}
	// An appeal that came too late is refused: the holder reads so.
	effect, err = w.desk.Refused(t.Context(), agent.Received{Message: &didcomm.Message{ID: "p", Pthid: e.Thread}, Sender: authority, Recipient: e.Ours, Owner: "lisa", At: w.Clock.Now()},
		"appeal.too-late", "the appeal came too late")
	if err != nil {
		t.Fatal(err)
	}
	w.tx(t, func(tx *sqldb.Tx) error { return effect(t.Context(), tx) })
	if all, _, err := w.desk.Notices(t.Context(), "lisa", 1<<62, 10); err != nil || len(all) != 1 || all[0].Content != "the appeal came too late" {
		t.Errorf("%v, %v", all, err)
	}
	if still, err := w.desk.Exchange(t.Context(), "lisa", e.ID); err != nil || still.State() != holding.Accepted {
		t.Errorf("the application is %s, %v", still.State(), err)
	}
}

// log answers with one reading for each question, and remembers who asked.
type log struct{ asked *[]string }

func (l log) ListAccess(_ context.Context, caseRef, capability string) ([]desk.Access, error) {
	*l.asked = append(*l.asked, caseRef+" with "+capability)
	return []desk.Access{{CaseRef: caseRef}}, nil
}

func TestChangedOfferGoesOnWithTheCaseAndItsAccessLogIsReadOnce(t *testing.T) {
	w := open(t)
	var asked []string
	w.desk.AccessLog = log{&asked}
	for n, id := range []string{"cred_first", "cred_changed"} {
		w.Clock.Pass(time.Minute)
		offer := w.holds(t, "lisa", id, credential.DataIntegrity)
		e, err := w.desk.Apply(t.Context(), "lisa", desk.Applying{Credential: offer.ID, Consent: consent()})
		if err != nil {
			t.Fatal(err)
		}
		w.presented(t, e)
		effect, err := w.desk.Accepted(t.Context(), agent.Received{Message: &didcomm.Message{ID: "ack", Thid: e.Thread}, Sender: authority, Recipient: e.Ours},
			desk.Acceptance{CaseRef: "case_1", Capability: []string{"c1", "c2"}[n]})
		if err != nil {
			t.Fatal(err)
		}
		w.tx(t, func(tx *sqldb.Tx) error { return effect(t.Context(), tx) })
	}
	rows, err := w.desk.WhoRead(t.Context(), "lisa")
	if err != nil || len(rows) != 1 || len(asked) != 1 || asked[0] != "case_1 with c2" {
		t.Errorf("%d rows, asked %q, %v", len(rows), asked, err)
	}
}

func TestWhatSupportsAnApplicationIsBoundToTheKeyOfTheOffer(t *testing.T) {
	w := open(t)
	ask := func(kind, thread string) string {
		t.Helper()
		pairwise, err := w.Book.Pairwise("https://wallet.kompetansespor.example/didcomm")
		if err != nil {
			t.Fatal(err)
		}
		e := holding.Begin(holding.Exchange{ID: thread, Holder: "lisa", Kind: holding.Collection, Thread: thread, Ours: pairwise.DID, Theirs: w.issuer.DID, CreatedAt: w.Clock.Now()},
			"OfferOfEmployment", "EducationRecognition")
		w.tx(t, func(tx *sqldb.Tx) error {
			if err := pairwise.Save(t.Context(), tx, "lisa", w.issuer.DID); err != nil {
				return err
			}
			_, err := w.store.AddExchange(t.Context(), tx, e, "", nil)
			return err
		})
		effect, err := w.desk.Request(t.Context(), agent.Received{Message: &didcomm.Message{ID: "offer", Thid: thread}, Sender: w.issuer.DID, Recipient: e.Ours, Owner: "lisa"},
			desk.Offered{Type: kind, Issuer: w.issuer.DID, Nonce: "n"})
		if err != nil {
			t.Fatal(err)
		}
		w.tx(t, func(tx *sqldb.Tx) error { return effect(t.Context(), tx) })
		if e, err = w.desk.Exchange(t.Context(), "lisa", thread); err != nil {
			t.Fatal(err)
		}
		return e.Subject()
	}
	before := ask("EducationRecognition", "t1")
	w.Clock.Pass(time.Minute)
	offer := w.holds(t, "lisa", "cred_offer", credential.DataIntegrity)
	if before == "" || before == offer.Subject {
		t.Fatalf("before the offer the key is %q", before)
	}
	if after := ask("EducationRecognition", "t2"); after != offer.Subject {
		t.Errorf("the key is %q, not the offer's", after)
	}
	if another := ask("OfferOfEmployment", "t3"); another == offer.Subject {
		t.Error("two offers share a key: two employers could tell that they know the same worker")
	}
}
