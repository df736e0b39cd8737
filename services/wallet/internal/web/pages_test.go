package web_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/api"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/store"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/web"
)

const (
	authority = "did:web:udi.kompetansespor.example"
	origin    = "https://wallet.kompetansespor.example"
)

// wallets is the wallet's pages over the real API, desk and store.
type wallets struct {
	*pagetest.Site
	*harness.Harness
	store store.Store
	cache *emptied
	sent  *sent
}

// emptied is a cache that can be made to lose everything.
type emptied struct{ cache.Cache }

// sent keeps the last application that the pages have made.
type sent struct {
	walletv1.WalletServiceClient
	last *walletv1.ApplyForPermitRequest
}

func (s *sent) ApplyForPermit(ctx context.Context, in *walletv1.ApplyForPermitRequest, opts ...grpc.CallOption) (*walletv1.ApplyForPermitResponse, error) {
	s.last = in
	return s.WalletServiceClient.ApplyForPermit(ctx, in, opts...)
}

func open(t *testing.T) *wallets {
	t.Helper()
	h := harness.Open(t, "wallet", store.Migrations())
	holders := store.Store{Sealer: h.Book.KeyStore(), Clock: h.Clock}
	memory := cache.NewMemory(h.Clock, 0, 0)
	d := desk.New(desk.Config{
		DB: h.DB, Store: holders, Book: h.Book, Agent: h.Agent, Clock: h.Clock, Random: rand.Reader,
		Opening:     cache.NewLimiter(memory, h.Clock, "open-wallet", 100, time.Hour),
		Finding:     cache.NewLimiter(memory, h.Clock, "find-offer", 20, time.Hour),
		Recovering:  cache.NewLimiter(memory, h.Clock, "recover", 5, time.Hour),
		Invitations: nobody{}, Endpoint: origin + "/didcomm", Authority: authority,
	})
	own := rpc.OwnPages(rpc.PublicConfig{
		Telemetry: telemetry.From(t.Context()), Clock: h.Clock, Policy: api.Policy(),
		Register: func(s grpc.ServiceRegistrar) { walletv1.RegisterWalletServiceServer(s, &api.Wallet{Desk: d}) },
	})
	all, err := page.WithCommon(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	w := &wallets{Harness: h, store: holders, cache: &emptied{cache.NewMemory(h.Clock, 0, 0)}}
	w.sent = &sent{WalletServiceClient: walletv1.NewWalletServiceClient(own)}
	pages := &web.Pages{
		Wallet: w.sent, Accounts: d, Random: rand.Reader, App: rpc.Principal{Role: api.RoleApp, Subject: "pages"},
		Authority: "did:web:udi.kompetansespor.example",
		Recipients: []web.Recipient{
			{DID: "did:web:police.kompetansespor.example", Name: "Politiet", Kind: "police", Claims: []string{"given_name", "passport.document_number"}, Optional: []string{"employment.job_title"}},
			{DID: "did:web:bank.kompetansespor.example", Name: "Testbanken", Kind: "bank", Claims: []string{"given_name"}},
			{DID: "did:web:bank.kompetansespor.example:banks:2", Name: "Sparebanken", Kind: "bank", Claims: []string{"given_name"}},
		},
	}
	p := &page.Portal{
		Title: web.Title, Home: "/", Menu: web.Menu(), Look: page.LookPhone, OwnDoor: web.Door, Texts: all, Usual: texts.English, Clock: h.Clock, Zone: time.UTC,
		PublicURL: origin, Sessions: &session.Sessions{Cache: w.cache, Clock: h.Clock, Random: rand.Reader},
	}
	w.Site = pagetest.Serve(t, p, pages.Table())
	return w
}

// nobody knows no invitation.
type nobody struct{}

func (nobody) Invitation(context.Context, string) (string, string, string, error) {
	return "", "", "", fault.New(fault.Invalid, "didcomm.invitation", "no invitation")
}

func (nobody) ByNumber(context.Context, string, string) (string, string, string, error) {
	return "", "", "", fault.New(fault.NotFound, "offer.number-or-code", "no such offer")
}

// signUp makes a wallet with a device's passkey.
func (w *wallets) signUp(t *testing.T) (*pagetest.Browser, *device) {
	t.Helper()
	b, d := w.Open(t), newDevice(t, origin, "wallet.kompetansespor.example")
	begun := b.Post("/passkey/new", nil).Is(http.StatusOK)
	done := b.Post("/passkey/new/done", url.Values{"answer": {d.make(begun.Raw)}}).Is(http.StatusOK)
	if done.Raw != `{"to":"/codes"}` {
		t.Fatalf("led to %s", done.Raw)
	}
	return b, d
}

// holder is the newest one.
func (w *wallets) holder(t *testing.T) (id string) {
	t.Helper()
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT id FROM holder ORDER BY created_at DESC LIMIT 1`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *wallets) count(t *testing.T, table string) (n int) {
	t.Helper()
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// hold puts an offer into a wallet.
func (w *wallets) hold(t *testing.T, holder, id string, change func(map[string]any)) {
	t.Helper()
	w.holdType(t, holder, id, "OfferOfEmployment", change)
}

// applied puts an application that UDI has taken, with a fee, into a wallet.
func (w *wallets) applied(t *testing.T, holder, id string) {
	t.Helper()
	e := holding.Restore(holding.Exchange{ID: id, Holder: holder, Kind: holding.Application, Thread: id, Theirs: "did:web:udi.kompetansespor.example", CreatedAt: w.Clock.Now()},
		holding.Accepted, nil, "", "", "")
	err := w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := w.store.AddExchange(t.Context(), tx, e, "", map[string]string{"PaymentURL": "https://udi.kompetansespor.example/pay/1"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// holdType puts a credential of a type into a wallet, with the claims of an offer.
func (w *wallets) holdType(t *testing.T, holder, id, kind string, change func(map[string]any)) {
	t.Helper()
	claims := testkit.ExampleClaims(t, "offer-of-employment")
	if change != nil {
		change(claims)
	}
	document, err := json.Marshal(map[string]any{
		"@context": []string{"https://www.w3.org/ns/credentials/v2"}, "issuer": "did:web:issuer.example", "type": []string{"VerifiableCredential", kind}, "credentialSubject": claims,
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		e := holding.Begin(holding.Exchange{ID: "exc_" + id, Holder: holder, Kind: holding.Collection, Thread: id, Theirs: "did:web:issuer.example", CreatedAt: w.Clock.Now()})
		if _, err := w.store.AddExchange(t.Context(), tx, e, "", struct{}{}); err != nil {
			return err
		}
		return w.store.AddCredential(t.Context(), tx, holding.Credential{
			ID: id, Holder: holder, Exchange: e.ID, Type: kind, Issuer: "did:web:issuer.example", Subject: "did:key:z", Format: credential.DataIntegrity,
			ReceivedAt: w.Clock.Now(), Document: document,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWalletIsMadeAndOpenedByAPasskey(t *testing.T) {
	w := open(t)
	b, d := w.signUp(t)
	b.Get("/").Is(http.StatusOK).Wants("Lommeboken er tom")
	again := w.Open(t)
	again.Follow(false)
	if got := again.Get("/notices"); !strings.HasPrefix(got.Header.Get("Location"), "/open?to=%2Fnotices") {
		t.Errorf("a closed wallet answers %d, %s", got.Status, got.Header.Get("Location"))
	}
	begun := again.Post("/passkey/open", nil).Is(http.StatusOK)
	done := again.Post("/passkey/open/done", url.Values{"answer": {d.use(begun.Raw)}, "to": {"/notices"}}).Is(http.StatusOK)
	if done.Raw != `{"to":"/notices"}` {
		t.Errorf("led to %s", done.Raw)
	}
	again.Get("/notices").Is(http.StatusOK)
	if w.count(t, "holder") != 1 {
		t.Error("opening has made another wallet")
	}
}

func TestPasskeyOfAnotherOriginOrChallengeOpensNothing(t *testing.T) {
	w := open(t)
	_, d := w.signUp(t)
	for name, spoil := range map[string]func(answer string) string{
		"another origin": func(string) string { return "" },
		"an old answer":  func(answer string) string { return answer },
		"no JSON":        func(string) string { return "{" },
	} {
		b := w.Open(t)
		begun := b.Post("/passkey/open", nil)
		answer := d.use(begun.Raw)
		if name == "another origin" {
			d.origin = "https://evil.example"
			answer = d.use(begun.Raw)
			d.origin = origin
		} else {
			answer = spoil(answer)
		}
		if name == "an old answer" {
			b.Post("/passkey/open", nil) // another challenge
		}
		b.Post("/passkey/open/done", url.Values{"answer": {answer}}).Is(http.StatusForbidden)
		b.Follow(false)
		if b.Get("/").Status == http.StatusOK {
			t.Errorf("%s: the wallet is open", name)
		}
	}
}

func TestHostile59CacheLostInTheMiddleFailsClosed(t *testing.T) {
	w := open(t)
	b, d := w.Open(t), newDevice(t, origin, "wallet.kompetansespor.example")
	begun := b.Post("/passkey/new", nil)
	w.cache.Cache = cache.NewMemory(w.Clock, 0, 0)
	b.Post("/passkey/new/done", url.Values{"answer": {d.make(begun.Raw)}}).Is(http.StatusForbidden)
	if w.count(t, "holder") != 0 || w.count(t, "passkey") != 0 {
		t.Error("something was made")
	}
	_, d = w.signUp(t)
	b = w.Open(t)
	begun = b.Post("/passkey/open", nil)
	w.cache.Cache = cache.NewMemory(w.Clock, 0, 0)
	b.Post("/passkey/open/done", url.Values{"answer": {d.use(begun.Raw)}}).Is(http.StatusForbidden)
	b.Follow(false)
	if b.Get("/").Status == http.StatusOK {
		t.Error("the wallet is open")
	}
}

var codeShape = regexp.MustCompile(`[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}`)

func TestRecoveryCodeOpensOnceAndIsLimited(t *testing.T) {
	w := open(t)
	b, _ := w.signUp(t)
	made := b.Get("/codes").Wants("0 koder igjen").Submit("/codes").Is(http.StatusOK)
	all := codeShape.FindAllString(made.Text, -1)
	if len(all) != 10 {
		t.Fatalf("%d codes:\n%s", len(all), made.Text)
	}
	lost := w.Open(t) // without scripts
	lost.Get("/recover").Submit("/recover", "code", strings.ToLower(all[3])).Is(http.StatusOK).Wants("koden er brukt opp", "9 koder igjen")
	other := w.Open(t)
	other.Get("/recover").Submit("/recover", "code", all[3]).Is(http.StatusUnprocessableEntity).Wants("Koden er ikke kjent")
	// New codes put the old ones out of use.
	b.Get("/codes").Submit("/codes")
	other.Get("/recover").Submit("/recover", "code", all[4]).Is(http.StatusUnprocessableEntity)
	for range 3 {
		other.Get("/recover").Submit("/recover", "code", "AAAA-BBBB-CCCC")
	}
	other.Get("/recover").Submit("/recover", "code", all[5]).Is(http.StatusTooManyRequests).Wants("For mange forsøk")
	raw := w.count(t, "recovery_code WHERE hash LIKE '%-%'")
	if raw != 0 {
		t.Error("codes are kept as they are")
	}
}

func TestCardShowsWhatItSaysAndWhoSaysIt(t *testing.T) {
	w := open(t)
	b, _ := w.signUp(t)
	w.hold(t, w.holder(t), "cred_1", nil)
	list := b.Get("/").Is(http.StatusOK).Wants("Tilbud om arbeid", "Universitetet i Testby")
	b.Get(list.Link("Tilbud om arbeid")).Is(http.StatusOK).Wants("Utsteder", "Lisa", "634 700")
}

func TestAnothersCardIsNotThere(t *testing.T) {
	w := open(t)
	w.signUp(t)
	lisas := w.holder(t)
	w.hold(t, lisas, "cred_1", nil)
	w.Clock.Pass(time.Second)
	other, _ := w.signUp(t)
	other.Get("/cards/cred_1").Is(http.StatusNotFound)
	other.Get("/exchanges/exc_cred_1").Is(http.StatusNotFound)
	if strings.Contains(other.Get("/export").Raw, "Lisa") {
		t.Error("the export has another's card")
	}
}

func TestConsentListsWhatIsSentAndNothingElse(t *testing.T) {
	w := open(t)
	b, _ := w.signUp(t)
	b.Get("/apply").Wants("Du trenger et tilbud om arbeid")
	w.hold(t, w.holder(t), "cred_1", nil)
	form := b.Get("/apply").Is(http.StatusOK).Wants("Politiet kontrollerer hvem du er", "Del også, hvis du vil", "Velg bank")
	form.Submit("/apply").Is(http.StatusUnprocessableEntity).Wants("Kryss av for at du signerer")
	given := form.Submit("/apply", "signed", "yes", "bank", "did:web:bank.kompetansespor.example:banks:2").Is(http.StatusOK).Wants("Søknad til UDI")
	if !strings.HasPrefix(given.Path, "/exchanges/exc_") {
		t.Fatalf("ended at %s", given.Path)
	}
	sent := w.sent.last.GetConsent()
	if sent.GetPurpose() != "residence-permit" || len(sent.GetAgencies()) != 2 || len(sent.GetShares()) != 0 {
		t.Fatalf("sent %v", sent)
	}
	if police := sent.GetAgencies()[0].GetClaims(); len(police) != 2 {
		t.Errorf("the police get %v: what was not ticked was sent", police)
	}
	if sent.GetAgencies()[1].GetAgencyDid() != "did:web:bank.kompetansespor.example:banks:2" {
		t.Error("another bank than the chosen one")
	}
}

func TestOfferIsAskedForByLinkOrNumberWithItsCode(t *testing.T) {
	w := open(t)
	b, _ := w.signUp(t)
	form := b.Get("/receive?link=" + url.QueryEscape("https://issuer.example/invitations/1?_oob=e30")).Is(http.StatusOK)
	form.Submit("/receive", "link", "").Is(http.StatusUnprocessableEntity).Wants("Lim inn lenken, eller skriv nummeret", "Skriv koden")
	form.Submit("/receive", "link", "https://issuer.example/nothing", "code", "x").Is(http.StatusUnprocessableEntity).Wants("Dette er ingen invitasjon")
	form.Submit("/receive", "link", "", "number", "26-000001-A", "code", "x").Is(http.StatusUnprocessableEntity).Wants("Nummeret eller koden er feil")
}

func TestWalletIsDeletedWithEverythingAfterOneQuestion(t *testing.T) {
	w := open(t)
	b, d := w.signUp(t)
	w.hold(t, w.holder(t), "cred_1", nil)
	b.Get("/codes").Submit("/codes")
	if exported := b.Get("/export").Is(http.StatusOK); !strings.Contains(exported.Raw, "Lisa") {
		t.Error("the export lacks the card")
	}
	w.Clock.Pass(time.Second)
	b.Get("/delete").Wants("blir borte for godt").Submit("/delete").Is(http.StatusOK).Wants("Du er logget ut")
	for _, table := range []string{"holder", "passkey", "recovery_code", "held_credential", "exchange", "notice"} {
		if w.count(t, table) != 0 {
			t.Errorf("%s is not empty", table)
		}
	}
	again := w.Open(t)
	begun := again.Post("/passkey/open", nil)
	again.Post("/passkey/open/done", url.Values{"answer": {d.use(begun.Raw)}}).Is(http.StatusForbidden)
}

func TestHostile39MarkupInACardIsEscaped(t *testing.T) {
	w := open(t)
	b, _ := w.signUp(t)
	evil := `<script>alert(1)</script>`
	w.hold(t, w.holder(t), "cred_1", func(claims map[string]any) {
		claims["given_name"] = evil
		claims["employer"].(map[string]any)["legal_name"] = evil
	})
	for _, path := range []string{"/", "/cards/cred_1", "/apply"} {
		if shown := b.Get(path).Is(http.StatusOK).Wants(evil); strings.Contains(shown.Raw, evil) {
			t.Errorf("%s lets markup through", path)
		}
	}
}

func TestHostile46NothingIsSignedFromAnotherSite(t *testing.T) {
	w := open(t)
	b, _ := w.signUp(t)
	w.hold(t, w.holder(t), "cred_1", nil)
	form := b.Get("/apply")
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	form.Submit("/apply", "signed", "yes").Is(http.StatusForbidden)
	b.Post("/passkey/new", nil).Is(http.StatusForbidden)
	b.Header.Del("Sec-Fetch-Site")
	b.Post("/apply", url.Values{"signed": {"yes"}}).Is(http.StatusForbidden)
	if w.sent.last != nil {
		t.Error("it was sent")
	}
}

func TestWalletCanBeInstalled(t *testing.T) {
	b := open(t).Open(t)
	if got := b.Get("/manifest.webmanifest"); !json.Valid([]byte(got.Raw)) || !strings.Contains(got.Raw, "standalone") {
		t.Errorf("the manifest is %s", got.Raw)
	}
	if got := b.Get("/sw.js"); !strings.HasPrefix(got.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the service worker is %s", got.Header.Get("Content-Type"))
	}
	b.Get("/offline").Is(http.StatusOK).Wants("Du er uten nett")
	b.Get("/wallet-static/passkey.js").Is(http.StatusOK)
	b.Get("/wallet-static/nothing.js").Is(http.StatusNotFound)
}

func TestRolesHoldOnEveryPage(t *testing.T) {
	w := open(t)
	w.signUp(t)
	w.WalkRoles(t, rpc.Principal{Role: web.Holder, Subject: w.holder(t)}, rpc.Principal{Role: "officer", Subject: "o"})
}

func TestTextsAreWholeAndUsed(t *testing.T) {
	own, err := texts.Load(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	all, err := page.WithCommon(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	pagetest.CheckTexts(t, ".", all, own)
}

func TestApplicationOffersWhatIsLeftToDo(t *testing.T) {
	w := open(t)
	b, _ := w.signUp(t)
	holder := w.holder(t)
	apply := func(id string) *pagetest.Doc {
		t.Helper()
		w.applied(t, holder, id)
		return b.Get("/exchanges/" + id).Is(http.StatusOK)
	}
	offers := func(shown *pagetest.Doc, want bool) {
		t.Helper()
		for _, text := range []string{"Betal gebyret", "Klag på et avslag"} {
			if strings.Contains(shown.Raw, text) != want {
				t.Errorf("%s offers to %q: %v", shown.Path, text, !want)
			}
		}
	}
	offers(apply("exc_1"), true)
	w.Clock.Pass(time.Minute)
	w.holdType(t, holder, "cred_1", "ResidencePermit", nil)
	offers(b.Get("/exchanges/exc_1"), false)
	w.Clock.Pass(time.Minute)
	offers(apply("exc_2"), true) // the permit is of the application before
	offers(b.Get("/exchanges/exc_1"), false)
}

func TestStepsGoByWhatUDIWroteOfTheApplication(t *testing.T) {
	w := open(t)
	b, _ := w.signUp(t)
	holder := w.holder(t)
	writes := func(id, from string, kind holding.NoticeKind) {
		t.Helper()
		w.Clock.Pass(time.Minute)
		err := w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
			return w.store.AddNotice(t.Context(), tx, holding.Notice{ID: id, Holder: holder, Sender: from, Kind: kind, Content: "x", ReceivedAt: w.Clock.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	shows := func(when string, pay, appeal bool) {
		t.Helper()
		for text, want := range map[string]bool{"Betal gebyret": pay, "Klag på et avslag": appeal} {
			if strings.Contains(b.Get("/exchanges/exc_1").Raw, text) != want {
				t.Errorf("%s: the application's page has %q: %v", when, text, !want)
			}
		}
		steps := b.Get("/steps").Raw
		for path, want := range map[string]bool{"/exchanges/exc_1/appeal": appeal, "pay/1": pay} {
			if strings.Contains(steps, path) != want {
				t.Errorf("%s: the steps lead to %s: %v", when, path, !want)
			}
		}
	}
	const theirs = "did:web:udi.kompetansespor.example"
	w.hold(t, holder, "cred_1", nil)
	writes("n0", theirs, holding.NoticeRefused) // of an application before
	w.Clock.Pass(time.Minute)
	w.applied(t, holder, "exc_1")
	writes("n1", theirs, holding.NoticeFeeDue)
	shows("when the fee is due", true, false)
	writes("n2", "did:web:police.kompetansespor.example", holding.NoticeRefused)
	shows("when another wrote", true, false)
	writes("n3", theirs, "fee-paid")
	shows("when it is paid", false, false)
	writes("n4", theirs, holding.NoticeRefused)
	shows("when it is refused", false, true)
	writes("n5", theirs, "appeal-received")
	shows("when it was appealed", false, false)
}

func TestPagesWithManyWallets(t *testing.T) {
	w := open(t)
	for i := range testkit.Many(t) {
		w.signUp(t)
		w.hold(t, w.holder(t), fmt.Sprintf("cred_%05d", i), nil)
		w.Clock.Pass(time.Minute) // a hundred may be made in an hour
	}
	b, _ := w.signUp(t)
	w.hold(t, w.holder(t), "cred_1", nil)
	b.Measure(t, "/", "/cards/cred_1", "/steps", "/notices", "/history", "/reads", "/more")
}
