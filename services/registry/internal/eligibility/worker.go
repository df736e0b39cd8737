package eligibility

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Education is the highest completed education.
type Education string

// The levels. Empty: not said.
const (
	NoEducation Education = "NONE"
	Vocational  Education = "VOCATIONAL"
	Bachelor    Education = "BACHELOR"
	Master      Education = "MASTER"
)

// Worker is what a worker says.
type Worker struct {
	Nationalities []string // alpha-2, at least one
	Education     Education
	LivesInNorway bool
	HasOffer      bool
	// Employer says whether an employer was named, and whether it is accredited.
	Employer           string
	EmployerAccredited bool
}

// maxNationalities is far more than anybody has.
const maxNationalities = 10

// Worker answers a worker on a date. Rule: eligibility.invalid (Invalid).
func (d *Data) Worker(w Worker, at time.Time) (Answer, error) {
	if n := len(w.Nationalities); n == 0 || n > maxNationalities || slices.ContainsFunc(w.Nationalities, func(c string) bool { return identifier.CheckCountry(c) != nil }) {
		return Answer{}, fault.Violated("eligibility.invalid", "the question cannot be answered as it is", []fault.Violation{
			{Field: "worker.nationalities", Rule: "eligibility.nationality", Message: "give one or more countries, ISO 3166-1 alpha-2"}})
	}
	lists := d.on(at)
	out := Answer{Version: d.file.Version, Reasons: []Reason{
		lists.nationality(w.Nationalities), lists.educated(w.Education), residence(w.LivesInNorway), offer(w.HasOffer), employer(w),
	}}
	out.Verdict = worst(out.Reasons)
	out.Summary = text("WORKER_" + string(out.Verdict))
	return out, nil
}

// nationality: who needs no permit is not helped by a second nationality that
// does; of the others the best counts.
func (l lists) nationality(all []string) Reason {
	const about = "nationality"
	is := func(countries []string) bool {
		return slices.ContainsFunc(all, func(c string) bool { return slices.Contains(countries, c) })
	}
	switch {
	case slices.Contains(all, "NO"):
		return reason(about, No, "NORWEGIAN")
	case is(l.nordic.Countries):
		return reason(about, No, "NORDIC")
	case is(l.eea.Countries):
		return reason(about, No, "EEA")
	}
	best := reason(about, No, "VISA_REQUIRED")
	for _, country := range all {
		alpha3, known := identifier.Alpha3(country)
		if !known || !slices.Contains(l.visaFree.Countries, alpha3) {
			continue
		}
		condition := l.visaFree.Conditions[alpha3]
		if condition == "" {
			return reason(about, Yes, "VISA_FREE")
		}
		best = reason(about, Maybe, condition)
	}
	return best
}

func (l lists) educated(e Education) Reason {
	const about = "education"
	switch {
	case slices.Contains(l.education.Levels, e):
		return reason(about, Yes, "HIGHER_EDUCATION")
	case e == Vocational:
		return reason(about, No, "VOCATIONAL_EDUCATION")
	case e == "":
		return reason(about, Maybe, "EDUCATION_NOT_SAID")
	}
	return reason(about, No, "NO_EDUCATION")
}

func residence(livesInNorway bool) Reason {
	if livesInNorway {
		return reason("residence", No, "LIVES_IN_NORWAY")
	}
	return reason("residence", Yes, "LIVES_ABROAD")
}

func offer(has bool) Reason {
	if has {
		return reason("offer", Yes, "HAS_OFFER")
	}
	return reason("offer", Maybe, "NO_OFFER_YET")
}

func employer(w Worker) Reason {
	switch {
	case w.Employer == "":
		return reason("employer", Maybe, "EMPLOYER_NOT_SAID")
	case w.EmployerAccredited:
		return reason("employer", Yes, "EMPLOYER_ACCREDITED")
	}
	return reason("employer", Maybe, "EMPLOYER_NOT_ACCREDITED")
}
