package web_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/accessrows"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/api"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/store"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/web"
)

var marit = rpc.Principal{Role: web.Clerk, Subject: "marit", TokenHash: "marit"}

// views give every case a person of one name and birth date, each with a passport of
// their own: the second may be the first. Where they are strangers each has a name.
type views struct{ strangers bool }

func (v views) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	for i := range view.Claims {
		if v.strangers && view.Claims[i].Path == "family_name" {
			view.Claims[i].Value = named(caseRef)
		}
	}
	for path, value := range map[string]any{
		"passport.document_number": "12345" + strings.TrimPrefix(caseRef, "case_"), "passport.issuing_country": "US", "passport.date_of_expiry": "2031-01-01",
	} {
		view.Claims = append(view.Claims, onboarding.Claim{Path: path, Value: value})
	}
	return view, nil
}

// named is a family name for each case, of letters alone.
func named(caseRef string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return 'a' + r - '0'
		}
		return -1
	}, caseRef) + "sen"
}

type portal struct {
	*pagetest.Site
	*harness.Harness
	desk *desk.Desk
}

func open(t *testing.T) *portal {
	t.Helper()
	return openWith(t, views{})
}

func openWith(t *testing.T, seen views) *portal {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := harness.Open(t, "tax", onboarding.Migrations(), store.Migrations())
	parameters, err := registration.LoadParameters()
	must(err)
	fingerprint, err := onboarding.OpenFingerprint(t.Context(), h.DB, h.Book.KeyStore(), rand.Reader)
	must(err)
	kept := store.Store{Sealer: h.Book.KeyStore(), Fingerprint: fingerprint}
	d := desk.New(desk.Config{
		DB: h.DB, Store: kept, Register: &store.Population{DB: h.DB, Store: kept, Clock: h.Clock, Parameters: parameters}, Issuer: h.Issuer,
		Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Parameters: parameters,
		Mode: identifier.Synthetic, DID: h.DID,
	})
	d.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: seen, Verb: d.Assign, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	own := rpc.OwnPages(rpc.PublicConfig{
		Telemetry: telemetry.From(t.Context()), Clock: h.Clock, Policy: api.Policy(),
		Register: func(s grpc.ServiceRegistrar) { taxv1.RegisterRegistrationServiceServer(s, &api.Registrations{Desk: d}) },
	})
	written, err := page.WithCommon(web.Texts)
	must(err)
	p := &page.Portal{Title: web.Title, Home: "/", Menu: web.Menu(), Texts: written, Usual: texts.Bokmål, Clock: h.Clock, Zone: time.UTC}
	pages := &web.Pages{Registrations: taxv1.NewRegistrationServiceClient(own)}
	return &portal{Site: pagetest.Serve(t, p, pages.Table()), Harness: h, desk: d}
}

// tell brings an event as the inbox does, and works until there is nothing to do.
func (p *portal) tell(t *testing.T, producer, name, caseRef string, data map[string]any) {
	t.Helper()
	err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return inbox.Handlers(p.desk)[producer][name](t.Context(), tx, &eventbus.Event{Type: eventbus.TypeOf(name), Case: caseRef, Data: data})
	})
	if err != nil {
		t.Fatal(err)
	}
	p.work(t)
}

func (p *portal) work(t *testing.T) {
	t.Helper()
	for idle := 0; idle < 2; idle++ {
		for _, step := range []func(context.Context) (bool, error){p.desk.Cases.Step, p.desk.SendStep, p.desk.ReadStep} {
			did, err := step(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if did {
				idle = -1
			}
		}
		p.Clock.Pass(time.Second)
	}
}

// comes brings a case to the population register's answer.
func (p *portal) comes(t *testing.T, caseRef string) {
	t.Helper()
	p.tell(t, "verifier", "decision.made", caseRef, map[string]any{"outcome": "GRANTED"})
	p.tell(t, "police", "identity.verified", caseRef, map[string]any{"performed_at": "2026-11-23T09:00:00Z", "level": "IN_PERSON"})
}

// rows are the access log's rows.
func (p *portal) rows(t *testing.T) int64 {
	t.Helper()
	n, err := accessrows.Verify(t.Context(), p.DB.Read())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (p *portal) number(t *testing.T, caseRef string) string {
	t.Helper()
	line, err := p.desk.Get(t.Context(), caseRef)
	if err != nil || line.Registration == nil {
		t.Fatalf("%s: %+v, %v", caseRef, line, err)
	}
	current, _ := line.Registration.Current()
	return current.Number
}

func TestClerkSeesWhoHasWhichNumberAndThatIsWrittenDown(t *testing.T) {
	p := open(t)
	p.comes(t, "case_1")
	b := p.As(t, marit)
	b.Get("/").Is(http.StatusOK).Wants("Ingen er i denne tilstanden nå")
	list := b.Get("/persons?state=assigned").Is(http.StatusOK).Wants("case_1", "Har nummer")
	if p.rows(t) != 0 {
		t.Error("the list tells of nobody, and is in the access log")
	}
	number := p.number(t, "case_1")
	one := b.Get(list.Link("case_1")).Is(http.StatusOK).Wants("Lisa", "Johnson", "Tildelt i denne saken", "Skattekort", number[6:])
	title, _, _ := strings.Cut(one.Raw, "</title>")
	if strings.Contains(list.Raw, "Johnson") || strings.Contains(title, "Johnson") {
		t.Error("a name stands where no row of the access log is written, or in the browser's history")
	}
	if p.rows(t) != 1 {
		t.Errorf("%d rows in the access log, expected the one of reading", p.rows(t))
	}
}

func TestClerkResolvesAPossibleDuplicate(t *testing.T) {
	for _, c := range []struct{ decision, said string }{{"same", "Personen hadde det fra før"}, {"another", "Tildelt i denne saken"}, {"refuse", "Folkeregisteret avslo"}} {
		p := open(t)
		p.comes(t, "case_1")
		p.comes(t, "case_2")
		first := p.number(t, "case_1")
		b := p.As(t, marit)
		queue := b.Get("/persons").Is(http.StatusOK).Wants("case_2", "Mulig dublett", "kan være samme person")
		ask := b.Get(b.Get(queue.Link("case_2")).Link("Avgjør dubletten")).Is(http.StatusOK).Wants("Er personen kjent fra før?", "Johnson")
		const at = "/persons/case_2/duplicate"
		ask.Submit(at).Is(http.StatusUnprocessableEntity).Wants("Velg hva du har kommet til")
		ask.Submit(at, "decision", "same").Is(http.StatusUnprocessableEntity).Wants("Skriv nummeret som personen har")
		wrong := ask.Submit(at, "decision", "same", "existing_identifier", "01819020236").Is(http.StatusUnprocessableEntity).Wants("Ingen i registeret har dette nummeret")
		if wrong.Field(at, "existing_identifier") != "01819020236" {
			t.Error("what was typed is gone")
		}
		ask.Submit(at, "decision", c.decision, "existing_identifier", first[:6]+" "+first[6:]).Is(http.StatusOK).Wants("Avgjørelsen er sendt")
		p.work(t)
		b.Get("/persons/case_2").Wants(c.said)
		// Another clerk who had the form open is told how it stands.
		ask.Submit(at, "decision", "another").Is(http.StatusOK).Wants("En annen har avgjort dette imens")
		if (p.number(t, "case_2") == first) != (c.decision == "same") {
			t.Errorf("%s: case_2 has %q", c.decision, p.number(t, "case_2"))
		}
	}
}

// A number that the register's clerks may replace waits for them too.
func TestReplacementThatWaitsForAClerkIsInTheQueue(t *testing.T) {
	p := open(t)
	p.comes(t, "case_1")
	b := p.As(t, marit)
	b.Get("/persons").Wants("Ingen er i denne tilstanden nå")
	if err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE requisition SET stage = 'QUEUED', reason = 'POSSIBLE_DUPLICATE' WHERE case_ref = 'case_1'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b.Get(b.Get("/persons").Wants("Mulig dublett").Link("case_1")).Wants("Avgjør dubletten", p.number(t, "case_1")[6:])
	if list := b.Get("/persons?state=assigned"); strings.Contains(list.Raw, "case_1") {
		t.Error("it is in two lists")
	}
}

func TestClerkRecordsATaxCard(t *testing.T) {
	p := open(t)
	p.comes(t, "case_1")
	b := p.As(t, marit)
	const at = "/persons/case_1/tax-card"
	form := b.Get(b.Get("/persons/case_1").Link("Nytt skattekort")).Is(http.StatusOK)
	form.Submit(at, "income_year", "26").Is(http.StatusUnprocessableEntity).Wants("inntektsår")
	form.Submit(at, "way", "table", "deduction.table", "1", "deduction.months", "12", "deduction.percent", "30").Is(http.StatusUnprocessableEntity).Wants("en tabell har fire sifre")
	form.Submit(at, "way", "table", "deduction.table", "8010", "deduction.months", "12", "deduction.percent", "30").Is(http.StatusOK).
		Wants("Det nye skattekortet er utstedt", "Tabell 8010 over 12 måneder, ellers 30 prosent")
	b.Get(at).Submit(at, "way", "percent", "deduction.percent", "17").Is(http.StatusOK).Wants("17 prosent")
}

func TestOnlyWhatTheStateLeavesIsOffered(t *testing.T) {
	p := open(t)
	p.tell(t, "verifier", "decision.made", "case_1", map[string]any{"outcome": "GRANTED"})
	b := p.As(t, marit)
	waits := b.Get("/persons/case_1").Is(http.StatusOK).Wants("Venter på identitetskontroll")
	for _, text := range []string{"Nytt skattekort", "Avgjør dubletten", "Erstatt med"} {
		if strings.Contains(waits.Raw, text) {
			t.Errorf("%q is offered before there is a number", text)
		}
	}
	// Who asks all the same is told why not.
	b.Get("/persons/case_1/replace").Submit("/persons/case_1/replace").Is(http.StatusUnprocessableEntity).Wants("Personen har ikke noe nummer ennå")
	b.Get("/persons/case_9").Is(http.StatusNotFound)
}

func TestListIsPagedOldestFirst(t *testing.T) {
	p := open(t)
	for i := range 30 {
		p.tell(t, "verifier", "decision.made", fmt.Sprintf("case_%02d", i), map[string]any{"outcome": "GRANTED"})
	}
	b := p.As(t, marit)
	first := b.Get("/persons?state=waiting-for-identity").Is(http.StatusOK).Wants("case_00", "case_24")
	second := b.Get(first.Link("Neste side")).Is(http.StatusOK).Wants("case_25", "case_29")
	if strings.Contains(first.Raw, "case_25") || strings.Contains(second.Raw, "case_24") {
		t.Error("a case is on both pages")
	}
	b.Get(second.Link("Til begynnelsen")).Wants("case_00")
}

func TestHostile40EveryPageKnowsItsRoles(t *testing.T) {
	open(t).WalkRoles(t, marit, rpc.Principal{Role: "officer", Subject: "ola"}, rpc.Principal{Role: "programme", Subject: "siri"})
}

func TestTextsAreWholeAndUsed(t *testing.T) {
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

func TestPagesWithManyCases(t *testing.T) {
	p := openWith(t, views{strangers: true})
	for i := range testkit.Many(t) {
		p.comes(t, fmt.Sprintf("case_%05d", i))
	}
	p.As(t, marit).Measure(t, "/persons", "/persons?state=all", "/persons?state=assigned", "/persons?state=failed", "/persons/case_00007", "/persons/case_00007/tax-card")
}
