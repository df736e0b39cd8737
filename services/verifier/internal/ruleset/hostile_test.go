package ruleset_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

var today = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// application is the clear one, with claims of one credential changed.
func application(change func(typ string, claims map[string]any)) ruleset.Application {
	a := ruleset.Application{
		Offer:         claims(lisasOffer),
		Accreditation: ruleset.Accreditation{InForce: true, OrganisationNumber: "310000019"},
		Signatory:     ruleset.Signatory{Checked: true, Authorised: true},
	}
	change(credtype.OfferOfEmployment, a.Offer)
	for typ, text := range map[string]string{
		credtype.EducationRecognition: lisasEducation, credtype.PoliceCertificate: lisasPolice, credtype.LanguageTestResult: lisasLanguage,
	} {
		one := claims(text)
		change(typ, one)
		a.Supporting = append(a.Supporting, ruleset.Supporting{Type: typ, Claims: one, Issuer: "did:web:issuer.example"})
	}
	return a
}

// read are the required claims that the rules read, by type. A credential cannot
// be verified without the others either: its schema requires them.
var read = map[string][]string{
	credtype.OfferOfEmployment: {
		"given_name", "family_name", "birthdate", "nationalities", "passport.issuing_country", "passport.date_of_expiry", "employment.occupation.code",
		"employment.required_education_level", "employment.start_date", "employment.position_percentage", "employment.annual_salary",
		"employment.annual_salary.amount", "employment.annual_salary.currency", "employment.annual_salary.period",
		"declarations.qualifications_confirmed", "employer.organisation_number",
	},
	credtype.EducationRecognition: {"given_name", "family_name", "birthdate", "norwegian_level", "eqf_level", "decided_at"},
	credtype.PoliceCertificate:    {"given_name", "family_name", "birthdate", "certificate_kind", "has_remarks", "issued_at"},
	credtype.LanguageTestResult:   {"given_name", "family_name", "birthdate", "test_name", "test_date", "results"},
}

// TestHostileInput18: a mandatory claim that is withheld, or that cannot be read,
// never ends in a grant or a proposal by rule.
func TestHostileInput18(t *testing.T) {
	set := latest(t)
	if f, err := ruleset.FactsOf(application(func(string, map[string]any) {}), today); err != nil || outcome(t, set, f) != ruleset.Grant {
		t.Fatalf("the clear application is not granted: %v", err)
	}
	spoils := map[string]any{"withheld": nil, "null": spoiledNull{}, "empty": "", "a list": []any{}, "an object": map[string]any{}, "a number": -1.5, "a digest": []any{map[string]any{"...": "x"}}}
	for typ, paths := range read {
		for _, path := range paths {
			for name, spoil := range spoils {
				f, err := ruleset.FactsOf(application(func(at string, claims map[string]any) {
					if at == typ {
						put(claims, path, spoil)
					}
				}), today)
				if err != nil {
					if fault.RuleOf(err) != "case.facts" || typ != credtype.OfferOfEmployment {
						t.Errorf("%s %s %s: %v", typ, path, name, err)
					}
					continue
				}
				if typ == credtype.OfferOfEmployment && path != "employment.position_percentage" { // which may be a number, and is out of range
					t.Errorf("%s %s %s: an offer without it was read", typ, path, name)
				}
				if got := outcome(t, set, f); got != ruleset.ToOfficer {
					t.Errorf("%s %s %s: %s", typ, path, name, got)
				}
			}
		}
	}
}

// TestEveryClaimThatIsReadIsRequired: the table above names nothing that the
// schema leaves to the issuer, and leaves out nothing that can be kept back.
func TestEveryClaimThatIsReadIsRequired(t *testing.T) {
	for typ, paths := range read {
		known, ok := credtype.Find(typ)
		if !ok {
			t.Fatal(typ)
		}
		for _, path := range paths {
			covered := false
			for _, required := range known.Required {
				covered = covered || path == required || strings.HasPrefix(path, required+".")
			}
			if !covered {
				t.Errorf("%s does not require %s", typ, path)
			}
		}
	}
}

type spoiledNull struct{}

func put(claims map[string]any, path string, value any) {
	object, names := claims, strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		next, ok := object[name].(map[string]any)
		if !ok {
			return
		}
		object = next
	}
	last := names[len(names)-1]
	switch value.(type) {
	case nil:
		delete(object, last)
	case spoiledNull:
		object[last] = nil
	default:
		object[last] = value
	}
}

func outcome(t interface{ Fatal(...any) }, set *ruleset.RuleSet, f ruleset.Facts) ruleset.Outcome {
	e, err := set.Evaluate(f, ruleset.Automatic)
	if err != nil {
		t.Fatal(err)
	}
	return e.Outcome
}

// TestHostileInput30: an accredited employer, another employer's organisation
// number in the claims.
func TestHostileInput30(t *testing.T) {
	f, err := ruleset.FactsOf(application(func(typ string, claims map[string]any) {
		if typ == credtype.OfferOfEmployment {
			put(claims, "employer.organisation_number", "310000027")
		}
	}), today)
	if err != nil || outcome(t, latest(t), f) != ruleset.ToOfficer {
		t.Errorf("%v", err)
	}
}

// TestAnAutomaticGrantNeedsEveryCredential: whatever else is the case, without a
// recognition, a police certificate and a language test nothing is granted by
// rule, and nothing is without automation.
func TestAnAutomaticGrantNeedsEveryCredential(t *testing.T) {
	set := latest(t)
	rapid.Check(t, func(t *rapid.T) {
		whole := application(func(string, map[string]any) {})
		a := whole
		a.Supporting = nil
		kept := map[string]bool{}
		for i := range rapid.IntRange(0, 5).Draw(t, "credentials") {
			one := whole.Supporting[rapid.IntRange(0, len(whole.Supporting)-1).Draw(t, fmt.Sprint("credential", i))]
			a.Supporting = append(a.Supporting, one)
			kept[one.Type] = true
		}
		f, err := ruleset.FactsOf(a, today)
		if err != nil {
			t.Fatal(err)
		}
		want := ruleset.ProposeGrant
		if len(kept) == 3 {
			want = ruleset.Grant
		}
		if got := outcome(t, set, f); got != want {
			t.Fatalf("%s with %v, want %s", got, kept, want)
		}
		if e, err := set.Evaluate(f, ruleset.ProposeOnly); err != nil || e.Outcome != ruleset.ProposeGrant {
			t.Fatalf("without automation: %s %v", e.Outcome, err)
		}
	})
}

// TestOtherCredentialsAreFlagged: a type that the rules do not know answers nothing.
func TestOtherCredentialsAreFlagged(t *testing.T) {
	a := application(func(string, map[string]any) {})
	a.Supporting = append(a.Supporting, ruleset.Supporting{Type: "VisitInvitation", Claims: map[string]any{}})
	f, err := ruleset.FactsOf(a, today)
	if err != nil || outcome(t, latest(t), f) != ruleset.ToOfficer {
		t.Errorf("%v %v", f.Documents, err)
	}
}

// TestFirstRuleSetNeverGrants: it has no rule for what takes judgement.
func TestFirstRuleSetNeverGrants(t *testing.T) {
	set, err := ruleset.Load("2026-11-22+visafree.2024-08-04")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ruleset.FactsOf(application(func(string, map[string]any) {}), today)
	if err != nil || outcome(t, set, f) != ruleset.ProposeGrant {
		t.Error(err)
	}
}
