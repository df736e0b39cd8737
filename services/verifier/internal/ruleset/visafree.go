package ruleset

import (
	"fmt"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Conditions that a list of visa-free nationalities may put on the passport.
const (
	Biometric = "BIOMETRIC" // with a chip
	SAR       = "SAR"       // a passport of the special administrative region
	IDNumber  = "ID_NUMBER" // the passport shows an identity number
	Ordinary  = "ORDINARY"  // neither diplomatic nor service
)

var conditions = []string{Biometric, SAR, IDNumber, Ordinary}

// nationality is an entry of a list: free between two dates, on conditions.
type nationality struct {
	alpha2     string
	validFrom  time.Time // zero: always
	validUntil time.Time // the last day; zero: without end
	conditions []string
}

type visaFreeYAML struct {
	Version       string `yaml:"version"`
	Source        string `yaml:"source"`
	Nationalities []struct {
		Alpha3     string    `yaml:"alpha3"`
		Condition  string    `yaml:"condition"`
		Conditions []string  `yaml:"conditions"`
		ValidFrom  time.Time `yaml:"valid_from"`
		ValidUntil time.Time `yaml:"valid_until"`
		Source     string    `yaml:"source"`
	} `yaml:"nationalities"`
}

// visaFree is a list of nationalities that need no visa.
type visaFree []nationality

func parseVisaFree(raw []byte) (visaFree, string, error) {
	var file visaFreeYAML
	if err := strictYAML(raw, &file); err != nil {
		return nil, "", fmt.Errorf("read visa-free nationalities: %w", err)
	}
	var list visaFree
	for _, entry := range file.Nationalities {
		alpha2, ok := identifier.Alpha2(entry.Alpha3)
		if !ok {
			return nil, "", fmt.Errorf("read visa-free nationalities: %q is no country", entry.Alpha3)
		}
		one := nationality{alpha2: alpha2, validFrom: entry.ValidFrom, validUntil: entry.ValidUntil, conditions: entry.Conditions}
		if entry.Condition != "" {
			// Worded: nobody but an officer can tell whether the passport meets it.
			one.conditions = append(one.conditions, entry.Condition)
		}
		for _, condition := range entry.Conditions {
			if !slices.Contains(conditions, condition) {
				return nil, "", fmt.Errorf("read visa-free nationalities: %s has the unknown condition %q", entry.Alpha3, condition)
			}
		}
		list = append(list, one)
	}
	return list, file.Version, nil
}

// on are the conditions by country of those that are free on a date: of several
// entries of one country that hold, all conditions.
func (l visaFree) on(date time.Time) map[string][]string {
	free := make(map[string][]string, len(l))
	for _, n := range l {
		if n.validFrom.After(date) || !n.validUntil.IsZero() && n.validUntil.Before(date) {
			continue
		}
		if free[n.alpha2] == nil {
			free[n.alpha2] = []string{}
		}
		free[n.alpha2] = append(free[n.alpha2], n.conditions...)
	}
	return free
}
