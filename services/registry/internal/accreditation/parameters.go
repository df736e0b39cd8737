package accreditation

import (
	"bytes"
	_ "embed" // the figures are a data file
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed parameters.yaml
var parametersYAML []byte

// Parameters are the programme's figures as they are on one date.
type Parameters struct {
	// Version names the data file that they are from.
	Version            string
	MinimumEmployees   int
	SanctionFreeMonths int
	AccreditedYears    int
	BannedYears        int
	// RegisterAnswer is how old an answer of the register may be.
	RegisterAnswer time.Duration
	PublicSectors  []string
	SigningRoles   []SigningRole
}

// SigningRole is a role of Enhetsregisteret whose holder signs for the
// organisation, and how the role is called in a signature.
type SigningRole struct {
	Code   string   `yaml:"code"`
	Titles []string `yaml:"titles"`
}

// Figures are all parameters with their dates. They never change.
type Figures struct{ file file }

type file struct {
	Version             string   `yaml:"version"`
	MinimumEmployees    []figure `yaml:"minimum_employees"`
	SanctionFreeMonths  []figure `yaml:"sanction_free_months"`
	AccreditedYears     []figure `yaml:"accredited_years"`
	BannedYears         []figure `yaml:"banned_years"`
	RegisterAnswerHours []figure `yaml:"register_answer_hours"`
	PublicSectors       []figure `yaml:"public_sectors"`
	SigningRoles        []figure `yaml:"signing_roles"`
}

// figure is what holds from a date on: one of its values.
type figure struct {
	ValidFrom time.Time     `yaml:"valid_from"`
	Source    string        `yaml:"source"`
	Value     int           `yaml:"value"`
	Codes     []string      `yaml:"codes"`
	Roles     []SigningRole `yaml:"roles"`
}

// LoadFigures reads the figures that are built in.
func LoadFigures() (*Figures, error) { return parseFigures(parametersYAML) }

func parseFigures(raw []byte) (*Figures, error) {
	var f Figures
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f.file); err != nil {
		return nil, fmt.Errorf("read employer parameters: %w", err)
	}
	if f.file.Version == "" {
		return nil, fmt.Errorf("read employer parameters: they have no version")
	}
	for name, dated := range f.all() {
		if len(dated) == 0 {
			return nil, fmt.Errorf("read employer parameters: %s is missing", name)
		}
		for i, one := range dated {
			if one.Source == "" || one.Value == 0 && len(one.Codes) == 0 && len(one.Roles) == 0 {
				return nil, fmt.Errorf("read employer parameters: %s needs a value and its source", name)
			}
			if i > 0 && !one.ValidFrom.After(dated[i-1].ValidFrom) {
				return nil, fmt.Errorf("read employer parameters: %s is not in the order of its dates", name)
			}
		}
	}
	return &f, nil
}

func (f *Figures) all() map[string][]figure {
	return map[string][]figure{
		"minimum_employees": f.file.MinimumEmployees, "sanction_free_months": f.file.SanctionFreeMonths,
		"accredited_years": f.file.AccreditedYears, "banned_years": f.file.BannedYears,
		"register_answer_hours": f.file.RegisterAnswerHours, "public_sectors": f.file.PublicSectors, "signing_roles": f.file.SigningRoles,
	}
}

// On gives the parameters of a date. Before the first figure, the first holds:
// there was no programme then.
func (f *Figures) On(at time.Time) Parameters {
	on := func(dated []figure) figure {
		found := dated[0]
		for _, one := range dated {
			if !at.Before(one.ValidFrom) {
				found = one
			}
		}
		return found
	}
	return Parameters{
		Version:            f.file.Version,
		MinimumEmployees:   on(f.file.MinimumEmployees).Value,
		SanctionFreeMonths: on(f.file.SanctionFreeMonths).Value,
		AccreditedYears:    on(f.file.AccreditedYears).Value,
		BannedYears:        on(f.file.BannedYears).Value,
		RegisterAnswer:     time.Duration(on(f.file.RegisterAnswerHours).Value) * time.Hour,
		PublicSectors:      slices.Clone(on(f.file.PublicSectors).Codes),
		SigningRoles:       slices.Clone(on(f.file.SigningRoles).Roles),
	}
}
