package ruleset_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// flagCase is what differs from a rule set's baseline, and the flags that it gets.
type flagCase struct {
	name  string
	facts map[string]any
	want  []string
}

func documents(all ...map[string]any) map[string]any {
	list := make([]any, len(all))
	for i, d := range all {
		list[i] = d
	}
	return map[string]any{"documents": list}
}

func named(given, family string) map[string]any {
	return map[string]any{"type": "PoliceCertificate", "given_name": given, "family_name": family}
}

// flagCases are hostile input 38 (bidirectional, confusable and zero-width
// characters) and 18 (claims kept back), and what must not be flagged.
var flagCases = []flagCase{
	{"a plain name", nil, nil},
	{"Åse-Marie", map[string]any{"given_name": "Åse-Marie"}, nil},
	{"Åse, composed otherwise", map[string]any{"given_name": "A\u030ase"}, nil},
	{"O’Brien Jr.", map[string]any{"family_name": "O’Brien Jr."}, nil},
	{"Łukasz Đặng", map[string]any{"given_name": "Łukasz", "family_name": "Đặng"}, nil},
	{"Cyrillic а", map[string]any{"given_name": "Lisа"}, []string{ruleset.FlagMixedScripts, ruleset.FlagLookAlike}},
	{"Cyrillic only", map[string]any{"family_name": "Иванова"}, []string{ruleset.FlagLookAlike}},
	{"Greek omicron", map[string]any{"family_name": "Jοhnson"}, []string{ruleset.FlagMixedScripts, ruleset.FlagLookAlike}},
	{"full width", map[string]any{"given_name": "Ｌisa"}, []string{ruleset.FlagLookAlike}},
	{"mathematical", map[string]any{"given_name": "𝐋isa"}, []string{ruleset.FlagMixedScripts, ruleset.FlagLookAlike}},
	{"long s", map[string]any{"given_name": "Liſa"}, []string{ruleset.FlagLookAlike}},
	{"a digit", map[string]any{"given_name": "L1sa"}, []string{ruleset.FlagLookAlike}},
	{"a mark on what has none", map[string]any{"given_name": "Lis\u0323\u0323a"}, []string{ruleset.FlagLookAlike}},
	{"zero width space", map[string]any{"given_name": "Li\u200bsa"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike}},
	{"zero width joiner", map[string]any{"given_name": "Li\u200dsa"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike}},
	{"byte order mark", map[string]any{"family_name": "\ufeffJohnson"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike}},
	{"soft hyphen", map[string]any{"family_name": "John\u00adson"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike}},
	{"Hangul filler", map[string]any{"given_name": "Lisa\u3164"}, []string{ruleset.FlagInvisible, ruleset.FlagMixedScripts, ruleset.FlagLookAlike}},
	{"variation selector", map[string]any{"given_name": "Lisa\ufe0f"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike}},
	{"NUL", map[string]any{"given_name": "Li\x00sa"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike}},
	{"no-break space", map[string]any{"given_name": "Lisa\u00a0Marie"}, []string{ruleset.FlagLookAlike}},
	{"right-to-left override", map[string]any{"given_name": "\u202easiL"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike, ruleset.FlagBidirectional}},
	{"isolate", map[string]any{"given_name": "\u2067Lisa\u2069"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike, ruleset.FlagBidirectional}},
	{"left-to-right mark", map[string]any{"given_name": "Lisa\u200e"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike, ruleset.FlagBidirectional}},
	{"Arabic letter mark", map[string]any{"given_name": "Lisa\u061c"}, []string{ruleset.FlagInvisible, ruleset.FlagLookAlike, ruleset.FlagBidirectional}},
	{"a Hebrew letter", map[string]any{"given_name": "Lisaא"}, []string{ruleset.FlagMixedScripts, ruleset.FlagLookAlike, ruleset.FlagBidirectional}},
	{"a signatory turned around", map[string]any{"signatory_name": "\u202einiraK"}, []string{ruleset.FlagEmployer}},
	{"an employer with a joiner", map[string]any{"employer_name": "Universi\u200dtetet"}, []string{ruleset.FlagEmployer}},
	{"an employer with an ampersand", map[string]any{"employer_name": "Ærlig & Co (1923) AS"}, nil},

	{"documents in the same name", documents(named("LISA", "Johnson"), named("Lisa", " johnson ")), nil},
	{"a document of another", documents(named("Liza", "Johnson")), []string{ruleset.FlagNameDiffers}},
	{"another family name", documents(named("Lisa", "Jonsson")), []string{ruleset.FlagNameDiffers}},
	{"names exchanged", documents(named("Johnson", "Lisa")), []string{ruleset.FlagNameDiffers}},
	{"I for l", documents(named("Lisa", "Johnson"), named("LIsa", "Johnson"), named("ljsa", "Johnson")), []string{ruleset.FlagNameDiffers}},
	{"1 for i", documents(named("L1sa", "Johnson")), []string{ruleset.FlagDocumentName, ruleset.FlagNameDiffers, ruleset.FlagNameLooksAlike}},
	{"Cyrillic in the document", documents(named("Lisа", "Jоhnson")), []string{ruleset.FlagDocumentName, ruleset.FlagNameDiffers, ruleset.FlagNameLooksAlike}},
	{"hidden in the document", documents(named("Li\u200bsa", "Johnson")), []string{ruleset.FlagDocumentName, ruleset.FlagNameDiffers, ruleset.FlagNameLooksAlike}},
	{"accent left out", documents(named("Lisá", "Johnson")), []string{ruleset.FlagNameDiffers, ruleset.FlagNameLooksAlike}},
	{"another birth date", documents(map[string]any{"type": "PoliceCertificate", "birthdate": "1990-01-02"}), []string{ruleset.FlagBirthdateDiffers}},
	{"the same birth date", documents(map[string]any{"type": "PoliceCertificate", "birthdate": "1990-01-01"}), nil},
	{"one of its nationalities", documents(map[string]any{"type": "PoliceCertificate", "nationalities": []any{"US"}}), nil},
	{"one more nationality", documents(map[string]any{"type": "PoliceCertificate", "nationalities": []any{"US", "IN"}}), []string{ruleset.FlagNationalityDiffers}},
	{"level and EQF agree", documents(map[string]any{"type": "EducationRecognition", "norwegian_level": "FAGSKOLE", "eqf_level": 5}), nil},
	{"level and EQF differ", documents(map[string]any{"type": "EducationRecognition", "norwegian_level": "MASTER", "eqf_level": 6}), []string{ruleset.FlagLevelDiffers}},
	{"a level that nobody knows", documents(map[string]any{"type": "EducationRecognition", "norwegian_level": "WIZARD", "eqf_level": 7}), []string{ruleset.FlagLevelDiffers}},
	{"a claim kept back", documents(map[string]any{"type": "PoliceCertificate", "unread": []any{"has_remarks"}}), []string{ruleset.FlagUnread}},

	{"no given name", map[string]any{"given_name": ""}, []string{ruleset.FlagMissing}},
	{"no family name", map[string]any{"family_name": ""}, []string{ruleset.FlagMissing}},
	{"no nationality", map[string]any{"nationalities": []any{}}, []string{ruleset.FlagMissing}},
	{"an empty nationality", map[string]any{"nationalities": []any{"US", ""}}, []string{ruleset.FlagMissing}},
	{"no passport", map[string]any{"passport_issuing_country": ""}, []string{ruleset.FlagMissing}},
	{"no occupation", map[string]any{"occupation": ""}, []string{ruleset.FlagMissing}},
	{"no education", map[string]any{"required_education": ""}, []string{ruleset.FlagMissing}},
	{"no employer", map[string]any{"organisation_number": ""}, []string{ruleset.FlagMissing}},
}

func (c flagCase) check(set *ruleset.RuleSet) string {
	f, err := set.Facts(c.facts)
	if err != nil {
		return err.Error()
	}
	e, err := set.Evaluate(f, ruleset.Automatic)
	if err != nil {
		return err.Error()
	}
	if !slices.Equal(e.Flags, c.want) {
		return fmt.Sprintf("flags %v, want %v", e.Flags, c.want)
	}
	if len(c.want) > 0 && e.Outcome != ruleset.ToOfficer {
		return fmt.Sprintf("flagged, and %s", e.Outcome)
	}
	return ""
}

// TestHostileInput38: what hides or resembles in a name is flagged for the
// officer, and no rule passes the case on.
func TestHostileInput38(t *testing.T) {
	set := latest(t)
	for _, c := range flagCases {
		if wrong := c.check(set); wrong != "" {
			t.Errorf("%s: %s", c.name, wrong)
		}
	}
}
