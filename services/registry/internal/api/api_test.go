package api_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/api"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/eligibility"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/peers/enhetsregisteret"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/store"
	standin "github.com/kompetansespor/kompetansespor/services/standins/enhetsregisteret"
)

const uio, fjordtek = "310000019", "310000051"

type office struct {
	*harness.Harness
	registry  *api.Registry
	directory *api.Directory
	signs     *api.Signatories
}

func open(t *testing.T) office {
	t.Helper()
	h := harness.Open(t, "registry", store.Migrations())
	server := httptest.NewServer(standin.New(standin.Config{Clock: h.Clock}))
	t.Cleanup(server.Close)
	figures, err := accreditation.LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	guide, err := eligibility.Load()
	if err != nil {
		t.Fatal(err)
	}
	d := desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Sealer: h.Book.KeyStore()}, Register: enhetsregisteret.New(server.URL+"/api", fetch.Registers(nil)), Figures: figures, Eligibility: guide,
		Limit:  cache.NewLimiter(cache.NewMemory(h.Clock, 0, 0), h.Clock, "eligibility", 3, time.Minute),
		Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader, Signer: h.Book, AssertionKey: h.Book.AssertionKey,
		DID: h.DID, Lifetime: time.Minute, Mode: identifier.Synthetic,
	})
	if err := d.Configure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return office{h, &api.Registry{Desk: d, Clock: h.Clock}, &api.Directory{Desk: d}, &api.Signatories{Desk: d}}
}

func officer(t *testing.T) context.Context {
	return rpc.WithPrincipal(t.Context(), rpc.Principal{Role: api.RoleProgramme, Subject: "officer-1"})
}

func employer(t *testing.T, number string) context.Context {
	return rpc.WithPrincipal(t.Context(), rpc.Principal{Role: api.RoleEmployer, Subject: number})
}

func applies() *registryv1.ApplyForAccreditationRequest {
	return &registryv1.ApplyForAccreditationRequest{
		OrganisationNumber: fjordtek, Did: "did:web:fjordtek.example", LegalName: "Fjordtek AS", ContactEmail: "hr@fjordtek.example.com",
		PayDeclaredBy: "Per Olav Direktør", Municipality: "0301",
		Signatories: []*registryv1.Signatory{{Name: "Kari Nordmann", Role: "HR manager", Right: "urn:altinn:resource:kompetansespor-issue"}},
	}
}

// accredited takes an employer from its application to its accreditation.
func (o office) accredited(t *testing.T) *registryv1.Accreditation {
	t.Helper()
	if _, err := o.registry.ApplyForAccreditation(employer(t, fjordtek), applies()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"EMP-5", "EMP-6"} {
		if _, err := o.registry.RecordAttestation(officer(t), &registryv1.RecordAttestationRequest{OrganisationNumber: fjordtek, Criterion: c, Met: true}); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := o.registry.AccreditApplicant(officer(t), &registryv1.AccreditApplicantRequest{OrganisationNumber: fjordtek})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetAccreditation()
}

func TestEveryMethodIsSomebodysAndNoOthers(t *testing.T) {
	policy := api.Policy()
	for _, service := range []struct {
		name    string
		methods int
	}{{"kompetansespor.registry.v1.RegistryService", 12}, {"kompetansespor.registry.v1.EmployerDirectoryService", 3}} {
		n := 0
		for method := range policy.Roles {
			if strings.HasPrefix(method, "/"+service.name+"/") {
				n++
			}
		}
		for _, method := range policy.Public {
			if strings.HasPrefix(method, "/"+service.name+"/") {
				n++
			}
		}
		var described int
		switch service.methods {
		case 12:
			described = len(registryv1.RegistryService_ServiceDesc.Methods)
		case 3:
			described = len(registryv1.EmployerDirectoryService_ServiceDesc.Methods)
		}
		if n != described {
			t.Errorf("%s has %d methods, the policy names %d", service.name, described, n)
		}
	}
	for _, method := range policy.Public {
		if !strings.HasPrefix(method, "/kompetansespor.registry.v1.EmployerDirectoryService/") {
			t.Errorf("%s is open to all", method)
		}
	}
}

func TestApplicationSaysWhyEachCriterionIsMetOrNot(t *testing.T) {
	o := open(t)
	answer, err := o.registry.ApplyForAccreditation(employer(t, fjordtek), applies())
	if err != nil {
		t.Fatal(err)
	}
	a := answer.GetAccreditation()
	if a.GetState() != registryv1.AccreditationState_ACCREDITATION_STATE_PENDING || len(a.GetFindings()) != 8 || a.GetValidFrom() != "" || a.GetCredential() != nil ||
		!slices.Equal(a.GetCriteriaMet(), []string{"EMP-1", "EMP-2", "EMP-3", "EMP-4", "EMP-7", "EMP-8"}) {
		t.Errorf("%v", a)
	}
	two := a.GetFindings()[1]
	if two.GetCriterion() != "EMP-2" || two.GetVerdict() != registryv1.Verdict_VERDICT_MET || two.GetSource() != "ENHETSREGISTERET" ||
		two.GetWhy().GetEn() != "The organisation has 120 employees; at least 10 are needed." || two.GetFoundAt() == nil {
		t.Errorf("%v", two)
	}
	if six := a.GetFindings()[5]; six.GetVerdict() != registryv1.Verdict_VERDICT_UNKNOWN || six.GetCode() != "NOT_ATTESTED" {
		t.Errorf("%v", six)
	}
	if c := a.GetHistory(); len(c) != 1 || c[0].GetReasonCode() != registryv1.ReasonCode_REASON_CODE_APPLIED || c[0].GetChangedBy() != fjordtek {
		t.Errorf("%v", c)
	}
	six, err := o.registry.RecordAttestation(officer(t), &registryv1.RecordAttestationRequest{OrganisationNumber: fjordtek, Criterion: "EMP-6", Met: true, LastSanctionOn: "2025-11-01", Reference: "2026/17"})
	if f := six.GetAccreditation().GetFindings()[5]; err != nil || f.GetVerdict() != registryv1.Verdict_VERDICT_NOT_MET || f.GetAttestedBy() != "officer-1" {
		t.Error(f, err)
	}
	if _, err := o.registry.RecordAttestation(officer(t), &registryv1.RecordAttestationRequest{OrganisationNumber: fjordtek, Criterion: "EMP-6", LastSanctionOn: "1.11.2025"}); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
}

func TestEmployerSeesAndChangesItsOwnOnly(t *testing.T) {
	o := open(t)
	o.accredited(t)
	other := employer(t, uio)
	for name, call := range map[string]func(context.Context) error{
		"apply": func(ctx context.Context) error {
			_, err := o.registry.ApplyForAccreditation(ctx, applies())
			return err
		},
		"get": func(ctx context.Context) error {
			_, err := o.registry.GetAccreditation(ctx, &registryv1.GetAccreditationRequest{OrganisationNumber: fjordtek})
			return err
		},
		"register a signatory": func(ctx context.Context) error {
			_, err := o.registry.RegisterSignatory(ctx, &registryv1.RegisterSignatoryRequest{OrganisationNumber: fjordtek, Signatory: &registryv1.Signatory{Name: "Eve", Role: "x", Right: "x"}})
			return err
		},
		"end a signatory": func(ctx context.Context) error {
			_, err := o.registry.EndSignatory(ctx, &registryv1.EndSignatoryRequest{OrganisationNumber: fjordtek, Name: "Kari Nordmann", Role: "HR manager"})
			return err
		},
	} {
		if err := call(other); fault.RuleOf(err) != "accreditation.not-yours" {
			t.Errorf("%s: %v", name, err)
		}
	}
	mine, err := o.registry.RegisterSignatory(employer(t, fjordtek), &registryv1.RegisterSignatoryRequest{OrganisationNumber: fjordtek, Signatory: &registryv1.Signatory{Name: "Ola", Role: "HR", Right: "r"}})
	if err != nil || len(mine.GetAccreditation().GetSignatories()) != 2 {
		t.Error(err)
	}
	if _, err := o.registry.EndSignatory(employer(t, fjordtek), &registryv1.EndSignatoryRequest{OrganisationNumber: fjordtek, Name: "Kari Nordmann", Role: "HR manager"}); err != nil {
		t.Error(err)
	}
	if got, err := o.registry.GetAccreditation(employer(t, fjordtek), &registryv1.GetAccreditationRequest{OrganisationNumber: fjordtek}); err != nil || got.GetAccreditation().GetCredential() == nil {
		t.Error(err)
	}
}

// Who signs, who declared and whom to write to is sealed in the database.
func TestPersonsStandInNoColumn(t *testing.T) {
	o := open(t)
	if a := o.accredited(t); a.GetContactEmail() != "hr@fjordtek.example.com" || a.GetSignatories()[0].GetName() != "Kari Nordmann" {
		t.Error(a)
	}
	rows, err := o.DB.Read().QueryContext(t.Context(), `SELECT * FROM accreditation`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			for _, person := range []string{"Kari", "hr@", "Direktør"} {
				if strings.Contains(string(*v.(*sql.RawBytes)), person) {
					t.Errorf("%s stands in %s", person, names[i])
				}
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestOfficerSuspendsReinstatesAndRevokesWithAReason(t *testing.T) {
	o := open(t)
	o.accredited(t)
	ctx := officer(t)
	if _, err := o.registry.SuspendEmployer(ctx, &registryv1.SuspendEmployerRequest{OrganisationNumber: fjordtek, Reason: "x"}); fault.RuleOf(err) != "accreditation.invalid" {
		t.Error(err)
	}
	s, err := o.registry.SuspendEmployer(ctx, &registryv1.SuspendEmployerRequest{OrganisationNumber: fjordtek, ReasonCode: registryv1.ReasonCode_REASON_CODE_TAX_ARREARS, Reason: "arrears"})
	if err != nil || s.GetAccreditation().GetState() != registryv1.AccreditationState_ACCREDITATION_STATE_SUSPENDED {
		t.Error(err)
	}
	page, err := o.registry.ListAccreditations(ctx, &registryv1.ListAccreditationsRequest{State: registryv1.AccreditationState_ACCREDITATION_STATE_SUSPENDED})
	if err != nil || len(page.GetAccreditations()) != 1 {
		t.Error(page, err)
	}
	r, err := o.registry.ReinstateEmployer(ctx, &registryv1.ReinstateEmployerRequest{OrganisationNumber: fjordtek, ReasonCode: registryv1.ReasonCode_REASON_CODE_CAUSE_REMOVED, Reason: "paid"})
	if err != nil || r.GetAccreditation().GetState() != registryv1.AccreditationState_ACCREDITATION_STATE_ACCREDITED {
		t.Error(err)
	}
	if _, err := o.registry.ReviewAccreditation(ctx, &registryv1.ReviewAccreditationRequest{OrganisationNumber: fjordtek}); err != nil {
		t.Error(err)
	}
	v, err := o.registry.RevokeAccreditation(ctx, &registryv1.RevokeAccreditationRequest{OrganisationNumber: fjordtek, Reason: "as before, without a code"})
	a := v.GetAccreditation()
	if err != nil || a.GetState() != registryv1.AccreditationState_ACCREDITATION_STATE_REVOKED || a.GetRevocationReason() != "as before, without a code" || a.GetRevokedAt() == nil || a.GetBannedUntil() == nil {
		t.Error(a, err)
	}
	var codes []string
	for _, c := range a.GetHistory() {
		codes = append(codes, strings.TrimPrefix(c.GetReasonCode().String(), "REASON_CODE_"))
	}
	if !slices.Equal(codes, []string{"APPLIED", "CRITERIA_MET", "TAX_ARREARS", "CAUSE_REMOVED", "OTHER"}) {
		t.Error(codes)
	}
}

// Every code that an accreditation can have is in the contract.
func TestContractHasEveryCode(t *testing.T) {
	for _, code := range slices.Concat(accreditation.SuspendCodes, accreditation.ReinstateCodes, accreditation.RevokeCodes, []string{"APPLIED", "CRITERIA_MET", "EXPIRED"}) {
		if _, known := registryv1.ReasonCode_value["REASON_CODE_"+code]; !known {
			t.Errorf("the contract has no %s", code)
		}
	}
}

func TestOldWayOfAccreditingStillStands(t *testing.T) {
	o := open(t)
	asked := &registryv1.AccreditEmployerRequest{
		OrganisationNumber: uio, LegalName: "University of Oslo", Did: "did:web:issuer.example:employers:310000019", Municipality: "0301",
		Criteria: []string{"EMP-1", "EMP-2", "EMP-3", "EMP-4", "EMP-5", "EMP-6", "EMP-7", "EMP-8"},
	}
	var id string
	for range 2 {
		answer, err := o.registry.AccreditEmployer(officer(t), asked)
		if err != nil {
			t.Fatal(err)
		}
		if a := answer.GetAccreditation(); a.GetState() != registryv1.AccreditationState_ACCREDITATION_STATE_ACCREDITED || len(a.GetCriteriaMet()) != 8 || id != "" && a.GetAccreditationId() != id {
			t.Error(a)
		}
		id = answer.GetAccreditation().GetAccreditationId()
	}
	other := proto.CloneOf(asked)
	other.Signatories = []*registryv1.Signatory{{Name: "x", Role: "x", Right: "x"}}
	if _, err := o.registry.AccreditEmployer(officer(t), other); fault.RuleOf(err) != "accreditation.other-content" {
		t.Error(err)
	}
}

func TestAnybodyMayAskWhoIsAccredited(t *testing.T) {
	o := open(t)
	o.accredited(t)
	page, err := o.directory.ListEmployers(t.Context(), &registryv1.ListEmployersRequest{Query: "fjord"})
	if err != nil || len(page.GetEmployers()) != 1 || page.GetEmployers()[0].GetValidUntil() != "2030-11-22" {
		t.Error(page, err)
	}
	day, err := o.directory.GetEmployer(t.Context(), &registryv1.GetEmployerRequest{OrganisationNumber: fjordtek, On: "2026-11-23"})
	if err != nil || !day.GetAccredited() || day.GetAllDay() || len(day.GetPeriods()) != 1 || day.GetOn() != "2026-11-23" || len(day.GetTrustListVersions()) != 2 {
		t.Error(day, err)
	}
	for _, public := range []proto.Message{page, day} {
		if text := public.(interface{ String() string }).String(); strings.Contains(text, "Kari") || strings.Contains(text, "hr@") || strings.Contains(text, "officer") {
			t.Errorf("the public learns of persons: %s", text)
		}
	}
}

func TestWhoAsksWhetherItIsForThemIsAnsweredAndForgotten(t *testing.T) {
	o := open(t)
	o.accredited(t)
	rows := func() (n int) {
		for _, table := range []string{"accreditation", "accreditation_change", "employer_watch", "event_outbox", "trust_list_version", "issuance"} {
			var one int
			if err := o.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&one); err != nil {
				t.Fatal(err)
			}
			n += one
		}
		return n
	}
	before := rows()
	worker := &registryv1.WorkerQuestion{Nationalities: []string{"US"}, Education: registryv1.EducationLevel_EDUCATION_LEVEL_MASTER, HasOffer: true, EmployerOrganisationNumber: fjordtek}
	asWorker := func(w *registryv1.WorkerQuestion) (*registryv1.CheckEligibilityResponse, error) {
		return o.directory.CheckEligibility(t.Context(), &registryv1.CheckEligibilityRequest{Who: &registryv1.CheckEligibilityRequest_Worker{Worker: w}})
	}
	asEmployer := func(number string) (*registryv1.CheckEligibilityResponse, error) {
		return o.directory.CheckEligibility(t.Context(), &registryv1.CheckEligibilityRequest{Who: &registryv1.CheckEligibilityRequest_Employer{Employer: &registryv1.EmployerQuestion{OrganisationNumber: number}}})
	}
	yes, err := asWorker(worker)
	if err != nil || yes.GetAnswer() != registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_YES || len(yes.GetReasons()) != 5 || yes.GetSummary().GetNn() == "" || yes.GetVersion() == "" {
		t.Error(yes, err)
	}
	worker.EmployerOrganisationNumber = uio
	if maybe, err := asWorker(worker); err != nil || maybe.GetAnswer() != registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_MAYBE {
		t.Error(maybe, err)
	}
	worker.EmployerOrganisationNumber = "310000018"
	if _, err := asWorker(worker); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	for number, want := range map[string]registryv1.EligibilityAnswer{
		fjordtek: registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_YES, uio: registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_MAYBE,
		"310000140": registryv1.EligibilityAnswer_ELIGIBILITY_ANSWER_NO,
	} {
		if got, err := asEmployer(number); err != nil || got.GetAnswer() != want {
			t.Errorf("%s: %v %v", number, got, err)
		}
	}
	if _, err := asEmployer(uio); fault.KindOf(err) != fault.Throttled {
		t.Error("the register can be asked through us without end", err)
	}
	if _, err := asEmployer("310000018"); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	if _, err := o.directory.CheckEligibility(t.Context(), &registryv1.CheckEligibilityRequest{}); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	if after := rows(); after != before {
		t.Errorf("%d rows became %d", before, after)
	}
}

func TestRefusedSignatureIsAnAnswerWithItsRule(t *testing.T) {
	o := open(t)
	o.accredited(t)
	ask := func(name, role string) *registryv1.CheckSignatoryResponse {
		answer, err := o.signs.CheckSignatory(t.Context(), &registryv1.CheckSignatoryRequest{
			OrganisationNumber: fjordtek, Name: name, Role: role, SignedAt: timestamppb.New(o.Clock.Now())})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if a := ask("Kari Nordmann", "HR manager"); !a.GetAuthorised() || a.GetAuthority() != registryv1.SignatoryAuthority_SIGNATORY_AUTHORITY_REGISTERED || a.GetRight() != "urn:altinn:resource:kompetansespor-issue" {
		t.Error(a)
	}
	if a := ask("Per Olav Direktør", "Daglig leder"); !a.GetAuthorised() || a.GetAuthority() != registryv1.SignatoryAuthority_SIGNATORY_AUTHORITY_ROLE || a.GetRight() != "DAGL" {
		t.Error(a)
	}
	if a := ask("Eve", "HR manager"); a.GetAuthorised() || a.GetRule() != "signatory.unknown" || a.GetWhy().GetNb() == "" || a.GetRight() != "" {
		t.Error(a)
	}
	if _, err := o.signs.CheckSignatory(t.Context(), &registryv1.CheckSignatoryRequest{OrganisationNumber: fjordtek, Name: "x", Role: "x"}); fault.KindOf(err) != fault.Invalid {
		t.Error("without a time", err)
	}
}
