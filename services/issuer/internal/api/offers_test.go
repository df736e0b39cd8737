package api_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/api"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/store"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
)

const uio = "310000019"

// outside is everybody that the desk asks.
type outside struct{ answer taxcard.Answer }

func (outside) Accredited(context.Context, string, string, time.Time) (trustlist.Entity, error) {
	return trustlist.Entity{OrganisationNumber: uio, AccreditationID: "acc_7"}, nil
}
func (outside) Check(context.Context, desk.Signature) (string, error)     { return "DAGL", nil }
func (outside) Identifier(context.Context, string) (string, error)        { return "41019012345", nil }
func (outside) Order(context.Context, taxcard.Wish) (string, error)       { return "ref", nil }
func (o *outside) Answer(context.Context, string) (taxcard.Answer, error) { return o.answer, nil }
func (outside) Account(context.Context, string, string) (desk.Account, error) {
	return desk.Account{IBAN: "NO9386011117947", BIC: "TESTNOKK", BankName: "Testbanken"}, nil
}

type world struct {
	*api.Offers
	*harness.Harness
	outside *outside
	hr      context.Context
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{Harness: harness.Open(t, "issuer", store.Migrations()), outside: &outside{}}
	d := desk.New(desk.Config{
		DB: w.DB, Store: store.Store{Sealer: w.Book.KeyStore()}, Agent: w.Agent, Outbox: w.Outbox, Trust: w.outside, Signatories: w.outside,
		Identifiers: w.outside, TaxCards: w.outside, Accounts: w.outside,
		Clock: w.Clock, Random: rand.Reader, Rules: offer.DefaultRules(identifier.Synthetic), Zone: time.UTC,
		Tenants:   []desk.Tenant{{OrganisationNumber: uio, LegalName: "University of Oslo", ContactEmail: "hr@uio.example.com", DID: w.DID}},
		PublicURL: "https://issuer.kompetansespor.example",
	})
	d.Issuer = w.Issuer
	w.Offers = &api.Offers{Desk: d}
	w.hr = rpc.WithPrincipal(t.Context(), rpc.Principal{Role: api.RoleEmployer, Subject: uio, TokenHash: "t"})
	return w
}

// form is a person's as it comes over the wire.
func form(t *testing.T) *issuerv1.OfferForm {
	t.Helper()
	p := synthetic.Offers(3, 1, harness.Start, synthetic.Employer{OrganisationNumber: uio})[0]
	return &issuerv1.OfferForm{
		GivenName: p.GivenName, FamilyName: p.FamilyName, Email: p.Email, PhoneNumber: p.PhoneNumber, CurrentCountry: p.CurrentCountry,
		Birthdate: p.Birthdate, PlaceOfBirth: &issuerv1.PlaceOfBirth{Locality: p.PlaceOfBirth.Locality, Country: p.PlaceOfBirth.Country},
		Nationalities: p.Nationalities, Sex: issuerv1.Sex(p.Sex),
		Passport: &issuerv1.Passport{
			DocumentNumber: p.Passport.DocumentNumber, IssuingAuthority: p.Passport.IssuingAuthority, IssuingCountry: p.Passport.IssuingCountry,
			DateOfIssuance: p.Passport.DateOfIssuance, DateOfExpiry: p.Passport.DateOfExpiry,
		},
		Employment: &issuerv1.Employment{
			JobTitle: p.Employment.JobTitle, Occupation: &issuerv1.Occupation{Code: p.Employment.Occupation}, StartDate: "2026-12-07",
			PositionPercentage: p.Employment.PositionPercentage, AnnualSalary: &issuerv1.AnnualSalary{Amount: p.Employment.AnnualSalary},
			RequiredEducationLevel: p.Employment.RequiredEducationLevel,
		},
		Declarations: &issuerv1.Declarations{QualificationsConfirmed: true, InformationVerified: true},
		Signatory:    &issuerv1.Signatory{Name: "Kari Nordmann", Role: "HR manager"},
	}
}

func (w *world) follow(t *testing.T, service, name string, data map[string]any) {
	t.Helper()
	w.Clock.Pass(time.Second)
	event := &eventbus.Event{ID: name, Type: eventbus.TypeOf(name), Case: "case_1", Time: w.Clock.Now(), TimeClass: eventbus.Human, Data: data}
	if err := w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return w.Desk.Follow(service)(t.Context(), tx, event) }); err != nil {
		t.Fatal(err)
	}
}

func TestEveryMethodIsTheEmployers(t *testing.T) {
	policy := api.Policy()
	for _, m := range issuerv1.OfferService_ServiceDesc.Methods {
		full := "/" + issuerv1.OfferService_ServiceDesc.ServiceName + "/" + m.MethodName
		if roles := policy.Roles[full]; len(roles) != 1 || roles[0] != api.RoleEmployer {
			t.Errorf("%s is open to %v", full, roles)
		}
	}
	if len(policy.Public) != 0 {
		t.Errorf("open to everybody: %v", policy.Public)
	}
}

func TestDraftBecomesAnOfferOverTheWire(t *testing.T) {
	w := open(t)
	made, err := w.CreateDraft(w.hr, &issuerv1.CreateDraftRequest{IdempotencyKey: "draft-key-1"})
	if err != nil {
		t.Fatal(err)
	}
	draft := made.GetOffer()
	if draft.GetState() != issuerv1.OfferState_OFFER_STATE_DRAFT || len(draft.GetViolations()) < 15 || draft.GetIssuedAt() != nil || draft.GetInvitationUrl() != "" || draft.GetOfferNumber() != "" {
		t.Errorf("%v", draft)
	}
	if _, err := w.CreateDraft(w.hr, &issuerv1.CreateDraftRequest{IdempotencyKey: "short"}); fault.RuleOf(err) != "request.invalid" {
		t.Error(err)
	}
	changed, err := w.ChangeDraft(w.hr, &issuerv1.ChangeDraftRequest{OfferId: draft.GetOfferId(), Form: form(t)})
	if err != nil || len(changed.GetOffer().GetViolations()) != 0 {
		t.Fatal(changed.GetOffer().GetViolations(), err)
	}
	sent, err := json.Marshal(form(t))
	if err != nil {
		t.Fatal(err)
	}
	if shown, _ := json.Marshal(changed.GetOffer().GetForm()); string(shown) != string(sent) {
		t.Errorf("the draft's form is shown as\n%s, it was\n%s", shown, sent)
	}
	signed, err := w.SignDraft(w.hr, &issuerv1.SignDraftRequest{OfferId: draft.GetOfferId(), CodeForm: issuerv1.CodeForm_CODE_FORM_WORDS})
	if err != nil {
		t.Fatal(err)
	}
	o := signed.GetOffer()
	if o.GetState() != issuerv1.OfferState_OFFER_STATE_ISSUED || strings.Count(signed.GetCollectionCode(), "-") != 3 || o.GetOfferNumber() == "" ||
		o.GetSignatory().GetAuthorisedBy() != "DAGL" || o.GetForm().GetEmail() != changed.GetOffer().GetForm().GetEmail() || len(o.GetTimeline()) != 1 || o.GetCase() != nil {
		t.Errorf("%v", o)
	}
	other, err := w.CreateDraft(w.hr, &issuerv1.CreateDraftRequest{IdempotencyKey: "draft-key-2"})
	if err != nil {
		t.Fatal(err)
	}
	for state, want := range map[issuerv1.OfferState]int{
		issuerv1.OfferState_OFFER_STATE_UNSPECIFIED: 2, issuerv1.OfferState_OFFER_STATE_DRAFT: 1, issuerv1.OfferState_OFFER_STATE_ISSUED: 1, issuerv1.OfferState_OFFER_STATE_SUPERSEDED: 0,
	} {
		if list, err := w.ListOffers(w.hr, &issuerv1.ListOffersRequest{State: state}); err != nil || len(list.GetOffers()) != want {
			t.Errorf("%s: %d offers, %v", state, len(list.GetOffers()), err)
		}
	}
	if _, err := w.DeleteDraft(w.hr, &issuerv1.DeleteDraftRequest{OfferId: other.GetOffer().GetOfferId()}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.GetOffer(w.hr, &issuerv1.GetOfferRequest{OfferId: other.GetOffer().GetOfferId()}); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}

	again := form(t)
	again.Employment.PositionPercentage = "90"
	next, err := w.ChangeOffer(w.hr, &issuerv1.ChangeOfferRequest{OfferId: o.GetOfferId(), Form: again, IdempotencyKey: "change-key-1"})
	if err != nil || next.GetOffer().GetSupersedes() != o.GetOfferId() || len(next.GetCollectionCode()) != 9 {
		t.Fatal(next, err)
	}
	old, err := w.GetOffer(w.hr, &issuerv1.GetOfferRequest{OfferId: o.GetOfferId()})
	if err != nil || old.GetOffer().GetState() != issuerv1.OfferState_OFFER_STATE_SUPERSEDED || old.GetOffer().GetSupersededBy() != next.GetOffer().GetOfferId() {
		t.Errorf("%v %v", old, err)
	}
}

func TestBatchOverTheWire(t *testing.T) {
	w := open(t)
	in := &issuerv1.ImportOffersRequest{
		Csv: []byte("Fornavn;Etternavn\nLisa;Johnson"), IdempotencyKey: "import-key-1", WordCodes: true,
		Signatory: &issuerv1.Signatory{Name: "Kari Nordmann", Role: "HR manager"}, Declarations: &issuerv1.Declarations{QualificationsConfirmed: true, InformationVerified: true},
	}
	got, err := w.ImportOffers(w.hr, in)
	if err != nil || got.GetBatch() != nil || len(got.GetViolations()) < 10 || got.GetViolations()[0].GetLine() != 2 {
		t.Fatal(got, err)
	}
	in.Csv = []byte("Skostørrelse\n38")
	if _, err := w.ImportOffers(w.hr, in); fault.RuleOf(err) != "batch.columns" || fault.From(err).Violations[0].Field != "line 1, column 1" {
		t.Error(err)
	}
	f := form(t)
	in.Csv = []byte("given_name;family_name;email;phone_number;current_country;birthdate;place_of_birth.locality;place_of_birth.country;nationalities;sex;" +
		"passport.document_number;passport.issuing_authority;passport.issuing_country;passport.date_of_issuance;passport.date_of_expiry;" +
		"employment.job_title;employment.occupation;employment.start_date;employment.position_percentage;employment.annual_salary;employment.required_education_level\n" +
		strings.Join([]string{f.GivenName, f.FamilyName, f.Email, f.PhoneNumber, f.CurrentCountry, f.Birthdate, f.PlaceOfBirth.Locality, f.PlaceOfBirth.Country,
			strings.Join(f.Nationalities, " "), "Kvinne", f.Passport.DocumentNumber, f.Passport.IssuingAuthority, f.Passport.IssuingCountry, f.Passport.DateOfIssuance,
			f.Passport.DateOfExpiry, f.Employment.JobTitle, f.Employment.Occupation.Code, f.Employment.StartDate, f.Employment.PositionPercentage, f.Employment.AnnualSalary.Amount,
			f.Employment.RequiredEducationLevel}, ";"))
	got, err = w.ImportOffers(w.hr, in)
	if err != nil || got.GetBatch().GetTotal() != 1 || got.GetBatch().GetState() != issuerv1.BatchState_BATCH_STATE_ISSUING {
		t.Fatal(got, err)
	}
	if _, err := w.Desk.BatchStep(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := got.GetBatch().GetBatchId()
	b, err := w.GetBatch(w.hr, &issuerv1.GetBatchRequest{BatchId: id})
	if err != nil || b.GetBatch().GetIssued() != 1 || b.GetBatch().GetState() != issuerv1.BatchState_BATCH_STATE_DONE || b.GetBatch().GetDoneAt() == nil {
		t.Errorf("%v %v", b, err)
	}
	report, err := w.GetBatchReport(w.hr, &issuerv1.GetBatchReportRequest{BatchId: id})
	if err != nil || !strings.Contains(string(report.GetCsv()), "2;"+f.GivenName+" "+f.FamilyName+";ISSUED;26-000001-") {
		t.Errorf("%s %v", report.GetCsv(), err)
	}
}

func TestEmployerSeesCaseCardAndAccount(t *testing.T) {
	w := open(t)
	made, err := w.IssueOffer(w.hr, &issuerv1.IssueOfferRequest{Form: form(t), IdempotencyKey: "offer-key-1"})
	if err != nil {
		t.Fatal(err)
	}
	id := made.GetOffer().GetOfferId()
	w.follow(t, "verifier", "application.submitted", map[string]any{"offer_id": id})
	w.follow(t, "verifier", "decision.made", map[string]any{"outcome": "GRANTED"})
	w.follow(t, "verifier", "case.halted", map[string]any{"cause": "OFFICER"})
	w.follow(t, "tax", "taxcard.issued", nil)
	w.follow(t, "bank", "payrollaccount.shared", nil)
	got, err := w.GetOffer(w.hr, &issuerv1.GetOfferRequest{OfferId: id})
	if err != nil {
		t.Fatal(err)
	}
	c := got.GetOffer().GetCase()
	if c.GetCaseRef() != "case_1" || c.GetState() != issuerv1.OfferCaseState_OFFER_CASE_STATE_HALTED || c.GetCause() != "OFFICER" || !c.GetTaxCardIssued() || !c.GetPayrollAccountShared() {
		t.Errorf("%v", c)
	}
	steps := got.GetOffer().GetTimeline()
	if len(steps) != 6 || steps[3].GetCause() != "OFFICER" || steps[3].GetService() != "verifier" || steps[4].GetService() != "tax" || steps[5].GetName() != "payrollaccount.shared" {
		t.Errorf("%v", steps)
	}
	account, err := w.GetPayrollAccount(w.hr, &issuerv1.GetPayrollAccountRequest{OfferId: id})
	if err != nil || account.GetIban() != "NO9386011117947" || account.GetBankName() != "Testbanken" {
		t.Errorf("%v %v", account, err)
	}
	fetch := func(answer taxcard.Person) *issuerv1.FetchTaxCardResponse {
		t.Helper()
		answer.Number, answer.Year = "41019012345", 2026
		w.outside.answer = taxcard.Answer{Organisation: uio, Persons: []taxcard.Person{answer}}
		if _, err := w.FetchTaxCard(w.hr, &issuerv1.FetchTaxCardRequest{OfferId: id}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			w.Clock.Pass(time.Hour)
			if _, err := w.Desk.TaxCardStep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		card, err := w.FetchTaxCard(w.hr, &issuerv1.FetchTaxCardRequest{OfferId: id})
		if err != nil {
			t.Fatal(err)
		}
		return card
	}
	none := fetch(taxcard.Person{Result: taxcard.ResultNoCard})
	if none.GetState() != issuerv1.TaxCardState_TAX_CARD_STATE_NO_CARD || none.GetWithholdPercentage() != 50 || none.GetTaxCard() != nil {
		t.Errorf("%v", none)
	}
	w.follow(t, "tax", "taxcard.issued", nil)
	card := fetch(taxcard.Person{Result: taxcard.ResultOK, Card: &taxcard.Card{ID: "5", IssuedOn: "2026-12-01", Additional: []string{"kildeskattPaaLoenn"}, Deductions: []taxcard.Deduction{
		{Code: "loennFraHovedarbeidsgiver", Table: "8120", Percentage: "31", Months: "10.5"}, {Code: "pensjon", Free: 1000},
	}}})
	d := card.GetTaxCard().GetDeductions()
	if card.GetState() != issuerv1.TaxCardState_TAX_CARD_STATE_RECEIVED || card.GetWithholdPercentage() != 0 || card.GetTaxCard().GetIncomeYear() != 2026 ||
		len(d) != 2 || d[0].GetTableNumber() != "8120" || d[0].GetMonths() != "10.5" || d[1].GetFreeAmount() != 1000 || card.GetTaxCard().GetAdditional()[0] != "kildeskattPaaLoenn" {
		t.Errorf("%v", card)
	}
}
