package e2e

import (
	"net/http"
	"slices"
	"time"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// The steps of one worker's case, for tests that look or interfere between
// them.

// holder is a wallet that holds an offer.
func (e *exchange) holder() (wallet, credentialID, offerID string) {
	e.t.Helper()
	offer, code := e.issue()
	wallet = e.open()
	done := e.ended(wallet, e.accept(wallet, offer.GetInvitationUrl(), code).GetExchangeId())
	if len(done.GetCredentialIds()) != 1 {
		e.fail("the offer was not collected: %v", done.GetProblem())
	}
	return wallet, done.GetCredentialIds()[0], offer.GetOfferId()
}

// consent is what a worker agrees to: each agency gets what its work needs.
func consent() *walletv1.Consent {
	return &walletv1.Consent{Purpose: "residence-permit", Shares: []string{"payroll_account"}, Agencies: []*walletv1.ConsentAgency{
		{AgencyDid: devsetup.DID("police"), Claims: []string{"given_name", "family_name", "birthdate", "sex", "nationalities", "passport.*", "employment.workplace_municipality"}},
		{AgencyDid: devsetup.DID("tax"), Claims: []string{
			"given_name", "family_name", "birthdate", "sex", "nationalities", "current_country", "passport.*", "employer.organisation_number", "employment.*",
		}},
		{AgencyDid: devsetup.DID("bank"), Claims: []string{
			"given_name", "family_name", "birthdate", "nationalities", "current_country", "employer.organisation_number", "employer.legal_name", "employment.start_date",
		}},
	}}
}

// applies has a wallet apply, and gives its exchange.
func (e *exchange) applies(wallet, credentialID string) string {
	e.t.Helper()
	return answered(e.stack, func() (*walletv1.ApplyForPermitResponse, error) {
		return e.wallets.ApplyForPermit(as(e.t.Context(), wallet), &walletv1.ApplyForPermitRequest{CredentialId: credentialID, Consent: consent()})
	}).GetExchange().GetExchangeId()
}

// pays pays a case's fee on the provider's page, as the worker does, comes back
// to UDI and waits until UDI knows. Again, it changes nothing.
func (s *stack) pays(caseRef string) {
	s.t.Helper()
	var page string
	s.until("the fee can be paid", func() bool {
		page = s.text("verifier", "SELECT COALESCE((SELECT url FROM fee_payment WHERE case_ref = $1), '')", caseRef)
		return page != ""
	})
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Post(page, "application/x-www-form-urlencoded", nil)
	if err != nil {
		s.fail("pay: %v", err)
	}
	_ = answer.Body.Close()
	back, err := answer.Location()
	if err != nil || back.Host != s.layout.Services["verifier"].Host {
		s.fail("paying answered %d and leads to %v: %v", answer.StatusCode, back, err)
	}
	s.until("UDI knows that the fee is paid", func() bool {
		if looked, err := s.http.Get(s.layout.Services["verifier"].BaseURL + back.RequestURI()); err == nil {
			_ = looked.Body.Close()
		}
		return s.count("verifier", "SELECT COUNT(*) FROM case_file WHERE ref = $1 AND fee_paid_at > 0", caseRef) == 1
	})
}

// granting is the call of UDI's officer that grants a permit, grant makes it.
func (s *stack) granting(caseRef string) call {
	s.t.Helper()
	return call{verifierv1.CaseService_DecideCase_FullMethodName, s.token("verifier", "officer"), &verifierv1.DecideCaseRequest{
		CaseRef: caseRef, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED,
	}}
}

func (s *stack) grant(caseRef string) error {
	s.t.Helper()
	s.pays(caseRef)
	return s.overGRPC(s.granting(caseRef), &verifierv1.DecideCaseResponse{})
}

// booked waits until the police have booked an appointment.
func (s *stack) booked(caseRef string) {
	s.t.Helper()
	appointments, officer := policev1.NewAppointmentServiceClient(s.dial("police")), as(s.t.Context(), s.token("police", "officer"))
	s.until("an appointment is booked", func() bool {
		return len(answered(s, func() (*policev1.ListAppointmentsResponse, error) {
			return appointments.ListAppointments(officer, &policev1.ListAppointmentsRequest{CaseRef: caseRef})
		}).GetAppointments()) == 1
	})
}

// attend has the police's officer record that the worker came.
func (s *stack) attend(caseRef string) {
	s.t.Helper()
	appointments, officer := policev1.NewAppointmentServiceClient(s.dial("police")), as(s.t.Context(), s.token("police", "officer"))
	answered(s, func() (*policev1.RecordAttendanceResponse, error) {
		return appointments.RecordAttendance(officer, &policev1.RecordAttendanceRequest{
			CaseRef: caseRef, IdentityConfirmed: true, Biometrics: &policev1.BiometricsTaken{Fingerprints: true, Photo: true, Signature: true},
		})
	})
}

// closed waits until UDI has closed a case.
func (s *stack) closed(caseRef string) {
	s.t.Helper()
	cases, officer := verifierv1.NewCaseServiceClient(s.dial("verifier")), as(s.t.Context(), s.token("verifier", "officer"))
	s.until("the case is completed", func() bool {
		return answered(s, func() (*verifierv1.GetCaseResponse, error) {
			return cases.GetCase(officer, &verifierv1.GetCaseRequest{CaseRef: caseRef})
		}).GetCase().GetCompletedAt() != nil
	})
}

// holds waits until a wallet holds a case's every credential, each verified.
func (e *exchange) holds(wallet string) {
	e.t.Helper()
	e.until("the wallet holds everything", func() bool { return len(e.heldBy(wallet)) >= len(everything) })
	var types []string
	for _, one := range e.heldBy(wallet) {
		types = append(types, one.GetType())
		if !one.GetVerified() {
			e.fail("%s is not verified", one.GetType())
		}
	}
	slices.Sort(types)
	if !slices.Equal(types, everything) {
		e.fail("the wallet holds %v, want %v", types, everything)
	}
}

// accesses are the readings of a wallet's applications, "agency purpose" each.
func (e *exchange) accesses(wallet string) (all []string) {
	e.t.Helper()
	for _, row := range answered(e.stack, func() (*walletv1.ListAccessLogResponse, error) {
		return e.wallets.ListAccessLog(as(e.t.Context(), wallet), &walletv1.ListAccessLogRequest{})
	}).GetRows() {
		all = append(all, row.GetAgency()+" "+row.GetPurpose())
	}
	return all
}
