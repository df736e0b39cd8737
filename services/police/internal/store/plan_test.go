package store

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

// Whoever follows one case asks for its appointments.
func TestAppointmentsOfACaseAreFoundByIt(t *testing.T) {
	plan := testkit.Plan(t, listed(desk.Listing{CaseRef: "case_1"}), make([]any, 6), onboarding.Migrations(), Migrations())
	if !strings.Contains(plan, "SEARCH a USING INDEX appointment_case (case_ref=?)") {
		t.Error(plan)
	}
}
