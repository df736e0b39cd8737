package accreditation

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Attestation is what an officer has found out of a criterion that no register
// answers, from which document.
type Attestation struct {
	Criterion Criterion `json:"criterion"`
	Met       bool      `json:"met"`
	// LastSanction is the day of the last sanction, for EMP-6: whether it is
	// met follows from the day, and Met says nothing. Zero: there was none, or
	// Met is false and the day is not known.
	LastSanction time.Time `json:"last_sanction,omitzero"`
	// Reference names the document, such as an archive number. It may be empty.
	Reference string    `json:"reference,omitempty"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
}

// Declaration is the employer's, that pay and conditions are normal (EMP-7).
type Declaration struct {
	By string    `json:"by"` // who declared it, by name
	At time.Time `json:"at"`
}

// Attest records an attestation; the newest of a criterion counts. Rules:
// accreditation.criterion (Invalid) for one that only the register answers,
// accreditation.attestation (Invalid), accreditation.state (Conflict) unless it
// is pending or suspended.
func (a *Accreditation) Attest(t Attestation) error {
	if !slices.Contains(Criteria(), t.Criterion) || slices.Contains(byTheRegister, t.Criterion) {
		return fault.New(fault.Invalid, "accreditation.criterion", "only EMP-5 to EMP-8 can be attested: the others are Enhetsregisteret's to answer")
	}
	if t.By == "" || t.At.IsZero() || utf8.RuneCountInString(t.Reference) > 200 ||
		!t.LastSanction.IsZero() && (t.Criterion != Sanctions || t.LastSanction.After(t.At)) {
		return fault.New(fault.Invalid, "accreditation.attestation", "say who attests and when; a day of a sanction is EMP-6's and not in the future")
	}
	if a.state != Pending && a.state != Suspended {
		return fault.New(fault.Conflict, "accreditation.state", "the accreditation is neither pending nor suspended")
	}
	a.attested[t.Criterion] = t
	return nil
}

// Look takes the register's answer for EMP-1 to EMP-4. It may come in any
// state: what follows from it is another verb's to say.
func (a *Accreditation) Look(e Entity, p Parameters) {
	a.register = Judge(e, p)
}

// Findings are all criteria as they stand at an instant, in order.
func (a *Accreditation) Findings(p Parameters, at time.Time) []Finding {
	var all []Finding
	for _, c := range Criteria() {
		all = append(all, a.finding(c, p, at))
	}
	return all
}

func (a *Accreditation) finding(c Criterion, p Parameters, at time.Time) Finding {
	if slices.Contains(byTheRegister, c) {
		for _, f := range a.register {
			if f.Criterion != c {
				continue
			}
			if at.Sub(f.At) > p.RegisterAnswer {
				return Finding{Criterion: c, Verdict: Unknown, Code: "REGISTER_ANSWER_OLD", Source: Enhetsregisteret, At: f.At}
			}
			return f
		}
		return Finding{Criterion: c, Verdict: Unknown, Code: "REGISTER_NOT_ASKED"}
	}
	if t, attested := a.attested[c]; attested {
		return t.finding(p, at)
	}
	switch {
	case c == Pay && !a.declaration.At.IsZero():
		return Finding{Criterion: c, Verdict: Met, Code: "DECLARED", Source: Employer, At: a.declaration.At}
	case c == Pay:
		return Finding{Criterion: c, Verdict: NotMet, Code: "NOT_DECLARED"}
	case c == Signatories:
		return a.named(at)
	}
	return Finding{Criterion: c, Verdict: Unknown, Code: "NOT_ATTESTED"}
}

func (a *Accreditation) named(at time.Time) Finding {
	var since time.Time
	for _, s := range a.signatories {
		if s.active(at) && (since.IsZero() || s.From.Before(since)) {
			since = s.From
		}
	}
	if since.IsZero() {
		return Finding{Criterion: Signatories, Verdict: NotMet, Code: "NO_SIGNATORY"}
	}
	return Finding{Criterion: Signatories, Verdict: Met, Code: "SIGNATORY_NAMED", Source: Employer, At: since}
}

// attestedCodes are why a criterion is met, and not met, by an officer's word.
var attestedCodes = map[Criterion][2]string{
	TaxArrears:  {"NO_TAX_ARREARS", "TAX_ARREARS"},
	Sanctions:   {"NO_SANCTION", "SANCTIONED"},
	Pay:         {"DECLARED_ON_PAPER", "PAY_NOT_NORMAL"},
	Signatories: {"SIGNATORY_ON_PAPER", "NO_SIGNATORY"},
}

func (t Attestation) finding(p Parameters, at time.Time) Finding {
	f := Finding{Criterion: t.Criterion, Verdict: Met, Code: attestedCodes[t.Criterion][0], Source: Officer, By: t.By, At: t.At}
	switch {
	case !t.LastSanction.IsZero():
		free := t.LastSanction.AddDate(0, p.SanctionFreeMonths, 0)
		f.Code = "SANCTION_LONG_AGO"
		f.Values = map[string]string{"months": strconv.Itoa(p.SanctionFreeMonths), "until": free.Format(time.DateOnly)}
		if at.Before(free) {
			f.Verdict, f.Code = NotMet, "SANCTIONED_LATELY"
		}
	case !t.Met:
		f.Verdict, f.Code = NotMet, attestedCodes[t.Criterion][1]
	}
	return f
}

// unmet are the findings that stand in the way, as one fault
// (accreditation.criteria, Invalid), or nil.
func (a *Accreditation) unmet(p Parameters, at time.Time) error {
	var missing []fault.Violation
	for _, f := range a.Findings(p, at) {
		if f.Verdict != Met {
			missing = append(missing, fault.Violation{Field: string(f.Criterion), Rule: "accreditation.criterion-not-met",
				Message: strings.ToLower(strings.ReplaceAll(string(f.Verdict), "_", " ")) + ": " + f.Text().EN})
		}
	}
	return fault.Violated("accreditation.criteria", "one or more criteria are not met", missing)
}
