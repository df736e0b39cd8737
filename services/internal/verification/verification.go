// Package verification looks at a credential or presentation from every side,
// in whatever format it comes: the engine's checks (proof, dates, subject
// binding, status), then whether the claims fit the schema of the type and
// whether the issuer may issue it. What services act on has been here.
//
// It decides nothing: it says what holds, by the name of each check, and gives
// what was verified only when all of them do.
package verification

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
)

// Trust says who may issue credentials of a type at an instant. It fails with
// fault.Denied for who may not, and fault.Unavailable when nobody can tell. It
// must be safe for concurrent use.
type Trust interface {
	Accredited(ctx context.Context, issuer, credentialType string, at time.Time) (trustlist.Entity, error)
}

// Verifier is safe for concurrent use.
type Verifier struct {
	Keys credential.KeyResolver
	// Status asks status lists; a decision needs one that asks anew.
	Status credential.StatusChecker
	// Trust, when nil, takes the check of the issuer out of every report: the
	// caller does not ask whom to trust.
	Trust Trust
	Clock clock.Clock
	// Foreign takes credentials of types that are not ours, as far as they can
	// be checked: neither schema nor trust list knows them. For development
	// only.
	Foreign bool
	// Partial takes an SD-JWT VC by itself of which claims are withheld that may
	// be: what a holder has derived from the whole, and not yet presented.
	Partial bool
	// Terms, when set, are the contexts that documents may use; nil for the
	// pinned ones.
	Terms credential.Terms
}

// Credential is a credential that holds from every side.
type Credential struct {
	*credential.Verified
	// Type is its type, the zero Type for one that is not ours.
	Type credtype.Type
	// By is the issuer as the trust list has it, zero when nobody asked.
	By trustlist.Entity
}

// Presentation is a presentation that holds from every side.
type Presentation struct {
	*credential.Presented
	// Credentials are the presented credentials, in the order presented.
	Credentials []*Credential
}

// options are those of the engine. The status is asked later, by around.
func (v *Verifier) options() credential.Options {
	return credential.Options{Now: v.Clock.Now(), LeaveStatus: true, Terms: v.Terms}
}

// Credential examines a credential as its holder has it: W3C with proofs or
// as vc+jwt, or an SD-JWT VC without key binding, of which every claim is
// disclosed (but see Partial). It is nil unless the report is Verified.
func (v *Verifier) Credential(ctx context.Context, data []byte) (*Credential, *credential.Report) {
	opts := v.options()
	var held *credential.Verified
	var report *credential.Report
	if isSDJWT(data) {
		held, report = v.examineSDJWT(ctx, data, nil, opts)
	} else {
		opts.Enveloped = func(ctx context.Context, mediaType, content string) (*credential.Verified, *credential.Report) {
			return v.enveloped(ctx, mediaType, content, nil, opts)
		}
		held, report = credential.Examine(ctx, v.Keys, data, opts)
	}
	c := v.around(ctx, held, v.Partial, opts.Now, report)
	if !report.Verified() {
		return nil, report
	}
	return c, report
}

// Presentation examines a presentation that answers a challenge for a domain: a
// W3C presentation, or an SD-JWT VC with key binding, whose nonce is the
// challenge and whose audience the domain. It is nil unless the report is
// Verified.
func (v *Verifier) Presentation(ctx context.Context, data []byte, challenge, domain string) (*Presentation, *credential.Report) {
	opts := credential.PresentationOptions{Options: v.options(), Challenge: challenge, Domain: domain}
	if isSDJWT(data) {
		return v.presentedSDJWT(ctx, data, opts)
	}
	opts.Enveloped = func(ctx context.Context, mediaType, content string) (*credential.Verified, *credential.Report) {
		return v.enveloped(ctx, mediaType, content, bindingTo(opts), opts.Options)
	}
	presented, report := credential.ExaminePresentation(ctx, v.Keys, data, opts)
	if presented == nil {
		for _, part := range report.Credentials {
			v.expect(part)
		}
		return nil, report
	}
	p := &Presentation{Presented: presented}
	for i, held := range presented.Credentials {
		p.Credentials = append(p.Credentials, v.around(ctx, held, true, opts.Now, report.Credentials[i]))
	}
	report.RecordCredentials()
	if !report.Verified() {
		return nil, report
	}
	return p, report
}

// around adds what lies around a credential that the engine has verified: its
// schema, who issued it and, when both hold, its status: nobody fetches a URL
// for an issuer whom the trust list does not know. held is nil when it is not
// verified, and then no check is made.
func (v *Verifier) around(ctx context.Context, held *credential.Verified, partly bool, now time.Time, report *credential.Report) *Credential {
	c := &Credential{Verified: held}
	if held == nil {
		v.expect(report)
		return nil
	}
	var err error
	if c.Type, err = credtype.Of(held.Types); err == nil || !v.Foreign {
		v.expect(report)
		if err == nil {
			err = fits(c, partly)
		}
		if report.Record(credential.CheckSchema, err) && v.Trust != nil {
			report.Record(credential.CheckIssuer, v.mayIssue(ctx, c, now))
		}
	}
	credential.CheckStatus(ctx, held, credential.Options{Status: v.Status}, report)
	return c
}

func (v *Verifier) expect(report *credential.Report) {
	report.Expect(credential.CheckSchema)
	if v.Trust != nil {
		report.Expect(credential.CheckIssuer)
	}
}

// fits checks the claims against the schema of the type. Of a credential that
// is shown partly, claims that may be kept back may be missing.
func fits(c *Credential, partly bool) error {
	err := credtype.Validate(c.Type.Name, c.Claims())
	if err == nil || !partly || c.Format != credential.SDJWT {
		return err
	}
	violations := fault.From(err).Violations
	for _, violation := range violations {
		if violation.Rule != "schema.required" || !c.Type.MayWithhold(violation.Field) {
			return err
		}
	}
	if len(violations) == 0 {
		return err
	}
	return nil
}

// StillStands asks anew about a credential that was verified before: whether it
// is neither revoked nor suspended, and whether its issuer may issue it now. A
// verifier that has nobody to ask fails with fault.Unavailable.
func (v *Verifier) StillStands(ctx context.Context, held *credential.Verified) error {
	if v.Status == nil || v.Trust == nil {
		return fault.New(fault.Unavailable, "credential.unchecked", "there is nobody to ask whether the credential still stands")
	}
	if _, err := v.Keys.VerificationKey(ctx, held.VerificationMethod, credential.AssertionMethod, held.Created); err != nil {
		return err
	}
	if err := v.Status.CheckStatus(ctx, held); err != nil {
		return err
	}
	kind, err := credtype.Of(held.Types)
	if err != nil {
		return err
	}
	return v.mayIssue(ctx, &Credential{Verified: held, Type: kind}, v.Clock.Now())
}

// mayIssue asks the trust list for the issuer. An offer must name the
// organisation whose accreditation its issuer holds, and no other.
func (v *Verifier) mayIssue(ctx context.Context, c *Credential, now time.Time) (err error) {
	c.By, err = v.Trust.Accredited(ctx, c.Issuer, c.Type.Name, now)
	if err != nil || c.Type.Name != credtype.OfferOfEmployment {
		return err
	}
	employer, _ := c.Claims()["employer"].(map[string]any)
	if employer["organisation_number"] != any(c.By.OrganisationNumber) {
		return fault.New(fault.Denied, "issuer.another-organisation", "the offer names another organisation than the one whose accreditation its issuer holds")
	}
	return nil
}
