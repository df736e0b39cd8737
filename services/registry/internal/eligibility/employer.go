package eligibility

import (
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// Employer is what is known of an organisation that asks.
type Employer struct {
	// Accreditation is its newest; nil when it never applied.
	Accreditation *accreditation.Accreditation
	// Entity is what the register says now; nil when it does not answer.
	Entity *accreditation.Entity
}

// Employer answers an employer at an instant.
func (d *Data) Employer(e Employer, p accreditation.Parameters, at time.Time) Answer {
	out := Answer{Version: d.file.Version + "+" + p.Version}
	if e.Accreditation != nil {
		if now, told := stands(e.Accreditation, at); told {
			out.Reasons = append(out.Reasons, now)
		}
	}
	if len(out.Reasons) > 0 && out.Reasons[0].Verdict == Yes {
		out.Verdict, out.Summary = Yes, text("EMPLOYER_YES")
		return out
	}
	out.Reasons = append(out.Reasons, byTheRegister(e.Entity, p)...)
	out.Verdict, out.Summary = Maybe, text("EMPLOYER_MAY_APPLY")
	if worst(out.Reasons) == No {
		out.Verdict, out.Summary = No, text("EMPLOYER_NO")
	}
	out.Reasons = append(out.Reasons,
		reason(string(accreditation.TaxArrears), Maybe, "TAX_TO_BE_ATTESTED"),
		reason(string(accreditation.Sanctions), Maybe, "SANCTIONS_TO_BE_ATTESTED", "months", strconv.Itoa(p.SanctionFreeMonths)),
		reason(string(accreditation.Pay), Maybe, "PAY_TO_BE_DECLARED"),
		reason(string(accreditation.Signatories), Maybe, "SIGNATORY_TO_BE_NAMED"))
	return out
}

// stands is what an accreditation says for who asks; nothing when it is over
// and the organisation may apply.
func stands(a *accreditation.Accreditation, at time.Time) (Reason, bool) {
	const about = "accreditation"
	switch a.StateAt(at) {
	case accreditation.Accredited:
		return reason(about, Yes, "ALREADY_ACCREDITED", "until", a.ValidUntil().Format(time.DateOnly)), true
	case accreditation.Pending:
		return reason(about, Maybe, "PENDING"), true
	case accreditation.Suspended:
		return reason(about, No, "SUSPENDED"), true
	case accreditation.Revoked:
		if at.Before(a.BannedUntil()) {
			return reason(about, No, "BANNED", "until", a.BannedUntil().Format(time.DateOnly)), true
		}
	}
	return Reason{}, false
}

var verdicts = map[accreditation.Verdict]Verdict{accreditation.Met: Yes, accreditation.NotMet: No, accreditation.Unknown: Maybe}

func byTheRegister(e *accreditation.Entity, p accreditation.Parameters) []Reason {
	if e == nil {
		return []Reason{reason("enhetsregisteret", Maybe, "REGISTER_UNREACHABLE")}
	}
	var all []Reason
	for _, f := range accreditation.Judge(*e, p) {
		all = append(all, Reason{About: string(f.Criterion), Verdict: verdicts[f.Verdict], Code: f.Code, Text: f.Text()})
	}
	return all
}
