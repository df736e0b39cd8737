package ruleset

import "slices"

// checks are the rules' conditions, by the id that rules.yaml gives them. A check
// sees the parameters in force and the facts, nothing else.
var checks = map[string]func(*RuleSet, Parameters, Facts, Dates) Result{
	"skilled.education":      checkEducation,
	"skilled.nationality":    checkNationality,
	"skilled.age":            checkAge,
	"skilled.salary":         checkSalary,
	"skilled.position":       checkPosition,
	"skilled.passport":       checkPassport,
	"skilled.start":          checkStart,
	"skilled.employer":       checkEmployer,
	"skilled.qualifications": checkQualifications,
	"pilot.scope":            checkScope,
}

func passedIf(holds bool) Result {
	if holds {
		return Passed
	}
	return Failed
}

func checkEducation(_ *RuleSet, p Parameters, f Facts, _ Dates) Result {
	if slices.Contains(p.OfficerLevels, f.RequiredEducation) {
		return Officer
	}
	return passedIf(slices.Contains(p.PassingLevels, f.RequiredEducation))
}

// checkNationality asks for a nationality without visa requirement that is also
// the passport's: freedom from visas belongs to the passport one travels on.
func checkNationality(s *RuleSet, _ Parameters, f Facts, _ Dates) Result {
	if !slices.Contains(f.Nationalities, f.PassportIssuingCountry) {
		return Officer
	}
	condition, free := s.visaFree[f.PassportIssuingCountry]
	if free && condition != "" {
		return Officer
	}
	return passedIf(free)
}

// checkAge is about today; who comes of age before the start is the officer's.
func checkAge(_ *RuleSet, p Parameters, _ Facts, d Dates) Result {
	comesOfAge := d.Birth.AddDate(p.MinimumAge, 0, 0)
	if comesOfAge.After(d.On) && !comesOfAge.After(d.Start) {
		return Officer
	}
	return passedIf(!comesOfAge.After(d.On))
}

// checkSalary compares full-time equivalents in whole numbers: pay × 100 % ≥
// floor × the position's percentage. Less than full time that reaches the floor
// is for an officer to confirm.
func checkSalary(_ *RuleSet, p Parameters, f Facts, d Dates) Result {
	var inForce Floor
	for _, floor := range p.Floors {
		if !floor.ValidFrom.After(d.On) && floor.ValidFrom.After(inForce.ValidFrom) {
			inForce = floor
		}
	}
	floor := map[string]int64{"bachelor": inForce.Bachelor, "master": inForce.Master}[f.RequiredEducation]
	if floor == 0 {
		return Officer
	}
	full := p.FullPercentage * 100
	if f.PercentageHundredths <= 0 || f.PercentageHundredths > full || f.AnnualSalary*full < floor*f.PercentageHundredths {
		return Failed
	}
	if f.PercentageHundredths < full {
		return Officer
	}
	return Passed
}

func checkPosition(_ *RuleSet, p Parameters, f Facts, _ Dates) Result {
	return passedIf(f.PercentageHundredths >= p.MinimumPercentage*100 && f.PercentageHundredths <= 100*100)
}

func checkPassport(_ *RuleSet, _ Parameters, _ Facts, d Dates) Result {
	return passedIf(d.PassportExpiry.After(d.Start) && d.PassportExpiry.After(d.On))
}

func checkStart(_ *RuleSet, _ Parameters, _ Facts, d Dates) Result {
	return passedIf(!d.Start.Before(d.On))
}

func checkEmployer(_ *RuleSet, _ Parameters, f Facts, _ Dates) Result {
	return passedIf(f.EmployerAccredited && f.OrganisationNumber != "" && f.AccreditedOrganisationNumber == f.OrganisationNumber)
}

func checkQualifications(_ *RuleSet, _ Parameters, f Facts, _ Dates) Result {
	return passedIf(f.QualificationsConfirmed)
}

// checkScope: the pilot takes nobody who already lives in Norway, and the form
// leaves the country empty for who is there now.
func checkScope(_ *RuleSet, _ Parameters, f Facts, _ Dates) Result {
	return passedIf(f.CurrentCountry != "" && f.CurrentCountry != "NO")
}
