package verifier

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/api"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/web"
)

var (
	anne = rpc.Principal{Role: web.Officer, Subject: "anne"}
	siri = rpc.Principal{Role: web.Programme, Subject: "siri"}
)

// portalOf serves a rig's pages over its real API and desk.
func portalOf(r *rig) *pagetest.Site {
	r.Helper()
	own := rpc.OwnPages(rpc.PublicConfig{
		Telemetry: telemetry.From(r.Context()), Clock: r, Policy: api.ProgrammePolicy(api.Policy()),
		Register: func(s grpc.ServiceRegistrar) {
			verifierv1.RegisterCaseServiceServer(s, &api.Cases{Desk: r.Desk})
			verifierv1.RegisterProgrammeServiceServer(s, programmeOf(r))
		},
	})
	all, err := page.WithCommon(web.Texts)
	r.must(err)
	pages := &web.Pages{
		Cases: verifierv1.NewCaseServiceClient(own), Programme: verifierv1.NewProgrammeServiceClient(own), Payments: r.Desk,
		Targets:   programmeOf(r).Office.Targets,
		WalletURL: "https://wallet.example",
	}
	portal := &page.Portal{Title: web.Title, Home: "/", Menu: web.Menu(), Texts: all, Usual: texts.Bokmål, Clock: r, Zone: r.Zone}
	return pagetest.Serve(r.T, portal, pages.Table())
}

func TestOfficerFindsReadsAndGrantsACase(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	b := portalOf(r).As(t, anne)
	queue := b.Get("/").Is(http.StatusOK).Wants("Saker", record.Case.Number(), "Til avgjørelse")
	shown := b.Get(queue.Link(record.Case.Number())).Is(http.StatusOK)
	shown.Wants("Lisa", "634 700", "Tilbud om arbeid", "Godkjent arbeidsgiver i registeret", "Oppfylt", "Ingen har lest saken før nå")
	b.Get(shown.Path).Wants("UDI", "Saksbehandling")
	letter := b.Get(shown.Link("Avgjør saken")).Is(http.StatusOK).Submit("/cases/"+caseRef+"/preview", "outcome", "granted").Is(http.StatusOK)
	letter.Wants("Brevet til søkeren", "is granted", "er innvilget", "er innvilga", record.Case.Number())
	if r.state(caseRef) == casefile.Granted {
		t.Fatal("looking at the letter has decided")
	}
	letter.Submit("/cases/"+caseRef+"/decide").Is(http.StatusOK).Wants("Søknaden er innvilget", "Innvilget")
	if r.state(caseRef) != casefile.Granted {
		t.Errorf("the case is %s", r.state(caseRef))
	}
	// By its DUF number, which stands in no address.
	found := b.Get("/cases").Submit("/cases/find", "number", record.Case.DUF())
	if found.Path != "/cases/"+caseRef {
		t.Errorf("found %s", found.Path)
	}
	b.Get("/cases").Submit("/cases/find", "number", "000000000000").Wants("Ingen sak har det nummeret")
	b.Get("/cases?state=nonsense").Is(http.StatusNotFound)
	b.Get("/cases?state=all&order=newest").Wants(record.Case.Number())
}

func TestRefusalNeedsAReasonAndKeepsWhatWasWritten(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	b := portalOf(r).As(t, anne)
	form := b.Get("/cases/" + caseRef + "/decide")
	back := form.Submit("/cases/"+caseRef+"/preview", "outcome", "refused", "note", "lønnen er for lav").Is(http.StatusUnprocessableEntity)
	back.Wants("Velg en grunn", "lønnen er for lav")
	letter := back.Submit("/cases/"+caseRef+"/preview", "reason_code", "SALARY_TOO_LOW").Is(http.StatusOK).Wants("is refused", "er avslått")
	letter.Submit("/cases/"+caseRef+"/decide").Is(http.StatusOK).Wants("Søknaden er avslått", "For lav lønn", "Klagefrist")
}

func TestLetterLeadsBackToWhatWasWritten(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	at := "/cases/" + caseRef
	b := portalOf(r).As(t, anne)
	letter := b.Get(at+"/decide").Submit(at+"/preview", "outcome", "refused", "reason_code", "SALARY_TOO_LOW", "note", "lønnen er for lav").Is(http.StatusOK)
	form := b.Post(at+"/change", letter.Values(at+"/decide")).Is(http.StatusOK)
	form.Wants("lønnen er for lav")
	// Somebody else decides meanwhile: what was written stays, and it is said why.
	_, err = r.decide(caseRef, casefile.Granted, "")
	r.must(err)
	letter.Submit(at+"/decide").Is(http.StatusUnprocessableEntity).Wants("lønnen er for lav", "avgjort")
}

func TestCaseGoesOnAfterOneQuestion(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	at := "/cases/" + caseRef
	b := portalOf(r).As(t, anne)
	if shown := b.Get(at); strings.Contains(shown.Raw, at+"/resume") {
		t.Error("a case that nothing stops is offered to go on")
	}
	// An open case that would be stopped when it is granted, and one that was.
	r.employer("employer.revoked", "TAX_ARREARS", r.Now())
	shown := b.Get(at).Is(http.StatusOK)
	ask := b.Get(shown.Link("La saken gå videre")).Is(http.StatusOK).Wants("Vil du la saken gå videre?")
	ask.Submit(at + "/resume").Is(http.StatusUnprocessableEntity).Wants("ikke lenger godkjent")
	r.later(time.Minute)
	r.employer("employer.accredited", "", r.Now())
	ask.Submit(at + "/resume").Is(http.StatusOK).Wants("Saken går videre")
	if record, err := r.Get(t.Context(), caseRef); err != nil || len(record.Case.Causes()) != 0 {
		t.Errorf("%v still stand in the way, %v", record.Case.Causes(), err)
	}
}

func TestAppealIsDealtWithOnPages(t *testing.T) {
	r := newRig(t)
	caseRef, w := r.refusedCase("off_1")
	r.must(w.appeals("appeal-1", caseRef))
	b := portalOf(r).As(t, anne)
	shown := b.Get("/cases/" + caseRef).Wants("Klage mottatt")
	asked := b.Get(shown.Link("Behandle klagen"))
	asked.Submit("/cases/" + caseRef + "/appeal").Is(http.StatusUnprocessableEntity).Wants("Velg et utfall")
	asked.Submit("/cases/"+caseRef+"/appeal", "ruling", "forward").Is(http.StatusOK).Wants("Oversendt UNE")
	b.Get("/cases/"+caseRef+"/une").Submit("/cases/"+caseRef+"/une", "ruling", "une_upheld").Wants("Avslaget står")
}

func TestPermitIsRevokedAfterOneQuestion(t *testing.T) {
	r := newRig(t)
	caseRef, _, _ := r.granted("off_1")
	b := portalOf(r).As(t, anne)
	asked := b.Get("/cases/" + caseRef + "/revoke").Wants("Du kan ikke angre")
	asked.Submit("/cases/" + caseRef + "/revoke").Is(http.StatusUnprocessableEntity)
	asked.Submit("/cases/"+caseRef+"/revoke", "reason_code", "FORGED_DOCUMENTS").Is(http.StatusOK).Wants("Tilbakekalt")
}

func TestProgrammeSeesNumbersAndNoCase(t *testing.T) {
	r := newRig(t)
	r.granted("off_1")
	r.later(60 * 24 * time.Hour)
	b := portalOf(r).As(t, siri)
	shown := b.Get("/").Is(http.StatusOK).Wants("Oversikt for", "Steg som venter for lenge nå")
	if strings.Contains(shown.Text, "Lisa") {
		t.Error("the overview names somebody")
	}
	file := b.Get(shown.Link("Last ned som CSV")).Is(http.StatusOK)
	if !strings.HasPrefix(file.Header.Get("Content-Type"), "text/csv") || file.Header.Get("Content-Disposition") == "" {
		t.Errorf("the file is %v", file.Header)
	}
	b.Get("/programme?month=2999-01").Is(http.StatusConflict)
	b.Get("/cases").Is(http.StatusForbidden)
}

func TestApplicantIsToldHowToApply(t *testing.T) {
	b := portalOf(newRig(t)).Open(t)
	shown := b.Get("/apply").Is(http.StatusOK).Wants("Det er ingenting å fylle ut")
	if shown.Link("Lenke til lommeboken") != "https://wallet.example/apply" {
		t.Error("the QR code has no link beside it")
	}
	b.Get(web.FeePaidPath + "?paymentid=nobodys").Is(http.StatusOK).Wants("Takk for betalingen")
}

func TestHostile39MarkupInAClaimIsEscapedOnTheCasesPage(t *testing.T) {
	r := newRig(t)
	evil := `<script>alert(1)</script>`
	caseRef, _, err := r.newWorker("off_1", func(claims map[string]any) {
		claims["employment"].(map[string]any)["job_title"] = evil
	}).paid()
	r.must(err)
	shown := portalOf(r).As(t, anne).Get("/cases/" + caseRef).Is(http.StatusOK).Wants(evil)
	if strings.Contains(shown.Raw, evil) {
		t.Error("markup came through")
	}
}

func TestHostile46CaseIsNotDecidedFromAnotherSite(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	b := portalOf(r).As(t, anne)
	letter := b.Get("/cases/"+caseRef+"/decide").Submit("/cases/"+caseRef+"/preview", "outcome", "granted")
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	letter.Submit("/cases/" + caseRef + "/decide").Is(http.StatusForbidden)
	b.Header.Del("Sec-Fetch-Site")
	b.Post("/cases/"+caseRef+"/decide", url.Values{"outcome": {"granted"}}).Is(http.StatusForbidden)
	if r.state(caseRef) == casefile.Granted {
		t.Error("it was decided")
	}
}

func TestRolesHoldOnEveryPage(t *testing.T) {
	portalOf(newRig(t)).WalkRoles(t, anne, siri, rpc.Principal{Role: "clerk", Subject: "c"})
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
	pagetest.CheckTexts(t, "internal/web", all, own)
}

func TestPagesWithManyCases(t *testing.T) {
	r := newRig(t)
	for i := range testkit.Many(t) {
		ref, _, err := r.newWorker(fmt.Sprintf("off_%05d", i), nil).paid()
		r.must(err)
		// A tenth waits, as in a queue of the day; of the others one in ten is refused.
		switch {
		case i%10 == 0:
		case i%10 == 1:
			_, err = r.decide(ref, casefile.Refused, casefile.RefusalReasons[0])
		default:
			_, err = r.decide(ref, casefile.Granted, "")
		}
		r.must(err)
		r.exec(`DELETE FROM agent_outbox`) // as if it had been delivered
	}
	one, _, err := r.newWorker("off_last", nil).paid()
	r.must(err)
	s := portalOf(r)
	at := "/cases/" + one
	s.As(t, anne).Measure(t, "/cases", "/cases?order=newest", "/cases?state=all", "/cases?state=decided", "/cases?state=refused", "/cases?state=halted",
		at, at+"/decide")
	r.later(31 * 24 * time.Hour) // so that the month of all these is over
	s.As(t, siri).Measure(t, "/programme")
}

func TestEveryRefusalIsASentence(t *testing.T) {
	all, err := page.WithCommon(web.Texts)
	if err != nil {
		t.Fatal(err)
	}
	// What wallets, agencies and the payment provider meet, and what is stored.
	pagetest.CheckRules(t, all, []string{
		"access.capability", "application.another-person", "application.duf-already-used",
		"application.offer-already-used", "application.offer-without-status", "application.one-offer", "case.appeal", "case.cause", "case.duf",
		"case.fee-paid", "case.machine-refusal", "case.not-automatic", "case.officer", "case.outcome", "case.payment-currency",
		"case.payment-reference", "case.payment-short", "case.permit-period", "consent.missing", "event.data",
		"family.linked-already", "family.members", "family.reference-person", "family.relation", "presentation.already-used",
		"presentation.no-such-session", "view.caller", "view.case-halted", "view.case-revoked", "view.no-consent", "view.purpose",
		"verification.",
	}, "internal/desk", "internal/casefile", "internal/api")
}

func TestFamilyIsShownAndDecidedOnOnePage(t *testing.T) {
	r := newRig(t)
	var refs []string
	for _, offer := range []string{"off_1", "off_2"} {
		caseRef, _, err := r.newWorker(offer, nil).paid()
		r.must(err)
		refs = append(refs, caseRef)
	}
	_, _, err := r.LinkFamily(t.Context(), "anne", []desk.Member{{CaseRef: refs[0], Relation: desk.ReferencePerson}, {CaseRef: refs[1], Relation: desk.Spouse}})
	r.must(err)
	b := portalOf(r).As(t, anne)
	shown := b.Get("/cases/"+refs[0]).Is(http.StatusOK).Wants("den som skal arbeide", "ektefelle")
	if strings.Contains(shown.Raw, refs[0]+"/decide") || !strings.Contains(shown.Raw, "/cases/"+refs[1]) {
		t.Error("a family's case is offered to be decided alone, or does not lead to the others")
	}
	at := "/cases/" + refs[0] + "/family"
	form := b.Get(shown.Link("Avgjør familiens saker")).Is(http.StatusOK)
	back := form.Submit(at, "outcome."+refs[0], "granted", "outcome."+refs[1], "refused", "note."+refs[1], "ikke gift").Is(http.StatusUnprocessableEntity)
	back.Wants("Velg en grunn", "ikke gift")
	if r.state(refs[0]) == casefile.Granted {
		t.Fatal("half a family was decided")
	}
	back.Submit(at, "reason_code."+refs[1], casefile.RefusalReasons[0]).Is(http.StatusOK).Wants("Familiens saker er avgjort")
	if r.state(refs[0]) != casefile.Granted || r.state(refs[1]) != casefile.Refused {
		t.Errorf("%s and %s", r.state(refs[0]), r.state(refs[1]))
	}
}

func TestAppealOnPaperIsRegisteredAndItsGroundsAreRead(t *testing.T) {
	r := newRig(t)
	caseRef, _ := r.refusedCase("off_1")
	r.later(60 * 24 * time.Hour)
	b := portalOf(r).As(t, anne)
	at := "/cases/" + caseRef + "/paper-appeal"
	form := b.Get(b.Get("/cases/" + caseRef).Link("Registrer klage på papir")).Is(http.StatusOK)
	form.Submit(at, "received_at", "i går").Is(http.StatusUnprocessableEntity).Wants("Skriv hvorfor søkeren klager")
	form.Submit(at, "grounds", "Lønnen er hevet.", "received_at", "01.01.2020").Is(http.StatusUnprocessableEntity).Wants("Lønnen er hevet.", "Se på datoen")
	shown := form.Submit(at, "grounds", "Lønnen er hevet.").Is(http.StatusOK)
	shown.Wants("Klagen er registrert", "Lønnen er hevet.", "Klagen kom etter fristen", "Behandle klagen")
	if strings.Contains(shown.Raw, at) {
		t.Error("a second appeal is offered")
	}
}

func TestIssuersStandingIsTheRegistersOfToday(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	b := portalOf(r).As(t, anne)
	r.entity.LegalName = "UNIVERSITETET I REGISTERET"
	b.Get("/cases/"+caseRef).Wants("UNIVERSITETET I REGISTERET", "Kan utstede denne typen bevis")
	r.trusted = fault.New(fault.Denied, "issuer.not-accredited", "suspended")
	b.Get("/cases/"+caseRef).Wants("Kan ikke utstede denne typen bevis lenger", "da søknaden kom")
	r.trusted = fault.New(fault.Unavailable, "trust-list.unavailable", "no answer")
	b.Get("/cases/" + caseRef).Is(http.StatusOK).Wants("Registeret svarte ikke")
}

func TestReadingACaseNotesEveryClaimByItsPath(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	_, err = r.ReadFile(t.Context(), caseRef)
	r.must(err)
	rows, err := r.Store.Accesses(t.Context(), r.DB.Read(), caseRef, 0, 10)
	r.must(err)
	if len(rows) != 1 || !slices.Contains(rows[0].Claims, "employment.annual_salary") || slices.Contains(rows[0].Claims, "employment") {
		t.Errorf("noted: %v", rows)
	}
}

func TestQueueIsTurnedPageByPage(t *testing.T) {
	r := newRig(t)
	for i := range 26 {
		_, _, err := r.newWorker(fmt.Sprintf("off_%02d", i), nil).paid()
		r.must(err)
	}
	b := portalOf(r).As(t, anne)
	first := b.Get("/cases").Is(http.StatusOK)
	second := b.Get(first.Link("Neste side")).Is(http.StatusOK)
	if n := strings.Count(first.Raw, `scope="row"`); n != 25 {
		t.Errorf("the first page has %d cases", n)
	}
	if n := strings.Count(second.Raw, `scope="row"`); n != 1 {
		t.Errorf("the second page has %d cases", n)
	}
}

func TestHostile40EveryFormOfTheDeskWantsItsToken(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	b := portalOf(r).As(t, anne)
	for pattern := range (&web.Pages{}).Table() {
		path, posts := strings.CutPrefix(pattern, "POST ")
		if posts {
			b.Post(strings.ReplaceAll(path, "{case}", caseRef), url.Values{"outcome": {"granted"}}).Is(http.StatusForbidden)
		}
	}
	if r.state(caseRef) != casefile.Proposed {
		t.Errorf("the case is %s", r.state(caseRef))
	}
}

func TestWithdrawalAndReversalByUNEAreRecordedOnPages(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	b := portalOf(r).As(t, anne)
	b.Get(b.Get("/cases/" + caseRef).Link("Trekk søknaden for søkeren")).Submit("/cases/" + caseRef + "/withdraw").Is(http.StatusOK)
	if r.state(caseRef) != casefile.Withdrawn {
		t.Errorf("the case is %s", r.state(caseRef))
	}
	appealed, w := r.refusedCase("off_2")
	r.must(w.appeals("appeal-2", appealed))
	b.Get("/cases/"+appealed+"/appeal").Submit("/cases/"+appealed+"/appeal", "ruling", "forward").Is(http.StatusOK)
	b.Get("/cases/"+appealed+"/une").Submit("/cases/"+appealed+"/une", "ruling", "une_reversed").Is(http.StatusOK)
	if r.state(appealed) != casefile.Granted {
		t.Errorf("the case is %s", r.state(appealed))
	}
}

func TestQueueMarksWhatIsLateByTheTargets(t *testing.T) {
	r := newRig(t)
	_, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	appealed, w := r.refusedCase("off_2")
	r.must(w.appeals("appeal-1", appealed))
	b := portalOf(r).As(t, anne)
	late := func(at string) bool { return strings.Contains(b.Get(at).Is(http.StatusOK).Text, "Over fristen") }
	if late("/cases") {
		t.Error("a new case is late")
	}
	r.later(25 * time.Hour)
	b = portalOf(r).As(t, anne)
	if !late("/cases") || late("/cases?state=appeal_received") {
		t.Error("a decision has a day, an appeal thirty")
	}
	r.later(30 * 24 * time.Hour)
	b = portalOf(r).As(t, anne)
	if !late("/cases?state=appeal_received") {
		t.Error("an appeal of a month is not late")
	}
}

func TestLiveStreamTellsHowACaseStandsAndNothingPersonal(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	stream := portalOf(r).As(t, anne).Get("/cases/" + caseRef + "/live").Is(http.StatusOK).Wants("Til avgjørelse")
	for _, personal := range []string{record.Case.DUF(), "Lisa", "Johnson"} {
		if strings.Contains(stream.Raw, personal) {
			t.Errorf("the stream tells %q, and nobody has noted it", personal)
		}
	}
	rows, err := r.Store.Accesses(t.Context(), r.DB.Read(), caseRef, 0, 10)
	if err != nil || len(rows) != 0 {
		t.Errorf("%d readings are noted, %v", len(rows), err)
	}
}
