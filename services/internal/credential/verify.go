package credential

import (
	"bytes"
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// Options say what a credential is verified against.
type Options struct {
	// Now is the instant at which the credential must be valid.
	Now time.Time
	// Status asks the status lists. Without it the status check of a
	// credential that carries status entries stays unfinished, so that the
	// credential is not verified.
	Status StatusChecker
	// LeaveStatus takes the status check out of the report: the caller asks the
	// status itself before it acts, or is about to read a status list.
	LeaveStatus bool
	// Terms, when set, are the contexts that documents may use; nil for the
	// pinned ones.
	Terms Terms
	// Enveloped examines a credential of another media type that stands
	// enveloped in a document of this package's. Without it such a credential
	// is refused.
	Enveloped func(ctx context.Context, mediaType, content string) (*Verified, *Report)
}

// Verify is Examine for callers that need no report: it gives the credential,
// or the fault of the check that did not pass.
func Verify(ctx context.Context, resolver KeyResolver, data []byte, opts Options) (*Verified, error) {
	v, report := Examine(ctx, resolver, data, opts)
	if err := report.Err(); err != nil {
		return nil, err
	}
	return v, nil
}

// Examine checks a credential's form, dates, signer, key, proof and status. It
// takes a JSON document with Data Integrity proofs, a compact vc+jwt, or an
// EnvelopedVerifiableCredential. The credential is nil unless the report is
// Verified.
func Examine(ctx context.Context, resolver KeyResolver, data []byte, opts Options) (*Verified, *Report) {
	v, report := examineText(ctx, resolver, data, opts)
	if !report.Verified() {
		return nil, report
	}
	return v, report
}

// newCredentialReport lists what is checked of every credential.
func newCredentialReport() *Report {
	return NewReport(CheckForm, CheckDates, CheckSigner, CheckKey, CheckProof)
}

func examineText(ctx context.Context, resolver KeyResolver, data []byte, opts Options) (*Verified, *Report) {
	if isCompact(data) {
		report := newCredentialReport()
		return examineJOSE(ctx, resolver, bytes.Clone(data), opts, report), report
	}
	doc, err := decode(data, MaxCredentialBytes)
	if err != nil {
		report := newCredentialReport()
		report.Record(CheckForm, err)
		return nil, report
	}
	return examine(ctx, resolver, doc, opts)
}

// isCompact tells the compact form of a JWS from a JSON document, by the first
// byte.
func isCompact(data []byte) bool {
	if len(data) == 0 {
		return false
	}
	c := data[0]
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// examine checks a credential that was read.
func examine(ctx context.Context, resolver KeyResolver, doc strictjson.Value, opts Options) (*Verified, *Report) {
	mediaType, content, enveloped, err := vcdm.Enveloped(doc)
	report := newCredentialReport()
	switch {
	case err != nil:
		report.Record(CheckForm, err)
		return nil, report
	case !enveloped:
		return examineDocument(ctx, resolver, doc, opts, report), report
	case mediaType == JOSE.MediaType():
		return examineJOSE(ctx, resolver, []byte(content), opts, report), report
	case opts.Enveloped != nil:
		return opts.Enveloped(ctx, mediaType, content)
	}
	report.Record(CheckForm, invalid("media-type", "the enveloped credential is of a media type that is not known here"))
	return nil, report
}

// examineDocument checks a credential with Data Integrity proofs.
func examineDocument(ctx context.Context, resolver KeyResolver, doc strictjson.Value, opts Options, report *Report) *Verified {
	v, c, proofs, err := readSecured(doc)
	if err == nil {
		err = proofs.checkTerms(orPinned(opts.Terms), doc)
	}
	if !report.Record(CheckForm, err) {
		return nil
	}
	dates := proofs.checkDates(opts.Now)
	if dates == nil {
		dates = c.CheckDates(opts.Now)
	}
	report.Record(CheckDates, dates)
	issuers, err := proofs.by(v.Issuer)
	if !report.Record(CheckSigner, err) {
		return nil
	}
	v.VerificationMethod, v.Created = issuers.verificationMethod, issuers.created
	proofs.check(ctx, resolver, doc, orPinned(opts.Terms), report)
	CheckStatus(ctx, v, opts, report)
	return v
}

// readSecured reads a credential and its proofs.
func readSecured(doc strictjson.Value) (*Verified, *vcdm.Credential, proofSet, error) {
	if len(doc.Canonical()) > MaxCredentialBytes { // of one that is written otherwise, or presented
		return nil, nil, nil, tooLarge(MaxCredentialBytes)
	}
	c, err := readForm(doc)
	if err != nil {
		return nil, nil, nil, err
	}
	proofs, err := readProofs(doc.Get("proof"), doc.Get("@context"), AssertionMethod)
	if err != nil {
		return nil, nil, nil, err
	}
	v, err := newVerified(c, DataIntegrity)
	return v, c, proofs, err
}

// check asks for the key of every proof and verifies every signature: one that
// nobody here can check makes the whole unverified.
func (s proofSet) check(ctx context.Context, resolver KeyResolver, doc strictjson.Value, terms Terms, report *Report) {
	for _, p := range s {
		key, err := resolver.VerificationKey(ctx, p.verificationMethod, p.purpose, p.created)
		if err != nil {
			report.Record(CheckKey, err)
			return
		}
		if err := s.checkSignature(p, key, doc, terms); err != nil {
			report.Record(CheckKey, nil)
			report.Record(CheckProof, err)
			return
		}
	}
	report.Record(CheckKey, nil)
	report.Record(CheckProof, nil)
}

// CheckStatus asks for the status of a credential, and notes it in its report,
// provided that everything before holds: nobody else's URL is worth fetching.
func CheckStatus(ctx context.Context, v *Verified, opts Options, report *Report) {
	if len(v.Status) == 0 || opts.LeaveStatus {
		return
	}
	sound := report.Verified()
	report.Expect(CheckStatusLists)
	if sound && opts.Status != nil {
		report.Record(CheckStatusLists, opts.Status.CheckStatus(ctx, v))
	}
}
