package api

import (
	"context"
	"time"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
)

// reasoned is a request with a reason.
type reasoned interface {
	GetReasonCode() registryv1.ReasonCode
	GetReason() string
}

const reasonPrefix = "REASON_CODE_"

func why(ctx context.Context, req reasoned) desk.Why {
	code := ""
	if req.GetReasonCode() != registryv1.ReasonCode_REASON_CODE_UNSPECIFIED {
		code = registryv1.ReasonCode_name[int32(req.GetReasonCode())]
		code = code[min(len(reasonPrefix), len(code)):]
	}
	return desk.Why{By: caller(ctx), Code: code, Reason: req.GetReason()}
}

func signatory(s *registryv1.Signatory) accreditation.Signatory {
	return accreditation.Signatory{Name: s.GetName(), Role: s.GetRole(), Right: s.GetRight()}
}

func signatories(all []*registryv1.Signatory) []accreditation.Signatory {
	var out []accreditation.Signatory
	for _, s := range all {
		out = append(out, signatory(s))
	}
	return out
}

var states = map[accreditation.State]registryv1.AccreditationState{
	accreditation.Pending:    registryv1.AccreditationState_ACCREDITATION_STATE_PENDING,
	accreditation.Accredited: registryv1.AccreditationState_ACCREDITATION_STATE_ACCREDITED,
	accreditation.Suspended:  registryv1.AccreditationState_ACCREDITATION_STATE_SUSPENDED,
	accreditation.Revoked:    registryv1.AccreditationState_ACCREDITATION_STATE_REVOKED,
	accreditation.Expired:    registryv1.AccreditationState_ACCREDITATION_STATE_EXPIRED,
}

// stateOf is the reverse of states; empty for what is not asked for.
func stateOf(s registryv1.AccreditationState) accreditation.State {
	for state, is := range states {
		if is == s {
			return state
		}
	}
	return ""
}

var verdicts = map[accreditation.Verdict]registryv1.Verdict{
	accreditation.Met: registryv1.Verdict_VERDICT_MET, accreditation.NotMet: registryv1.Verdict_VERDICT_NOT_MET,
	accreditation.Unknown: registryv1.Verdict_VERDICT_UNKNOWN,
}

func words(t accreditation.Texts) *registryv1.Texts {
	return &registryv1.Texts{Nb: t.NB, Nn: t.NN, En: t.EN}
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func (s *Registry) encode(r desk.Record, signed []byte) *registryv1.Accreditation {
	a := r.Accreditation
	out := &registryv1.Accreditation{
		AccreditationId: a.ID(), Did: r.DID, OrganisationNumber: a.OrganisationNumber(), LegalName: a.LegalName(),
		Level: accreditation.Level, State: states[a.StateAt(s.Clock.Now())], Scope: a.Scope(),
		ValidFrom: date(a.ValidFrom()), ValidUntil: date(a.ValidUntil()), Municipality: r.Municipality, Credential: signed,
		BannedUntil: wire.Instant(a.BannedUntil()), ContactEmail: a.Contact(),
	}
	for _, f := range s.Desk.Findings(r) {
		if a.State() != accreditation.Pending || f.Verdict == accreditation.Met {
			// None was accredited without all of them.
			out.CriteriaMet = append(out.CriteriaMet, string(f.Criterion))
		}
		out.Findings = append(out.Findings, &registryv1.Finding{
			Criterion: string(f.Criterion), Verdict: verdicts[f.Verdict], Code: f.Code, Why: words(f.Text()),
			Source: string(f.Source), AttestedBy: f.By, FoundAt: wire.Instant(f.At),
		})
	}
	for _, one := range a.Signatories() {
		out.Signatories = append(out.Signatories, &registryv1.Signatory{
			Name: one.Name, Role: one.Role, Right: one.Right, From: wire.Instant(one.From), Until: wire.Instant(one.Until),
		})
	}
	for _, c := range a.Changes() {
		out.History = append(out.History, &registryv1.Change{
			From: states[c.From], To: states[c.To], ReasonCode: registryv1.ReasonCode(registryv1.ReasonCode_value[reasonPrefix+c.Code]),
			Reason: c.Reason, ChangedBy: c.By, ChangedAt: wire.Instant(c.At),
		})
		if c.To == accreditation.Revoked {
			out.RevokedAt, out.RevocationReason = wire.Instant(c.At), c.Reason
		}
	}
	return out
}
