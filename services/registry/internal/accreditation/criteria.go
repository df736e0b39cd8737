package accreditation

import (
	"slices"
	"strconv"
	"time"
)

// Criterion is one of the programme's criteria for employers.
type Criterion string

// The criteria.
const (
	Registered    Criterion = "EMP-1" // registered, not bankrupt and not being wound up
	Employees     Criterion = "EMP-2" // enough employees
	BusinessAndAa Criterion = "EMP-3" // registered as a business and as an employer
	VAT           Criterion = "EMP-4" // registered for VAT, or a public body
	TaxArrears    Criterion = "EMP-5" // no tax arrears
	Sanctions     Criterion = "EMP-6" // no sanction by the labour inspectorate or UDI lately
	Pay           Criterion = "EMP-7" // has declared normal pay and conditions
	Signatories   Criterion = "EMP-8" // has named a signatory with a role
)

// Criteria are all of them, in order.
func Criteria() []Criterion {
	return []Criterion{Registered, Employees, BusinessAndAa, VAT, TaxArrears, Sanctions, Pay, Signatories}
}

// byTheRegister are those that Enhetsregisteret alone answers; an officer's
// word cannot stand for them.
var byTheRegister = []Criterion{Registered, Employees, BusinessAndAa, VAT}

// Verdict is what was found of a criterion.
type Verdict string

// The verdicts. Unknown counts as little as NotMet.
const (
	Met     Verdict = "MET"
	NotMet  Verdict = "NOT_MET"
	Unknown Verdict = "UNKNOWN"
)

// Source is who says so.
type Source string

// The sources.
const (
	Enhetsregisteret Source = "ENHETSREGISTERET"
	Officer          Source = "OFFICER"
	Employer         Source = "EMPLOYER"
)

// Finding is what is known of a criterion: whether it is met, why, who says so
// and when.
type Finding struct {
	Criterion Criterion         `json:"criterion"`
	Verdict   Verdict           `json:"verdict"`
	Code      string            `json:"code"` // why: see texts.yaml
	Values    map[string]string `json:"values,omitempty"`
	Source    Source            `json:"source,omitempty"`
	By        string            `json:"by,omitempty"` // the officer
	At        time.Time         `json:"at,omitzero"`
}

// Existence is whether the register has an organisation.
type Existence string

// An organisation that was never there is not the same as one that was struck
// off: the first may be a wrong address of the register.
const (
	Exists  Existence = "EXISTS"
	Deleted Existence = "DELETED"
	Nowhere Existence = "NOWHERE"
)

// Entity is what Enhetsregisteret says of an organisation. What it does not
// say is nil.
type Entity struct {
	OrganisationNumber string
	Existence          Existence
	Name               string
	Form               string // organisasjonsform.kode
	Bankrupt           *bool
	Dissolving         *bool
	ForcedDissolution  *bool
	InBusinessRegister *bool
	InVATRegister      *bool
	Employees          *int
	SectorCode         string // institusjonellSektorkode.kode
	Municipality       string // forretningsadresse.kommunenummer
	At                 time.Time
}

// Judge says what the register's answer means for the criteria that it alone
// answers.
func Judge(e Entity, p Parameters) []Finding {
	if e.Existence != Exists {
		code := "NOT_REGISTERED"
		if e.Existence == Deleted {
			code = "DELETED"
		}
		findings := []Finding{{Criterion: Registered, Verdict: NotMet, Code: code}}
		for _, c := range byTheRegister[1:] {
			findings = append(findings, Finding{Criterion: c, Verdict: NotMet, Code: code})
		}
		return stamped(findings, e.At)
	}
	public := slices.Contains(p.PublicSectors, e.SectorCode)
	return stamped([]Finding{registered(e), employees(e, p), business(e, public), vat(e, public)}, e.At)
}

func stamped(findings []Finding, at time.Time) []Finding {
	for i := range findings {
		findings[i].Source, findings[i].At = Enhetsregisteret, at
	}
	return findings
}

// Ended is the reason for which an organisation can be nobody's employer any
// more, by the register's own word, or empty. That the register does not have
// it at all is no such word.
func Ended(e Entity) string {
	switch {
	case e.Existence == Deleted:
		return "DELETED"
	case e.Existence != Exists:
		return ""
	case is(e.Bankrupt):
		return "BANKRUPT"
	case is(e.ForcedDissolution):
		return "FORCED_DISSOLUTION"
	case is(e.Dissolving):
		return "DISSOLVING"
	}
	return ""
}

func is(b *bool) bool { return b != nil && *b }

func registered(e Entity) Finding {
	switch ended := Ended(e); {
	case ended != "":
		return Finding{Criterion: Registered, Verdict: NotMet, Code: ended}
	case e.Bankrupt == nil || e.Dissolving == nil || e.ForcedDissolution == nil:
		return Finding{Criterion: Registered, Verdict: Unknown, Code: "REGISTER_SILENT"}
	}
	return Finding{Criterion: Registered, Verdict: Met, Code: "REGISTERED"}
}

func employees(e Entity, p Parameters) Finding {
	if e.Employees == nil {
		return Finding{Criterion: Employees, Verdict: Unknown, Code: "EMPLOYEES_NOT_STATED"}
	}
	f := Finding{Criterion: Employees, Verdict: Met, Code: "ENOUGH_EMPLOYEES",
		Values: map[string]string{"employees": strconv.Itoa(*e.Employees), "minimum": strconv.Itoa(p.MinimumEmployees)}}
	if *e.Employees < p.MinimumEmployees {
		f.Verdict, f.Code = NotMet, "TOO_FEW_EMPLOYEES"
	}
	return f
}

// business: the number of employees comes from the Aa register, so that one
// with employees is registered there as an employer.
func business(e Entity, public bool) Finding {
	f := Finding{Criterion: BusinessAndAa, Verdict: Met, Code: "BUSINESS_AND_EMPLOYER"}
	if public {
		f.Code = "PUBLIC_BODY_AND_EMPLOYER"
	}
	switch {
	case !public && e.InBusinessRegister == nil:
		f.Verdict, f.Code = Unknown, "REGISTER_SILENT"
	case !public && !*e.InBusinessRegister:
		f.Verdict, f.Code = NotMet, "NOT_IN_BUSINESS_REGISTER"
	case e.Employees == nil:
		f.Verdict, f.Code = Unknown, "EMPLOYEES_NOT_STATED"
	case *e.Employees == 0:
		f.Verdict, f.Code = NotMet, "NOT_AN_EMPLOYER"
	}
	return f
}

func vat(e Entity, public bool) Finding {
	switch {
	case is(e.InVATRegister):
		return Finding{Criterion: VAT, Verdict: Met, Code: "IN_VAT_REGISTER"}
	case public:
		return Finding{Criterion: VAT, Verdict: Met, Code: "PUBLIC_BODY"}
	case e.InVATRegister == nil:
		return Finding{Criterion: VAT, Verdict: Unknown, Code: "REGISTER_SILENT"}
	}
	return Finding{Criterion: VAT, Verdict: NotMet, Code: "NOT_IN_VAT_REGISTER"}
}
