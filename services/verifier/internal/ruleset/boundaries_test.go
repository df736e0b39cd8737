package ruleset_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// boundary is a case of testdata/boundaries.yaml.
type boundary struct {
	Name, Paragraph, Date, Why string
	Offer                      map[string]any
	Person                     map[string]any // in the offer and every document
	Birthdate                  string         // in the offer and every document
	Education                  map[string]any
	Police                     map[string]any
	Language                   map[string]any
	Drop                       []string
	Accreditation              string
	Signatory                  string
	StaffingAgency             ruleset.Answer `yaml:"staffing_agency"`
	PassportMeets              []string       `yaml:"passport_meets"`
	Partial                    bool
	Expect                     string
	Results                    map[string]ruleset.Result
	Flags                      []string
	Warnings                   []string
}

const notTaken = "NOT_TAKEN"

var boundaries = sync.OnceValue(func() []boundary {
	raw, err := os.ReadFile("testdata/boundaries.yaml")
	if err != nil {
		panic(err)
	}
	var all []boundary
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&all); err != nil {
		panic(err)
	}
	return all
})

// facts are those of the case's application; none when it is not taken.
func (b boundary) facts() (ruleset.Facts, error) {
	on, err := time.Parse(time.DateOnly, b.Date)
	if err != nil {
		return ruleset.Facts{}, err
	}
	everyone := b.Person
	if b.Birthdate != "" {
		everyone = map[string]any{"birthdate": b.Birthdate}
	}
	a := ruleset.Application{
		Offer:         with(with(claims(lisasOffer), everyone), b.Offer),
		Accreditation: ruleset.Accreditation{InForce: true, OrganisationNumber: "310000019", StaffingAgency: b.StaffingAgency},
		Signatory:     ruleset.Signatory{Checked: true, Authorised: true},
		PassportMeets: b.PassportMeets,
	}
	if b.Accreditation == "none" {
		a.Accreditation = ruleset.Accreditation{StaffingAgency: b.StaffingAgency}
	}
	switch b.Signatory {
	case "unchecked":
		a.Signatory = ruleset.Signatory{}
	case "unauthorised":
		a.Signatory.Authorised = false
	}
	for _, one := range []struct {
		short, name, claims string
		change              map[string]any
	}{
		{"education", "EducationRecognition", lisasEducation, b.Education},
		{"police", "PoliceCertificate", lisasPolice, b.Police},
		{"language", "LanguageTestResult", lisasLanguage, b.Language},
	} {
		if !slices.Contains(b.Drop, one.short) {
			a.Supporting = append(a.Supporting, ruleset.Supporting{
				Type: one.name, Issuer: "did:web:issuer.example", Claims: with(with(claims(one.claims), everyone), one.change),
			})
		}
	}
	return ruleset.FactsOf(a, on)
}

// check says how an evaluation differs from what the case expects; "" for not.
func (b boundary) check(set *ruleset.RuleSet, f ruleset.Facts) string {
	for _, mode := range []ruleset.Mode{ruleset.Automatic, ruleset.ProposeOnly} {
		want := b.Expect
		if mode == ruleset.ProposeOnly && want == "GRANT" {
			want = "PROPOSE_GRANT"
		}
		e, err := set.Evaluate(f, mode)
		if err != nil {
			return err.Error()
		}
		if string(e.Outcome) != want {
			return fmt.Sprintf("%s, want %s (%s)", e.Outcome, want, e)
		}
		if !slices.Equal(e.Flags, b.Flags) || !slices.Equal(e.Warnings, b.Warnings) {
			return fmt.Sprintf("flags %v, want %v; warnings %v, want %v", e.Flags, b.Flags, e.Warnings, b.Warnings)
		}
		met := 0
		for _, r := range e.Results {
			expected, named := b.Results[r.ID]
			if !named {
				expected = ruleset.Passed
			} else {
				met++
			}
			if r.Result != expected && (named || !b.Partial) {
				return fmt.Sprintf("%s is %s, want %s", r.ID, r.Result, expected)
			}
		}
		if met != len(b.Results) {
			return "a rule that the case names is not in the set"
		}
	}
	return ""
}

// TestBoundaryCases: every case comes out as the law says, and none that an
// officer must see is granted or proposed.
func TestBoundaryCases(t *testing.T) {
	set := latest(t)
	var falseGrants, refusals, grants, proposals, officers, notTakenCases int
	for _, b := range boundaries() {
		if b.Paragraph == "" || b.Why == "" || b.Date == "" {
			t.Errorf("%s: cites no paragraph, date or reason", b.Name)
		}
		f, err := b.facts()
		if (err != nil) != (b.Expect == notTaken) {
			t.Errorf("%s: %v", b.Name, err)
			continue
		}
		if err != nil {
			notTakenCases++
			continue
		}
		if wrong := b.check(set, f); wrong != "" {
			t.Errorf("%s (%s): %s", b.Name, b.Paragraph, wrong)
		}
		e, _ := set.Evaluate(f, ruleset.Automatic)
		switch e.Outcome {
		case ruleset.Grant:
			grants++
		case ruleset.ProposeGrant:
			proposals++
		case ruleset.ToOfficer:
			officers++
		default:
			refusals++
		}
		if b.Expect == "TO_OFFICER" && e.Outcome != ruleset.ToOfficer || b.Expect == "PROPOSE_GRANT" && e.Outcome == ruleset.Grant {
			falseGrants++
		}
	}
	if n := len(boundaries()); n < 60 || falseGrants+refusals > 0 {
		t.Errorf("%d cases, %d false grants, %d refusals", n, falseGrants, refusals)
	}
	t.Logf("%d boundary cases: %d granted, %d proposed, %d to an officer, %d not taken; false grants %d, automatic refusals %d",
		len(boundaries()), grants, proposals, officers, notTakenCases, falseGrants, refusals)
}

// latest is the newest rule set.
func latest(t *testing.T) *ruleset.RuleSet {
	t.Helper()
	set, err := ruleset.Load("2026-11-26+visafree.2026-03-06")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func claims(text string) map[string]any {
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		panic(err)
	}
	return m
}

// with sets claims by dotted path; nil keeps a claim back.
func with(claims map[string]any, change map[string]any) map[string]any {
	for path, value := range change {
		object, names := claims, strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			object = object[name].(map[string]any)
		}
		last := names[len(names)-1]
		if value == nil {
			delete(object, last)
			continue
		}
		raw, err := json.Marshal(plain(value))
		if err != nil {
			panic(err)
		}
		var as any
		if err := json.Unmarshal(raw, &as); err != nil {
			panic(err)
		}
		object[last] = as
	}
	return claims
}

// plain writes a date of YAML as text.
func plain(value any) any {
	if date, ok := value.(time.Time); ok {
		return date.Format(time.DateOnly)
	}
	return value
}

// The application that every case differs from.
const (
	lisasOffer = `{"offer_id":"off_1","given_name":"Lisa","family_name":"Johnson","birthdate":"1990-01-01","nationalities":["US"],"current_country":"US",
 "passport":{"issuing_country":"US","date_of_expiry":"2033-01-01"},"employer":{"organisation_number":"310000019","legal_name":"Universitetet i Testby"},
 "signatory":{"name":"Kari Nordmann","role":"HR manager"},
 "employment":{"occupation":{"scheme":"STYRK-08","code":"2512"},"required_education_level":"master","start_date":"2027-01-04","end_date":"2028-01-04",
 "position_percentage":100,"weekly_hours":37.5,"annual_salary":{"amount":634700,"currency":"NOK","period":"YEAR"}},
 "declarations":{"qualifications_confirmed":true,"information_verified":true}}`
	lisasEducation = `{"decision_id":"rec_5","given_name":"Lisa","family_name":"Johnson","birthdate":"1990-01-01","foreign_qualification":"Master of Science",
 "foreign_institution":"Columbia University","foreign_country":"US","norwegian_level":"MASTER","credits":300,"eqf_level":7,
 "field_of_study":"0613 Software and applications development and analysis","decided_at":"2025-10-01"}`
	lisasPolice = `{"certificate_id":"pc_2","certificate_kind":"ORDINAER","purpose_code":"RESIDENCE_PERMIT","legal_basis":"politiregisterloven","recipient":"UDI",
 "has_remarks":false,"issued_at":"2026-11-01","given_name":"Lisa","family_name":"Johnson","birthdate":"1990-01-01"}`
	lisasLanguage = `{"test_name":"NORSKPROVEN_A1_B2","test_date":"2026-06-01","given_name":"Lisa","family_name":"Johnson","birthdate":"1990-01-01",
 "results":[{"part":"READING","cefr":"B1"},{"part":"LISTENING","cefr":"B1"},{"part":"WRITING","cefr":"A2"},{"part":"ORAL","cefr":"B1"}]}`
)
