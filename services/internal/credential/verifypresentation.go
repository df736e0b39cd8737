package credential

import (
	"context"
	"crypto/subtle"
	"time"
)

// PresentationOptions say what a presentation is verified against.
type PresentationOptions struct {
	// Options hold for every credential in the presentation.
	Options
	// Challenge and Domain are what the holder was asked to sign; neither may
	// be empty. That the challenge is fresh is for the caller to know.
	Challenge, Domain string
}

// Presented is a presentation that holds as a whole.
type Presented struct {
	// ID is the presentation's id, empty when it has none.
	ID string
	// Holder is the DID that signed, and the subject of every credential.
	Holder string
	// Types holds every type, VerifiablePresentation among them.
	Types []string
	// Members are the signed members that VCDM does not define, such as
	// consent. Numbers are json.Number.
	Members map[string]any
	// Credentials are the presented credentials, in the order presented.
	Credentials []*Verified
	// VerificationMethod is the DID URL of the key, Created the instant that
	// the proof states.
	VerificationMethod string
	Created            time.Time
	// Document is the whole presentation.
	Document Document
}

// VerifyPresentation is ExaminePresentation for callers that need no report.
func VerifyPresentation(ctx context.Context, resolver KeyResolver, data []byte, opts PresentationOptions) (*Presented, error) {
	p, report := ExaminePresentation(ctx, resolver, data, opts)
	if err := report.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// ExaminePresentation checks a presentation and every credential in it. One
// false part makes the whole false: the presentation is nil unless the report
// is Verified.
func ExaminePresentation(ctx context.Context, resolver KeyResolver, data []byte, opts PresentationOptions) (*Presented, *Report) {
	report := newReport(CheckForm, CheckDates, CheckChallenge, CheckSigner, CheckHolder, CheckKey, CheckProof, CheckCredentials)
	presented, proof, err := readSecuredPresentation(data)
	if !report.record(CheckForm, err) {
		return nil, report
	}
	report.record(CheckDates, proof.checkDates(opts.Now))
	report.record(CheckChallenge, checkChallenge(proof, opts))
	if !report.record(CheckSigner, checkSigner(proof.config, presented.Holder)) {
		return nil, report
	}
	report.record(CheckHolder, checkHolder(presented))
	checkProof(ctx, resolver, presented.Document, proof, report)
	if !made(report, CheckProof) {
		return nil, report
	}
	for i, credential := range presented.Credentials {
		part := newReport(CheckForm, CheckDates, CheckSigner, CheckKey, CheckProof)
		report.Credentials = append(report.Credentials, part)
		presented.Credentials[i], _ = examine(ctx, resolver, credential.Document, opts.Options, part)
	}
	report.record(CheckCredentials, nil)
	if !report.Verified() {
		return nil, report
	}
	return presented, report
}

// made reports whether a check passed.
func made(report *Report, name string) bool {
	for _, c := range report.Checks {
		if c.Name == name {
			return c.Outcome == Passed
		}
	}
	return false
}

func readSecuredPresentation(data []byte) (*Presented, *proof, error) {
	doc, err := decode(data, MaxPresentationBytes)
	if err != nil {
		return nil, nil, err
	}
	presented, err := readPresentation(doc)
	if err != nil {
		return nil, nil, err
	}
	proof, err := readProof(doc, Authentication)
	if err != nil {
		return nil, nil, err
	}
	presented.VerificationMethod, presented.Created = proof.verificationMethod, proof.created
	return presented, proof, nil
}

// presentationMembers are those that VCDM 2.0, section 4.13, defines.
var presentationMembers = map[string]bool{
	"@context": true, "id": true, "type": true, "holder": true, "verifiableCredential": true, "proof": true,
}

// readPresentation reads what VCDM 2.0, section 4.13, asks of a presentation,
// and the form of the credentials in it.
func readPresentation(doc Document) (*Presented, error) {
	p := &Presented{Document: doc, Members: map[string]any{}}
	if err := checkContexts(doc); err != nil {
		return nil, err
	}
	var err error
	if p.Types, err = readTypes(doc, typePresentation); err != nil {
		return nil, err
	}
	if p.ID, err = optionalURL(doc, "id"); err != nil {
		return nil, err
	}
	if p.Holder, err = readParty(doc, "holder"); err != nil {
		return nil, err
	}
	credentials, isArray := doc["verifiableCredential"].([]any)
	if !isArray {
		credentials = []any{doc["verifiableCredential"]}
	}
	if len(credentials) == 0 || len(credentials) > MaxPresentedCredentials {
		return nil, invalid("presentation", "a presentation holds 1 to %d credentials", MaxPresentedCredentials)
	}
	for _, item := range credentials {
		object, ok := item.(map[string]any)
		if !ok {
			return nil, invalid("presentation", "a presented credential is not an object")
		}
		v, _, err := readSecured(object)
		if err != nil {
			return nil, err
		}
		p.Credentials = append(p.Credentials, v)
	}
	for name, value := range doc {
		if !presentationMembers[name] {
			p.Members[name] = value
		}
	}
	return p, nil
}

// checkHolder wants every credential to be about the holder.
func checkHolder(p *Presented) error {
	for _, v := range p.Credentials {
		if v.SubjectID != p.Holder {
			return invalid("holder", "a presented credential is about somebody else than the holder")
		}
	}
	return nil
}

func checkChallenge(p *proof, opts PresentationOptions) error {
	switch {
	case opts.Challenge == "" || opts.Domain == "":
		return invalid("challenge", "the verifier asked for no challenge or domain")
	case subtle.ConstantTimeCompare([]byte(p.challenge), []byte(opts.Challenge)) != 1:
		return invalid("challenge", "the presentation answers another challenge")
	case p.domain != opts.Domain:
		return invalid("domain", "the presentation is made for another domain")
	}
	return nil
}
