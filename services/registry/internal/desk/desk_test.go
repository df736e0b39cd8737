package desk_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/peers/enhetsregisteret"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/store"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/web"
	standin "github.com/kompetansespor/kompetansespor/services/standins/enhetsregisteret"
)

const employer = "did:web:issuer.kompetansespor.example:employers:310000019"

func open(t *testing.T) (*harness.Harness, *desk.Desk) {
	t.Helper()
	h, d, _ := openWith(t)
	return h, d
}

// openWith opens a desk beside the stand-in of Enhetsregisteret.
func openWith(t *testing.T) (*harness.Harness, *desk.Desk, *standin.Register) {
	t.Helper()
	h := harness.Open(t, "registry", store.Migrations())
	register := standin.New(standin.Config{Clock: h.Clock})
	server := httptest.NewServer(register)
	t.Cleanup(server.Close)
	figures, err := accreditation.LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	d := desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Sealer: h.Book.KeyStore()}, Register: enhetsregisteret.New(server.URL+"/api", fetch.Registers(nil)), Figures: figures, Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader,
		Signer: h.Book, AssertionKey: h.Book.AssertionKey, DID: h.DID, Lifetime: time.Minute, Mode: identifier.Synthetic,
		Agencies: []desk.Agency{{
			DID: "did:web:udi.kompetansespor.example", OrganisationNumber: "310000116", LegalName: "UDI", CredentialTypes: []string{credtype.ResidencePermit},
		}},
	})
	if err := d.Configure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h, d, register
}

var officer = desk.Why{By: "officer-1", Code: "OTHER", Reason: "because"}

func application() desk.Application {
	a := desk.Application{OrganisationNumber: "310000019", LegalName: "University of Oslo", DID: employer, Municipality: "0301",
		DeclaredBy: "Kari Nordmann", Contact: "hr@uio.example.com",
		Signatories: []accreditation.Signatory{{Name: "Kari Nordmann", Role: "HR manager", Right: "urn:altinn:resource:kompetansespor-issue"}}}
	for _, c := range accreditation.Criteria() {
		a.Criteria = append(a.Criteria, string(c))
	}
	return a
}

func accredit(t *testing.T, d *desk.Desk, a desk.Application) desk.Record {
	t.Helper()
	record, err := d.Accredit(t.Context(), a, "officer-1")
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// documents resolves keys by what the service itself serves.
type documents struct{ book *identity.Book }

func (k documents) VerificationKey(_ context.Context, kid string, _ credential.Purpose, _ time.Time) (did.PublicKey, error) {
	served := httptest.NewRecorder()
	k.book.Documents("registry.kompetansespor.example").ServeHTTP(served, httptest.NewRequest("GET", "/.well-known/did.json", nil))
	document, err := did.ParseFor("did:web:registry.kompetansespor.example", served.Body.Bytes())
	if err != nil {
		return did.PublicKey{}, err
	}
	for _, method := range document.VerificationMethod {
		if method.ID == kid {
			return method.Key, nil
		}
	}
	return did.PublicKey{}, fault.New(fault.NotFound, "key", "no such key")
}

func list(t *testing.T, h *harness.Harness, d *desk.Desk) *trustlist.List {
	t.Helper()
	raw, err := d.TrustList(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := trustlist.Verify(t.Context(), documents{h.Book}, h.DID, raw, h.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAccreditedEmployerIsOnTheSignedListAtOnce(t *testing.T) {
	h, d := open(t)
	before := list(t, h, d)
	if _, err := before.Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now()); fault.RuleOf(err) != "issuer.unknown" {
		t.Error(err)
	}
	if _, err := before.Accredited("did:web:udi.kompetansespor.example", credtype.ResidencePermit, h.Clock.Now()); err != nil {
		t.Error(err)
	}
	record := accredit(t, d, application())
	after := list(t, h, d)
	entity, err := after.Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now())
	if err != nil || entity.OrganisationNumber != "310000019" || entity.AccreditationID != record.Accreditation.ID() || after.Version <= before.Version {
		t.Errorf("%+v %v", entity, err)
	}
	if _, err := after.Accredited(employer, credtype.ResidencePermit, h.Clock.Now()); fault.RuleOf(err) != "issuer.not-accredited" {
		t.Error(err)
	}
	if got := h.Events(t, record.Accreditation.ID()); !slices.Equal(got, []string{"no.kompetansespor.employer.applied.v1", "no.kompetansespor.employer.accredited.v1"}) {
		t.Error(got)
	}
}

func TestEmployerGetsACredentialThatVerifies(t *testing.T) {
	h, d := open(t)
	record := accredit(t, d, application())
	_, signed, err := d.Get(t.Context(), "310000019")
	if err != nil {
		t.Fatal(err)
	}
	verified, err := credential.Verify(t.Context(), documents{h.Book}, signed, credential.Options{Now: h.Clock.Now(), Status: noStatus{}})
	if err != nil {
		t.Fatal(err)
	}
	if verified.SubjectID != employer || verified.Claims()["accreditation_id"] != record.Accreditation.ID() || verified.Claims()["municipality"] != "0301" || len(verified.Status) != 2 {
		t.Errorf("%+v", verified)
	}
	if err := credtype.Validate(credtype.EmployerAccreditation, verified.Claims()); err != nil {
		t.Error(err)
	}
}

type noStatus struct{}

func (noStatus) CheckStatus(context.Context, *credential.Verified) error { return nil }

func TestSameApplicationAgainAnswersTheSame(t *testing.T) {
	h, d := open(t)
	first := accredit(t, d, application())
	version := list(t, h, d).Version
	again := application()
	slices.Reverse(again.Criteria)
	second := accredit(t, d, again)
	if first.Accreditation.ID() != second.Accreditation.ID() || list(t, h, d).Version != version || len(h.Events(t, first.Accreditation.ID())) != 2 {
		t.Error("a repetition had an effect")
	}
	for name, spoil := range map[string]func(*desk.Application){
		"other name":              func(a *desk.Application) { a.LegalName = "Another" },
		"other organisation":      func(a *desk.Application) { a.OrganisationNumber = "310000027" },
		"other DID, same company": func(a *desk.Application) { a.DID += ":b" },
		"an agency's DID":         func(a *desk.Application) { a.DID = "did:web:udi.kompetansespor.example" },
	} {
		a := application()
		spoil(&a)
		if _, err := d.Accredit(t.Context(), a, "officer-1"); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestApplicationIsRefusedWithEveryFieldNamed(t *testing.T) {
	_, d := open(t)
	_, err := d.Accredit(t.Context(), desk.Application{
		OrganisationNumber: "310000018", DID: "did:web:127.0.0.1", Criteria: []string{"EMP-9"}, Municipality: "Oslo",
	}, "officer-1")
	var fields []string
	for _, v := range fault.From(err).Violations {
		fields = append(fields, v.Field)
	}
	if fault.KindOf(err) != fault.Invalid || !slices.Equal(fields, []string{"organisation_number", "legal_name", "did", "municipality", "criteria"}) {
		t.Error(err)
	}
	lacking := application()
	lacking.Criteria = []string{"EMP-1"}
	if _, err := d.Accredit(t.Context(), lacking, "officer-1"); fault.RuleOf(err) != "accreditation.criteria" {
		t.Error(err)
	}
	if all, err := d.List(t.Context(), "", "", 10); err != nil || len(all) != 0 {
		t.Error("something was kept of what was refused", all, err)
	}
}

func TestRevokedEmployerLeavesTheList(t *testing.T) {
	h, d := open(t)
	record := accredit(t, d, application())
	version := list(t, h, d).Version
	if _, err := d.Revoke(t.Context(), "310000019", desk.Why{Code: "OTHER", Reason: " "}); fault.RuleOf(err) != "accreditation.invalid" {
		t.Error(err)
	}
	if _, err := d.Revoke(t.Context(), "310000027", officer); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	for range 2 {
		revoked, err := d.Revoke(t.Context(), "310000019", desk.Why{By: "officer-1", Code: "SANCTIONED", Reason: "sanctioned"})
		if err != nil || revoked.Accreditation.State() != accreditation.Revoked {
			t.Fatal(revoked, err)
		}
	}
	after := list(t, h, d)
	if _, err := after.Accredited(employer, credtype.OfferOfEmployment, h.Clock.Now()); fault.RuleOf(err) != "issuer.unknown" || after.Version != version+1 {
		t.Error(after.Version, err)
	}
	want := []string{"no.kompetansespor.employer.applied.v1", "no.kompetansespor.employer.accredited.v1", "no.kompetansespor.employer.revoked.v1"}
	if got := h.Events(t, record.Accreditation.ID()); !slices.Equal(got, want) {
		t.Error(got)
	}
	var at int64
	if err := h.DB.Read().QueryRowContext(t.Context(), `SELECT revoked_at FROM status_entry WHERE credential_id = $1`, record.CredentialID).Scan(&at); err != nil || at == 0 {
		t.Error("the status bit is not set", err)
	}
	if _, err := d.Accredit(t.Context(), application(), "officer-1"); fault.RuleOf(err) != "accreditation.revoked" {
		t.Error(err)
	}
	h.Clock.Pass(2 * 366 * 24 * time.Hour)
	if next := accredit(t, d, application()); next.Accreditation.ID() == record.Accreditation.ID() {
		t.Error("a revoked accreditation came back")
	}
}

func TestListIsRenewedAtHalfItsLifetime(t *testing.T) {
	h, d := open(t)
	first := list(t, h, d)
	h.Clock.Pass(29 * time.Second)
	if again := list(t, h, d); !again.IssuedAt.Equal(first.IssuedAt) {
		t.Error("signed anew without need")
	}
	h.Clock.Pass(time.Second)
	if renewed := list(t, h, d); !renewed.NextUpdate.Equal(h.Clock.Now().Add(time.Minute)) || renewed.Version != first.Version {
		t.Errorf("%+v", renewed)
	}
}

func TestOtherAgenciesMakeANewVersion(t *testing.T) {
	h, d := open(t)
	first := list(t, h, d).Version
	if err := d.Configure(t.Context()); err != nil || list(t, h, d).Version != first {
		t.Error("the same agencies made a new version", err)
	}
	d.Agencies = nil
	if err := d.Configure(t.Context()); err != nil || list(t, h, d).Version != first+1 {
		t.Error("other agencies made no new version", err)
	}
}

func TestServedContextIsThePinnedOne(t *testing.T) {
	_, d := open(t)
	routes, err := web.Routes(d)
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewRecorder()
	routes["GET /contexts/v1"].ServeHTTP(served, httptest.NewRequest("GET", "/contexts/v1", nil))
	sum := sha256.Sum256(served.Body.Bytes())
	pinned := jsonld.Contexts()[1]
	if pinned.URL != jsonld.KompetansesporV1 || hex.EncodeToString(sum[:]) != pinned.SHA256 {
		t.Error("the context that is served is not the one that everyone pins")
	}
	for _, path := range []string{"/trust-list", "/schema/offer-of-employment/1", "/vct/tax-card/1"} {
		if routes["GET "+path] == nil {
			t.Errorf("%s is not served", path)
		}
	}
}
