package did

import (
	"regexp"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Check refuses to judge by the key what is dated at an instant: from Revoked
// on with rule "did.key-revoked", from Expires on with rule "did.key-expired"
// (Controlled Identifiers 1.0 sections 2.2, 5.3 and 5.5). What is dated earlier
// stands: a key that was retired in good order verifies what it signed for
// ever.
//
// A date is what the signer says it is. A thief writes an earlier one, so that
// Revoked keeps out his later dates and no more. It must therefore lie where
// the key may first have been taken, not where the theft was found. What is
// dated before stands on what he does not hold: the status list, which its
// issuer signs anew with another key and in which entries that were never
// given out can be revoked, and the trust list, which says from when to when
// an issuer counts.
func (m VerificationMethod) Check(at time.Time) error {
	switch {
	case !m.Revoked.IsZero() && !at.Before(m.Revoked):
		return fault.New(fault.Denied, "did.key-revoked", "the key was revoked before the date of what it is said to have signed")
	case !m.Expires.IsZero() && !at.Before(m.Expires):
		return fault.New(fault.Denied, "did.key-expired", "the key had expired by the date of what it is said to have signed")
	}
	return nil
}

// At is the document with the keys alone that may be used at an instant. It is
// d itself when all of them may.
func (d *Document) At(at time.Time) *Document {
	var valid []VerificationMethod
	for _, m := range d.VerificationMethod {
		if m.Check(at) == nil {
			valid = append(valid, m)
		}
	}
	if len(valid) == len(d.VerificationMethod) {
		return d
	}
	now := *d
	now.VerificationMethod = valid
	now.keepSuitable()
	return &now
}

// dateTimeStamp is XML Schema 1.1 part 2 section 3.4.28, for years of four
// digits and seconds that are no leap seconds.
var dateTimeStamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$`)

// parseInstant reads a dateTimeStamp; nil is no date.
func parseInstant(text *string) (time.Time, error) {
	if text == nil {
		return time.Time{}, nil
	}
	if !dateTimeStamp.MatchString(*text) {
		return time.Time{}, badDocument("a date that is no dateTimeStamp")
	}
	at, err := time.Parse(time.RFC3339Nano, *text)
	if err != nil || at.IsZero() {
		return time.Time{}, badDocument("a date that is no dateTimeStamp")
	}
	return at.UTC(), nil
}

// formatInstant is the reverse of parseInstant, nil for no date.
func formatInstant(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := at.UTC().Format(time.RFC3339Nano)
	return &text
}
