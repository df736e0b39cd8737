package credential

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// The forms of VC-JOSE-COSE 1.0, section 3.1, by typ and by media type.
const (
	typeJOSE             = "vc+jwt"
	typeJOSEPresentation = "vp+jwt"
	mediaTypeJOSEVP      = "application/vp+jwt"
)

// IssueJOSE is Issue in the form vc+jwt (VC-JOSE-COSE 1.0, section 3.1.1): the
// credential is the payload of a JWS, with iat as the date of the signature.
// The result is compact.
func IssueJOSE(ctx context.Context, signer Signer, unsigned Document, how Securing) ([]byte, error) {
	read, c, err := issuable(unsigned, how.Key)
	if err != nil {
		return nil, err
	}
	if err := orPinned(how.Terms).Check(read); err != nil {
		return nil, err
	}
	doc := maps.Clone(unsigned)
	doc["iat"], doc["iss"] = how.Created.Unix(), c.Issuer
	compact, err := envelop(ctx, signer, doc, typeJOSE, "vc", how.Key)
	if err != nil {
		return nil, fmt.Errorf("issue credential: %w", err)
	}
	if len(compact) > MaxCredentialBytes {
		return nil, invalid("too-large", "the credential is longer than %d bytes", MaxCredentialBytes)
	}
	return []byte(compact), nil
}

func envelop(ctx context.Context, signer Signer, doc Document, kind, content string, key Key) (string, error) {
	payload, err := strictjson.Canonical(doc)
	if err != nil {
		return "", fmt.Errorf("write payload: %w", err)
	}
	algorithm := key.Curve.Algorithm()
	if algorithm == "" {
		return "", invalid("algorithm", "no algorithm that is known here fits the key")
	}
	return jws.Sign(ctx, signer.Sign, jws.Header{Algorithm: algorithm, KeyID: key.ID, Type: kind, ContentType: content}, payload)
}

// registered are the JWT claims (RFC 7519, section 4.1; OpenID Connect Core 1.0
// for nonce) that may stand beside the members of a credential or presentation.
type registered struct {
	Issuer, Subject, ID, Nonce   string
	Audience                     []string
	IssuedAt, NotBefore, Expires int64
}

// takenClaims are the names in registered, jwtClaims those that a credential does
// not have as members: these, but for nonce, which no context defines, and what
// else the context of VCDM 2.0 takes from JWT (RFC 7800, section 3.1).
var (
	takenClaims = []string{"iss", "sub", "jti", "aud", "nonce", "iat", "nbf", "exp"}
	jwtClaims   = []string{"iss", "sub", "jti", "aud", "iat", "nbf", "exp", "cnf", "kid"}
)

// enveloped is a JWS whose payload is a credential or presentation.
type enveloped struct {
	token jws.Token
	jwt   registered
	doc   strictjson.Value // without the JWT claims
}

func open(compact []byte, kind, content string, maxBytes int) (*enveloped, error) {
	token, err := jws.Parse(compact, kind, maxBytes)
	switch {
	case errors.Is(err, jws.ErrHeader):
		return nil, invalid("jose-header", "the header of the JWS is not that of a %s", kind)
	case err != nil:
		return nil, invalid("jose-form", "the text is neither a JSON document nor a compact JWS")
	case token.ContentType != "" && token.ContentType != content:
		return nil, invalid("jose-header", "the header of the JWS announces another content")
	}
	e := &enveloped{token: token}
	if e.doc, err = decode(token.Payload(), maxBytes); err != nil {
		return nil, err
	}
	if e.doc.Has("proof") {
		return nil, invalid("jose-form", "a document in a JWS has a proof of its own")
	}
	return e, e.takeClaims()
}

// takeClaims moves the JWT claims out of the document.
func (e *enveloped) takeClaims() error {
	for _, name := range takenClaims {
		if value := e.doc.Get(name); value.Exists() && !e.jwt.take(name, value) {
			return invalid("jwt-claims", "a JWT claim is empty, or of the wrong type, or not a date since 1970")
		}
	}
	e.doc = e.doc.Without(takenClaims...)
	return nil
}

// take reads one claim (RFC 7519, section 4.1).
func (r *registered) take(name string, value strictjson.Value) bool {
	switch name {
	case "iss":
		return takeText(&r.Issuer, value)
	case "sub":
		return takeText(&r.Subject, value)
	case "jti":
		return takeText(&r.ID, value)
	case "nonce":
		return takeText(&r.Nonce, value)
	case "aud":
		return r.takeAudience(value)
	case "iat":
		return takeDate(&r.IssuedAt, value)
	case "nbf":
		return takeDate(&r.NotBefore, value)
	case "exp":
		return takeDate(&r.Expires, value)
	}
	return false
}

func takeText(into *string, value strictjson.Value) bool {
	text, _ := value.Text()
	*into = text
	return text != ""
}

// takeAudience reads one receiver or several.
func (r *registered) takeAudience(value strictjson.Value) bool {
	isList := value.Kind() == strictjson.Array
	r.Audience = make([]string, 0, max(value.Len(), 1))
	for item := range value.Items() {
		one, isText := item.Text()
		if !isText || !isList && one == "" {
			return false
		}
		r.Audience = append(r.Audience, one)
	}
	return true
}

// takeDate reads whole seconds since 1970.
func takeDate(into *int64, value strictjson.Value) bool {
	number, _ := value.Number()
	seconds, err := number.Float64() // which keeps what strictjson takes
	*into = int64(seconds)
	return err == nil && seconds >= 1 && seconds == math.Trunc(seconds)
}

// checkDates compares the JWT's own dates with an instant.
func (e *enveloped) checkDates(now time.Time) error {
	switch {
	case e.jwt.IssuedAt != 0 && time.Unix(e.jwt.IssuedAt, 0).After(now.Add(clockSkew)):
		return invalid("proof-from-future", "the proof is dated later than now")
	case e.jwt.NotBefore != 0 && now.Before(time.Unix(e.jwt.NotBefore, 0)):
		return invalid("not-yet-valid", "the credential is not valid yet")
	case e.jwt.Expires != 0 && !now.Before(time.Unix(e.jwt.Expires, 0)):
		return invalid("proof-expired", "the proof has expired")
	}
	return nil
}

// signer is the DID of the key.
func (e *enveloped) signer() string {
	name, _, _ := strings.Cut(e.token.KeyID, "#")
	return name
}

// created is when the JWS says that it was made, zero when it does not.
func (e *enveloped) created() time.Time {
	if e.jwt.IssuedAt == 0 {
		return time.Time{}
	}
	return time.Unix(e.jwt.IssuedAt, 0).UTC()
}

// agrees wants the JWT claims to say what the document says (VC-JOSE-COSE 1.0,
// section 3.1.3).
func (e *enveloped) agrees(issuer, subject, id string) error {
	for _, c := range [...]struct{ claim, member string }{{e.jwt.Issuer, issuer}, {e.jwt.Subject, subject}, {e.jwt.ID, id}} {
		if c.claim != "" && c.claim != c.member {
			return invalid("jwt-claims", "a JWT claim says otherwise than the document")
		}
	}
	return nil
}

// check asks for the key and verifies the signature.
func (e *enveloped) check(ctx context.Context, resolver KeyResolver, purpose Purpose, report *Report) {
	key, err := resolver.VerificationKey(ctx, e.token.KeyID, purpose, e.created())
	if !report.Record(CheckKey, err) {
		return
	}
	if !e.token.Verify(key) {
		err = invalid("signature", "the signature does not fit the document")
	}
	report.Record(CheckProof, err)
}

// examineJOSE checks a vc+jwt.
func examineJOSE(ctx context.Context, resolver KeyResolver, compact []byte, opts Options, report *Report) *Verified {
	e, v, c, err := readJOSE(compact, orPinned(opts.Terms))
	if !report.Record(CheckForm, err) {
		return nil
	}
	dates := e.checkDates(opts.Now)
	if dates == nil {
		dates = c.CheckDates(opts.Now)
	}
	report.Record(CheckDates, dates)
	if !report.Record(CheckSigner, checkSigner(e.token.KeyID, v.Issuer)) {
		return nil
	}
	e.check(ctx, resolver, AssertionMethod, report)
	CheckStatus(ctx, v, opts, report)
	return v
}

func readJOSE(compact []byte, terms Terms) (*enveloped, *Verified, *vcdm.Credential, error) {
	e, err := open(compact, typeJOSE, "vc", MaxCredentialBytes)
	if err != nil {
		return nil, nil, nil, err
	}
	if e.jwt.Audience != nil || e.jwt.Nonce != "" {
		return nil, nil, nil, invalid("jwt-claims", "the credential is meant for somebody, which cannot be checked")
	}
	c, err := readForm(e.doc)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := terms.Check(e.doc); err != nil {
		return nil, nil, nil, err
	}
	v, err := newVerified(c, JOSE)
	if err != nil {
		return nil, nil, nil, err
	}
	v.VerificationMethod, v.Created, v.Compact = e.token.KeyID, e.created(), compact
	return e, v, c, e.agrees(v.Issuer, v.SubjectID, v.ID)
}

// presentJOSE signs a presentation in the form vp+jwt: nonce is the challenge,
// aud the domain.
func presentJOSE(ctx context.Context, signer Signer, doc Document, p Presenting) ([]byte, error) {
	doc = maps.Clone(doc)
	doc["iat"], doc["nonce"], doc["aud"] = p.Created.Unix(), p.Challenge, p.Domain
	compact, err := envelop(ctx, signer, doc, typeJOSEPresentation, "vp", p.Key)
	if err != nil {
		return nil, err
	}
	if len(compact) > MaxPresentationBytes {
		return nil, invalid("too-large", "the presentation is longer than %d bytes", MaxPresentationBytes)
	}
	return []byte(compact), nil
}
