package desk_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"google.golang.org/grpc"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/api"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/web"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

var (
	kari = rpc.Principal{Role: web.Clerk, Subject: "310000027/clerk-1"}
	per  = rpc.Principal{Role: web.Clerk, Subject: "310000051/clerk-2"}
)

// portal serves the bank's pages over a world in which case_1 waits for a clerk.
func portal(t *testing.T, list string) (*world, *pagetest.Site) {
	t.Helper()
	w := openWorld(t)
	w.list = listOf(t, "v7", list)
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	own := rpc.OwnPages(rpc.PublicConfig{
		Telemetry: telemetry.From(t.Context()), Clock: w.Harness.Clock, Policy: api.Policy(),
		Register: func(s grpc.ServiceRegistrar) { bankv1.RegisterAccountServiceServer(s, &api.Accounts{Desk: w.Desk}) },
	})
	all, err := page.WithCommon(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	pages := &web.Pages{Accounts: bankv1.NewAccountServiceClient(own)}
	return w, pagetest.Serve(t, &page.Portal{
		Title: web.Title, Home: "/", Menu: web.Menu(), Texts: all, Usual: texts.Bokmål, Own: own, Look: page.LookDesk,
		Clock: w.Harness.Clock, Zone: zone, PublicURL: "https://bank.kompetansespor.example",
	}, pages.Table())
}

func TestClerkApprovesInABrowser(t *testing.T) {
	w, site := portal(t, lisaListed)
	b := site.As(t, kari)
	b.Get("/").Is(http.StatusOK).Wants("case_1", "Venter på saksbehandler")
	b.Get("/customers/case_1").Is(http.StatusOK).Wants("S1", "v7")
	ask := b.Get("/customers/case_1/approve").Is(http.StatusOK)
	ask.Submit("/customers/case_1/approve", "code", "NOT_THE_LISTED_PERSON").Wants("Skriv en begrunnelse.")
	ask.Submit("/customers/case_1/approve", "code", "NOT_THE_LISTED_PERSON", "reason", "another birth date").Is(http.StatusOK).Wants("Kunden er godkjent.")
	w.steps(t)
	w.standing(t, "case_1", desk.Opened)
	b.Get("/customers/case_1/close").Is(http.StatusOK).Submit("/customers/case_1/close", "reason", "the customer asked").Wants("Kontoen er avsluttet.")
	w.standing(t, "case_1", desk.Closed)
}

func TestClerkDeclinesInABrowser(t *testing.T) {
	w, site := portal(t, lisaListed)
	ask := site.As(t, kari).Get("/customers/case_1/decline").Is(http.StatusOK)
	ask.Submit("/customers/case_1/decline", "code", "LISTED", "reason", "the same person").Is(http.StatusOK).Wants("Kunden er avslått.")
	w.standing(t, "case_1", desk.Declined)
}

func TestWhoOpensTheBanksPages(t *testing.T) {
	_, site := portal(t, lisaListed)
	site.WalkRoles(t, kari, rpc.Principal{Role: "officer", Subject: "ola"})
	for _, path := range []string{"/customers/case_1", "/customers/case_1/approve"} {
		site.As(t, per).Get(path).Is(http.StatusNotFound)
	}
}

func TestBankTexts(t *testing.T) {
	_, site := portal(t, lisaListed)
	own, err := texts.Load(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	pagetest.CheckTexts(t, "../web", site.Portal.Texts, own)
}

func TestHostile39BankShowsNoMarkupOfAList(t *testing.T) {
	_, site := portal(t, strings.Replace(lisaListed, "S1", "<script>S1</script>", 1))
	shown := site.As(t, kari).Get("/customers/case_1").Is(http.StatusOK)
	if strings.Contains(shown.Raw, "<script>S1") || !strings.Contains(shown.Raw, "&lt;script&gt;S1") {
		t.Error(shown.Raw)
	}
}

func TestHostile46ApprovalFromAnotherSite(t *testing.T) {
	w, site := portal(t, lisaListed)
	b := site.As(t, kari)
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	b.Post("/customers/case_1/approve", url.Values{"code": {"NOT_THE_LISTED_PERSON"}, "reason": {"x"}}).Is(http.StatusForbidden)
	w.standing(t, "case_1", desk.Queued)
}

func TestPagesWithManyCustomers(t *testing.T) {
	w, site := portal(t, lisaListed)
	for i := range testkit.Many(t) {
		ref := fmt.Sprintf("case_%05d", i+100)
		w.bank[ref] = w.first.Bank.DID
		w.granted(t, ref)
		w.assigned(t, ref)
	}
	site.As(t, kari).Measure(t, "/", "/customers", "/customers?state=all", "/customers?state=queued", "/customers/case_00107", "/customers/case_00107/approve")
}
