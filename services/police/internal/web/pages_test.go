package web_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"google.golang.org/grpc"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/accessrows"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/police/internal/api"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
	"github.com/kompetansespor/kompetansespor/services/police/internal/earlystart"
	"github.com/kompetansespor/kompetansespor/services/police/internal/store"
	"github.com/kompetansespor/kompetansespor/services/police/internal/web"
)

// Ola works where case_1 meets the police, Ida elsewhere.
var (
	ola = rpc.Principal{Role: web.Officer, Subject: "ola", Office: "SUA-OSLO"}
	ida = rpc.Principal{Role: web.Officer, Subject: "ida", Office: "SUA-BERGEN"}
)

// views give every case a view; a test may spoil it.
type views struct{ spoil func(*onboarding.View) }

func (v *views) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	view.Claims = append(view.Claims, onboarding.Claim{Path: "employment.workplace_municipality", Value: "0301"})
	if v.spoil != nil {
		v.spoil(&view)
	}
	return view, nil
}

type portal struct {
	*pagetest.Site
	*harness.Harness
	desk  *desk.Desk
	calls grpc.ClientConnInterface
}

// open opens the police with a granted case, case_1, which has an appointment.
func open(t *testing.T, spoil func(*onboarding.View)) *portal {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	zone, err := time.LoadLocation(diary.TimeZone)
	must(err)
	offices, err := diary.LoadOffices(zone)
	must(err)
	policies, err := appointment.LoadPolicies()
	must(err)
	early, err := earlystart.Load()
	must(err)
	h := harness.Open(t, "police", onboarding.Migrations(), store.Migrations())
	seen := &views{spoil}
	d := desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Offices: offices, Sealer: h.Book.KeyStore()}, Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader,
		DID: h.DID, Offices: offices, Policies: policies, Early: early, EarlyViews: seen, Office: "SUA-OSLO",
	})
	d.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: seen, Verb: d.Settle, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	must(h.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return d.Cases.Handlers()["decision.made"](t.Context(), tx, &eventbus.Event{Case: "case_1", Data: map[string]any{"outcome": "GRANTED"}})
	}))
	for busy := true; busy; {
		busy, err = d.Cases.Step(t.Context())
		must(err)
	}
	own := rpc.OwnPages(rpc.PublicConfig{
		Telemetry: telemetry.From(t.Context()), Clock: h.Clock, Policy: api.Policy(),
		Register: func(s grpc.ServiceRegistrar) {
			policev1.RegisterAppointmentServiceServer(s, &api.Appointments{Desk: d})
			policev1.RegisterResidenceCardServiceServer(s, &api.Cards{Desk: d})
			policev1.RegisterEarlyStartServiceServer(s, &api.EarlyStarts{Desk: d})
		},
	})
	all, err := page.WithCommon(web.Texts)
	must(err)
	pages := &web.Pages{
		Appointments: policev1.NewAppointmentServiceClient(own), Cards: policev1.NewResidenceCardServiceClient(own),
		EarlyStarts: policev1.NewEarlyStartServiceClient(own),
	}
	p := &page.Portal{Title: web.Title, Home: "/", Menu: web.Menu(), Texts: all, Usual: texts.Bokmål, Clock: h.Clock, Zone: zone}
	return &portal{Site: pagetest.Serve(t, p, pages.Table()), Harness: h, desk: d, calls: own}
}

// rows are the rows of the access log.
func (p *portal) rows(t *testing.T, purpose string) (n int) {
	t.Helper()
	if _, err := accessrows.Verify(t.Context(), p.DB.Read()); err != nil {
		t.Fatal(err)
	}
	if err := p.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_log WHERE purpose = $1`, purpose).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// dayOf is the day of case_1's appointment, and passes the time until then.
func (p *portal) dayOf(t *testing.T) string {
	t.Helper()
	visits, err := p.desk.Store.Visits(t.Context(), p.DB.Read(), "case_1")
	if err != nil {
		t.Fatal(err)
	}
	start := visits.Last().Slot().Start
	p.Clock.Pass(start.Sub(p.Clock.Now()) + time.Minute)
	return start.Format(time.DateOnly)
}

func TestOfficerMeetsTheWorkerUntilTheCardIsDelivered(t *testing.T) {
	p := open(t, nil)
	day := p.dayOf(t)
	b := p.As(t, ola)
	list := b.Get("/").Is(http.StatusOK).Wants("case_1", "SUA Oslo", "Bestilt")
	b.Get("/today?on=" + day).Wants("case_1")
	visit := b.Get(list.Link("case_1")).Is(http.StatusOK).Wants("Lisa", "Begynn identitetskontrollen")
	if p.rows(t, "identity-control") != 1 {
		t.Error("that the case was read is not in the access log")
	}
	control := b.Get(visit.Link("Begynn identitetskontrollen")).Is(http.StatusOK).Wants("Sammenlign passet")
	control.Submit("/visits/case_1/control").Is(http.StatusUnprocessableEntity).Wants("Velg om identiteten")
	met := control.Submit("/visits/case_1/control", "identity", "confirmed", "biometrics", "photo").Is(http.StatusOK)
	met.Wants("Identiteten er bekreftet", "Møtt", "Fingeravtrykk", "Underskrift")
	met = met.Submit("/visits/case_1/biometrics", "biometrics", "fingerprints").Is(http.StatusOK)
	met = met.Submit("/visits/case_1/biometrics", "biometrics", "signature").Is(http.StatusOK).Wants("Registrer at kortet er produsert")
	met = met.Submit("/visits/case_1/card/produced").Is(http.StatusOK).Wants("Produsert")
	met.Submit("/visits/case_1/card/delivered").Is(http.StatusOK).Wants("Levert")
}

func TestWhatThePassportSaysOtherwiseIsCorrected(t *testing.T) {
	p := open(t, nil)
	p.dayOf(t)
	b := p.As(t, ola)
	b.Get("/visits/case_1/control").Submit("/visits/case_1/control", "identity", "confirmed", "family_name", "Johnsson").Is(http.StatusOK)
	seen, err := p.desk.Corrected(t.Context(), "case_1")
	if err != nil || len(seen.Correction.Paths()) != 1 || seen.Correction.Paths()[0] != "family_name" {
		t.Errorf("corrected %v, %v", seen.Correction.Paths(), err)
	}
}

func TestAppointmentIsMovedToAChosenTime(t *testing.T) {
	p := open(t, nil)
	b := p.As(t, ola)
	choose := b.Get("/visits/case_1/rebook").Is(http.StatusOK).Wants("Ledige tider ved SUA Oslo")
	choose.Submit("/visits/case_1/rebook").Is(http.StatusUnprocessableEntity).Wants("Velg en tid")
	later := p.Clock.Now().Add(26 * time.Hour).Unix()
	choose.Submit("/visits/case_1/rebook", "slot", strconv.FormatInt(later, 10)).Is(http.StatusOK).Wants("Timen er flyttet", "Flyttet", "Bestilt")
}

func TestNobodyCameIsAskedOnce(t *testing.T) {
	p := open(t, nil)
	p.dayOf(t)
	p.Clock.Pass(2 * time.Hour)
	b := p.As(t, ola)
	asked := b.Get("/visits/case_1/missed").Is(http.StatusOK).Wants("Møtte ikke arbeidstakeren?")
	asked.Submit("/visits/case_1/missed").Is(http.StatusOK).Wants("Det er registrert at ingen kom", "Møtte ikke")
}

func TestEarlyStartSaysWhatIsNotMet(t *testing.T) {
	p := open(t, nil)
	b := p.As(t, ola)
	form := b.Get("/early-start").Is(http.StatusOK)
	form.Submit("/early-start").Is(http.StatusUnprocessableEntity).Wants("Skriv saksreferansen")
	form.Submit("/early-start", "case_ref", "case_2").Is(http.StatusUnprocessableEntity).Wants("Ikke oppfylt: ")
}

func TestHostile48AnotherOfficesVisitIsRefusedAndNoted(t *testing.T) {
	p := open(t, nil)
	p.dayOf(t)
	b := p.As(t, ida)
	tried := map[string]func() *pagetest.Doc{
		"visit": func() *pagetest.Doc { return b.Get("/visits/case_1") },
	}
	for purpose, try := range tried {
		if try().Is(http.StatusForbidden).Wants("et annet kontor"); p.rows(t, "refused:"+purpose) != 1 {
			t.Errorf("%s: no row in the access log", purpose)
		}
	}
	b.Get("/today").Is(http.StatusOK).Wants("Ingen timer denne dagen")

	// The same over gRPC, verb by verb.
	ctx := rpc.WithPrincipal(t.Context(), ida)
	visits, cards, early := policev1.NewAppointmentServiceClient(p.calls), policev1.NewResidenceCardServiceClient(p.calls), policev1.NewEarlyStartServiceClient(p.calls)
	known, err := p.desk.Store.Visits(t.Context(), p.DB.Read(), "case_1")
	if err != nil {
		t.Fatal(err)
	}
	for purpose, call := range map[string]func() error{
		"list": func() error {
			_, err := visits.ListAppointments(ctx, &policev1.ListAppointmentsRequest{OfficeId: "SUA-OSLO"})
			return err
		},
		"attendance": func() error {
			_, err := visits.RecordAttendance(ctx, &policev1.RecordAttendanceRequest{CaseRef: "case_1", IdentityConfirmed: true})
			return err
		},
		"biometrics": func() error {
			_, err := visits.RecordBiometrics(ctx, &policev1.RecordBiometricsRequest{CaseRef: "case_1", Biometrics: &policev1.BiometricsTaken{Photo: true}})
			return err
		},
		"no-show": func() error {
			_, err := visits.RecordNoShow(ctx, &policev1.RecordNoShowRequest{AppointmentId: known.Last().ID()})
			return err
		},
		"rebook": func() error {
			_, err := visits.RebookAppointment(ctx, &policev1.RebookAppointmentRequest{CaseRef: "case_1"})
			return err
		},
		"card-produced": func() error {
			_, err := cards.RecordCardProduced(ctx, &policev1.RecordCardProducedRequest{CaseRef: "case_1"})
			return err
		},
		"card-delivered": func() error {
			_, err := cards.RecordCardDelivered(ctx, &policev1.RecordCardDeliveredRequest{CaseRef: "case_1"})
			return err
		},
		"early-start": func() error {
			_, err := early.ConfirmEarlyStart(ctx, &policev1.ConfirmEarlyStartRequest{CaseRef: "case_2"})
			return err
		},
	} {
		if err := call(); fault.KindOf(err) != fault.Denied || fault.RuleOf(err) != "police.office" {
			t.Errorf("%s: %v", purpose, err)
		}
		if p.rows(t, "refused:"+purpose) != 1 {
			t.Errorf("%s: no row in the access log", purpose)
		}
	}
	if after, err := p.desk.Store.Visits(t.Context(), p.DB.Read(), "case_1"); err != nil || after.Last().State() != appointment.Booked {
		t.Errorf("something was done: %v", err)
	}
}

func TestHostile39MarkupInAClaimIsEscaped(t *testing.T) {
	evil := `<script>alert(1)</script>`
	p := open(t, func(v *onboarding.View) {
		for i := range v.Claims {
			if v.Claims[i].Path == "given_name" {
				v.Claims[i].Value = evil
			}
		}
	})
	b := p.As(t, ola)
	for _, path := range []string{"/visits/case_1", "/visits/case_1/control"} {
		if shown := b.Get(path).Is(http.StatusOK).Wants(evil); strings.Contains(shown.Raw, evil) {
			t.Errorf("%s lets markup through", path)
		}
	}
}

func TestHostile46NobodyIsRecordedFromAnotherSite(t *testing.T) {
	p := open(t, nil)
	p.dayOf(t)
	b := p.As(t, ola)
	control := b.Get("/visits/case_1/control")
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	control.Submit("/visits/case_1/control", "identity", "confirmed").Is(http.StatusForbidden)
	b.Header.Del("Sec-Fetch-Site")
	b.Post("/visits/case_1/control", url.Values{"identity": {"confirmed"}}).Is(http.StatusForbidden)
	b.Get("/visits/case_1").Wants("Begynn identitetskontrollen")
}

func TestRolesHoldOnEveryPage(t *testing.T) {
	open(t, nil).WalkRoles(t, ola, rpc.Principal{Role: "clerk", Subject: "c"})
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

func TestPagesWithManyCases(t *testing.T) {
	p := open(t, nil)
	for i := range testkit.Many(t) {
		err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
			return p.desk.Cases.Handlers()["decision.made"](t.Context(), tx, &eventbus.Event{Case: fmt.Sprintf("case_1%05d", i), Data: map[string]any{"outcome": "GRANTED"}})
		})
		for busy := err == nil; busy; {
			busy, err = p.desk.Cases.Step(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	day := p.dayOf(t)
	p.As(t, ola).Measure(t, "/today", "/today?on="+day, "/visits/case_1", "/visits/case_1/rebook", "/visits/case_1/control", "/early-start")
}
