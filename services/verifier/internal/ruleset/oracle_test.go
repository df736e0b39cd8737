package ruleset_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// The oracle decides applications by tables in Go that were typed from the law a
// second time. It shares no code with the rules: no expression, no parameter file,
// no date arithmetic. Dates are compared as text.

// applicant is an application as the oracle sees it.
type applicant struct {
	on, birth, start, passport   string
	nationalities, meets         []string
	passportOf, livesIn          string
	level, occupation, agreement string
	percent, pay, hours          int // hundredths, NOK, hundredths a week
	confirmed, accredited        bool
	number, accreditedNumber     string
	signatory, staffing          string
	degrees                      []degree
	certificates                 []certificate
	tests                        []languageTest
}

type degree struct {
	level   string
	field   string
	decided string
}

type certificate struct{ kind, remarks, issued string }

type languageTest struct {
	name, date string
	parts      map[string]string
}

// The tables.
var (
	// payFloors by the first day: bachelor, master; 0 for unknown.
	payFloors = []struct {
		from             string
		bachelor, master int
	}{
		{"2025-09-01", 522_600, 599_200}, {"2025-04-11", 469_366, 513_100}, {"2024-01-01", 0, 0},
		{"2023-10-10", 448_900, 480_900}, {"2022-01-01", 407_900, 439_900}, {"0000-00-00", 0, 0},
	}
	// noVisa are the nationalities of Annex II and what each passport must meet.
	noVisa = table(`AL:BIOMETRIC AD AE AR AG AU BS BA:BIOMETRIC BR BB BN CA CL CO CR DM FM GB GE:BIOMETRIC GD GT HK:SAR HN IL JP KI KN KR LC
		MO:SAR MC MD:BIOMETRIC MX MH MK:BIOMETRIC ME:BIOMETRIC MU MY NI NZ PA PE PW PY SG SB SV SM RS:BIOMETRIC SC TL TO TT TV TW:ID_NUMBER
		UA:BIOMETRIC UY US VA VC VE WS XK:BIOMETRIC`)
	// freeToWork need no permit.
	freeToWork = strings.Fields("NO SE DK FI IS LI CH DE FR NL BE LU AT IT ES PT IE GR CY MT PL CZ SK HU SI HR RO BG EE LV LT")
	// authorised professions.
	authorised = strings.Fields("2211 2212 2221 2222 2223 2224 2250 2261 2262 2264 2265 2266 2267 2330 2341 2342 2611 2634 3211 3212 3213 3214 3251 3254")
	// steps of education, from the lowest.
	steps = map[string]int{"VOCATIONAL_UPPER_SECONDARY": 4, "vocational": 4, "FAGSKOLE": 5, "BACHELOR": 6, "bachelor": 6, "MASTER": 7, "master": 7, "PHD": 8}
	// relevant fields of study by occupation.
	relevant = map[string]string{"2131": "0511 0512", "2142": "0732", "2151": "0713 0714", "2511": "0612 0613", "2512": "0612 0613"}
	// beginnings of rules; those of the pilot on its first day.
	beginnings = map[string]string{
		"skilled.nationality": "2018-12-18", "skilled.salary": "2022-01-01", "skilled.employer": "2026-01-01", "pilot.scope": "2026-01-01",
		"pilot.third-country": "2026-01-01", "automatic.education": "2026-01-01", "automatic.police": "2026-01-01", "automatic.language": "2026-01-01",
	}
)

func table(text string) map[string]string {
	m := map[string]string{}
	for _, entry := range strings.Fields(text) {
		country, condition, _ := strings.Cut(entry, ":")
		m[country] = condition
	}
	return m
}

// decide gives what every rule finds.
func (a applicant) decide() map[string]string {
	found := map[string]string{
		"skilled.education":        pick(a.level == "vocational", "officer", pick(a.level == "bachelor" || a.level == "master", "passed", "failed")),
		"skilled.worker-education": a.workerEducation(),
		"skilled.profession":       pick(slices.Contains(authorised, a.occupation), "officer", "passed"),
		"skilled.qualifications":   pick(a.confirmed, "passed", "failed"),
		"skilled.nationality":      a.nationality(),
		"skilled.age":              a.age(),
		"skilled.passport":         pick(a.passport > a.start && a.passport > a.on, "passed", "failed"),
		"documents.police":         a.remarks(),
		"skilled.salary":           a.salary(),
		"skilled.agreement":        pick(a.agreement == "", "passed", "officer"),
		"skilled.position":         pick(a.percent < 8000 || a.percent > 10000, "failed", "passed"),
		"skilled.part-time":        pick(a.percent < 10000, "officer", "passed"),
		"skilled.hours":            pick(a.hours != 0 && a.hours*100*100 < 3750*a.percent, "officer", "passed"),
		"skilled.quota":            "passed", // it was never filled
		"skilled.start":            pick(a.start < a.on, "failed", "passed"),
		"skilled.employer":         pick(a.accredited && a.number == a.accreditedNumber && a.number != "", "passed", "failed"),
		"skilled.signatory":        map[string]string{"YES": "passed", "NO": "failed", "": "officer"}[a.signatory],
		"skilled.staffing":         pick(a.staffing == "YES", "officer", "passed"),
		"pilot.scope":              pick(a.livesIn == "" || a.livesIn == "NO", "failed", "passed"),
		"pilot.third-country":      a.thirdCountry(),
		"automatic.education":      a.relevantEducation(),
		"automatic.police":         a.freshCertificate(),
		"automatic.language":       a.language(),
	}
	for rule := range found {
		from := beginnings[rule]
		if from == "" {
			from = "2010-01-01"
		}
		if a.on < from {
			found[rule] = "officer"
		}
	}
	return found
}

func pick(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

func (a applicant) workerEducation() string {
	if len(a.degrees) == 0 {
		return "passed"
	}
	if steps[a.level] == 0 {
		return "officer" // nobody knows what the position needs
	}
	best := 0
	for _, d := range a.degrees {
		best = max(best, steps[d.level])
	}
	return pick(best >= steps[a.level], "passed", "failed")
}

func (a applicant) nationality() string {
	if !slices.Contains(a.nationalities, a.passportOf) {
		return "officer"
	}
	condition, free := noVisa[a.passportOf]
	if a.passportOf == "XK" && a.on < "2024-01-01" {
		free = false
	}
	if !free {
		return "failed"
	}
	if condition != "" && !slices.Contains(a.meets, condition) {
		return "officer"
	}
	suspended := a.passportOf == "GE" && a.on >= "2026-03-06" && a.on <= "2027-03-06"
	return pick(suspended && !slices.Contains(a.meets, "ORDINARY"), "officer", "passed")
}

func (a applicant) age() string {
	year, _ := strconv.Atoi(a.birth[:4])
	eighteen := fmt.Sprint(year+18) + a.birth[4:]
	if strings.HasSuffix(eighteen, "-02-29") && (year+18)%4 != 0 {
		eighteen = eighteen[:4] + "-03-01"
	}
	if eighteen <= a.on {
		return "passed"
	}
	return pick(eighteen <= a.start, "officer", "failed")
}

func (a applicant) remarks() string {
	for _, c := range a.certificates {
		if c.remarks == "YES" {
			return "failed"
		}
	}
	return "passed"
}

func (a applicant) salary() string {
	for _, row := range payFloors {
		if a.on < row.from {
			continue
		}
		floor := map[string]int{"bachelor": row.bachelor, "master": row.master}[a.level]
		if floor == 0 {
			return "officer"
		}
		// As for a full position, in hundredths of a krone that are never rounded.
		return pick(a.pay*100*100 >= floor*a.percent, "passed", "failed")
	}
	return "officer"
}

func (a applicant) thirdCountry() string {
	for _, n := range a.nationalities {
		if slices.Contains(freeToWork, n) {
			return "officer"
		}
	}
	return "passed"
}

func (a applicant) relevantEducation() string {
	for _, d := range a.degrees {
		if d.decided <= a.on && steps[d.level] >= steps[a.level] && steps[a.level] > 5 && d.field != "" && strings.Contains(relevant[a.occupation], d.field) {
			return "passed"
		}
	}
	return "officer"
}

func (a applicant) freshCertificate() string {
	for _, c := range a.certificates {
		full := c.kind == "ORDINAER" || c.kind == "UTTOMMENDE" || c.kind == "UTVIDET"
		if full && c.remarks == "NO" && c.issued <= a.on && a.on <= threeMonthsAfter(c.issued) {
			return "passed"
		}
	}
	return "officer"
}

// threeMonthsAfter counts on the text; the last day of a shorter month stands for
// those that it has not.
func threeMonthsAfter(date string) string {
	year, _ := strconv.Atoi(date[:4])
	month, _ := strconv.Atoi(date[5:7])
	day, _ := strconv.Atoi(date[8:])
	if month += 3; month > 12 {
		year, month = year+1, month-12
	}
	longest := []int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month]
	if month == 2 && year%4 == 0 {
		longest = 29
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, min(day, longest))
}

func (a applicant) language() string {
	for _, t := range a.tests {
		good := (t.name == "NORSKPROVEN_A1_B2" || t.name == "NORSKPROVEN_C1") && t.date <= a.on
		for _, part := range []string{"READING", "LISTENING", "WRITING", "ORAL"} {
			good = good && slices.Contains([]string{"A2", "B1", "B2", "C1"}, t.parts[part])
		}
		if good {
			return "passed"
		}
	}
	return "officer"
}

// outcome is what the rules come to together, with automation.
func outcomeOf(found map[string]string) string {
	outcome := "GRANT"
	for rule, result := range found {
		switch {
		case result == "passed":
		case strings.HasPrefix(rule, "automatic."):
			if outcome == "GRANT" {
				outcome = "PROPOSE_GRANT"
			}
		default:
			return "TO_OFFICER"
		}
	}
	return outcome
}

// facts are the application as the rules get it.
func (a applicant) facts() ruleset.Facts {
	f := ruleset.Facts{
		EvaluatedOn: a.on, GivenName: "Lisa", FamilyName: "Johnson", Birthdate: a.birth, Nationalities: a.nationalities, CurrentCountry: a.livesIn,
		PassportIssuingCountry: a.passportOf, PassportExpiry: a.passport, Occupation: a.occupation, RequiredEducation: a.level, StartDate: a.start,
		PercentageHundredths: int64(a.percent), AnnualSalary: int64(a.pay), QualificationsConfirmed: a.confirmed, OrganisationNumber: a.number,
		EmployerAccredited: a.accredited, AccreditedOrganisationNumber: a.accreditedNumber, Signatory: ruleset.Answer(a.signatory),
		StaffingAgency: ruleset.Answer(a.staffing), CollectiveAgreement: a.agreement, PassportMeets: a.meets,
		WeeklyHoursHundredths: int64(a.hours),
	}
	for _, d := range a.degrees {
		f.Documents = append(f.Documents, ruleset.Document{Type: "EducationRecognition", NorwegianLevel: d.level, EQFLevel: int64(steps[d.level]), FieldOfStudy: d.field, DecidedAt: d.decided})
	}
	for _, c := range a.certificates {
		f.Documents = append(f.Documents, ruleset.Document{Type: "PoliceCertificate", CertificateKind: c.kind, Remarks: ruleset.Answer(c.remarks), IssuedAt: c.issued})
	}
	for _, t := range a.tests {
		d := ruleset.Document{Type: "LanguageTestResult", TestName: t.name, TestDate: t.date}
		for _, part := range []string{"READING", "LISTENING", "WRITING", "ORAL"} {
			if t.parts[part] != "" {
				d.Results = append(d.Results, ruleset.Part{Part: part, Result: t.parts[part]})
			}
		}
		f.Documents = append(f.Documents, d)
	}
	return f
}

// oracled is an application and what the oracle says of it.
type oracled struct {
	name    string
	facts   ruleset.Facts
	found   map[string]string
	outcome string
}

func (o oracled) check(set *ruleset.RuleSet) string {
	e, err := set.Evaluate(o.facts, ruleset.Automatic)
	if err != nil {
		return err.Error()
	}
	if len(e.Results) != len(o.found) {
		return fmt.Sprintf("%d rules, the oracle has %d", len(e.Results), len(o.found))
	}
	for _, r := range e.Results {
		if want := o.found[r.ID]; string(r.Result) != want {
			return fmt.Sprintf("%s is %s, the oracle says %q", r.ID, r.Result, want)
		}
		if r.OnlyForGrant != strings.HasPrefix(r.ID, "automatic.") {
			return r.ID + " counts for another decision"
		}
	}
	if want := pick(len(e.Flags) > 0, "TO_OFFICER", o.outcome); string(e.Outcome) != want {
		return fmt.Sprintf("%s, the oracle says %s", e.Outcome, want)
	}
	return ""
}

// TestRulesAgreeWithTheDecisionTable compares every rule's result and the outcome
// with the oracle's.
func TestRulesAgreeWithTheDecisionTable(t *testing.T) {
	set := latest(t)
	counts := map[string]int{}
	falseGrants, refusals := 0, 0
	for _, o := range oracleCases() {
		if wrong := o.check(set); wrong != "" {
			t.Errorf("%s: %s", o.name, wrong)
		}
		e, _ := set.Evaluate(o.facts, ruleset.Automatic)
		counts[string(e.Outcome)]++
		if e.Outcome != ruleset.ToOfficer && o.outcome == "TO_OFFICER" || e.Outcome == ruleset.Grant && o.outcome != "GRANT" {
			falseGrants++
		}
		if !slices.Contains([]ruleset.Outcome{ruleset.Grant, ruleset.ProposeGrant, ruleset.ToOfficer}, e.Outcome) {
			refusals++
		}
	}
	if n := len(oracleCases()); n < 200 || falseGrants+refusals > 0 || counts["GRANT"] == 0 || counts["PROPOSE_GRANT"] == 0 {
		t.Errorf("%d cases, %v, %d false grants, %d refusals", n, counts, falseGrants, refusals)
	}
	t.Logf("%d cases of the decision table: %v; false grants %d, automatic refusals %d", len(oracleCases()), counts, falseGrants, refusals)
}

// TestOracleSharesNothingWithTheRules: what it imports knows no expression.
func TestOracleSharesNothingWithTheRules(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "oracle_test.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		if path := strings.Trim(spec.Path.Value, `"`); strings.Contains(path, ".") && !strings.HasSuffix(path, "/internal/ruleset") {
			t.Errorf("the oracle imports %s", path)
		}
	}
	if file.Name.Name != "ruleset_test" {
		t.Error("the oracle sees what the package keeps to itself")
	}
}

// oracleCases are clear applications changed in one place, at every edge of every
// table, and pairs of such changes.
var oracleCases = sync.OnceValue(func() []oracled {
	var all []oracled
	add := func(name string, changes ...func(*applicant)) {
		a := clearApplicant()
		for _, change := range changes {
			change(&a)
		}
		found := a.decide()
		all = append(all, oracled{name: name, facts: a.facts(), found: found, outcome: outcomeOf(found)})
	}
	add("clear")
	edges := edges()
	for _, e := range edges {
		add(e.name, e.change)
	}
	// Pairs: each edge with others that stand a growing way off.
	for i, e := range edges {
		other := edges[(i+7*(i%11)+13)%len(edges)]
		add(e.name+" and "+other.name, e.change, other.change)
	}
	return all
})

func clearApplicant() applicant {
	a := applicant{
		on: "2026-11-26", birth: "1990-01-01", start: "2027-01-04", passport: "2033-01-01", nationalities: []string{"US"}, passportOf: "US", livesIn: "US",
		level: "master", occupation: "2512", percent: 10000, pay: 634_700, hours: 3750, confirmed: true, accredited: true, number: "310000019",
		accreditedNumber: "310000019", signatory: "YES",
	}
	a.degree()
	a.certificate()
	a.test()
	return a
}

// degree, certificate and test are those that a change is made to.
func (a *applicant) degree() *degree {
	if len(a.degrees) == 0 {
		a.degrees = []degree{{"MASTER", "0613", "2025-10-01"}}
	}
	return &a.degrees[0]
}

func (a *applicant) certificate() *certificate {
	if len(a.certificates) == 0 {
		a.certificates = []certificate{{"ORDINAER", "NO", "2026-11-01"}}
	}
	return &a.certificates[0]
}

func (a *applicant) test() *languageTest {
	if len(a.tests) == 0 {
		a.tests = []languageTest{{"NORSKPROVEN_A1_B2", "2026-06-01", allParts("B1")}}
	}
	return &a.tests[0]
}

func allParts(level string) map[string]string {
	return map[string]string{"READING": level, "LISTENING": level, "WRITING": level, "ORAL": level}
}

type edge struct {
	name   string
	change func(*applicant)
}

func edges() []edge {
	var all []edge
	add := func(name string, change func(*applicant)) { all = append(all, edge{name, change}) }
	// Every day on which a rule, a floor or a suspension begins, and the day before.
	for _, on := range []string{
		"2009-12-31", "2010-01-01", "2018-12-17", "2018-12-18", "2021-12-31", "2022-01-01", "2023-10-09", "2023-10-10", "2023-12-31", "2024-01-01", "2025-04-10",
		"2025-04-11", "2025-08-31", "2025-09-01", "2025-12-31", "2026-01-01",
	} {
		add("on "+on, func(a *applicant) { a.on = on })
		add("on "+on+" with credentials of the day", func(a *applicant) {
			a.on, a.start = on, on
			a.degree().decided, a.certificate().issued, a.test().date = on, on, on
		})
	}
	// Every floor from both sides, at several percentages, on the days that it holds.
	for _, row := range payFloors {
		for level, floor := range map[string]int{"bachelor": row.bachelor, "master": row.master} {
			if floor == 0 {
				continue
			}
			for _, percent := range []int{10000, 8000, 9999} {
				exact := (floor*percent + 9999) / 10000
				for _, pay := range []int{exact - 1, exact} {
					add(fmt.Sprintf("%s %s %d at %d", row.from, level, pay, percent), func(a *applicant) {
						a.on, a.level, a.pay, a.percent = row.from, level, pay, percent
					})
				}
			}
		}
	}
	// Every floor on the days on which another begins, and the day before.
	for _, on := range []string{"2021-12-31", "2022-01-01", "2023-10-09", "2023-10-10", "2023-12-31", "2024-01-01", "2025-04-10", "2025-04-11", "2025-08-31", "2025-09-01"} {
		for _, row := range payFloors {
			add(fmt.Sprintf("bachelor %d on %s", row.bachelor, on), func(a *applicant) { a.on, a.level, a.pay = on, "bachelor", row.bachelor })
			add(fmt.Sprintf("master %d on %s", row.master, on), func(a *applicant) { a.on, a.pay = on, row.master })
		}
	}
	for _, percent := range []int{1, 7999, 8000, 8001, 9999, 10001} {
		add(fmt.Sprintf("%d hundredths", percent), func(a *applicant) { a.percent = percent })
	}
	for _, percent := range []int{10000, 8000, 9999} {
		for _, hours := range []int{0, 1, 2999, 3000, 3001, 3748, 3749, 3750, 3751, 4000} {
			add(fmt.Sprintf("%d hundredths of an hour at %d", hours, percent), func(a *applicant) { a.hours, a.percent = hours, percent })
		}
	}
	// Every nationality of the list, with and without what its passport must meet.
	for country, condition := range noVisa {
		add("from "+country, func(a *applicant) { a.nationalities, a.passportOf = []string{country}, country })
		if condition != "" {
			add("from "+country+" with "+condition, func(a *applicant) {
				a.nationalities, a.passportOf, a.meets = []string{country}, country, []string{condition}
			})
			add("from "+country+" with another condition", func(a *applicant) {
				a.nationalities, a.passportOf, a.meets = []string{country}, country, []string{"OTHER"}
			})
		}
	}
	for _, country := range []string{"IN", "VU", "NR", "CN", "RU", "PH", "ZA"} {
		add("from "+country, func(a *applicant) { a.nationalities, a.passportOf = []string{country}, country })
		add("also from "+country, func(a *applicant) { a.nationalities = []string{country, "US"} })
		add("also from "+country+", with its passport", func(a *applicant) { a.nationalities, a.passportOf = []string{"US", country}, country })
		add("with a passport of "+country, func(a *applicant) { a.passportOf = country })
	}
	for _, country := range freeToWork {
		add("also from "+country, func(a *applicant) { a.nationalities = []string{"US", country} })
	}
	for _, on := range []string{"2026-03-05", "2026-03-06", "2027-03-06", "2027-03-07"} {
		add("Georgian on "+on, func(a *applicant) {
			a.on, a.start, a.nationalities, a.passportOf, a.meets = on, on, []string{"GE"}, "GE", []string{"BIOMETRIC"}
		})
	}
	for _, on := range []string{"2023-12-31", "2024-01-01"} {
		add("Kosovar on "+on, func(a *applicant) {
			a.on, a.nationalities, a.passportOf, a.meets = on, []string{"XK"}, "XK", []string{"BIOMETRIC"}
		})
	}
	for _, country := range []string{"", "NO", "SE", "IN"} {
		add("lives in "+country, func(a *applicant) { a.livesIn = country })
	}
	// Every day around the ages and expiries.
	for _, birth := range []string{"2007-11-26", "2008-02-29", "2008-11-25", "2008-11-26", "2008-11-27", "2009-01-03", "2009-01-04", "2009-01-05", "2010-11-26"} {
		add("born "+birth, func(a *applicant) { a.birth = birth })
	}
	for _, on := range []string{"2026-02-28", "2026-03-01"} {
		add("born on a leap day, on "+on, func(a *applicant) { a.birth, a.on = "2008-02-29", on })
	}
	for _, expiry := range []string{"2026-11-25", "2026-11-26", "2026-11-27", "2027-01-03", "2027-01-04", "2027-01-05"} {
		add("passport until "+expiry, func(a *applicant) { a.passport = expiry })
		add("passport until "+expiry+", start today", func(a *applicant) { a.passport, a.start = expiry, a.on })
		add("passport until "+expiry+", start past", func(a *applicant) { a.passport, a.start = expiry, "2026-11-01" })
	}
	for _, start := range []string{"2026-11-25", "2026-11-26", "2026-11-27"} {
		add("start "+start, func(a *applicant) { a.start = start })
	}
	// Positions and professions.
	for _, level := range []string{"bachelor", "vocational", "none"} {
		add("a position for "+level, func(a *applicant) { a.level = level })
		for _, own := range []string{"VOCATIONAL_UPPER_SECONDARY", "FAGSKOLE", "BACHELOR", "MASTER", "PHD"} {
			add(own+" for "+level, func(a *applicant) { a.level = level; a.degree().level = own })
		}
	}
	for _, own := range []string{"", "VOCATIONAL_UPPER_SECONDARY", "FAGSKOLE", "BACHELOR", "PHD"} {
		add(own+" for master", func(a *applicant) { a.degree().level = own })
	}
	for _, code := range authorised {
		add("occupation "+code, func(a *applicant) { a.occupation = code })
	}
	for _, code := range []string{"2131", "2142", "2151", "2511", "2310", "2210"} {
		for _, field := range []string{"0511", "0512", "0612", "0613", "0713", "0714", "0732", ""} {
			add("occupation "+code+" after "+field, func(a *applicant) { a.occupation = code; a.degree().field = field })
		}
	}
	for _, field := range []string{"0611", "0612", "0613", "0732", ""} {
		add("after "+field, func(a *applicant) { a.degree().field = field })
	}
	add("relevant and too low, high and irrelevant", func(a *applicant) {
		a.degrees = []degree{{"BACHELOR", "0613", "2020-01-01"}, {"MASTER", "0732", "2025-10-01"}}
	})
	for _, date := range []string{"2026-11-26", "2026-11-27"} {
		add("recognised on "+date, func(a *applicant) { a.degree().decided = date })
		add("tested on "+date, func(a *applicant) { a.test().date = date })
	}
	add("no degree", func(a *applicant) { a.degrees = nil })
	// Employer and offer.
	add("not confirmed", func(a *applicant) { a.confirmed = false })
	add("not accredited", func(a *applicant) { a.accredited = false })
	add("accredited for another", func(a *applicant) { a.accreditedNumber = "310000027" })
	add("offer for another", func(a *applicant) { a.number = "310000027" })
	add("no number", func(a *applicant) { a.number, a.accreditedNumber = "", "" })
	add("collective agreement", func(a *applicant) { a.agreement = "Industrioverenskomsten" })
	add("signatory not checked", func(a *applicant) { a.signatory = "" })
	add("signatory not authorised", func(a *applicant) { a.signatory = "NO" })
	add("staffing agency", func(a *applicant) { a.staffing = "YES" })
	add("no staffing agency", func(a *applicant) { a.staffing = "NO" })
	// Police certificates and language tests.
	add("no certificate", func(a *applicant) { a.certificates = nil })
	for _, kind := range []string{"AVGRENSET", "UTTOMMENDE", "UTVIDET"} {
		add("certificate "+kind, func(a *applicant) { a.certificate().kind = kind })
	}
	for _, remarks := range []string{"YES", ""} {
		add("remarks "+remarks, func(a *applicant) { a.certificate().remarks = remarks })
		add("second certificate with remarks "+remarks, func(a *applicant) {
			a.certificates = append(a.certificates, certificate{"ORDINAER", remarks, "2020-01-01"})
		})
	}
	for _, issued := range []string{"2026-08-25", "2026-08-26", "2026-08-27", "2026-11-26", "2026-11-27"} {
		add("certificate of "+issued, func(a *applicant) { a.certificate().issued = issued })
	}
	for _, on := range []string{"2026-02-28", "2026-03-01"} {
		add("certificate of 30 November on "+on, func(a *applicant) { a.on, a.certificate().issued = on, "2025-11-30" })
	}
	add("no language test", func(a *applicant) { a.tests = nil })
	for _, name := range []string{"NORSKPROVEN_C1", "QUIZ"} {
		add("test "+name, func(a *applicant) { a.test().name = name })
	}
	for _, level := range []string{"BELOW_A1", "A1", "A2", "B2", "C1", "NOT_PASSED", "PASSED"} {
		add("language "+level, func(a *applicant) { a.test().parts = allParts(level) })
	}
	for _, part := range []string{"READING", "LISTENING", "WRITING", "ORAL"} {
		for _, level := range []string{"A1", ""} {
			add(part+" "+level, func(a *applicant) { a.test().parts = allParts("B1"); a.test().parts[part] = level })
		}
	}
	slices.SortStableFunc(all, func(a, b edge) int { return strings.Compare(a.name, b.name) }) // maps are ranged over
	return all
}
