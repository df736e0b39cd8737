package ruleset

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
)

// Document is a supporting credential as the rules see it. What it does not say,
// or what cannot be read, is empty, and its path stands in Unread if the type
// requires it.
type Document struct {
	Type          string   `json:"type"`
	Issuer        string   `json:"issuer,omitempty"`
	GivenName     string   `json:"given_name,omitempty"`
	FamilyName    string   `json:"family_name,omitempty"`
	Birthdate     string   `json:"birthdate,omitempty"`
	Nationalities []string `json:"nationalities,omitempty"`
	Unread        []string `json:"unread,omitempty"`

	// Of an EducationRecognition. FieldOfStudy is an ISCED-F 2013 code, "0613",
	// when the claim is one or starts with one.
	NorwegianLevel string `json:"norwegian_level,omitempty"`
	EQFLevel       int64  `json:"eqf_level,omitempty"`
	FieldOfStudy   string `json:"field_of_study,omitempty"`
	DecidedAt      string `json:"decided_at,omitempty"`

	// Of a PoliceCertificate. Remarks is Yes, No, or Unknown when it was kept back.
	CertificateKind string `json:"certificate_kind,omitempty"`
	Remarks         Answer `json:"remarks,omitempty"`
	IssuedAt        string `json:"issued_at,omitempty"`

	// Of a LanguageTestResult.
	TestName string `json:"test_name,omitempty"`
	TestDate string `json:"test_date,omitempty"`
	Results  []Part `json:"results,omitempty"`
}

// Part is one part of a language test and how it went: a CEFR level, PASSED or
// NOT_PASSED.
type Part struct {
	Part   string `json:"part" cel:"part"`
	Result string `json:"result,omitempty" cel:"result"`
}

func documentOf(s Supporting) Document {
	r := &reader{claims: s.Claims}
	d := Document{Type: s.Type, Issuer: s.Issuer}
	switch s.Type {
	case credtype.EducationRecognition:
		r.person(&d)
		d.NorwegianLevel = r.text("norwegian_level")
		d.EQFLevel = r.whole("eqf_level")
		d.FieldOfStudy = iscedField(r.optional("field_of_study"))
		d.DecidedAt = r.date("decided_at")
	case credtype.PoliceCertificate:
		r.person(&d)
		d.CertificateKind = r.text("certificate_kind")
		d.Remarks = r.answer("has_remarks")
		d.IssuedAt = r.date("issued_at")
	case credtype.LanguageTestResult:
		r.person(&d)
		d.TestName = r.text("test_name")
		d.TestDate = r.date("test_date")
		d.Results = r.parts("results")
	default:
		r.miss("type")
	}
	if r.at("nationalities") != nil {
		d.Nationalities = r.texts("nationalities")
	}
	for _, v := range r.violations {
		d.Unread = append(d.Unread, v.Field)
	}
	return d
}

func (r *reader) person(d *Document) {
	d.GivenName = r.text("given_name")
	d.FamilyName = r.text("family_name")
	d.Birthdate = r.date("birthdate")
}

func (r *reader) whole(path string) int64 {
	n, whole := r.scaled(path, 1)
	if !whole {
		r.miss(path)
	}
	return n
}

func (r *reader) answer(path string) Answer {
	switch r.at(path) {
	case true:
		return Yes
	case false:
		return No
	}
	r.miss(path)
	return Unknown
}

func (r *reader) parts(path string) []Part {
	items, _ := r.at(path).([]any)
	parts := make([]Part, 0, len(items))
	for _, item := range items {
		object, _ := item.(map[string]any)
		one := Part{}
		one.Part, _ = object["part"].(string)
		level, graded := object["cefr"].(string)
		result, passed := object["result"].(string)
		one.Result = level + result
		if one.Part == "" || graded == passed {
			r.miss(path)
		}
		parts = append(parts, one)
	}
	if len(parts) == 0 {
		r.miss(path)
	}
	return parts
}

// iscedField is the detailed field's four digits that a field of study starts with.
func iscedField(text string) string {
	code, _, _ := strings.Cut(text, " ")
	if len(code) != 4 || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}

func recognitionsOf(f Facts, _ Dates) any {
	return documentsOf(f, credtype.EducationRecognition, func(d Document) Recognition {
		return Recognition{Level: d.NorwegianLevel, EQF: d.EQFLevel, Field: d.FieldOfStudy, Decided: dayOf(d.DecidedAt)}
	})
}

func certificatesOf(f Facts, _ Dates) any {
	return documentsOf(f, credtype.PoliceCertificate, func(d Document) Certificate {
		return Certificate{Kind: d.CertificateKind, Remarks: string(d.Remarks), Issued: dayOf(d.IssuedAt)}
	})
}

func languageTestsOf(f Facts, _ Dates) any {
	return documentsOf(f, credtype.LanguageTestResult, func(d Document) LanguageTest {
		return LanguageTest{Name: d.TestName, Taken: dayOf(d.TestDate), Parts: d.Results}
	})
}

func documentsOf[T any](f Facts, typ string, as func(Document) T) []T {
	all := []T{}
	for _, d := range f.Documents {
		if d.Type == typ {
			all = append(all, as(d))
		}
	}
	return all
}
