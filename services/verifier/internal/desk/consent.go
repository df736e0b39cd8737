package desk

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Consent is what the worker agreed to, as signed in the presentation.
type Consent struct {
	Purpose string `json:"purpose"`
	GivenAt string `json:"given_at"` // RFC 3339
	// As is "applicant": by the hash the worker signs the offer as such.
	As        string          `json:"as"`
	OfferHash string          `json:"offer_hash"` // credential.OfferHash
	Shares    []string        `json:"shares,omitempty"`
	Lang      string          `json:"lang,omitempty"` // of notices: nb, nn or en
	Agencies  []ConsentAgency `json:"agencies"`
}

// ConsentAgency is one agency: what it may read, and the DID that takes
// messages from it alone.
type ConsentAgency struct {
	Agency   string   `json:"agency"`
	Delivery string   `json:"delivery"`
	Claims   []string `json:"claims"`
}

// Limits of a consent.
const (
	maxPurpose       = 200
	maxConsentClaims = 100
	maxClaimPath     = 100
	consentSkew      = time.Minute

	// asApplicant is how the worker signs the offer (utlendingsforskriften § 6-9).
	asApplicant = "applicant"
)

// readConsent reads the presentation's consent and checks it: every agency that
// a granted case needs is named once and nobody else, each with a delivery DID
// of its own; of agencies of a kind, such as banks, exactly one is. It signs, as
// applicant, the offer that is presented. All that is wrong is said at once.
func (d *Desk) readConsent(ctx context.Context, member any, offerHash, sender string, now time.Time) (Consent, error) {
	var consent Consent
	if member == nil {
		return consent, fault.New(fault.Invalid, "consent.missing", "the presentation holds no consent")
	}
	raw, err := strictjson.Canonical(member)
	if err == nil {
		err = strictjson.Unmarshal(raw, &consent, strictjson.Limits{})
	}
	if err != nil {
		return consent, fault.Wrap(err, fault.Invalid, "consent.form", "the consent cannot be read")
	}
	var v []fault.Violation
	broken := func(field, rule, message string) {
		v = append(v, fault.Violation{Field: "consent." + field, Rule: "consent." + rule, Message: message})
	}
	if consent.Purpose == "" || len(consent.Purpose) > maxPurpose {
		broken("purpose", "purpose", "say what the consent is for, in at most 200 bytes")
	}
	if at, err := time.Parse(time.RFC3339, consent.GivenAt); err != nil || at.After(now.Add(consentSkew)) {
		broken("given_at", "given-at", "must be an instant that has been")
	}
	if consent.As != asApplicant {
		broken("as", "as-applicant", "must be applicant: the worker signs the offer")
	}
	if consent.OfferHash == "" || subtle.ConstantTimeCompare([]byte(consent.OfferHash), []byte(offerHash)) != 1 {
		broken("offer_hash", "offer-hash", "is not the hash of the offer that is presented")
	}
	if !slices.Contains([]string{"", "nb", "nn", "en"}, consent.Lang) {
		broken("lang", "lang", "must be nb, nn or en")
	}
	for i, share := range consent.Shares {
		if !slices.ContainsFunc(d.Agencies, func(a Agency) bool { return slices.Contains(a.Shares, share) }) || slices.Contains(consent.Shares[:i], share) {
			broken(fmt.Sprintf("shares.%d", i), "shares", "is nothing that an agency could share, or stands there twice")
		}
	}
	named, deliveries, kinds := map[string]bool{}, map[string]bool{sender: true}, map[string]bool{}
	for i, a := range consent.Agencies {
		at := fmt.Sprintf("agencies.%d", i)
		agency, known := d.agencyByDID(a.Agency)
		if !known {
			broken(at+".agency", "agency-unknown", "is no agency that takes part")
		}
		if named[a.Agency] {
			broken(at+".agency", "agency-once", "is named twice")
		} else if known && kinds[agency.Kind] {
			broken(at+".agency", "agency-one-of-a-kind", "is another "+agency.Kind+": name one")
		}
		kinds[agency.Kind] = true
		if deliveries[a.Delivery] {
			broken(at+".delivery", "delivery-distinct", "each agency needs a delivery DID that serves nothing else")
		}
		named[a.Agency], deliveries[a.Delivery] = true, true
		if !d.deliverable(ctx, a.Delivery) {
			broken(at+".delivery", "delivery", "must be a did:peer:2 with a key that agrees and a DIDComm endpoint")
		}
		if !claimPaths(a.Claims) {
			broken(at+".claims", "claims", "name 1 to 100 claims by their paths")
		}
	}
	for i, agency := range d.Agencies {
		first := !slices.ContainsFunc(d.Agencies[:i], func(a Agency) bool { return a.Kind == agency.Kind })
		if first && !kinds[agency.Kind] {
			broken("agencies", "agency-required", "names no "+agency.Kind+", without which a granted case cannot go on")
		}
	}
	return consent, fault.Violated("consent.incomplete", "the consent cannot be used as it is", v)
}

// deliverable reports whether somebody could write to a DID at all.
func (d *Desk) deliverable(ctx context.Context, delivery string) bool {
	if !strings.HasPrefix(delivery, "did:peer:2") {
		return false
	}
	document, err := d.Resolver.Resolve(ctx, delivery)
	if err != nil {
		return false
	}
	_, reachable := document.DIDComm()
	return reachable && len(document.KeysFor(did.KeyAgreement)) > 0
}

func claimPaths(paths []string) bool {
	for _, path := range paths {
		if path == "" || len(path) > maxClaimPath {
			return false
		}
	}
	return len(paths) > 0 && len(paths) <= maxConsentClaims
}

// For finds what the consent says of an agency.
func (c Consent) For(agencyDID string) (ConsentAgency, bool) {
	for _, a := range c.Agencies {
		if a.Agency == agencyDID {
			return a, true
		}
	}
	return ConsentAgency{}, false
}

// among finds which of several organisations that call with one certificate the
// consent names.
//
// Rule: view.no-consent (Denied).
func (c Consent) among(callers []Agency) (Agency, ConsentAgency, error) {
	for _, agency := range callers {
		if consent, named := c.For(agency.DID); named {
			return agency, consent, nil
		}
	}
	return Agency{}, ConsentAgency{}, fault.New(fault.Denied, "view.no-consent", "the worker's consent does not name you")
}

// permits reports whether the agency may read the claim: by its path, or by
// "passport.*" for every claim under passport.
func (a ConsentAgency) permits(path string) bool {
	for _, agreed := range a.Claims {
		under, all := strings.CutSuffix(agreed, ".*")
		if agreed == path || all && strings.HasPrefix(path, under+".") {
			return true
		}
	}
	return false
}

func (d *Desk) agencyByDID(name string) (Agency, bool) {
	for _, a := range d.Agencies {
		if a.DID == name {
			return a, true
		}
	}
	return Agency{}, false
}
