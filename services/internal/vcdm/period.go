package vcdm

import "time"

// period names the members that state when a credential is valid.
type period struct{ from, until string }

var periods = map[Version]period{
	V2: {"validFrom", "validUntil"},
	V1: {"issuanceDate", "expirationDate"},
}

// readDates reads the validity period (VCDM 2.0, section 4.9; VCDM 1.1, sections
// 4.6 and 4.8).
func (c *Credential) readDates() error {
	own, foreign := periods[V2], periods[V1]
	if c.Version == V1 {
		own, foreign = foreign, own
	}
	for _, member := range []string{foreign.from, foreign.until} {
		if c.Document.Has(member) {
			return invalid(member, "%s belongs to another version of the data model", member)
		}
	}
	var err error
	if c.ValidFrom, err = Instant(c.Document, own.from); err != nil {
		return err
	}
	if c.ValidUntil, err = Instant(c.Document, own.until); err != nil {
		return err
	}
	switch {
	case c.Version == V1 && c.ValidFrom.IsZero():
		return invalid(own.from, "the credential has no %s", own.from)
	case !c.ValidUntil.IsZero() && c.ValidUntil.Before(c.ValidFrom):
		return invalid("dates-inverted", "the credential ends before it begins")
	}
	return nil
}

// clockSkew is how far an issuer's clock may run ahead: what it signs now is
// valid now, whoever reads it.
const clockSkew = time.Minute

// CheckDates compares the dates of a credential with an instant. The credential
// is over at the very instant that ValidUntil names.
func (c *Credential) CheckDates(now time.Time) error {
	switch {
	case c.ValidFrom.After(now.Add(clockSkew)):
		return invalid("not-yet-valid", "the credential is not valid yet")
	case !c.ValidUntil.IsZero() && !now.Before(c.ValidUntil):
		return invalid("expired", "the credential has expired")
	}
	return nil
}
