package verification

import (
	"bytes"
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// How old a key binding may be: as old as a challenge may be that it answers.
const (
	bindingMaxAge  = 10 * time.Minute
	bindingMaxSkew = time.Minute
)

// isSDJWT tells an SD-JWT from a JSON document and from a compact JWS: it alone
// has tildes, and no brace in front.
func isSDJWT(data []byte) bool {
	return bytes.IndexByte(data, '~') >= 0 && !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}

func bindingTo(opts credential.PresentationOptions) *sdjwt.Binding {
	return &sdjwt.Binding{
		Audience: opts.Domain, Nonce: opts.Challenge, Now: opts.Now, MaxAge: bindingMaxAge, MaxSkew: bindingMaxSkew,
	}
}

// enveloped examines a credential in an EnvelopedVerifiableCredential that the
// engine does not know.
func (v *Verifier) enveloped(ctx context.Context, mediaType, content string, binding *sdjwt.Binding, opts credential.Options) (*credential.Verified, *credential.Report) {
	if mediaType == credential.SDJWT.MediaType() {
		return v.examineSDJWT(ctx, []byte(content), binding, opts)
	}
	report := credential.NewReport(credential.CheckForm)
	report.Record(credential.CheckForm, fault.New(fault.Invalid, "credential.media-type", "the enveloped credential is of a media type that is not known here"))
	return nil, report
}

// examineSDJWT makes the engine's checks of an SD-JWT VC, as it is held or,
// with a binding, as it is presented. The credential is nil unless the report
// is Verified.
func (v *Verifier) examineSDJWT(ctx context.Context, raw []byte, binding *sdjwt.Binding, opts credential.Options) (*credential.Verified, *credential.Report) {
	report := credential.NewReport(credential.CheckForm, credential.CheckDates, credential.CheckSigner, credential.CheckKey,
		credential.CheckProof, credential.CheckDisclosures)
	if binding != nil {
		report.Expect(credential.CheckHolder)
	}
	token, err := sdjwt.Parse(raw)
	if !report.Record(credential.CheckForm, err) {
		return nil, report
	}
	report.Record(credential.CheckSigner, nil) // Parse wants the key to be the issuer's
	report.Record(credential.CheckDates, token.CheckDates(opts.Now))
	key, err := v.Keys.VerificationKey(ctx, token.KeyID, credential.AssertionMethod, token.IssuedAt)
	if !report.Record(credential.CheckKey, err) {
		return nil, report
	}
	c, checks := token.Examine(key, binding)
	report.Record(credential.CheckProof, checks.Signature)
	report.Record(credential.CheckDisclosures, checks.Disclosures)
	if binding != nil || checks.Binding != nil {
		report.Record(credential.CheckHolder, checks.Binding)
	}
	if c == nil {
		return nil, report
	}
	held, err := verifiedOf(c)
	if !report.Record(credential.CheckForm, err) {
		return nil, report
	}
	if !report.Verified() {
		return nil, report
	}
	return held, report
}

// verifiedOf says of an SD-JWT VC what the engine says of a W3C credential.
// The subject is whoever has the key of cnf.
func verifiedOf(c *sdjwt.Credential) (*credential.Verified, error) {
	if err := checkNames(c); err != nil {
		return nil, err
	}
	held := &credential.Verified{
		Format: credential.SDJWT, Issuer: c.Issuer, Types: []string{c.VCT}, SubjectID: c.HolderDID(),
		ValidFrom: c.NotBefore, ValidUntil: c.Expires, VerificationMethod: c.KeyID, Created: c.IssuedAt, Compact: c.Raw,
	}
	held.ID, _ = c.Claims["jti"].(string)
	claims := c.Claims
	if kind, known := credtype.ByVCT(c.VCT); known {
		held.Types = []string{vcdm.TypeCredential, kind.Name}
		var err error
		if claims, err = credtype.FromSDJWT(kind, c.Claims); err != nil {
			return nil, err
		}
	}
	held.Subjects = []vcdm.Subject{vcdm.SubjectOf(held.SubjectID, claims)}
	if c.Status.Present {
		held.Status = []status.Entry{status.TokenEntry(c.Status.URI, c.Status.Index)}
	}
	return held, nil
}

// checkNames refuses an SD-JWT VC that would be taken for another credential, or
// for another's.
func checkNames(c *sdjwt.Credential) error {
	id, has := c.Claims["jti"]
	if text, _ := id.(string); has && (text == "" || len(text) > maxID) {
		return fault.New(fault.Invalid, "credential.id", "jti is not a text, or is too long")
	}
	if _, named := credtype.Find(c.VCT); named {
		return fault.New(fault.Invalid, "credential.type-unknown", "vct is the name of a type of ours in a W3C credential, where its URL belongs")
	}
	if !c.Holder.IsZero() && did.Check(c.Subject) == nil && c.Subject != c.HolderDID() {
		return fault.New(fault.Invalid, "credential.subject", "the credential names one subject, and is bound to the key of another")
	}
	return nil
}

// maxID is the length of the longest id of a credential, in bytes.
const maxID = 2048

// presentedSDJWT examines an SD-JWT VC that is presented by itself.
func (v *Verifier) presentedSDJWT(ctx context.Context, raw []byte, opts credential.PresentationOptions) (*Presentation, *credential.Report) {
	report := credential.NewReport(credential.CheckCredentials)
	held, part := v.examineSDJWT(ctx, raw, bindingTo(opts), opts.Options)
	report.Credentials = []*credential.Report{part}
	c := v.around(ctx, held, true, opts.Now, part)
	report.RecordCredentials()
	if !report.Verified() {
		return nil, report
	}
	return &Presentation{
		Presented: &credential.Presented{
			Holder: held.SubjectID, Credentials: []*credential.Verified{held}, VerificationMethod: held.VerificationMethod, Created: held.Created,
		},
		Credentials: []*Credential{c},
	}, report
}
