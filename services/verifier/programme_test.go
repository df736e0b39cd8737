package verifier

import (
	"slices"
	"strings"
	"testing"
	"time"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/api"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/programme"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/store"
)

// programmeOf is what the programme's office asks of a rig's database.
func programmeOf(r *rig) *api.Programme {
	targets, err := programme.LoadTargets()
	r.must(err)
	return &api.Programme{Office: &programme.Office{Source: store.Programme{DB: r.DB}, Targets: targets, Clock: r, Zone: r.Zone}}
}

func TestProgrammeSeesWhereACasesTimeGoes(t *testing.T) {
	r := newRig(t)
	caseRef, _, _ := r.granted("off_1")
	office := programmeOf(r)
	running, err := office.GetClock(t.Context(), &verifierv1.GetClockRequest{CaseRef: caseRef})
	r.must(err)
	r.later(time.Minute)
	r.must(r.tell("police", "appointment.booked", caseRef, r.Now()))
	r.later(26 * time.Hour)
	for _, name := range []string{"appointment.attended", "identity.verified", "residencecard.issued"} {
		r.must(r.tell("police", name, caseRef, r.Now()))
	}
	r.must(r.tell("tax", "identifier.assigned", caseRef, r.Now()))
	r.must(r.tell("bank", "bankaccount.opened", caseRef, r.Now()))
	r.later(1000 * time.Hour) // of no case that is completed
	done, err := office.GetClock(t.Context(), &verifierv1.GetClockRequest{CaseRef: caseRef})
	r.must(err)
	c := done.GetClock()
	if running.GetClock().GetEnded() || !c.GetEnded() || c.GetElapsed().AsDuration() < 26*time.Hour || c.GetElapsed().AsDuration() > 27*time.Hour {
		t.Errorf("%v, %v", running, c)
	}
	var sum time.Duration
	for _, p := range c.GetParts() {
		sum += p.GetTime().AsDuration()
	}
	if sum != c.GetElapsed().AsDuration() || len(c.GetParts()) != 5 || len(c.GetStretches()) == 0 {
		t.Errorf("the parts add up to %s", sum)
	}
	_, err = office.GetClock(t.Context(), &verifierv1.GetClockRequest{CaseRef: "case_nobody"})
	r.refused(err, fault.NotFound, "case.unknown")
}

func TestProgrammeListsWhatIsLate(t *testing.T) {
	r := newRig(t)
	waiting, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	granted, _, _ := r.granted("off_2")
	refusedRef, _, err := r.newWorker("off_3", nil).paid()
	r.must(err)
	_, err = r.decide(refusedRef, casefile.Refused, "SALARY_TOO_LOW")
	r.must(err)
	office := programmeOf(r)
	late := func(agency string, size int32) map[string]string {
		t.Helper()
		found, token := map[string]string{}, ""
		for {
			page, err := office.ListLateSteps(t.Context(), &verifierv1.ListLateStepsRequest{Agency: agency, PageSize: size, PageToken: token})
			r.must(err)
			for _, l := range page.GetLateSteps() {
				if l.GetWaited().AsDuration() <= l.GetTarget().AsDuration() {
					t.Errorf("%v is not late", l)
				}
				found[l.GetCaseRef()] += l.GetStep()
			}
			if token = page.GetNextPageToken(); token == "" {
				return found
			}
		}
	}
	if got := late("", 50); len(got) != 0 {
		t.Errorf("late at once: %v", got)
	}
	r.later(25 * time.Hour)
	for _, size := range []int32{1, 50} {
		got := late("", size)
		if len(got) != 2 || got[waiting] != "DECISION_MADE" || !strings.HasPrefix(got[granted], "APPOINTMENT_BOOKED") {
			t.Errorf("late: %v", got)
		}
	}
	if got := late("police", 50); len(got) != 1 || got[granted] == "" {
		t.Errorf("late at the police: %v", got)
	}
	r.must(r.tell("issuer", "offer.withdrawn", "off_2", r.Now())) // halts the granted case
	if got := late("", 50); got[granted] != "" {
		t.Errorf("a halted case is late: %v", got)
	}
	_, err = office.ListLateSteps(t.Context(), &verifierv1.ListLateStepsRequest{Agency: "customs"})
	r.refused(err, fault.Invalid, "programme.agency")
}

func TestProgrammeCountsAMonthThatIsOver(t *testing.T) {
	r := newRig(t)
	for _, offer := range []string{"off_1", "off_2", "off_3", "off_4", "off_5"} {
		r.granted(offer)
	}
	office, month := programmeOf(r), r.Now().In(r.Zone).Format("2006-01")
	_, err := office.GetStatistics(t.Context(), &verifierv1.GetStatisticsRequest{Month: month})
	r.refused(err, fault.Conflict, "programme.month-not-over")
	_, err = office.GetStatistics(t.Context(), &verifierv1.GetStatisticsRequest{Month: "soon"})
	r.refused(err, fault.Invalid, "programme.month")
	r.later(62 * 24 * time.Hour)
	found, err := office.GetStatistics(t.Context(), &verifierv1.GetStatisticsRequest{Month: month})
	r.must(err)
	counts := map[string]int64{}
	for _, row := range found.GetStatistics().GetRows() {
		counts[row.GetStep()] = row.GetAll().GetCases()
	}
	if counts["FEE_PAID"] != 5 || counts["DECISION_MADE"] != 5 || counts["ACCOUNT_OPENED"] != 0 || found.GetStatistics().GetTotals().GetAll().GetCases() != 10 {
		t.Errorf("%v", found)
	}
	file, err := office.ExportStatistics(t.Context(), &verifierv1.ExportStatisticsRequest{Month: month, Agency: "verifier"})
	r.must(err)
	if file.GetFileName() != "kompetansespor-"+month+"-verifier.csv" || !strings.Contains(file.GetCsv(), month+",verifier,FEE_PAID,5,0,5,") || strings.Contains(file.GetCsv(), "police") {
		t.Errorf("%v", file)
	}
}

// Who may see cases may not see the programme's numbers, and the other way
// round.
func TestProgrammeOpensNoCase(t *testing.T) {
	policy := api.ProgrammePolicy(api.Policy())
	for method, roles := range policy.Roles {
		programmes := strings.Contains(method, "ProgrammeService")
		if len(roles) != 1 || (roles[0] == rpc.Role("programme")) != programmes {
			t.Errorf("%s is open to %v", method, roles)
		}
	}
	// An agency's tool verifies, and opens no case either.
	verifying := api.VerificationPolicy(api.Policy())
	for method, roles := range verifying.Roles {
		if slices.Contains(roles, api.RoleAgency) != strings.Contains(method, "VerificationService") {
			t.Errorf("%s is open to %v", method, roles)
		}
	}
	for _, m := range verifierv1.VerificationService_ServiceDesc.Methods {
		if verifying.Roles["/"+verifierv1.VerificationService_ServiceDesc.ServiceName+"/"+m.MethodName] == nil {
			t.Errorf("%s is open to nobody", m.MethodName)
		}
	}
	for _, m := range verifierv1.ProgrammeService_ServiceDesc.Methods {
		if policy.Roles["/"+verifierv1.ProgrammeService_ServiceDesc.ServiceName+"/"+m.MethodName] == nil {
			t.Errorf("%s is open to nobody", m.MethodName)
		}
	}
}
