package account

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Snapshot is an account as the store keeps it. What has not come is zero.
type Snapshot struct {
	CaseRef    string
	State      State
	Granted    bool
	Identified bool
	BBAN       string
	Holder     string
	Kind       identifier.PersonNumberKind
	OpenedAt   time.Time
}

// Snapshot is the account for the store.
func (a *Account) Snapshot() Snapshot {
	return Snapshot{
		CaseRef: a.caseRef, State: a.state, Granted: a.granted, Identified: a.identified,
		BBAN: a.bban, Holder: a.holder, Kind: a.kind, OpenedAt: a.openedAt,
	}
}

// Restore is the reverse of Snapshot. It refuses rows that no account can have.
func Restore(s Snapshot) (*Account, error) {
	both := s.Granted && s.Identified
	var fits bool
	switch s.State {
	case Waiting:
		fits = !both && s.BBAN == ""
	case Ready:
		fits = both && s.BBAN == ""
	case Opened:
		fits = both && s.BBAN != "" && s.Holder != "" && s.Kind != "" && !s.OpenedAt.IsZero()
	}
	if !fits || s.CaseRef == "" {
		return nil, fault.New(fault.Internal, "account.stored", "a stored account cannot be read")
	}
	return &Account{
		caseRef: s.CaseRef, state: s.State, granted: s.Granted, identified: s.Identified,
		bban: s.BBAN, holder: s.Holder, kind: s.Kind, openedAt: s.OpenedAt,
	}, nil
}
