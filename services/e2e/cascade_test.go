package e2e

import (
	"database/sql"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// granted is a worker whose permit is granted and whose appointment is booked.
type granted struct {
	*exchange
	wallet, offer, ref string
}

// granted takes a worker as far as the appointment.
func (e *exchange) granted() granted {
	e.t.Helper()
	wallet, held, offer := e.holder()
	g := granted{e, wallet, offer, e.ended(wallet, e.applies(wallet, held)).GetCaseRef()}
	if err := e.grant(g.ref); err != nil {
		e.fail("grant: %v", err)
	}
	g.until("an appointment is booked", func() bool { return g.appointment() == "BOOKED" })
	return g
}

// completes attends and waits until the case is closed.
func (g granted) completes() {
	g.t.Helper()
	g.until("an appointment is booked", func() bool { return g.appointment() == "BOOKED" })
	g.attend(g.ref)
	g.closed(g.ref)
}

// appointment is the state of the case's newest appointment.
func (g granted) appointment() string {
	g.t.Helper()
	return g.text("police", "SELECT COALESCE((SELECT state FROM appointment WHERE case_ref = $1 ORDER BY position DESC LIMIT 1), '')", g.ref)
}

// state is the case's at UDI.
func (g granted) state() string {
	g.t.Helper()
	return g.text("verifier", "SELECT state FROM case_file WHERE ref = $1", g.ref)
}

// bits says of a service's current credential of the case whether it is
// suspended or revoked.
func (g granted) bits(service, kind string) (suspended, revoked bool) {
	g.t.Helper()
	const of = " FROM status_entry s JOIN issuance i ON i.credential_id = s.credential_id WHERE i.reference = $1 AND i.type = $2"
	return g.count(service, "SELECT COUNT(*)"+of+" AND s.suspended_at > 0", g.ref, kind) == 1,
		g.count(service, "SELECT COUNT(*)"+of+" AND s.revoked_at > 0", g.ref, kind) == 1
}

// steps are the names of the case's timeline, as UDI's officer sees it.
func (g granted) steps() (names []string) {
	g.t.Helper()
	cases, officer := verifierv1.NewCaseServiceClient(g.dial("verifier")), as(g.t.Context(), g.token("verifier", "officer"))
	answer := answered(g.stack, func() (*verifierv1.GetCaseResponse, error) {
		return cases.GetCase(officer, &verifierv1.GetCaseRequest{CaseRef: g.ref})
	})
	for _, step := range answer.GetCase().GetTimeline() {
		names = append(names, step.GetName())
	}
	return names
}

// told waits until the worker's wallet has more notices than before.
func (g granted) told(what string, before int) {
	g.t.Helper()
	g.until("the worker is told: "+what, func() bool { return g.notices() > before })
}

func (g granted) notices() int {
	g.t.Helper()
	return len(answered(g.stack, func() (*walletv1.ListNoticesResponse, error) {
		return g.wallets.ListNotices(as(g.t.Context(), g.wallet), &walletv1.ListNoticesRequest{})
	}).GetNotices())
}

// revokePermit is UDI's officer's.
func (g granted) revokePermit(reason string) {
	g.t.Helper()
	cases, officer := verifierv1.NewCaseServiceClient(g.dial("verifier")), as(g.t.Context(), g.token("verifier", "officer"))
	answered(g.stack, func() (*verifierv1.RevokePermitResponse, error) {
		return cases.RevokePermit(officer, &verifierv1.RevokePermitRequest{CaseRef: g.ref, ReasonCode: reason})
	})
}

// suspend and reinstate change the employer's accreditation.
func (s *stack) suspend() {
	s.t.Helper()
	registry := registryv1.NewRegistryServiceClient(s.dial("registry"))
	if _, err := registry.SuspendEmployer(as(s.t.Context(), s.token("registry", "programme")), &registryv1.SuspendEmployerRequest{
		OrganisationNumber: devsetup.Employer.OrganisationNumber, ReasonCode: registryv1.ReasonCode_REASON_CODE_OTHER, Reason: "pay is looked into",
	}); err != nil {
		s.fail("suspend: %v", err)
	}
}

func (s *stack) reinstate() {
	s.t.Helper()
	registry := registryv1.NewRegistryServiceClient(s.dial("registry"))
	if _, err := registry.ReinstateEmployer(as(s.t.Context(), s.token("registry", "programme")), &registryv1.ReinstateEmployerRequest{
		OrganisationNumber: devsetup.Employer.OrganisationNumber, ReasonCode: registryv1.ReasonCode_REASON_CODE_CAUSE_REMOVED, Reason: "pay is as it should be",
	}); err != nil {
		s.fail("reinstate: %v", err)
	}
}

// register changes the employer's entry in Enhetsregisteret.
func (s *stack) register(change string) {
	s.t.Helper()
	at := s.layout.StandIns.URL + "/enhetsregisteret/control/enheter/" + devsetup.Employer.OrganisationNumber
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPatch, at, strings.NewReader(change))
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.fail("change the register: %v", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		s.fail("change the register: %d", answer.StatusCode)
	}
}

// What falls away takes with it what was built on it and no more; what comes
// back goes on; and everybody is told.
func TestCascades(t *testing.T) {
	s := newCollected(t)
	s.accredit()
	e := newExchangeOn(s)
	s.within(t, "a withdrawn offer stops what is not done", func() {
		g := e.granted()
		before := g.notices()
		g.withdraw(g.offer)
		g.until("the case is halted", func() bool { return g.state() == "HALTED" })
		g.until("the appointment is cancelled", func() bool { return g.appointment() == "CANCELLED" })
		if suspended, revoked := g.bits("verifier", "ResidencePermit"); !suspended || revoked {
			g.fail("the permit: suspended %v, revoked %v", suspended, revoked)
		}
		if _, revoked := g.bits("police", "Appointment"); !revoked {
			g.fail("the appointment's credential still counts")
		}
		g.told("halted", before)
		before = g.notices()
		g.revokePermit("OFFER_WITHDRAWN")
		g.until("the permit is revoked", func() bool {
			_, revoked := g.bits("verifier", "ResidencePermit")
			return revoked && g.state() == "REVOKED"
		})
		g.told("revoked", before)
	})
	s.within(t, "a suspended employer halts, and a reinstated one goes on", func() {
		g := e.granted()
		s.suspend()
		g.until("the case is halted", func() bool { return g.state() == "HALTED" && g.appointment() == "CANCELLED" })
		s.reinstate()
		g.until("the case goes on", func() bool { return g.state() == "GRANTED" })
		g.completes()
		if suspended, revoked := g.bits("verifier", "ResidencePermit"); suspended || revoked {
			g.fail("the permit of a completed case: suspended %v, revoked %v", suspended, revoked)
		}
	})
	s.within(t, "a bankruptcy in the register halts", func() {
		g := e.granted()
		s.register(`{"bankrupt": true}`)
		g.until("the case is halted", func() bool { return g.state() == "HALTED" && g.appointment() == "CANCELLED" })
		s.register(`{"bankrupt": false}`)
		s.reinstate()
		g.completes()
	})
	s.within(t, "a missed appointment is booked anew", func() {
		g := e.granted()
		police, officer := policev1.NewAppointmentServiceClient(s.dial("police")), as(t.Context(), s.token("police", "officer"))
		first := s.text("police", "SELECT id FROM appointment WHERE case_ref = $1", g.ref)
		s.over(first)
		if _, err := police.RecordNoShow(officer, &policev1.RecordNoShowRequest{AppointmentId: first}); err != nil {
			g.fail("no-show: %v", err)
		}
		g.until("it is booked anew", func() bool {
			return g.count("police", "SELECT COUNT(*) FROM appointment WHERE case_ref = $1", g.ref) == 2 && g.appointment() == "BOOKED"
		})
		g.completes()
	})
	s.within(t, "a corrected identity reaches every agency", func() {
		g := e.granted()
		police, officer := policev1.NewAppointmentServiceClient(s.dial("police")), as(t.Context(), s.token("police", "officer"))
		if _, err := police.RecordAttendance(officer, &policev1.RecordAttendanceRequest{
			CaseRef: g.ref, IdentityConfirmed: true, Corrected: []*policev1.CorrectedField{{Path: "family_name", Value: structpb.NewStringValue("Johnsen")}},
			Biometrics: &policev1.BiometricsTaken{Fingerprints: true, Photo: true, Signature: true},
		}); err != nil {
			g.fail("attend: %v", err)
		}
		g.closed(g.ref)
		want := []string{"ResidenceCard", "ResidencePermit", "TaxRegistration"}
		g.until("the wallet has every credential with the corrected name", func() bool {
			var corrected []string
			for _, one := range g.heldBy(g.wallet) {
				if one.GetClaims().GetFields()["family_name"].GetStringValue() == "Johnsen" && !slices.Contains(corrected, one.GetType()) {
					corrected = append(corrected, one.GetType())
				}
			}
			slices.Sort(corrected)
			return slices.Equal(corrected, want)
		})
		if _, revoked := g.bits("verifier", "ResidencePermit"); revoked {
			g.fail("the new permit is revoked")
		}
	})
	s.within(t, "a permit revoked after everything freezes the account, and leaves the number", func() {
		g := e.granted()
		g.completes()
		g.revokePermit("FORGED_DOCUMENTS")
		accounts, clerk := bankv1.NewAccountServiceClient(s.dial("bank")), as(t.Context(), s.token("bank", "clerk"))
		g.until("the account is frozen", func() bool {
			return answered(s, func() (*bankv1.GetAccountResponse, error) {
				return accounts.GetAccount(clerk, &bankv1.GetAccountRequest{CaseRef: g.ref})
			}).GetAccount().GetState() == bankv1.AccountState_ACCOUNT_STATE_FROZEN
		})
		for service, kind := range map[string]string{"verifier": "ResidencePermit", "police": "ResidenceCard", "tax": "TaxCard"} {
			g.until(kind+" is revoked", func() bool {
				_, revoked := g.bits(service, kind)
				return revoked
			})
		}
		if _, revoked := g.bits("tax", "TaxRegistration"); revoked {
			g.fail("the number is no longer the person's")
		}
		g.until("UDI has what everybody did", func() bool {
			steps := g.steps()
			return slices.Contains(steps, "bankaccount.frozen") && slices.Contains(steps, "residencecard.revoked") && slices.Contains(steps, "taxcard.revoked")
		})
	})
	s.reported()
	s.invariants(nil)
}

// over moves an appointment to an hour ago, so that it can have been missed.
func (s *stack) over(appointment string) {
	s.t.Helper()
	path := filepath.Join(s.layout.Services["police"].DataDir, "police.db")
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	start := time.Now().Add(-time.Hour)
	if _, err := db.ExecContext(s.t.Context(), "UPDATE appointment SET start_at = $1, end_at = $2 WHERE id = $3",
		start.UnixMicro(), start.Add(20*time.Minute).UnixMicro(), appointment); err != nil {
		s.fail("move the appointment: %v", err)
	}
}

// Workers whose cases are cut across at random: whatever comes of each, every
// invariant holds.
func TestCascadesInAnyOrderHoldTheInvariants(t *testing.T) {
	s := newCollected(t)
	s.accredit()
	e := newExchangeOn(s)
	random := rand.New(rand.NewPCG(seed, seed+1))
	cases := make([]granted, 8)
	for i := range cases {
		cases[i] = e.granted()
	}
	cuts := []func(granted){
		func(g granted) { g.withdraw(g.offer) },
		func(g granted) { g.tryAttend() },
		func(g granted) { g.tryAttend() },
		func(g granted) { g.tryRevoke() },
		func(g granted) { s.suspend() },
		func(g granted) { s.reinstate() },
		func(granted) {},
	}
	for range 4 {
		for _, i := range random.Perm(len(cases)) {
			var both sync.WaitGroup
			for range 2 { // two at once
				cut := cuts[random.IntN(len(cuts))]
				both.Go(func() { cut(cases[i]) })
			}
			both.Wait()
		}
	}
	s.reinstate()
	for _, g := range cases {
		g.until("the case has come to rest", func() bool {
			switch g.state() {
			case "HALTED", "REVOKED", "COMPLETED":
				return true
			}
			g.tryAttend()
			return false
		})
	}
	s.reported()
	s.invariants(nil)
}

// tryAttend and tryRevoke do what may be refused as the case stands.
func (g granted) tryAttend() {
	police := policev1.NewAppointmentServiceClient(g.dial("police"))
	_, _ = police.RecordAttendance(as(g.t.Context(), g.token("police", "officer")), &policev1.RecordAttendanceRequest{
		CaseRef: g.ref, IdentityConfirmed: true, Biometrics: &policev1.BiometricsTaken{Fingerprints: true, Photo: true, Signature: true},
	})
}

func (g granted) tryRevoke() {
	cases := verifierv1.NewCaseServiceClient(g.dial("verifier"))
	_, _ = cases.RevokePermit(as(g.t.Context(), g.token("verifier", "officer")), &verifierv1.RevokePermitRequest{CaseRef: g.ref, ReasonCode: "IDENTITY_DOUBT"})
}
