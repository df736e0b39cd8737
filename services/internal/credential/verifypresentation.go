package credential

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
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
	// the signature states, zero when it states none.
	VerificationMethod string
	Created            time.Time
	// Document is the whole presentation; absent where there is none.
	Document strictjson.Value
}

// VerifyPresentation is ExaminePresentation for callers that need no report.
func VerifyPresentation(ctx context.Context, resolver KeyResolver, data []byte, opts PresentationOptions) (*Presented, error) {
	p, report := ExaminePresentation(ctx, resolver, data, opts)
	if err := report.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// ExaminePresentation checks a presentation and every credential in it. It
// takes a JSON document with Data Integrity proofs, a compact vp+jwt, or an
// EnvelopedVerifiablePresentation. One false part makes the whole false: the
// presentation is nil unless the report is Verified.
func ExaminePresentation(ctx context.Context, resolver KeyResolver, data []byte, opts PresentationOptions) (*Presented, *Report) {
	report := NewReport(CheckForm, CheckDates, CheckChallenge, CheckSigner, CheckHolder, CheckKey, CheckProof, CheckCredentials)
	presentation, err := readSigned(data, orPinned(opts.Terms))
	if !report.Record(CheckForm, err) {
		return nil, report
	}
	form, signed := presentation.form, presentation.signature
	report.Record(CheckDates, signed.checkDates(opts.Now))
	report.Record(CheckChallenge, signed.answers(opts))
	p := &Presented{
		ID: form.ID, Holder: form.Holder, Types: form.Types, Members: form.Members.Map(), Document: form.Document,
		VerificationMethod: presentation.method, Created: presentation.created,
	}
	if !report.Record(CheckSigner, signed.isBy(p.Holder)) {
		return nil, report
	}
	signed.check(ctx, resolver, report)
	if !report.Passed(CheckProof) {
		return nil, report
	}
	for _, document := range form.Credentials {
		v, part := examine(ctx, resolver, document, opts.Options)
		if !part.Verified() {
			v = nil
		}
		report.Credentials = append(report.Credentials, part)
		p.Credentials = append(p.Credentials, v)
	}
	report.RecordCredentials()
	// A credential that is not verified has no subject to be compared.
	if err := checkHolder(p.Holder, p.Credentials); err != nil || !slices.Contains(p.Credentials, nil) {
		report.Record(CheckHolder, err)
	}
	if !report.Verified() {
		return nil, report
	}
	return p, report
}

// signature is how a presentation is signed, whatever its form.
type signature interface {
	checkDates(now time.Time) error
	answers(opts PresentationOptions) error
	// isBy wants every signature to be by the holder.
	isBy(holder string) error
	check(ctx context.Context, resolver KeyResolver, report *Report)
}

// signedPresentation is a presentation whose form was read, and its signature.
type signedPresentation struct {
	form      *vcdm.Presentation
	signature signature
	method    string
	created   time.Time
}

func readSigned(data []byte, terms Terms) (*signedPresentation, error) {
	if isCompact(data) {
		return readJOSEPresentation(data, terms)
	}
	doc, err := decode(data, MaxPresentationBytes)
	if err != nil {
		return nil, err
	}
	mediaType, content, enveloped, err := vcdm.Enveloped(doc)
	switch {
	case err != nil:
		return nil, err
	case enveloped && mediaType == mediaTypeJOSEVP:
		return readJOSEPresentation([]byte(content), terms)
	case enveloped:
		return nil, invalid("media-type", "the enveloped presentation is of a media type that is not known here")
	}
	form, err := readPresentation(doc)
	if err != nil {
		return nil, err
	}
	proofs, err := readProofs(doc.Get("proof"), doc.Get("@context"), Authentication)
	if err != nil {
		return nil, err
	}
	if err := proofs.checkTerms(terms, doc); err != nil {
		return nil, err
	}
	// A presentation need not name its holder: then it is whoever signed it.
	if form.Holder == "" {
		form.Holder = proofs[0].controller()
	}
	return &signedPresentation{form, proofsOf{proofs, doc, terms}, proofs[0].verificationMethod, proofs[0].created}, nil
}

// readPresentation reads the form of a presentation, and wants a holder whose
// keys could be found. It may show nothing but that the holder has the key.
func readPresentation(doc strictjson.Value) (*vcdm.Presentation, error) {
	form, err := vcdm.ReadPresentation(doc)
	if err != nil {
		return nil, err
	}
	if countProofs(form.Credentials) > maxPresentedProofs {
		return nil, invalid("proof-form", "the credentials of a presentation have at most %d proofs together", maxPresentedProofs)
	}
	if form.Holder != "" {
		err = checkParty("holder", form.Holder)
	}
	return form, err
}

// maxPresentedProofs bounds the proofs of all presented credentials together:
// each may send a verifier to another host for its key.
const maxPresentedProofs = 2 * vcdm.MaxPresentedCredentials

func countProofs(credentials []strictjson.Value) int {
	n := 0
	for _, doc := range credentials {
		if proofs := doc.Get("proof"); proofs.Kind() == strictjson.Array {
			n += proofs.Len()
		} else {
			n++
		}
	}
	return n
}

// proofsOf are the Data Integrity proofs of a presentation.
type proofsOf struct {
	proofSet
	doc   strictjson.Value
	terms Terms
}

func (p proofsOf) isBy(holder string) error {
	for _, one := range p.proofSet {
		if err := checkSigner(one.verificationMethod, holder); err != nil {
			return err
		}
	}
	return nil
}

func (p proofsOf) answers(opts PresentationOptions) error {
	for _, one := range p.proofSet {
		if err := checkChallenge(one.challenge, one.domains, opts); err != nil {
			return err
		}
	}
	return nil
}

func (p proofsOf) check(ctx context.Context, resolver KeyResolver, report *Report) {
	p.proofSet.check(ctx, resolver, p.doc, p.terms, report)
}

// joseSignature is the JWS of a presentation.
type joseSignature struct{ *enveloped }

func readJOSEPresentation(compact []byte, terms Terms) (*signedPresentation, error) {
	e, err := open(compact, typeJOSEPresentation, "vp", MaxPresentationBytes)
	if err != nil {
		return nil, err
	}
	form, err := readPresentation(e.doc)
	if err != nil {
		return nil, err
	}
	if err := terms.Check(e.doc); err != nil {
		return nil, err
	}
	if err := e.agrees(form.Holder, "", form.ID); err != nil {
		return nil, err
	}
	if form.Holder == "" {
		form.Holder = e.signer()
	}
	return &signedPresentation{form, joseSignature{e}, e.token.KeyID, e.created()}, nil
}

func (j joseSignature) isBy(holder string) error { return checkSigner(j.token.KeyID, holder) }

func (j joseSignature) answers(opts PresentationOptions) error {
	return checkChallenge(j.jwt.Nonce, j.jwt.Audience, opts)
}

func (j joseSignature) check(ctx context.Context, resolver KeyResolver, report *Report) {
	j.enveloped.check(ctx, resolver, Authentication, report)
}

// checkHolder wants every credential to be about the holder, and nobody else: a
// credential that does not say whom it is about is anybody's. What is nil is
// passed over.
func checkHolder(holder string, credentials []*Verified) error {
	for _, v := range credentials {
		if v == nil {
			continue
		}
		for _, subject := range v.Subjects {
			if subject.ID != holder {
				return invalid("holder", "a presented credential is about somebody else than the holder")
			}
		}
	}
	return nil
}

func checkChallenge(challenge string, domains []string, opts PresentationOptions) error {
	switch {
	case opts.Challenge == "" || opts.Domain == "":
		return invalid("challenge", "the verifier asked for no challenge or domain")
	case subtle.ConstantTimeCompare([]byte(challenge), []byte(opts.Challenge)) != 1:
		return invalid("challenge", "the presentation answers another challenge")
	case !slices.Contains(domains, opts.Domain):
		return invalid("domain", "the presentation is made for another domain")
	}
	return nil
}
