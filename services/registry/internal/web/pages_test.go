package web_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/api"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/eligibility"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/peers/enhetsregisteret"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/store"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/web"
	standin "github.com/kompetansespor/kompetansespor/services/standins/enhetsregisteret"
)

const uio, fjordtek = "310000019", "310000051"

var (
	siri = rpc.Principal{Role: api.RoleProgramme, Subject: "siri"}
	per  = rpc.Principal{Role: api.RoleEmployer, Subject: fjordtek}
	uma  = rpc.Principal{Role: api.RoleEmployer, Subject: uio}
)

// openPortal serves the pages over the real API and desk.
func openPortal(t *testing.T) *pagetest.Site {
	t.Helper()
	h := harness.Open(t, "registry", store.Migrations())
	server := httptest.NewServer(standin.New(standin.Config{Clock: h.Clock}))
	t.Cleanup(server.Close)
	figures, err := accreditation.LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	guide, err := eligibility.Load()
	if err != nil {
		t.Fatal(err)
	}
	d := desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Sealer: h.Book.KeyStore()}, Register: enhetsregisteret.New(server.URL+"/api", fetch.Registers(nil)),
		Figures: figures, Eligibility: guide, Limit: cache.NewLimiter(cache.NewMemory(h.Clock, 0, 0), h.Clock, "eligibility", 10, time.Minute),
		Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader, Signer: h.Book, AssertionKey: h.Book.AssertionKey,
		DID: h.DID, Lifetime: time.Minute, Mode: identifier.Synthetic, Zone: time.UTC,
	})
	if err := d.Configure(t.Context()); err != nil {
		t.Fatal(err)
	}
	own := rpc.OwnPages(rpc.PublicConfig{
		Telemetry: telemetry.From(t.Context()), Clock: h.Clock, Policy: api.Policy(),
		Register: func(r grpc.ServiceRegistrar) {
			registryv1.RegisterRegistryServiceServer(r, &api.Registry{Desk: d, Clock: h.Clock})
			registryv1.RegisterEmployerDirectoryServiceServer(r, &api.Directory{Desk: d})
		},
	})
	all, err := page.WithCommon(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	pages := &web.Pages{
		Registry: registryv1.NewRegistryServiceClient(own), Directory: registryv1.NewEmployerDirectoryServiceClient(own), Lists: d,
		EmployersDID: "did:web:issuer.example:employers",
	}
	portal := &page.Portal{Title: web.Title, Home: "/", Menu: web.Menu(), Texts: all, Usual: texts.Bokmål, Clock: h.Clock, Zone: time.UTC}
	return pagetest.Serve(t, portal, pages.Table())
}

// applies fills the form as an employer does, naming who can sign.
func applies(t *testing.T, s *pagetest.Site, signatory string) *pagetest.Doc {
	t.Helper()
	b := s.As(t, per)
	if did := b.Get("/application/form").Field("/application/form", "did"); !strings.HasPrefix(did, "did:web:issuer.example:employers:") {
		t.Errorf("the proposed DID is %q", did)
	}
	b.Get(b.Get("/").Wants("Virksomheten har ikke søkt ennå").Link("Søk om godkjenning")).Submit("/application/form",
		"legal_name", "Fjordtek AS", "did", "did:web:fjordtek.example", "contact_email", "hr@fjordtek.example.com", "municipality", "0301",
		"pay_declared_by", "Per Olav Direktør", "signatory.name", signatory, "signatory.role", "HR-sjef",
	).Is(http.StatusOK).Wants("Søknaden er sendt", "2 krav gjenstår", signatory)
	return b.Get("/application")
}

// accredits takes the application through the office's desk.
func accredits(t *testing.T, s *pagetest.Site) *pagetest.Browser {
	t.Helper()
	b := s.As(t, siri)
	shown := b.Get(b.Get("/").Wants("Søknader og godkjenninger", "2 gjenstår").Link("Fjordtek AS")).Is(http.StatusOK).
		Wants("Enhetsregisteret", "Ingen ennå", "Antall ansatte")
	for _, criterion := range []string{"EMP-5", "EMP-6"} {
		at := shown.Path + "/attest/" + criterion
		form := b.Get(at).Is(http.StatusOK)
		form.Submit(at).Is(http.StatusUnprocessableEntity).Wants("Velg ja eller nei")
		form.Submit(at, "met", "yes", "reference", "2026/17").Is(http.StatusOK).Wants("Det du fant ut, er lagret", "(siri)")
	}
	b.Get(b.Get(shown.Path).Link("Godkjenn")).Wants("Godkjenne Fjordtek AS?").Submit(shown.Path + "/accredit").Is(http.StatusOK).Wants("Arbeidsgiveren er godkjent")
	return b
}

func TestEmployerAppliesIsAccreditedAndStandsInTheOpenLists(t *testing.T) {
	s := openPortal(t)
	s.Open(t).Get("/employers").Wants("Ingen arbeidsgiver er godkjent ennå")
	applies(t, s, "Kari Nordmann")
	accredits(t, s)
	anybody := s.Open(t)
	anybody.Get("/").Is(http.StatusOK).Wants("Fra jobbtilbud til arbeid i Norge")
	found := anybody.Get("/employers").Submit("/employers", "query", "310 000").Wants("Fjordtek AS")
	if one := anybody.Get(found.Link("Fjordtek AS")).Is(http.StatusOK).Wants("Fjordtek AS er godkjent og kan gi tilbud"); strings.Contains(one.Text, "Kari") {
		t.Error("a person stands on a public page")
	}
	anybody.Get("/employers?query=nobody").Wants("Ingen godkjent arbeidsgiver passer")
	anybody.Get("/employers/" + uio).Is(http.StatusNotFound).Wants("aldri vært godkjent")
	list := anybody.Get("/trust-list/view").Is(http.StatusOK).Wants("Fjordtek AS", "Tilbud om arbeid", "Gjelder til")
	if list.Link("Hent det signerte dokumentet") != "/trust-list" {
		t.Error("the signed document is not linked to")
	}
	for _, path := range []string{"/trust-list/view?page=2", "/trust-list/view?page=x", "/trust-list/view?page=9223372036854775807"} {
		anybody.Get(path).Is(http.StatusNotFound)
	}
	s.As(t, per).Get("/application").Wants("Virksomheten er godkjent", "Alle kravene var oppfylt")
}

func TestApplicationIsNotAccreditedBeforeItsCriteriaAreMet(t *testing.T) {
	s := openPortal(t)
	applies(t, s, "Kari Nordmann")
	b := s.As(t, siri)
	b.Get("/accreditations/"+fjordtek+"/accredit").Submit("/accreditations/"+fjordtek+"/accredit").Is(http.StatusUnprocessableEntity).
		Wants("Ingen skatterestanser: er ikke oppfylt", "Ingen nyere sanksjoner: er ikke oppfylt")
	b.Get("/accreditations/" + fjordtek).Submit("/accreditations/" + fjordtek + "/review").Wants("Enhetsregisteret er spurt på nytt")
	b.Get("/accreditations/" + fjordtek + "/attest/EMP-1").Is(http.StatusNotFound)
	b.Get("/accreditations?state=nonsense").Is(http.StatusNotFound)
	b.Get("/accreditations?state=revoked").Wants("Ingenting i dette utvalget venter")
	b.Get("/accreditations?state=all").Wants("Fjordtek AS")
}

func TestWrongApplicationKeepsWhatWasWritten(t *testing.T) {
	b := openPortal(t).As(t, per)
	back := b.Get("/application/form").Submit("/application/form", "legal_name", "Fjordtek AS", "did", "fjordtek", "contact_email", "nobody", "municipality", "1").
		Is(http.StatusUnprocessableEntity).Wants("3 ting må rettes", "begynner med did:web:", "Skriv en e-postadresse")
	if back.Field("/application/form", "did") != "fjordtek" {
		t.Error("what was written is gone")
	}
	b.Get("/application/form").Submit("/application/form", "legal_name", "Another AS", "did", "did:web:fjordtek.example").
		Is(http.StatusUnprocessableEntity).Wants("Enhetsregisteret har et annet navn")
}

func TestApplicationIsAmendedAndWhoSignsStays(t *testing.T) {
	s := openPortal(t)
	shown := applies(t, s, "Kari Nordmann")
	b := s.As(t, per)
	b.Get(shown.Link("Rett søknaden")).Submit("/application/form", "signatory.name", "Ola Nordmann", "signatory.role", "Leder").
		Is(http.StatusOK).Wants("Kari Nordmann", "Ola Nordmann")
}

func TestSignatoryIsRegisteredAndEndedAfterOneQuestion(t *testing.T) {
	s := openPortal(t)
	applies(t, s, "Kari Nordmann")
	accredits(t, s)
	b := s.As(t, per)
	asked := b.Get("/application/signatories/0/end").Is(http.StatusOK).Wants("Kari Nordmann")
	asked.Submit("/application/signatories/end").Is(http.StatusUnprocessableEntity).Wants("Registrer en annen først")
	b.Get("/application/signatories/new").Submit("/application/signatories/new", "signatory.name", "").Is(http.StatusUnprocessableEntity).Wants("Skriv 1 til 200 tegn")
	b.Get("/application/signatories/new").Submit("/application/signatories/new", "signatory.name", "Ola Nordmann", "signatory.role", "Leder").
		Is(http.StatusOK).Wants("Personen kan signere fra nå", "Ola Nordmann")
	asked.Submit("/application/signatories/end").Is(http.StatusOK).Wants("Personen kan ikke signere lenger")
	for _, gone := range []string{"0", "7", "-1", "x"} {
		b.Get("/application/signatories/" + gone + "/end").Is(http.StatusNotFound)
	}
}

func TestOfficeSuspendsReinstatesAndRevokesWithAReason(t *testing.T) {
	s := openPortal(t)
	applies(t, s, "Kari Nordmann")
	b := accredits(t, s)
	at := "/accreditations/" + fjordtek
	asked := b.Get(b.Get(at).Link("Stans")).Wants("Stanse Fjordtek AS?")
	asked.Submit(at+"/suspend", "reason", "Brev av 1. mai").Is(http.StatusUnprocessableEntity).Wants("Velg en grunn", "Brev av 1. mai")
	asked.Submit(at+"/suspend", "reason_code", "SANCTIONED").Is(http.StatusUnprocessableEntity).Wants("Skriv en begrunnelse")
	asked.Submit(at+"/suspend", "reason_code", "SANCTIONED", "reason", "Brev av 1. mai").Wants("Godkjenningen er stanset", "Brev av 1. mai")
	if own := s.As(t, per).Get("/application").Wants("Godkjenningen er stanset", "Brev av 1. mai"); strings.Contains(own.Text, "siri") {
		t.Error("the employer sees which officer it was")
	}
	b.Get(at+"/reinstate").Submit(at+"/reinstate", "reason_code", "CAUSE_REMOVED", "reason", "Betalt").Wants("Godkjenningen gjelder igjen")
	b.Get(at+"/revoke").Wants("Du kan ikke angre").Submit(at+"/revoke", "reason_code", "FALSE_INFORMATION", "reason", "Falskt").Wants("Godkjenningen er trukket tilbake")
	own := s.As(t, per)
	own.Get("/application").Wants("Trukket tilbake", "Kan søke igjen fra")
	if shown := own.Get("/application/form"); shown.Path != "/application" {
		t.Error("who is banned is offered the form")
	}
	s.Open(t).Get("/employers/" + fjordtek).Wants("er trukket tilbake")
}

func TestWorkerAndEmployerAskWhetherItIsForThem(t *testing.T) {
	s := openPortal(t)
	b := s.Open(t)
	form := b.Get("/for-me").Is(http.StatusOK)
	form.Submit("/for-me").Is(http.StatusUnprocessableEntity).Wants("Velg ja eller nei")
	// The page has two forms of one address; Submit takes the first, the worker's.
	shown := form.Submit("/for-me", "worker.nationalities", "US", "worker.education", "master", "worker.lives_in_norway", "no", "worker.has_offer", "yes").
		Is(http.StatusOK).Wants("Programmet kan være for deg", "Du har høyere utdanning", "Må avklares")
	if shown.Path != "/for-me" || shown.Header.Get("Set-Cookie") != "" {
		t.Errorf("what was asked stays: %s", shown.Path)
	}
	form.Submit("/for-me", "worker.nationalities", "SE", "worker.lives_in_norway", "no", "worker.has_offer", "yes").Wants("Programmet er ikke for deg", "udi.no")
	form.Submit("/for-me", "worker.lives_in_norway", "no", "worker.has_offer", "yes").Is(http.StatusUnprocessableEntity).Wants("Velg statsborgerskapet ditt")
	b.Post("/for-me", url.Values{"who": {"employer"}, "employer.organisation_number": {"310 000 051"}}).Is(http.StatusOK).Wants("Virksomheten kan søke om godkjenning")
	b.Post("/for-me", url.Values{"who": {"employer"}, "employer.organisation_number": {"12"}}).Is(http.StatusUnprocessableEntity).Wants("har ni sifre")
}

func TestEverybodyHasTheirPagesAndNoOthers(t *testing.T) {
	openPortal(t).WalkRoles(t, siri, per)
}

// noLists has none: the routes alone are looked at.
type noLists struct{ web.Lists }

func TestPagesMeetNoDocument(t *testing.T) {
	s, mux := openPortal(t), http.NewServeMux()
	documents, err := web.Routes(noLists{})
	if err != nil {
		t.Fatal(err)
	}
	for pattern, handler := range documents {
		mux.Handle(pattern, handler)
	}
	for pattern, handler := range s.Portal.Routes(s.Table) {
		if documents[pattern] != nil {
			t.Errorf("%s is a document already", pattern)
		}
		mux.Handle(pattern, handler) // panics where two meet
	}
	for path, want := range map[string]string{
		"/trust-list": "GET /trust-list", "/trust-list/7": "GET /trust-list/{version}", "/trust-list/view": "GET /trust-list/view",
	} {
		if _, got := mux.Handler(httptest.NewRequest(http.MethodGet, path, nil)); got != want {
			t.Errorf("%s is answered by %s", path, got)
		}
	}
}

func TestWhoMayComeIn(t *testing.T) {
	admit := web.Admit(func(signin.Person) []session.Choice { return []session.Choice{{Who: siri}} })
	got := admit(signin.Person{Organisations: []signin.Organisation{{Number: fjordtek, Name: "Fjordtek AS"}}})
	if len(got) != 2 || got[0].Who != siri || got[1].Who != per || got[1].Label != "Fjordtek AS" {
		t.Errorf("%v", got)
	}
}

func TestEveryTextIsThereAndUsed(t *testing.T) {
	all, err := page.WithCommon(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	own, err := texts.Load(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	pagetest.CheckTexts(t, ".", all, own)
}

func TestHostile39MarkupInANameIsEscaped(t *testing.T) {
	s := openPortal(t)
	const evil = `<script>alert(1)</script>`
	applies(t, s, evil)
	for who, path := range map[rpc.Principal]string{siri: "/accreditations/" + fjordtek, per: "/application"} {
		if shown := s.As(t, who).Get(path).Is(http.StatusOK).Wants(evil); strings.Contains(shown.Raw, evil) {
			t.Errorf("markup came through to %s", who.Role)
		}
	}
	if asked := s.As(t, per).Get("/application/signatories/0/end").Wants(evil); strings.Contains(asked.Raw, evil) {
		t.Error("markup came through into the question")
	}
	if found := s.Open(t).Get("/employers?query=" + url.QueryEscape(evil)); strings.Contains(found.Raw, evil) {
		t.Error("markup came through from the search")
	}
}

func TestHostile46EmployerIsNotAccreditedFromAnotherSite(t *testing.T) {
	s := openPortal(t)
	applies(t, s, "Kari Nordmann")
	b := s.As(t, siri)
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	b.Post("/accreditations/"+fjordtek+"/accredit", url.Values{}).Is(http.StatusForbidden).Wants("et annet nettsted")
	b.Header.Del("Sec-Fetch-Site")
	b.Post("/accreditations/"+fjordtek+"/accredit", url.Values{}).Is(http.StatusForbidden)
	b.Get("/accreditations/" + fjordtek).Wants("Søknad til behandling")
}

func TestHostile48AnotherEmployersApplicationIsNotFound(t *testing.T) {
	s := openPortal(t)
	applies(t, s, "Kari Nordmann")
	b := s.As(t, uma)
	if shown := b.Get("/application").Wants("Virksomheten har ikke søkt ennå"); strings.Contains(shown.Text, "Fjordtek") {
		t.Error("another employer's application is shown")
	}
	b.Get("/application/signatories/0/end").Is(http.StatusNotFound)
	b.Get("/accreditations/" + fjordtek).Is(http.StatusForbidden)
	s.Open(t).Get("/employers/" + fjordtek).Is(http.StatusNotFound)
}
