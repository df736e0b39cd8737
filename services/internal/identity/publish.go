package identity

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// published is the document that an organisation shows at an instant.
//
// Keys that assert stay for ever, with their periods: what they signed must
// verify ever after. They authenticate only while they are used. Of the keys
// that agree only those are shown that still open envelopes, the newest first.
//
// A key that was revoked for as long as it existed is listed for nothing: a
// verifier that does not read the member revoked must not take it either.
func published(stored *did.Document, keys []OrganisationKey, now time.Time) *did.Document {
	doc := &did.Document{ID: stored.ID, Service: stored.Service}
	for _, key := range keys {
		i := slices.IndexFunc(stored.VerificationMethod, func(m did.VerificationMethod) bool { return m.ID == key.ID })
		used := key.check(now) == nil
		if i < 0 || key.Purpose == did.KeyAgreement && !used {
			continue
		}
		method := stored.VerificationMethod[i]
		method.Expires, method.Revoked = key.ValidUntil, key.Revoked
		doc.VerificationMethod = append(doc.VerificationMethod, method)
		switch {
		case key.Purpose == did.KeyAgreement:
			doc.KeyAgreement = append([]string{key.ID}, doc.KeyAgreement...)
		case key.Revoked.IsZero() || key.Revoked.After(key.ValidFrom):
			doc.AssertionMethod = append(doc.AssertionMethod, key.ID)
		}
		if key.Purpose == did.AssertionMethod && used {
			doc.Authentication = append(doc.Authentication, key.ID)
		}
	}
	return doc
}
