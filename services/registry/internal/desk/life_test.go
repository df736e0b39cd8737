package desk_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
	standin "github.com/kompetansespor/kompetansespor/services/standins/enhetsregisteret"
	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

const uio = "310000019"

func attest(t *testing.T, d *desk.Desk, criteria ...accreditation.Criterion) {
	t.Helper()
	for _, c := range criteria {
		if _, err := d.Attest(t.Context(), uio, accreditation.Attestation{Criterion: c, Met: true, By: "officer-1"}); err != nil {
			t.Fatal(err)
		}
	}
}

// told are the data of an accreditation's events, in order.
func told(t *testing.T, h *harness.Harness, caseRef string) []string {
	t.Helper()
	rows, err := h.DB.Read().QueryContext(t.Context(), `SELECT payload FROM event_outbox WHERE case_ref = $1 ORDER BY sequence`, caseRef)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (string, error) {
		var payload []byte
		if err := r.Scan(&payload); err != nil {
			return "", err
		}
		var event struct {
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		err := json.Unmarshal(payload, &event)
		return strings.TrimSuffix(strings.TrimPrefix(event.Type, "no.kompetansespor."), ".v1") + " " + string(event.Data), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// standing is revoked_at and suspended_at of the credential, as 0 or 1.
func standing(t *testing.T, h *harness.Harness, r desk.Record) [2]bool {
	t.Helper()
	var revoked, suspended int64
	if err := h.DB.Read().QueryRowContext(t.Context(), `SELECT revoked_at, suspended_at FROM status_entry WHERE credential_id = $1`, r.CredentialID).Scan(&revoked, &suspended); err != nil {
		t.Fatal(err)
	}
	return [2]bool{revoked != 0, suspended != 0}
}

// run does background work until there is none.
func run(t *testing.T, step func() (bool, error)) {
	t.Helper()
	for n := 0; ; n++ {
		busy, err := step()
		if err != nil {
			t.Fatal(err)
		}
		if !busy {
			return
		}
		if n > 100 {
			t.Fatal("it never ends")
		}
	}
}

func follow(t *testing.T, d *desk.Desk) {
	t.Helper()
	run(t, func() (bool, error) { return d.FollowRegister(t.Context()) })
	run(t, func() (bool, error) { return d.LookUp(t.Context()) })
}

func TestEmployerAppliesIsLookedAtAndAccredited(t *testing.T) {
	h, d := open(t)
	before := list(t, h, d).Version
	record, err := d.Apply(t.Context(), application(), uio)
	if err != nil || record.Accreditation.State() != accreditation.Pending || record.CredentialID != "" {
		t.Fatal(record, err)
	}
	if list(t, h, d).Version != before {
		t.Error("an application is on the trust list")
	}
	if signed, err := d.Signed(t.Context(), record); err != nil || signed != nil {
		t.Error("a pending accreditation has a credential", err)
	}
	_, err = d.AccreditApplicant(t.Context(), uio, "officer-1")
	var unmet []string
	for _, v := range fault.From(err).Violations {
		unmet = append(unmet, v.Field)
	}
	if !slices.Equal(unmet, []string{"EMP-5", "EMP-6"}) {
		t.Fatal("what the register, the declaration and the signatory answer is not met, or the rest is", unmet, err)
	}
	attest(t, d, accreditation.TaxArrears, accreditation.Sanctions)
	for range 2 {
		if record, err = d.AccreditApplicant(t.Context(), uio, "officer-1"); err != nil || record.Accreditation.State() != accreditation.Accredited {
			t.Fatal(err)
		}
	}
	if _, err := list(t, h, d).Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now()); err != nil {
		t.Error(err)
	}
	want := []string{
		`employer.applied {"organisation_number":"310000019"}`,
		`employer.accredited {"organisation_number":"310000019","valid_until":"2030-11-22"}`,
	}
	if got := told(t, h, record.Accreditation.ID()); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if _, err := d.Apply(t.Context(), application(), uio); fault.RuleOf(err) != "accreditation.in-force" {
		t.Error(err)
	}
}

func TestRegisterDecidesWhomTheOfficeCannot(t *testing.T) {
	h, d, register := openWith(t)
	for number, c := range map[string]struct{ name, criterion string }{
		"310000140": {"Konkursen AS", "EMP-1"}, "310000159": {"Avvikling AS", "EMP-1"}, "310000167": {"Tvang AS", "EMP-1"},
		"310000175": {"Ni Ansatte AS", "EMP-2"}, "310000183": {"Tre Ansatte AS", "EMP-2"}, "310000191": {"Ingen Ansatte AS", "EMP-2"},
		"310000205": {"Uten Foretak AS", "EMP-3"}, "310000213": {"Uten MVA AS", "EMP-4"},
		"310000221": {"Slettet AS", "EMP-1"}, "310000248": {"Fjernet AS", "EMP-1"}, "310000299": {"Ingen AS", "EMP-1"},
	} {
		a := application()
		a.OrganisationNumber, a.LegalName = number, c.name
		_, err := d.Accredit(t.Context(), a, "officer-1")
		v := fault.From(err).Violations
		if fault.RuleOf(err) != "accreditation.criteria" || v[0].Field != c.criterion {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	named := application()
	named.LegalName = "University of Bergen"
	if _, err := d.Accredit(t.Context(), named, "officer-1"); fault.From(err).Violations[0].Rule != "accreditation.legal-name-differs" {
		t.Error(err)
	}
	for _, bad := range []string{mode.Down, mode.Wrong} {
		if err := register.SetMode(bad); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Accredit(t.Context(), application(), "officer-1"); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("accredited by a register that is %s: %v", bad, err)
		}
	}
	// An application stands though the register is down; nothing is accredited.
	if err := register.SetMode(mode.Down); err != nil {
		t.Fatal(err)
	}
	pretender := application()
	pretender.LegalName = "Oslo kommune"
	if _, err := d.Apply(t.Context(), pretender, uio); err != nil {
		t.Error(err)
	}
	attest(t, d, accreditation.TaxArrears, accreditation.Sanctions)
	if err := register.SetMode(mode.OK); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AccreditApplicant(t.Context(), uio, "officer-1"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("accredited under another's name: %v", err)
	}
	if err := register.SetMode(mode.Down); err != nil {
		t.Fatal(err)
	}
	record, err := d.Apply(t.Context(), application(), uio)
	if err != nil || d.Findings(record)[0].Code != "REGISTER_NOT_ASKED" {
		t.Error(err, d.Findings(record)[0].Code)
	}
	attest(t, d, accreditation.TaxArrears, accreditation.Sanctions)
	if _, err := d.AccreditApplicant(t.Context(), uio, "officer-1"); fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
	if err := register.SetMode(mode.OK); err != nil {
		t.Fatal(err)
	}
	if reviewed, err := d.Review(t.Context(), uio); err != nil || d.Findings(reviewed)[0].Code != "REGISTERED" {
		t.Error(err)
	}
	if all, err := d.List(t.Context(), "", accreditation.Accredited, 100); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
	if l := list(t, h, d); len(l.Entities) != 1 {
		t.Errorf("%+v", l.Entities)
	}
}

func TestSuspendedEmployerIsReinstatedAndEachTimeTold(t *testing.T) {
	h, d := open(t)
	record := accredit(t, d, application())
	version := list(t, h, d).Version
	h.Clock.Pass(time.Hour)
	for range 2 {
		if _, err := d.Suspend(t.Context(), uio, desk.Why{By: "officer-2", Code: "PAY_NOT_NORMAL", Reason: "pay was poorer"}); err != nil {
			t.Fatal(err)
		}
	}
	l := list(t, h, d)
	if _, err := l.Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now()); fault.RuleOf(err) != "issuer.not-accredited" || l.Version != version+1 {
		t.Error(l.Version, err)
	}
	if got := standing(t, h, record); got != [2]bool{false, true} {
		t.Error("the suspension bit is not set, or another is", got)
	}
	h.Clock.Pass(time.Hour)
	if _, err := d.Reinstate(t.Context(), uio, desk.Why{By: "officer-2", Code: "CAUSE_REMOVED", Reason: "paid"}); err != nil {
		t.Fatal(err)
	}
	l = list(t, h, d)
	e, err := l.Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now())
	if err != nil || l.Version != version+2 {
		t.Fatal(l.Version, err)
	}
	for ago, want := range map[time.Duration]string{0: trustlist.Accredited, time.Hour: trustlist.Suspended, 2 * time.Hour: trustlist.Accredited, 3 * time.Hour: ""} {
		if got := e.StatusAt(h.Clock.Now().Add(-ago)); got != want {
			t.Errorf("%v ago the list says %q, want %q", ago, got, want)
		}
	}
	if got := standing(t, h, record); got != [2]bool{} {
		t.Error("the suspension bit is still set", got)
	}
	if _, err := d.Suspend(t.Context(), uio, officer); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Revoke(t.Context(), uio, desk.Why{By: "officer-3", Code: "FALSE_INFORMATION", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if got := standing(t, h, record); !got[0] {
		t.Error("the revocation bit is not set", got)
	}
	want := []string{
		`employer.suspended {"organisation_number":"310000019","reason":"PAY_NOT_NORMAL"}`,
		`employer.reinstated {"organisation_number":"310000019","reason":"CAUSE_REMOVED"}`,
		`employer.suspended {"organisation_number":"310000019","reason":"OTHER"}`,
		`employer.revoked {"banned_until":"2028-11-23","organisation_number":"310000019","reason":"FALSE_INFORMATION"}`,
	}
	if got := told(t, h, record.Accreditation.ID()); !slices.Equal(got[2:], want) {
		t.Errorf("%q", got)
	}
	if _, err := d.Apply(t.Context(), application(), uio); fault.RuleOf(err) != "accreditation.revoked" {
		t.Error(err)
	}
}

func TestBankruptcyInTheFeedSuspendsTheEmployer(t *testing.T) {
	for code, change := range map[string]func(*standin.Entity){
		"BANKRUPT":           func(e *standin.Entity) { e.Bankrupt = true },
		"DISSOLVING":         func(e *standin.Entity) { e.Dissolving = true },
		"FORCED_DISSOLUTION": func(e *standin.Entity) { e.ForcedDissolution = true },
		"DELETED":            func(e *standin.Entity) { e.Deleted = true },
	} {
		h, d, register := openWith(t)
		record := accredit(t, d, application())
		follow(t, d)
		entity := standin.Seed()[0]
		change(&entity)
		h.Clock.Pass(time.Minute)
		register.Set(entity)
		if busy, err := d.LookUp(t.Context()); busy || err != nil {
			t.Fatal("looked up before the feed said anything", err)
		}
		follow(t, d)
		after, _, err := d.Get(t.Context(), uio)
		if err != nil || after.Accreditation.State() != accreditation.Suspended {
			t.Fatalf("%s: %s %v", code, after.Accreditation.State(), err)
		}
		events := told(t, h, record.Accreditation.ID())
		if got, want := events[len(events)-1], `employer.suspended {"organisation_number":"310000019","reason":"`+code+`"}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if changes := after.Accreditation.Changes(); changes[len(changes)-1].By != "registry" || changes[len(changes)-1].Reason == "" {
			t.Errorf("%+v", changes)
		}
		// A person reinstates, when the register has nothing to say any more.
		if _, err := d.Reinstate(t.Context(), uio, officer); fault.RuleOf(err) != "accreditation.criteria" {
			t.Error(err)
		}
		register.Set(standin.Seed()[0])
		if _, err := d.Reinstate(t.Context(), uio, officer); err != nil {
			t.Error(err)
		}
	}
}

func TestRegisterThatSaysNothingCertainSuspendsNobody(t *testing.T) {
	h, d, register := openWith(t)
	accredit(t, d, application())
	follow(t, d)
	state := func() accreditation.State {
		r, _, err := d.Get(t.Context(), uio)
		if err != nil {
			t.Fatal(err)
		}
		return r.Accreditation.State()
	}
	// Down or wrong: the look is put off, and comes again.
	bankrupt := standin.Seed()[0]
	bankrupt.Bankrupt = true
	for _, bad := range []string{mode.Down, mode.Wrong} {
		h.Clock.Pass(25 * time.Hour) // a look is due whatever the feed says
		if err := register.SetMode(bad); err != nil {
			t.Fatal(err)
		}
		if busy, err := d.LookUp(t.Context()); busy || fault.KindOf(err) != fault.Unavailable {
			t.Error(bad, busy, err)
		}
		if busy, err := d.LookUp(t.Context()); busy || err != nil {
			t.Error("a failed look is made again at once, before others", err)
		}
		if state() != accreditation.Accredited {
			t.Errorf("a register that is %s has suspended somebody", bad)
		}
	}
	if err := register.SetMode(mode.OK); err != nil {
		t.Fatal(err)
	}
	// Too few employees is an officer's to judge.
	small := standin.Seed()[0]
	small.Employees = 5
	register.Set(small)
	h.Clock.Pass(time.Hour)
	follow(t, d)
	r, _, _ := d.Get(t.Context(), uio)
	if f := d.Findings(r); state() != accreditation.Accredited || f[1].Code != "TOO_FEW_EMPLOYEES" {
		t.Error(state(), f)
	}
	// Nobody there at all may be a wrong address of the register.
	d.Register = nowhere{d.Register}
	h.Clock.Pass(25 * time.Hour)
	follow(t, d)
	if state() != accreditation.Accredited {
		t.Error("404 has suspended somebody")
	}
	// The feed was missed: the daily look finds it all the same.
	d.Register = d.Register.(nowhere).Register
	register.Set(bankrupt)
	h.Clock.Pass(25 * time.Hour)
	run(t, func() (bool, error) { return d.LookUp(t.Context()) })
	if state() != accreditation.Suspended {
		t.Error("what the feed did not tell is never found")
	}
}

func TestLastDayEndsAnAccreditationByItself(t *testing.T) {
	h, d := open(t)
	first := accredit(t, d, application())
	follow(t, d)
	version := list(t, h, d).Version
	h.Clock.Pass(first.Accreditation.End().Sub(h.Clock.Now()) - time.Second)
	run(t, func() (bool, error) { return d.Expire(t.Context()) })
	if _, err := list(t, h, d).Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now()); err != nil {
		t.Error("over before its time", err)
	}
	h.Clock.Pass(time.Second)
	if _, err := list(t, h, d).Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now()); fault.RuleOf(err) != "issuer.not-accredited" {
		t.Error("in force because nobody has ended it yet", err)
	}
	run(t, func() (bool, error) { return d.Expire(t.Context()) })
	r, _, err := d.Get(t.Context(), uio)
	if err != nil || r.Accreditation.State() != accreditation.Expired || list(t, h, d).Version != version+1 {
		t.Error(r.Accreditation.State(), err)
	}
	if busy, err := d.LookUp(t.Context()); busy || err != nil {
		t.Error("an employer whose time is over is still looked up", err)
	}
	second := accredit(t, d, application())
	if second.Accreditation.ID() == first.Accreditation.ID() {
		t.Error("an expired accreditation came back")
	}
	if e, err := list(t, h, d).Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now()); err != nil || e.AccreditationID != second.Accreditation.ID() {
		t.Error(e, err)
	}
	// Whoever applies before the step has come ends the old one by that.
	h.Clock.Pass(second.Accreditation.End().Sub(h.Clock.Now()))
	if third := accredit(t, d, application()); third.Accreditation.ID() == second.Accreditation.ID() {
		t.Error("an accreditation that was over came back")
	}
}

func TestEveryVersionOfTheListIsKept(t *testing.T) {
	h, d := open(t)
	accredit(t, d, application())
	accredited := list(t, h, d).Version
	h.Clock.Pass(time.Hour)
	if _, err := d.Suspend(t.Context(), uio, officer); err != nil {
		t.Fatal(err)
	}
	suspended := list(t, h, d).Version
	h.Clock.Pass(240 * time.Hour)
	for version, want := range map[int64]string{1: "issuer.unknown", accredited: "internal", suspended: "issuer.not-accredited"} {
		raw, err := d.PastList(t.Context(), version)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trustlist.Verify(t.Context(), documents{h.Book}, h.DID, raw, h.Clock.Now()); fault.RuleOf(err) != "trustlist.expired" {
			t.Error("a past list counts now", err)
		}
		l, err := trustlist.Past(t.Context(), documents{h.Book}, h.DID, raw)
		if err != nil || l.Version != version {
			t.Fatal(l, err)
		}
		if _, err := l.Accredited(employer, credtype.OfferOfEmployment, l.IssuedAt); err == nil != (want == "internal") || err != nil && fault.RuleOf(err) != want {
			t.Errorf("version %d: %v", version, err)
		}
	}
	if _, err := d.PastList(t.Context(), suspended+1); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestWasThisEmployerAccreditedOnThatDay(t *testing.T) {
	h, d := open(t) // Monday 2026-11-23, 08:00 UTC, which is 09:00 in Oslo
	oslo, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	d.Zone = oslo
	accredit(t, d, application())
	h.Clock.Pass(26 * time.Hour) // Tuesday 11:00 in Oslo
	if _, err := d.Suspend(t.Context(), uio, officer); err != nil {
		t.Fatal(err)
	}
	h.Clock.Pass(48 * time.Hour) // Thursday
	if _, err := d.Revoke(t.Context(), uio, officer); err != nil {
		t.Fatal(err)
	}
	h.Clock.Pass(48 * time.Hour)
	for on, want := range map[string]struct {
		periods int
		allDay  bool
		lists   int
	}{
		"2026-11-22": {0, false, 0}, "2026-11-23": {1, false, 2}, "2026-11-24": {1, false, 2}, "2026-11-25": {0, false, 1}, "2026-11-26": {0, false, 2}, "": {0, false, 1},
	} {
		day, err := d.OnDay(t.Context(), uio, on)
		if err != nil || len(day.Periods) != want.periods || day.AllDay != want.allDay || len(day.Lists) != want.lists {
			t.Errorf("%s: %+v %v", on, day, err)
		}
	}
	day, _ := d.OnDay(t.Context(), uio, "2026-11-24")
	if p := day.Periods[0]; !p.From.Equal(time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)) || !p.Until.Equal(harness.Start.Add(26*time.Hour)) {
		t.Errorf("%+v", p)
	}
	if _, err := d.OnDay(t.Context(), uio, "yesterday"); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	if _, err := d.OnDay(t.Context(), "310000027", ""); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if _, err := d.Apply(t.Context(), func() desk.Application {
		a := application()
		a.OrganisationNumber, a.LegalName, a.DID = "310000051", "Fjordtek AS", "did:web:fjordtek.example"
		return a
	}(), "310000051"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.OnDay(t.Context(), "310000051", ""); fault.KindOf(err) != fault.NotFound {
		t.Error("the public learns who has applied", err)
	}
}

func TestAccreditedEmployersAreListedAndFound(t *testing.T) {
	h, d := open(t)
	for number, name := range map[string]string{uio: "University of Oslo", "310000051": "Fjordtek AS", "310000086": "Bergverk AS"} {
		a := application()
		a.OrganisationNumber, a.LegalName, a.DID = number, name, "did:web:"+number+".example"
		accredit(t, d, a)
	}
	if _, err := d.Suspend(t.Context(), "310000086", officer); err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string][]string{
		"": {uio, "310000051"}, "oslo": {uio}, "FJORD": {"310000051"}, "3100000": {uio, "310000051"}, "310000051": {"310000051"},
		"bergverk": nil, "%": nil, "_": nil, "nobody": nil, "' OR 1=1 --": nil,
	} {
		found, err := d.Employers(t.Context(), words, "", 10)
		var numbers []string
		for _, r := range found {
			numbers = append(numbers, r.Accreditation.OrganisationNumber())
		}
		if err != nil || !slices.Equal(numbers, want) {
			t.Errorf("%q: %v %v", words, numbers, err)
		}
	}
	if next, err := d.Employers(t.Context(), "", uio, 10); err != nil || len(next) != 1 {
		t.Error(next, err)
	}
	if _, err := d.Employers(t.Context(), strings.Repeat("x", 101), "", 10); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	h.Clock.Pass(5 * 366 * 24 * time.Hour)
	if found, err := d.Employers(t.Context(), "", "", 10); err != nil || len(found) != 0 {
		t.Error("employers whose time is over are listed", found, err)
	}
}

func TestWhoSignedIsAskedHereAndInTheRegister(t *testing.T) {
	h, d, register := openWith(t)
	a := application()
	a.OrganisationNumber, a.LegalName, a.DID = "310000051", "Fjordtek AS", "did:web:fjordtek.example"
	accredit(t, d, a)
	h.Clock.Pass(time.Hour)
	at := h.Clock.Now()
	ask := func(name, role, right string, at time.Time) (string, string) {
		by, err := d.CheckSignatory(t.Context(), "310000051", accreditation.Signature{Name: name, Role: role, AuthorisedBy: right, At: at})
		if err != nil {
			return fault.KindOf(err).String(), fault.RuleOf(err)
		}
		return string(by.Source), by.Name
	}
	const right = "urn:altinn:resource:kompetansespor-issue"
	for name, c := range map[string]struct {
		name, role, right string
		at                time.Time
		what, which       string
	}{
		"registered here":         {"Kari Nordmann", "HR manager", right, at, "EMPLOYER", right},
		"role in the register":    {"per olav DIREKTØR", "Daglig leder", "", at, "ENHETSREGISTERET", "DAGL"},
		"chair":                   {"Anne Styresen", "Styreleder", "", at, "ENHETSREGISTERET", "LEDE"},
		"no signing role":         {"Mia Medlem", "Styremedlem", "", at, "denied", "signatory.unknown"},
		"without the middle name": {"Per Direktør", "Daglig leder", "", at, "denied", "signatory.unknown"},
		"nobody":                  {"Ola Ukjent", "HR manager", "", at, "denied", "signatory.unknown"},
		"another right":           {"Kari Nordmann", "HR manager", "urn:x", at, "denied", "signatory.right"},
		"before":                  {"Kari Nordmann", "HR manager", "", at.Add(-2 * time.Hour), "denied", "signatory.not-accredited"},
		"to come":                 {"Kari Nordmann", "HR manager", "", at.Add(2 * time.Hour), "invalid", "signatory.invalid"},
		"at no time":              {"Kari Nordmann", "HR manager", "", time.Time{}, "invalid", "signatory.invalid"},
		"no name":                 {" ", "HR manager", "", at, "invalid", "signatory.invalid"},
		"no role":                 {"Kari Nordmann", "", "", at, "invalid", "signatory.invalid"},
	} {
		if what, which := ask(c.name, c.role, c.right, c.at); what != c.what || which != c.which {
			t.Errorf("%s: %s %s", name, what, which)
		}
	}
	if _, err := d.CheckSignatory(t.Context(), "310000027", accreditation.Signature{Name: "x", Role: "x", At: at}); fault.RuleOf(err) != "signatory.not-accredited" {
		t.Error(err)
	}
	if err := register.SetMode(mode.Down); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][3]string{
		"known here":             {"Kari Nordmann", "HR manager", "EMPLOYER"},
		"only the register knew": {"Per Olav Direktør", "Daglig leder", "unavailable"},
		"nobody could":           {"Ola Ukjent", "HR manager", "denied"},
	} {
		if what, _ := ask(c[0], c[1], "", at); what != c[2] {
			t.Errorf("register down, %s: %s", name, what)
		}
	}
	// One who comes later signs from then on, one who goes until then.
	if _, err := d.AddSignatory(t.Context(), "310000051", accreditation.Signatory{Name: "Ola Ny", Role: "HR", Right: "r"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.EndSignatory(t.Context(), "310000051", "Kari Nordmann", "HR manager"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		name, role string
		at         time.Time
		what       string
	}{
		"new":          {"Ola Ny", "HR", at, "EMPLOYER"},
		"new, before":  {"Ola Ny", "HR", at.Add(-time.Second), "denied"},
		"gone":         {"Kari Nordmann", "HR manager", at, "denied"},
		"gone, before": {"Kari Nordmann", "HR manager", at.Add(-time.Second), "EMPLOYER"},
	} {
		if what, which := ask(c.name, c.role, "", c.at); what != c.what {
			t.Errorf("%s: %s %s", name, what, which)
		}
	}
}

// nowhere is a register that has nobody, as one at a wrong address would.
type nowhere struct{ desk.Register }

func (n nowhere) Entity(_ context.Context, number string) (accreditation.Entity, error) {
	return accreditation.Entity{OrganisationNumber: number, Existence: accreditation.Nowhere}, nil
}
