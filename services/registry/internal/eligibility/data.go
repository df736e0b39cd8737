package eligibility

import (
	"bytes"
	_ "embed" // lists and texts are data files
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

//go:embed data.yaml
var dataYAML []byte

//go:embed texts.yaml
var textsYAML []byte

var texts = func() map[string]accreditation.Texts {
	all := map[string]accreditation.Texts{}
	decoder := yaml.NewDecoder(bytes.NewReader(textsYAML))
	decoder.KnownFields(true)
	if err := decoder.Decode(&all); err != nil {
		panic("texts.yaml is built in and cannot be read: " + err.Error())
	}
	return all
}()

// Data are the lists that answers go by, with their dates. They never change.
type Data struct{ file file }

type file struct {
	Version   string `yaml:"version"`
	Nordic    []list `yaml:"nordic"`
	EEA       []list `yaml:"eea"`
	VisaFree  []list `yaml:"visa_free"`
	Education []list `yaml:"education"`
}

// list is what holds from a date on.
type list struct {
	ValidFrom  time.Time         `yaml:"valid_from"`
	Source     string            `yaml:"source"`
	Countries  []string          `yaml:"countries"`
	Conditions map[string]string `yaml:"conditions"` // by country, the code of a text
	Levels     []Education       `yaml:"levels"`
}

// lists are those of one date.
type lists struct{ nordic, eea, visaFree, education list }

// Load reads the data that are built in.
func Load() (*Data, error) { return parse(dataYAML) }

func parse(raw []byte) (*Data, error) {
	var d Data
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&d.file); err != nil {
		return nil, fmt.Errorf("read eligibility data: %w", err)
	}
	for name, dated := range map[string][]list{"nordic": d.file.Nordic, "eea": d.file.EEA, "visa_free": d.file.VisaFree, "education": d.file.Education} {
		if err := check(dated); err != nil {
			return nil, fmt.Errorf("read eligibility data: %s %w", name, err)
		}
	}
	if d.file.Version == "" {
		return nil, fmt.Errorf("read eligibility data: they have no version")
	}
	return &d, nil
}

func check(dated []list) error {
	if len(dated) == 0 {
		return fmt.Errorf("is missing")
	}
	for i, l := range dated {
		if l.Source == "" || len(l.Countries) == 0 && len(l.Levels) == 0 {
			return fmt.Errorf("needs its values and their source")
		}
		if i > 0 && !l.ValidFrom.After(dated[i-1].ValidFrom) {
			return fmt.Errorf("is not in the order of its dates")
		}
		for _, country := range l.Countries {
			_, alpha3 := identifier.Alpha2(country)
			if identifier.CheckCountry(country) != nil && !alpha3 {
				return fmt.Errorf("names a country that there is not: %s", country)
			}
		}
		for country, condition := range l.Conditions {
			if _, known := texts[condition]; !known {
				return fmt.Errorf("has a condition without words for %s", country)
			}
		}
	}
	return nil
}

// on gives the lists of a date; before the first of a name, that.
func (d *Data) on(at time.Time) lists {
	of := func(dated []list) list {
		found := dated[0]
		for _, l := range dated {
			if !at.Before(l.ValidFrom) {
				found = l
			}
		}
		return found
	}
	return lists{nordic: of(d.file.Nordic), eea: of(d.file.EEA), visaFree: of(d.file.VisaFree), education: of(d.file.Education)}
}
