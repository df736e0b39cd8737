package eligibility

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

var now = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func data(t *testing.T) *Data {
	t.Helper()
	d, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func fits() Worker {
	return Worker{Nationalities: []string{"US"}, Education: Master, HasOffer: true, Employer: "310000019", EmployerAccredited: true}
}

func TestWorkerIsAnsweredWithEveryReason(t *testing.T) {
	d := data(t)
	for name, c := range map[string]struct {
		change  func(*Worker)
		verdict Verdict
		about   string
		code    string
	}{
		"all in order":            {func(*Worker) {}, Yes, "nationality", "VISA_FREE"},
		"bachelor":                {func(w *Worker) { w.Education = Bachelor }, Yes, "education", "HIGHER_EDUCATION"},
		"Norwegian":               {func(w *Worker) { w.Nationalities = []string{"US", "NO"} }, No, "nationality", "NORWEGIAN"},
		"Swede":                   {func(w *Worker) { w.Nationalities = []string{"SE"} }, No, "nationality", "NORDIC"},
		"German":                  {func(w *Worker) { w.Nationalities = []string{"DE"} }, No, "nationality", "EEA"},
		"Swiss":                   {func(w *Worker) { w.Nationalities = []string{"CH"} }, No, "nationality", "EEA"},
		"American and German":     {func(w *Worker) { w.Nationalities = []string{"US", "DE"} }, No, "nationality", "EEA"},
		"Indian":                  {func(w *Worker) { w.Nationalities = []string{"IN"} }, No, "nationality", "VISA_REQUIRED"},
		"Vanuatu is off the list": {func(w *Worker) { w.Nationalities = []string{"VU"} }, No, "nationality", "VISA_REQUIRED"},
		"Indian and American":     {func(w *Worker) { w.Nationalities = []string{"IN", "US"} }, Yes, "nationality", "VISA_FREE"},
		"Albanian":                {func(w *Worker) { w.Nationalities = []string{"AL"} }, Maybe, "nationality", "BIOMETRIC_PASSPORT"},
		"Albanian and American":   {func(w *Worker) { w.Nationalities = []string{"AL", "US"} }, Yes, "nationality", "VISA_FREE"},
		"Taiwan":                  {func(w *Worker) { w.Nationalities = []string{"TW"} }, Maybe, "nationality", "ID_NUMBER_IN_PASSPORT"},
		"Hong Kong":               {func(w *Worker) { w.Nationalities = []string{"HK"} }, Maybe, "nationality", "SAR_PASSPORT"},
		"vocational training":     {func(w *Worker) { w.Education = Vocational }, No, "education", "VOCATIONAL_EDUCATION"},
		"school only":             {func(w *Worker) { w.Education = NoEducation }, No, "education", "NO_EDUCATION"},
		"education not said":      {func(w *Worker) { w.Education = "" }, Maybe, "education", "EDUCATION_NOT_SAID"},
		"lives in Norway":         {func(w *Worker) { w.LivesInNorway = true }, No, "residence", "LIVES_IN_NORWAY"},
		"no offer":                {func(w *Worker) { w.HasOffer = false }, Maybe, "offer", "NO_OFFER_YET"},
		"employer not accredited": {func(w *Worker) { w.EmployerAccredited = false }, Maybe, "employer", "EMPLOYER_NOT_ACCREDITED"},
		"employer not said":       {func(w *Worker) { w.Employer, w.EmployerAccredited = "", false }, Maybe, "employer", "EMPLOYER_NOT_SAID"},
	} {
		w := fits()
		c.change(&w)
		got, err := d.Worker(w, now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		i := slices.IndexFunc(got.Reasons, func(r Reason) bool { return r.About == c.about })
		if got.Verdict != c.verdict || len(got.Reasons) != 5 || got.Reasons[i].Code != c.code {
			t.Errorf("%s: %+v", name, got)
		}
		inWords(t, name, got)
	}
	for name, nationalities := range map[string][]string{"none": nil, "no country": {"XX"}, "alpha-3": {"USA"}, "too many": slices.Repeat([]string{"US"}, 11)} {
		w := fits()
		w.Nationalities = nationalities
		if _, err := d.Worker(w, now); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// inWords wants words for everything, with all values filled in.
func inWords(t *testing.T, name string, a Answer) {
	t.Helper()
	all := []accreditation.Texts{a.Summary}
	for _, r := range a.Reasons {
		all = append(all, r.Text)
	}
	for _, words := range all {
		if words.NB == "" || words.NN == "" || words.EN == "" || strings.ContainsAny(words.NB+words.NN+words.EN, "{}") {
			t.Errorf("%s has no words: %+v", name, words)
		}
	}
	if a.Version == "" {
		t.Errorf("%s names no data", name)
	}
}

func ptr[T any](v T) *T { return &v }

func company() *accreditation.Entity {
	return &accreditation.Entity{
		OrganisationNumber: "310000019", Existence: accreditation.Exists, Name: "E", Bankrupt: ptr(false), Dissolving: ptr(false), ForcedDissolution: ptr(false),
		InBusinessRegister: ptr(true), InVATRegister: ptr(true), Employees: ptr(10), At: now,
	}
}

// accredited is one that was accredited a day ago, and then changed.
func accredited(t *testing.T, change func(a *accreditation.Accreditation, p accreditation.Parameters)) *accreditation.Accreditation {
	t.Helper()
	figures, err := accreditation.LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	p, at := figures.On(now), now.Add(-24*time.Hour)
	a, err := accreditation.Apply(accreditation.Application{ID: "acc_1", OrganisationNumber: "310000019", LegalName: "E", DeclaredBy: "x", Mode: identifier.Synthetic,
		Signatories: []accreditation.Signatory{{Name: "x", Role: "x", Right: "x"}}}, accreditation.Decision{By: "x", At: at})
	if err != nil {
		t.Fatal(err)
	}
	change(a, p)
	return a
}

func TestEmployerIsAnsweredByTheRegisterAndItsAccreditation(t *testing.T) {
	d := data(t)
	figures, err := accreditation.LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	p := figures.On(now)
	at := now.Add(-24 * time.Hour)
	inForce := func(a *accreditation.Accreditation, p accreditation.Parameters) {
		e := *company()
		e.At = at
		a.Look(e, p)
		for _, c := range []accreditation.Criterion{accreditation.TaxArrears, accreditation.Sanctions} {
			if err := a.Attest(accreditation.Attestation{Criterion: c, Met: true, By: "x", At: at}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.Accredit(p, accreditation.Decision{By: "x", At: at}); err != nil {
			t.Fatal(err)
		}
	}
	why := accreditation.Decision{By: "x", Code: "OTHER", Reason: "x", At: at}
	for name, c := range map[string]struct {
		e       Employer
		at      time.Time
		verdict Verdict
		codes   []string
	}{
		"may apply": {Employer{Entity: company()}, now, Maybe, []string{
			"REGISTERED", "ENOUGH_EMPLOYEES", "BUSINESS_AND_EMPLOYER", "IN_VAT_REGISTER",
			"TAX_TO_BE_ATTESTED", "SANCTIONS_TO_BE_ATTESTED", "PAY_TO_BE_DECLARED", "SIGNATORY_TO_BE_NAMED"}},
		"too small":        {Employer{Entity: func() *accreditation.Entity { e := company(); e.Employees = ptr(9); return e }()}, now, No, []string{"REGISTERED", "TOO_FEW_EMPLOYEES"}},
		"bankrupt":         {Employer{Entity: func() *accreditation.Entity { e := company(); e.Bankrupt = ptr(true); return e }()}, now, No, []string{"BANKRUPT"}},
		"not registered":   {Employer{Entity: &accreditation.Entity{Existence: accreditation.Nowhere}}, now, No, []string{"NOT_REGISTERED"}},
		"register is down": {Employer{}, now, Maybe, []string{"REGISTER_UNREACHABLE"}},
		"accredited":       {Employer{Accreditation: accredited(t, inForce), Entity: company()}, now, Yes, []string{"ALREADY_ACCREDITED"}},
		"accredited, over": {Employer{Accreditation: accredited(t, inForce), Entity: company()}, now.AddDate(4, 0, 0), Maybe, []string{"REGISTERED"}},
		"applied":          {Employer{Accreditation: accredited(t, func(*accreditation.Accreditation, accreditation.Parameters) {}), Entity: company()}, now, Maybe, []string{"PENDING", "REGISTERED"}},
		"suspended":        {Employer{Accreditation: accredited(t, func(a *accreditation.Accreditation, p accreditation.Parameters) { inForce(a, p); _, _ = a.Suspend(why) }), Entity: company()}, now, No, []string{"SUSPENDED"}},
		"revoked": {Employer{Accreditation: accredited(t, func(a *accreditation.Accreditation, p accreditation.Parameters) {
			inForce(a, p)
			_, _ = a.Revoke(p, why)
		}), Entity: company()}, now, No, []string{"BANNED"}},
		"revoked, ban is over": {Employer{Accreditation: accredited(t, func(a *accreditation.Accreditation, p accreditation.Parameters) {
			inForce(a, p)
			_, _ = a.Revoke(p, why)
		}), Entity: company()}, now.AddDate(2, 0, 0), Maybe, []string{"REGISTERED"}},
	} {
		got := d.Employer(c.e, p, c.at)
		var codes []string
		for _, r := range got.Reasons {
			codes = append(codes, r.Code)
		}
		if got.Verdict != c.verdict || len(codes) < len(c.codes) || !slices.Equal(codes[:len(c.codes)], c.codes) {
			t.Errorf("%s: %s %v", name, got.Verdict, codes)
		}
		inWords(t, name, got)
	}
}

func TestListsHoldFromTheirDatesAndNameTheirSource(t *testing.T) {
	raw := string(dataYAML)
	later := strings.Replace(raw, "nordic:\n", "nordic:\n  - {valid_from: 2000-01-01, source: s, countries: [SE]}\n", 1)
	d, err := parse([]byte(later))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.on(time.Date(2009, 12, 31, 0, 0, 0, 0, time.UTC)).nordic.Countries; len(got) != 1 {
		t.Error(got)
	}
	if got := d.on(now).nordic.Countries; len(got) != 4 {
		t.Error(got)
	}
	for name, text := range map[string]string{
		"no version":     strings.Replace(raw, "version: eligibility", "version: '' #", 1),
		"no source":      strings.Replace(raw, "source: the Nordic", "source: '' #", 1),
		"no country":     strings.Replace(raw, "[DK, FI, IS, SE]", "[DK, XX]", 1),
		"empty":          strings.Replace(raw, "[DK, FI, IS, SE]", "[]", 1),
		"no list":        strings.Replace(raw, "eea:", "eec:", 1),
		"no words":       strings.Replace(raw, "ALB: BIOMETRIC_PASSPORT", "ALB: SOMETHING", 1),
		"order of dates": strings.Replace(later, "valid_from: 2000-01-01", "valid_from: 2011-01-01", 1),
	} {
		if text == raw {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := parse([]byte(text)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}
