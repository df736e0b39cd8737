package credential

import (
	"context"
	"time"
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

// Examine checks a credential's form, dates, signer, key, proof and status.
// The credential is nil unless the report is Verified.
func Examine(ctx context.Context, resolver KeyResolver, data []byte, opts Options) (*Verified, *Report) {
	report := newReport(CheckForm, CheckDates, CheckSigner, CheckKey, CheckProof)
	doc, err := decode(data, MaxCredentialBytes)
	if err != nil {
		report.record(CheckForm, err)
		return nil, report
	}
	return examine(ctx, resolver, doc, opts, report)
}

// examine does what Examine says with a decoded credential.
func examine(ctx context.Context, resolver KeyResolver, doc Document, opts Options, report *Report) (*Verified, *Report) {
	v, p, err := readSecured(doc)
	if !report.record(CheckForm, err) {
		return nil, report
	}
	dates := p.checkDates(opts.Now)
	if dates == nil {
		dates = checkDates(v, opts.Now)
	}
	report.record(CheckDates, dates)
	if !report.record(CheckSigner, checkSigner(p.config, v.Issuer)) {
		return nil, report
	}
	checkProof(ctx, resolver, doc, p, report)
	if len(v.Status) > 0 && !opts.LeaveStatus {
		checkStatus(ctx, v, opts.Status, report)
	}
	if !report.Verified() {
		return nil, report
	}
	return v, report
}

// readSecured reads a credential and its proof.
func readSecured(doc Document) (*Verified, *proof, error) {
	raw, err := encode(doc, MaxCredentialBytes)
	if err != nil {
		return nil, nil, err
	}
	v, err := readForm(doc)
	if err != nil {
		return nil, nil, err
	}
	p, err := readProof(doc, AssertionMethod)
	if err != nil {
		return nil, nil, err
	}
	v.Raw, v.VerificationMethod, v.Created = raw, p.verificationMethod, p.created
	return v, p, nil
}

// checkProof asks for the key and verifies the signature.
func checkProof(ctx context.Context, resolver KeyResolver, doc Document, p *proof, report *Report) {
	key, err := resolver.VerificationKey(ctx, p.verificationMethod, p.purpose, p.created)
	if report.record(CheckKey, err) {
		report.record(CheckProof, p.checkSignature(key, doc))
	}
}

// checkStatus asks for the status of a credential whose proof holds: nobody
// else's URL is worth fetching.
func checkStatus(ctx context.Context, v *Verified, checker StatusChecker, report *Report) {
	sound := report.Verified()
	report.Checks = append(report.Checks, newReport(CheckStatusLists).Checks...)
	if sound && checker != nil {
		report.record(CheckStatusLists, checker.CheckStatus(ctx, v))
	}
}
