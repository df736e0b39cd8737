package issuer

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/front"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	tools "github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/api"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/vcapi"
)

const (
	ours, theirs = "310000019", "310000027"
	employers    = "did:web:issuer.kompetansespor.example:employers:"
	// worker is the did:key of RFC 8032, section 7.1, test 1.
	worker = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
)

type object = map[string]any

// office is the VC API of an issuer with two tenants, on a real listener and
// database. What it asks of the web, it asks itself.
type office struct {
	*testing.T
	*harness.Harness
	*front.Front

	mu      sync.Mutex // guards what follows
	trusted error
	number  string // of the organisation that holds the accreditation
	down    bool
}

func newOffice(t *testing.T, examples bool) *office {
	t.Helper()
	o := &office{T: t, Harness: harness.Open(t, "issuer"), number: ours}
	var tenants []desk.Tenant
	for _, number := range []string{ours, theirs} {
		tenants = append(tenants, desk.Tenant{OrganisationNumber: number, DID: employers + number})
		o.must(o.Book.EnsureOrganisation(t.Context(), employers+number, number, "https://issuer.kompetansespor.example/didcomm"))
	}
	o.must(o.Book.EnsureAssertionKey(t.Context(), employers+ours, keystore.ES256))
	issuing := &vcapi.Issuer{Issuance: o.Issuer, Trust: o, Clock: o.Clock, Tenants: tenants}
	if examples {
		terms, err := jsonld.Development()
		o.must(err)
		issuing.Examples = terms
	}
	keys := &resolver.Resolver{Get: published{o}, Cache: cache.NewMemory(o.Clock, 0, 0), Clock: o.Clock}
	examiner, err := tools.Examiner(&verification.Verifier{
		Keys: keys, Status: &statuslist.Checker{Get: published{o}, Keys: keys, Clock: o.Clock}, Trust: o, Clock: o.Clock,
	}, examples)
	o.must(err)
	routes := tools.Join(tools.Issuing(issuing), tools.Verifying(examiner),
		tools.Resolving(keys, cache.NewLimiter(cache.NewMemory(o.Clock, 0, 0), o.Clock, "resolve-did", 3, time.Minute)))
	o.Front = front.Serve(t, front.Tokens{
		"ours": {Role: api.RoleEmployer, Subject: ours}, "theirs": {Role: api.RoleEmployer, Subject: theirs},
		"stranger": {Role: api.RoleEmployer, Subject: "310000035"}, "auditor": {Role: "auditor", Subject: "auditor-1"},
	}, routes, routes.For(api.RoleEmployer))
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// published gives an office's DID documents and status lists.
type published struct{ *office }

func (o published) Get(ctx context.Context, url string, limit int64) ([]byte, http.Header, error) {
	o.mu.Lock()
	down := o.down
	o.mu.Unlock()
	if down || !strings.HasPrefix(url, "https://issuer.kompetansespor.example/") {
		return nil, nil, fault.New(fault.Unavailable, "fetch.unreachable", "down")
	}
	mux := http.NewServeMux()
	mux.Handle("GET /employers/{organisation}/did.json", o.Book.Documents("issuer.kompetansespor.example"))
	for pattern, handler := range o.Lists.Routes(rpc.WriteProblem) {
		mux.Handle(pattern, handler)
	}
	return testkit.Web{Handler: mux}.Get(ctx, url, limit)
}

func (o *office) Accredited(context.Context, string, string, time.Time) (trustlist.Entity, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return trustlist.Entity{OrganisationNumber: o.number}, o.trusted
}

func (o *office) count(query string, args ...any) (n int) {
	o.Helper()
	o.must(o.DB.Read().QueryRowContext(o.Context(), query, args...).Scan(&n))
	return n
}

// offer is an offer of ours, without an issuer.
func (o *office) offer(changes ...func(credential object)) object {
	o.Helper()
	subject := testkit.ExampleClaims(o, "offer-of-employment")
	subject["id"] = worker
	credential := object{
		"@context": []any{vcdm.ContextV2, jsonld.KompetansesporV1}, "type": []any{"VerifiableCredential", "OfferOfEmployment"},
		"credentialSubject": subject,
	}
	for _, change := range changes {
		change(credential)
	}
	return credential
}

// degree is an example of the data model's.
func degree(changes ...func(credential object)) object {
	credential := object{
		"@context": []any{vcdm.ContextV2, jsonld.ExamplesV2}, "type": []any{"VerifiableCredential", "ExampleDegreeCredential"},
		"credentialSubject": object{"id": worker, "degree": object{"type": "ExampleBachelorDegree", "name": "Bachelor of Science and Arts"}},
	}
	for _, change := range changes {
		change(credential)
	}
	return credential
}

func set(member string, value any) func(object) {
	return func(credential object) { credential[member] = value }
}

func (o *office) issue(token string, credential object, options object) front.Answer {
	o.Helper()
	return o.JSON("/credentials/issue", token, object{"credential": credential, "options": options})
}

// issued is a credential that must have been issued.
func (o *office) issued(credential object, options object) object {
	o.Helper()
	a := o.issue("ours", credential, options)
	var signed object
	if a.Status != http.StatusCreated || a.Header.Get("Content-Type") != "application/json" || json.Unmarshal(a.Body, &signed) != nil {
		o.Fatalf("%d %s", a.Status, a.Body)
	}
	return signed
}

func (o *office) verify(credential any) front.Answer {
	o.Helper()
	return o.JSON("/credentials/verify", "ours", object{"verifiableCredential": credential})
}

// verified wants the answer of a credential that holds.
func (o *office) verified(credential any) {
	o.Helper()
	a := o.verify(credential)
	var report struct {
		Verified bool
		Answer   string
		Checks   []struct{ Name, Outcome string }
	}
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &report) != nil || !report.Verified || len(report.Checks) < 5 {
		o.Fatalf("%d %s", a.Status, a.Body)
	}
}

func (o *office) refused(a front.Answer, status int, rule string) {
	o.Helper()
	if a.Status != status || a.Rule != rule {
		o.Errorf("got %d %s, want %d %s: %s", a.Status, a.Rule, status, rule, a.Body)
	}
}

func TestCredentialIsIssuedInTheTenantsNameAndVerifies(t *testing.T) {
	o := newOffice(t, false)
	bare := o.issued(o.offer(), nil)
	proof, _ := bare["proof"].(object)
	if bare["issuer"] != employers+ours || bare["validFrom"] != "2026-11-23T08:00:00Z" || proof["cryptosuite"] != "eddsa-rdfc-2022" || bare["credentialStatus"] != nil || bare["id"] != nil {
		t.Fatalf("%v", bare)
	}
	o.verified(bare)
	// The issuer may be named, by its DID alone or with what is said of it.
	for _, issuer := range []any{employers + ours, object{"id": employers + ours, "name": "Universitetet i Testby"}} {
		o.verified(o.issued(o.offer(set("issuer", issuer)), nil))
	}
	for _, issuer := range []any{employers + theirs, "did:web:elsewhere.example", "https://a.example/issuers/1", object{"id": worker}} {
		o.refused(o.issue("ours", o.offer(set("issuer", issuer)), nil), 400, "vcapi.another-issuer")
	}
	if n := o.count(`SELECT COUNT(*) FROM issuance`); n != 3 {
		t.Errorf("%d records", n)
	}
	if n := o.count(`SELECT COUNT(*) FROM status_entry`); n != 0 {
		t.Errorf("%d status entries that nobody asked for", n)
	}
}

func TestFormatsAndCryptosuites(t *testing.T) {
	o := newOffice(t, false)
	for _, suite := range []string{"eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019"} {
		bare := o.issued(o.offer(), object{"cryptosuite": suite})
		if proof, _ := bare["proof"].(object); proof["cryptosuite"] != suite {
			t.Errorf("%s: %v", suite, proof)
		}
		o.verified(bare)
	}
	for format, mediaType := range map[string]string{"vc+jwt": "application/vc+jwt", "dc+sd-jwt": "application/dc+sd-jwt"} {
		enveloped := o.issued(o.offer(), object{"format": format, "credentialStatus": object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}})
		id, _ := enveloped["id"].(string)
		compact, ok := strings.CutPrefix(id, "data:"+mediaType+",")
		if !ok || enveloped["type"] != "EnvelopedVerifiableCredential" {
			t.Fatalf("%v", enveloped)
		}
		o.verified(enveloped)
		o.verified(compact)
		if jwt, _, disclosed := strings.Cut(compact, "~"); disclosed {
			o.verified(jwt + "~") // what a holder derives from it
		}
		if a := o.Post("/credentials/verify", "ours", mediaType, []byte(compact)); a.Status != 200 {
			t.Errorf("%s as it is: %d %s", format, a.Status, a.Body)
		}
		o.refused(o.Post("/credentials/verify", "ours", mediaType, []byte(compact[:len(compact)-30]+compact[len(compact)-29:])), 400, map[string]string{"vc+jwt": "credential.jose-form", "dc+sd-jwt": "sdjwt.disclosure"}[format])
	}
	for rule, options := range map[string]object{
		"vcapi.format":      {"format": "mso_mdoc"},
		"vcapi.cryptosuite": {"cryptosuite": "bbs-2023"},
		// What an SD-JWT VC cannot say is not left out.
		"credential.not-in-sd-jwt": {"format": "dc+sd-jwt"},
		"vcapi.mandatory-pointers": {"mandatoryPointers": []string{"/issuer"}},
		"vcapi.unknown-option":     {"proofPurpose": "assertionMethod"},
		"vcapi.credential-id":      {"credentialId": strings.Repeat("x", 1025)},
	} {
		o.refused(o.issue("ours", o.offer(set("name", "An offer")), options), 400, rule)
	}
	o.refused(o.issue("ours", o.offer(), object{"format": "vc+jwt", "cryptosuite": "eddsa-jcs-2022"}), 400, "vcapi.cryptosuite")
	// The other tenant has no key for ECDSA.
	o.number = theirs
	a := o.issue("theirs", o.offer(employer(theirs)), object{"cryptosuite": "ecdsa-rdfc-2019"})
	o.refused(a, 400, "credential.cryptosuite")
}

// employer makes an offer another organisation's.
func employer(number string) func(object) {
	return func(credential object) {
		subject, _ := credential["credentialSubject"].(object)
		subject["employer"] = object{"organisation_number": number, "legal_name": "Another AS", "contact_email": "hr@example.no"}
	}
}

func TestTokenIsWantedAndStandsForATenant(t *testing.T) {
	o := newOffice(t, true)
	for _, path := range []string{"/credentials/issue", "/credentials/status", "/credentials/verify", "/presentations/verify"} {
		o.refused(o.JSON(path, "", object{}), 401, "rpc.token-missing")
		o.refused(o.JSON(path, "guess", object{}), 401, "rpc.token-unknown")
		o.refused(o.JSON(path, "auditor", object{}), 403, "rpc.role")
	}
	o.refused(o.Get("/1.0/identifiers/"+worker, ""), 401, "rpc.token-missing")
	o.refused(o.Get("/1.0/identifiers/"+worker, "auditor"), 403, "rpc.role")
	o.refused(o.issue("stranger", o.offer(), nil), 403, "offer.no-such-employer")
	o.refused(o.JSON("/credentials/status", "stranger", object{
		"credentialId": "x", "status": true, "credentialStatus": object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
	}), 403, "offer.no-such-employer")
	if n := o.count(`SELECT COUNT(*) FROM issuance`); n != 0 {
		t.Errorf("%d records", n)
	}
}

func TestOnlyTypesThatTheTenantIsAccreditedFor(t *testing.T) {
	o := newOffice(t, false)
	// Examples of the data model are nobody's types here.
	o.refused(o.issue("ours", degree(), nil), 400, "credential.type-unknown")
	o.refused(o.verify(newOffice(t, true).issued(degree(), nil)), 400, "jsonld.context")
	o.refused(o.issue("ours", o.offer(set("type", []any{"VerifiableCredential"})), nil), 400, "credential.type-unknown")
	o.refused(o.issue("ours", o.offer(set("type", []any{"VerifiableCredential", "OfferOfEmployment", "TaxCard"})), nil), 400, "credential.type-unknown")
	o.refused(o.issue("ours", o.offer(set("type", []any{"VerifiableCredential", "OfferOfEmployment", "Other"})), nil), 400, "jsonld.relative-iri")
	o.refused(o.issue("ours", o.offer(set("credentialSubject", object{"id": worker, "given_name": "Lisa"})), nil), 400, "schema.claims")
	o.refused(o.issue("ours", o.offer(func(c object) { c["credentialSubject"].(object)["id"] = "https://a.example/lisa" }), nil), 400, "vcapi.subject-id")
	o.refused(o.issue("ours", o.offer(func(c object) { c["credentialSubject"] = []any{c["credentialSubject"], object{"id": worker}} }), nil), 400, "vcapi.subjects")
	t.Run("30 another employer's organisation number", func(t *testing.T) {
		o.refused(o.issue("ours", o.offer(employer(theirs)), nil), 403, "issuer.another-organisation")
	})
	o.number = theirs
	o.refused(o.issue("ours", o.offer(), nil), 403, "issuer.another-organisation")
	o.number, o.trusted = ours, fault.New(fault.Denied, "issuer.not-accredited", "not for this")
	o.refused(o.issue("ours", o.offer(), nil), 403, "issuer.not-accredited")
	o.trusted = fault.New(fault.Unavailable, "trustlist.unreachable", "nobody knows")
	o.refused(o.issue("ours", o.offer(), nil), 503, "trustlist.unreachable")
	if n := o.count(`SELECT COUNT(*) FROM issuance`); n != 0 {
		t.Errorf("%d records of what was refused", n)
	}
}

func TestExamplesAreIssuedWhereTheyAreAllowed(t *testing.T) {
	o := newOffice(t, true)
	o.trusted = fault.New(fault.Denied, "issuer.unknown", "not on the list")
	bare := o.issued(degree(set("id", "http://university.example/credentials/3732")), object{
		"credentialStatus": object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation"},
	})
	o.verified(bare)
	if n := o.count(`SELECT COUNT(*) FROM issuance i JOIN issuance_document d ON d.credential_id = i.credential_id
		WHERE i.type = 'ExampleDegreeCredential' AND i.state = 'issued' AND i.created_at <= i.issued_at AND d.name = $1`, bare["id"]); n != 1 {
		t.Errorf("%d records", n)
	}
	// Our own types are as strict as ever.
	o.refused(o.issue("ours", o.offer(), nil), 403, "issuer.unknown")
	o.refused(o.issue("ours", o.offer(set("type", []any{"VerifiableCredential", "OfferOfEmployment", "TaxCard"})), nil), 400, "credential.type-unknown")
	o.trusted = nil
	o.refused(o.issue("ours", o.offer(set("@context", []any{vcdm.ContextV2, jsonld.KompetansesporV1, jsonld.ExamplesV2})), nil), 400, "jsonld.context")
}

func TestWhatTheTenantSuppliedIsNotReplaced(t *testing.T) {
	o := newOffice(t, true)
	o.refused(o.issue("ours", degree(set("proof", object{"type": "DataIntegrityProof"})), nil), 400, "vcapi.proof-supplied")
	o.refused(o.issue("ours", degree(set("credentialStatus", object{
		"id": "https://other.example/status/1#7", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
		"statusListIndex": "7", "statusListCredential": "https://other.example/status/1",
	})), nil), 400, "vcapi.status-supplied")
	o.refused(o.issue("ours", degree(), object{"credentialStatus": object{
		"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListCredential": "https://other.example/status/1",
	}}), 400, "vcapi.status-supplied")
	dated := o.issued(degree(set("validFrom", "2026-01-01T00:00:00+01:00"), set("validUntil", "2030-01-01T00:00:00Z")), nil)
	if dated["validFrom"] != "2026-01-01T00:00:00+01:00" || dated["validUntil"] != "2030-01-01T00:00:00Z" {
		t.Errorf("%v", dated)
	}
	o.verified(dated)
}

// Each breaks the section of VCDM 2.0 that its name begins with.
func TestDocumentThatBreaksTheDataModelIsNeitherIssuedNorVerified(t *testing.T) {
	o := newOffice(t, true)
	good := o.issued(degree(), nil)
	for name, c := range map[string]struct {
		change func(object)
		rule   string
	}{
		"4.3 no context":               {set("@context", []any{}), "credential.context"},
		"4.3 context order":            {set("@context", []any{jsonld.ExamplesV2, vcdm.ContextV2}), "credential.context"},
		"4.4 id is no URL":             {set("id", "not-a-url"), "credential.id"},
		"4.4 two ids":                  {set("id", []any{"urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001", "urn:x:y"}), "credential.id"},
		"4.5 no type":                  {func(c object) { delete(c, "type") }, "credential.type"},
		"4.5 not VerifiableCredential": {set("type", []any{"ExampleDegreeCredential"}), "credential.type"},
		"4.7 null issuer":              {set("issuer", nil), "credential.issuer"},
		"4.7 issuer without id":        {set("issuer", object{"name": "x"}), "credential.issuer"},
		"4.8 no subject":               {func(c object) { delete(c, "credentialSubject") }, "credential.subject"},
		"4.8 subject without claims":   {set("credentialSubject", object{}), "credential.subject"},
		"4.9 date":                     {set("validFrom", "2026-01-01"), "credential.validFrom"},
		"4.9 inverted":                 {func(c object) { c["validFrom"], c["validUntil"] = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z" }, "credential.dates-inverted"},
		"4.11 schema without type":     {set("credentialSchema", object{"id": "https://a.example/schema"}), "credential.schema"},
	} {
		t.Run(name, func(t *testing.T) {
			unsigned := degree(c.change)
			issuing := o.issue("ours", unsigned, nil)
			changed := maps.Clone(good)
			c.change(changed)
			verifying := o.verify(changed)
			if issuing.Status != 400 || verifying.Status != 400 || issuing.Rule != verifying.Rule || !strings.HasPrefix(issuing.Rule, "credential.") {
				t.Errorf("issuing %d %s, verifying %d %s", issuing.Status, issuing.Rule, verifying.Status, verifying.Rule)
			}
			if issuing.Rule != c.rule {
				t.Errorf("rule %s, want %s", issuing.Rule, c.rule)
			}
		})
	}
	old := degree(set("@context", []any{vcdm.ContextV1, jsonld.ExamplesV1}), set("type", []any{"VerifiableCredential", "UniversityDegreeCredential"}), set("issuanceDate", "2026-01-01T00:00:00Z"))
	o.refused(o.issue("ours", old, nil), 400, "vcapi.version")
}

func TestSameIdGivesTheSameCredential(t *testing.T) {
	o := newOffice(t, true)
	first := o.issue("ours", degree(), object{"credentialId": "urn:example:1"})
	o.Clock.Pass(time.Hour)
	again := o.issue("ours", degree(), object{"credentialId": "urn:example:1"})
	if first.Status != 201 || string(first.Body) != string(again.Body) || again.Status != 201 {
		t.Fatalf("%s\n%s", first.Body, again.Body)
	}
	o.refused(o.issue("ours", degree(set("name", "Another")), object{"credentialId": "urn:example:1"}), 409, "credential.id-with-another-content")
	o.refused(o.issue("ours", degree(), object{"credentialId": "urn:example:1", "format": "vc+jwt"}), 409, "credential.id-with-another-content")
	o.issued(degree(set("id", "urn:example:2")), nil)
	o.refused(o.issue("ours", degree(set("id", "urn:example:2"), set("name", "Another")), nil), 409, "credential.id-with-another-content")
	// Another tenant's names are its own.
	if a := o.issue("theirs", degree(set("name", "Another")), object{"credentialId": "urn:example:1"}); a.Status != 201 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	// Without an id each is another.
	o.issued(degree(), nil)
	o.issued(degree(), nil)
	if n := o.count(`SELECT COUNT(*) FROM issuance`); n != 5 {
		t.Errorf("%d records", n)
	}
	t.Run("43 the same id 50 times at once", func(t *testing.T) {
		var group sync.WaitGroup
		bodies := make([]string, 50)
		for n := range bodies {
			group.Go(func() {
				bodies[n] = string(o.issue("ours", degree(), object{"credentialId": "urn:example:3"}).Body)
			})
		}
		group.Wait()
		for _, body := range bodies {
			if body != bodies[0] || !strings.Contains(body, "proofValue") {
				t.Fatalf("%s\n%s", body, bodies[0])
			}
		}
	})
}

// A crash between the record and the signature leaves a record: asked again,
// the issuer signs what it has recorded.
func TestRecordedCredentialIsSignedLater(t *testing.T) {
	o := newOffice(t, true)
	first := o.issued(degree(), object{"credentialId": "urn:example:1"})
	o.must(o.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE issuance SET state = 'reserved', credential = NULL, issued_at = 0, format = ''`)
		return err
	}))
	o.Clock.Pass(time.Hour)
	later := o.issued(degree(), object{"credentialId": "urn:example:1"})
	if later["validFrom"] != first["validFrom"] {
		t.Errorf("%v", later)
	}
	o.verified(later)
	if n := o.count(`SELECT COUNT(*) FROM issuance WHERE state = 'issued'`); n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestDIDResolvesForATokenAndNotTooOften(t *testing.T) {
	o := newOffice(t, false)
	a := o.Get("/1.0/identifiers/"+employers+ours, "ours")
	var result struct {
		Document json.RawMessage `json:"didDocument"`
	}
	if a.Status != 200 || json.Unmarshal(a.Body, &result) != nil {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if _, err := did.ParseFor(employers+ours, result.Document); err != nil {
		t.Error(err)
	}
	o.Get("/1.0/identifiers/"+worker, "ours")
	o.Get("/1.0/identifiers/"+worker, "ours")
	o.refused(o.Get("/1.0/identifiers/"+worker, "ours"), 429, "limit.resolve-did")
	if a := o.Get("/1.0/identifiers/"+worker, "theirs"); a.Status != 200 {
		t.Errorf("another tenant: %d", a.Status)
	}
}
