// Package status knows what says whether a credential still stands: the
// entries that credentials carry, and the lists that issuers publish. There are
// two mechanisms: the Bitstring Status List of W3C credentials (W3C Bitstring
// Status List 1.0) and the Token Status List of SD-JWT VCs
// (draft-ietf-oauth-status-list-21, here TSL).
//
// It signs, verifies and fetches nothing: a list counts only when whoever
// fetched it has verified who signed it.
package status

import (
	"net/url"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// Bounds of a list, in entries. The least is that of Bitstring Status List 1.0,
// section 3.2: fewer would tell holders apart. TSL sets none.
const (
	MinEntries = 131_072
	MaxEntries = 1 << 20
)

const (
	maxYear   = 365 * 24 * time.Hour // the longest time to live
	maxURL    = 2048                 // bytes
	clockSkew = time.Minute
)

// Mechanism says what kind of list an entry is in.
type Mechanism string

// The mechanisms.
const (
	// BitstringList is a credential with one bit or more for each purpose.
	BitstringList Mechanism = ""
	// TokenList is a JWT with one value that says it all.
	TokenList Mechanism = "token"
)

// Purpose says what an entry of a Bitstring Status List means when it is set.
type Purpose string

// The purposes of Bitstring Status List 1.0, section 2.1, that we know.
const (
	// Revocation is for good.
	Revocation Purpose = "revocation"
	// Suspension can be lifted.
	Suspension Purpose = "suspension"
	// Message tells something of the credential, which stands all the same.
	Message Purpose = "message"
)

// Entry is where a credential's status stands. Its JSON is for our own stores.
type Entry struct {
	Mechanism Mechanism `json:",omitempty"`
	// List is the URL of the list.
	List string
	// Index is the entry in the list, from 0.
	Index int
	// Purpose is empty in a Token Status List.
	Purpose Purpose `json:",omitempty"`
	// Messages are what the values mean; nil for one bit that is set or not.
	Messages *Messages `json:",omitempty"`
}

// TokenEntry is the entry of a Token Status List that a JWT names (TSL section
// 6.2). An index that no list can have is kept as one: no list has it.
func TokenEntry(uri string, index int64) Entry {
	return Entry{Mechanism: TokenList, List: uri, Index: int(max(-1, min(index, MaxEntries)))}
}

// Revokes reports whether a credential with the entry can be revoked by it.
func (e Entry) Revokes() bool { return e.Mechanism == TokenList || e.Purpose == Revocation }

// Finding is what a list says of one entry.
type Finding struct {
	Entry Entry
	// Value is 0 for an entry that is not set.
	Value int
	// Message is the text of the value of an entry that has messages. It is the
	// issuer's, for whoever looks into a case, and not for display to people.
	Message string
}

// The values of a Token Status List (TSL section 7.1) that we know.
const (
	TokenValid     = 0
	TokenInvalid   = 1 // revoked
	TokenSuspended = 2
)

// Err is nil when the credential stands. It fails with fault.Denied
// (status.revoked, status.suspended), and with fault.Invalid for a value that
// has no meaning here. No message is a failure.
func (f Finding) Err() error {
	if f.Entry.Mechanism == TokenList {
		switch f.Value {
		case TokenValid:
			return nil
		case TokenInvalid:
			return revoked()
		case TokenSuspended:
			return suspended()
		}
		return fault.New(fault.Invalid, "status.value", "the status list gives the credential a status that is not known here")
	}
	switch {
	case f.Value == 0 || f.Entry.Purpose == Message:
		return nil
	case f.Entry.Purpose == Suspension:
		return suspended()
	}
	return revoked()
}

func revoked() error { return fault.New(fault.Denied, "status.revoked", "the credential is revoked") }
func suspended() error {
	return fault.New(fault.Denied, "status.suspended", "the credential is suspended")
}

// Standing is the first error among findings, nil when the credential stands.
// A revocation goes before a suspension.
func Standing(findings []Finding) error {
	var first error
	for _, finding := range findings {
		err := finding.Err()
		if fault.RuleOf(err) == "status.revoked" {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// checkPublisher wants a list to be signed by the issuer of the credential.
func checkPublisher(publisher, issuer string) error {
	if publisher != issuer {
		return fault.New(fault.Invalid, "status.issuer", "the status list is signed by another than the credential's issuer")
	}
	return nil
}

// checkDates wants a list to be valid at an instant. The publisher's clock may
// run a minute ahead.
func checkDates(from, until, now time.Time) error {
	if from.After(now.Add(clockSkew)) || !until.IsZero() && !now.Before(until) {
		return fault.New(fault.Invalid, "status.dates", "the status list is not valid at this time")
	}
	return nil
}

func wrongList() error {
	return fault.New(fault.Invalid, "status.wrong-list", "the status list is not the one that the credential names")
}

func outside() error {
	return fault.New(fault.Invalid, "status.index", "the status index lies outside the list")
}

func isURL(s string) bool {
	if vcdm.PlainURL(s) {
		return len(s) <= maxURL
	}
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && len(s) <= maxURL
}
