package e2e

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
)

// whatAnOfferLeaves are the tables in which an offer leaves rows.
var whatAnOfferLeaves = []string{"offer", "authorisation", "offer_step", "issuance", "status_entry", "event_outbox", "mail_outbox", "agent_outbox"}

// badForms are forms and all that is wrong with them, "field rule" each.
var badForms = map[string]struct {
	change func(f *issuerv1.OfferForm)
	want   []string
}{
	"the slides' DUF number": {
		func(f *issuerv1.OfferForm) { f.DufNumber = "123456789" },
		[]string{"duf_number offer.duf-format"},
	},
	"many rules at once": {
		func(f *issuerv1.OfferForm) {
			f.GivenName, f.Email, f.PhoneNumber, f.DufNumber = "", "lisa", "212 345 6789", "123456789"
			f.Sex = issuerv1.Sex_SEX_UNSPECIFIED
			f.Passport.DateOfExpiry = "2020-01-01"
			f.Employment.EndDate, f.Employment.AnnualSalary.Amount = "2020-01-01", "-1"
			f.Declarations.InformationVerified = false
		},
		[]string{
			"declarations.information_verified offer.declaration-information", "duf_number offer.duf-format",
			"email offer.email-format", "employment.annual_salary offer.salary-positive", "employment.end_date offer.end-after-start",
			"given_name offer.required", "passport.date_of_expiry offer.passport-dates", "passport.date_of_expiry offer.passport-expired",
			"phone_number offer.phone-format", "sex offer.sex",
		},
	},
	"nothing filled in": {
		func(f *issuerv1.OfferForm) { proto.Reset(f) },
		[]string{
			"birthdate offer.required",
			"declarations.information_verified offer.declaration-information",
			"declarations.qualifications_confirmed offer.declaration-qualifications",
			"email offer.required", "employment.annual_salary offer.required",
			"employment.job_title offer.required", "employment.occupation offer.required", "employment.position_percentage offer.required",
			"employment.required_education_level offer.required", "employment.start_date offer.required",
			"family_name offer.required", "given_name offer.required", "nationalities offer.required",
			"passport.date_of_expiry offer.required", "passport.date_of_issuance offer.required",
			"passport.document_number offer.required", "passport.issuing_authority offer.required",
			"passport.issuing_country offer.required", "phone_number offer.required",
			"place_of_birth.country offer.required", "place_of_birth.locality offer.required", "sex offer.sex",
			"signatory.name offer.required", "signatory.role offer.required",
		},
	},
}

// Missing and wrong fields, an employer without accreditation and a reused
// key: the same clear error over gRPC and REST, nothing half done.
func TestBadOfferIsRefusedAndNothingIsHalfDone(t *testing.T) {
	s := newStack(t, twoEmployers(), "registry", "issuer")
	e := &exchange{stack: s, offers: issuerv1.NewOfferServiceClient(s.dial("issuer")), employer: s.tokenOf("issuer", "310000019")}
	s.accredit()
	for name, bad := range badForms {
		s.within(t, name, func() {
			form := lisa(time.Now())
			bad.change(form)
			s.untouched("issuer", whatAnOfferLeaves, func() { e.refuses(form, bad.want) })
		})
	}
	s.within(t, "a form that no idempotency key comes with", func() {
		_, err := e.sign(as(s.t.Context(), e.employer), lisa(time.Now()), "")
		s.refused(err, codes.InvalidArgument, "request.invalid")
		if got := refusalOf(err).violations; !slices.Equal(got, []string{"idempotency_key request.idempotency-key"}) {
			s.fail("violations %v", got)
		}
	})
	s.within(t, "the key of another form", func() { e.reusesKey() })
	s.within(t, "REST that is not the contract's JSON", func() { e.malformed() })
	s.within(t, "an employer before and after its accreditation", func() { e.needsAccreditation() })
	s.within(t, "hostile 37: large and compressed bodies", func() { e.limitsBodies() })
}

// refuses expects the same violations over gRPC and REST.
func (e *exchange) refuses(form *issuerv1.OfferForm, want []string) {
	e.t.Helper()
	signs := signing(e.employer, form, e.key())
	err := e.overGRPC(signs, &issuerv1.IssueOfferResponse{})
	e.refused(err, codes.InvalidArgument, "offer.form")
	if got := refusalOf(err).violations; !slices.Equal(got, want) {
		e.fail("over gRPC:\n got %v\nwant %v", got, want)
	}
	a := e.overREST(signs)
	if a.status != http.StatusBadRequest || a.rule != "offer.form" || !slices.Equal(a.violations(), want) {
		e.fail("over REST: %d %s\n got %v\nwant %v", a.status, a.rule, a.violations(), want)
	}
}

// reusesKey signs, signs again, and signs another form under the same key.
func (e *exchange) reusesKey() {
	key, form := e.key(), lisa(time.Now())
	first, err := e.sign(as(e.t.Context(), e.employer), form, key)
	if err != nil {
		e.fail("sign: %v", err)
	}
	e.untouched("issuer", whatAnOfferLeaves, func() {
		again, err := e.sign(as(e.t.Context(), e.employer), form, key)
		if err != nil || again.GetOffer().GetOfferId() != first.GetOffer().GetOfferId() || again.GetCollectionCode() != first.GetCollectionCode() {
			e.fail("the same form under the same key is another offer (%v)", err)
		}
		form.GivenName = "Elisabeth"
		e.refusedAlike(signing(e.employer, form, key), codes.FailedPrecondition, "offer.key-with-another-form")
	})
}

// malformed posts JSON that means different things to different readers.
func (e *exchange) malformed() {
	form, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(lisa(time.Now()))
	if err != nil {
		e.t.Fatal(err)
	}
	good := `{"idempotency_key":"` + e.key() + `","form":` + string(form) + `}`
	for name, body := range map[string]string{
		"unknown member":  strings.Replace(good, `{"idempotency_key"`, `{"admin":true,"idempotency_key"`, 1),
		"repeated member": strings.Replace(good, `{"idempotency_key"`, `{"idempotency_key":"another-key-1","idempotency_key"`, 1),
		"trailing data":   good + `{}`,
		"cut short":       good[:len(good)-1],
		"byte order mark": "\ufeff" + good,
		"very deep":       strings.Repeat("[", 10_000),
	} {
		e.untouched("issuer", whatAnOfferLeaves, func() {
			if a := e.rest("issuer", "/v1/offers", e.employer, []byte(body)); a.status != http.StatusBadRequest || a.rule == "" {
				e.fail("%s: %d %s", name, a.status, a.body)
			}
		})
	}
}

// signing is a call that signs a form.
func signing(employer string, form *issuerv1.OfferForm, key string) call {
	return call{issuerv1.OfferService_IssueOffer_FullMethodName, employer, &issuerv1.IssueOfferRequest{Form: form, IdempotencyKey: key}}
}

// needsAccreditation signs as the second employer: unknown to the registry,
// accredited under another's organisation number, accredited, revoked.
func (e *exchange) needsAccreditation() {
	second, name := e.tokenOf("issuer", secondEmployer), devsetup.DID("issuer")
	name = name[:strings.LastIndex(name, ":")+1] + secondEmployer
	refused := func(rule string) {
		e.t.Helper()
		e.untouched("issuer", whatAnOfferLeaves, func() {
			e.refusedAlike(signing(second, lisa(time.Now()), e.key()), codes.PermissionDenied, rule)
		})
	}
	refused("issuer.unknown")
	e.accreditAs(rogueEmployer, "Rogue Employer", name)
	refused("issuer.another-organisation")
	e.revoke(rogueEmployer)
	e.accreditAs(secondEmployer, "Second Employer", name)
	if _, err := e.sign(as(e.t.Context(), second), lisa(time.Now()), e.key()); err != nil {
		e.fail("an accredited employer cannot sign: %v", err)
	}
	e.revoke(secondEmployer)
	e.until("the revoked employer's offer is withdrawn", func() bool {
		return e.count("issuer", "SELECT COUNT(*) FROM offer WHERE state = 'WITHDRAWN'") == 1 &&
			e.count("issuer", "SELECT COUNT(*) FROM event_outbox WHERE type LIKE '%offer.withdrawn%'") == 1
	})
	refused("issuer.unknown")
}

// limitsBodies sends what is larger than any request, and what could become
// larger than it looks.
func (e *exchange) limitsBodies() {
	const huge = 50 << 20
	client := &http.Client{Timeout: limit, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: e.authorities, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	post := func(path, mediaType, encoding string, length int64, body io.Reader) int {
		request, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, e.layout.Services["issuer"].BaseURL+path, body)
		if err != nil {
			e.t.Fatal(err)
		}
		request.ContentLength = length
		request.Header.Set("Content-Type", mediaType)
		request.Header.Set("Authorization", "Bearer "+e.employer)
		if encoding != "" {
			request.Header.Set("Content-Encoding", encoding)
		}
		response, err := client.Do(request)
		if err != nil {
			e.fail("%s: %v", path, err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	for path, mediaType := range map[string]string{"/v1/offers": "application/json", "/didcomm": didcomm.EncryptedMediaType} {
		for _, length := range []int64{huge, -1} { // announced, and found out while reading
			if got := post(path, mediaType, "", length, io.LimitReader(spaces{}, huge)); got != http.StatusRequestEntityTooLarge {
				e.fail("50 MB to %s: %d", path, got)
			}
		}
		if got := post(path, mediaType, "gzip", -1, bytes.NewReader([]byte("\x1f\x8b"))); got != http.StatusRequestEntityTooLarge {
			e.fail("gzip to %s: %d", path, got)
		}
	}
	form := lisa(time.Now())
	form.Employment.JobDescription = strings.Repeat(" ", huge)
	_, err := e.sign(as(e.t.Context(), e.employer), form, e.key())
	if code := refusalOf(err).code; code != codes.ResourceExhausted {
		e.fail("50 MB over gRPC: %v", err)
	}
	_, err = e.offers.IssueOffer(as(e.t.Context(), e.employer), &issuerv1.IssueOfferRequest{Form: lisa(time.Now()), IdempotencyKey: e.key()}, grpc.UseCompressor(gzip.Name))
	e.refused(err, codes.InvalidArgument, "rpc.content-encoding")
	e.alive("issuer")
}

// spaces is white space without end, which JSON allows before a value.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
