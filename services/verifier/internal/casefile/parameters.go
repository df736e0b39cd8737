package casefile

import (
	"bytes"
	_ "embed" // figures are a data file
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// ParameterName names a figure of the law or of a price list.
type ParameterName string

// The figures that a case needs.
const (
	FeeWorkPermit        ParameterName = "fee.work-permit.kroner"
	AppealWeeks          ParameterName = "appeal.weeks"
	YearsHigherEducation ParameterName = "permit.years.higher-education"
	YearsVocational      ParameterName = "permit.years.vocational"
	ResidentAfterMonths  ParameterName = "permit.resident-after-months"
)

var parameterNames = []ParameterName{FeeWorkPermit, AppealWeeks, YearsHigherEducation, YearsVocational, ResidentAfterMonths}

// Parameter is a figure from a date on.
type Parameter struct {
	Name      ParameterName `yaml:"name"`
	ValidFrom time.Time     `yaml:"valid_from"`
	Value     int64         `yaml:"value"`
	Source    string        `yaml:"source"`
}

// Parameters are the dated figures. They never change.
type Parameters struct{ all []Parameter }

//go:embed parameters.yaml
var parametersYAML []byte

// LoadParameters reads the figures that are built in.
func LoadParameters() (*Parameters, error) { return parseParameters(parametersYAML) }

func parseParameters(raw []byte) (*Parameters, error) {
	var file struct {
		Parameters []Parameter `yaml:"parameters"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	p := &Parameters{all: file.Parameters}
	found := map[ParameterName]bool{}
	for _, one := range p.all {
		if one.Value <= 0 || one.Source == "" || one.ValidFrom.IsZero() {
			return nil, fmt.Errorf("read parameters: %q lacks its date, value or source", one.Name)
		}
		found[one.Name] = true
	}
	for _, name := range parameterNames {
		if !found[name] {
			return nil, fmt.Errorf("read parameters: there is no %q", name)
		}
	}
	return p, nil
}

// At is the figure in force on a date, in the date's own location.
//
// Rule: case.no-figure (Unavailable): nobody knows what held on that day.
func (p *Parameters) At(name ParameterName, on time.Time) (Parameter, error) {
	year, month, day := on.Date()
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	var found Parameter
	for _, one := range p.all {
		if one.Name == name && !one.ValidFrom.After(date) && !one.ValidFrom.Before(found.ValidFrom) {
			found = one
		}
	}
	if found.Name == "" {
		return Parameter{}, fault.New(fault.Unavailable, "case.no-figure", "no %s is known for %s", name, date.Format(isoDate))
	}
	return found, nil
}

// FeeOn is what an application for a work permit costs on a day.
func (p *Parameters) FeeOn(day time.Time) (Fee, error) {
	figure, err := p.At(FeeWorkPermit, day)
	return Fee{Amount: figure.Value * 100, Currency: "NOK", Source: figure.Source}, err
}
