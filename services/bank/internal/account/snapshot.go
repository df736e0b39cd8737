package account

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Snapshot is an account as the store keeps it. What has not come is zero.
type Snapshot struct {
	CaseRef    string
	State      State
	Bank       string
	Granted    bool
	Identified bool
	Standing   Standing
	Cause      string
	BBAN       string
	Holder     string
	Kind       identifier.PersonNumberKind
	OpenedAt   time.Time
	SameAs     string
	Facts      Facts
}

// Facts are what nobody looks for by.
type Facts struct {
	Rekey      bool                  `json:"rekey,omitempty"`
	NeedsFNR   bool                  `json:"needs_fnr,omitempty"`
	Assessment *diligence.Assessment `json:"assessment,omitempty"`
	Subject    string                `json:"subject,omitempty"`
	Decision   *Decision             `json:"decision,omitempty"`
	Level      diligence.Level       `json:"level,omitempty"`
	Frozen     *Freeze               `json:"frozen,omitempty"`
	Review     *Decision             `json:"review,omitempty"`
	Shared     bool                  `json:"shared,omitempty"`
	Confirmed  string                `json:"confirmed,omitempty"`
}

// Snapshot is the account for the store.
func (a *Account) Snapshot() Snapshot {
	return Snapshot{
		CaseRef: a.caseRef, State: a.State(), Bank: a.bank, Granted: a.granted, Identified: a.identified, Standing: a.standing, Cause: a.cause,
		BBAN: a.bban, Holder: a.holder, Kind: a.kind, OpenedAt: a.openedAt, SameAs: a.sameAs,
		Facts: Facts{
			Rekey: a.rekey, NeedsFNR: a.needsFNR, Assessment: a.assessment, Subject: a.subject, Decision: a.decision, Level: a.level,
			Frozen: a.frozen, Review: a.review, Shared: a.shared, Confirmed: a.confirmed,
		},
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no account can have:
// above all one that is open and was never granted.
func Restore(s Snapshot) (*Account, error) {
	if s.BBAN != "" && s.Facts.Level == "" {
		s.Facts.Level = diligence.Standard // opened before levels were kept
	}
	a := &Account{
		caseRef: s.CaseRef, bank: s.Bank, granted: s.Granted, identified: s.Identified, standing: s.Standing, cause: s.Cause,
		kind: s.Kind, rekey: s.Facts.Rekey, needsFNR: s.Facts.NeedsFNR,
		assessment: s.Facts.Assessment, subject: s.Facts.Subject, decision: s.Facts.Decision,
		bban: s.BBAN, holder: s.Holder, openedAt: s.OpenedAt, level: s.Facts.Level, sameAs: s.SameAs,
		frozen: s.Facts.Frozen, review: s.Facts.Review, shared: s.Facts.Shared, confirmed: s.Facts.Confirmed,
	}
	opened := s.BBAN != ""
	switch {
	case s.CaseRef == "",
		s.State != a.State(),
		s.Standing != Active && s.Standing != Halted && s.Standing != Revoked,
		opened && (!s.Granted || !s.Identified || s.Holder == "" || s.Kind == "" || s.OpenedAt.IsZero()),
		!opened && (s.SameAs != "" || s.Facts.Frozen != nil || s.Facts.Shared):
		return nil, fault.New(fault.Internal, "account.stored", "a stored account cannot be read")
	}
	return a, nil
}
