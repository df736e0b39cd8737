package appointment

import "time"

// Person is what the police know of the worker.
type Person struct {
	GivenName, FamilyName, Birthdate string
	Nationalities                    []string
}

// Purposes are what the one visit is for: police and tax.
func Purposes() []string { return []string{"ID_CONTROL", "BIOMETRICS", "RESIDENCE_CARD", "TAX"} }

// Claims are the Appointment credential's, without the subject's id. Times carry
// the offset of the office's clock. code is what the worker may move the
// appointment with.
func (a *Appointment) Claims(p Person, policy Policy, timeZone, code string) map[string]any {
	var purposes []any
	for _, purpose := range Purposes() {
		purposes = append(purposes, purpose)
	}
	claims := map[string]any{
		"appointment_id":      a.id,
		"office_id":           a.office.ID,
		"office_name":         a.office.Name,
		"purpose":             purposes,
		"start":               a.slot.Start.Format(time.RFC3339),
		"end":                 a.slot.End.Format(time.RFC3339),
		"time_zone":           timeZone,
		"documents_to_bring":  []any{"PASSPORT"},
		"given_name":          p.GivenName,
		"family_name":         p.FamilyName,
		"arrival_window_days": policy.ReportWithinDays,
		"checkin_code":        code,
	}
	if a.office.Address != "" {
		claims["address"] = a.office.Address
	}
	return claims
}
