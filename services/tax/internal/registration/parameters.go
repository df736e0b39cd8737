package registration

import (
	"bytes"
	_ "embed" // the figures are a data file
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

//go:embed parameters.yaml
var parametersYAML []byte

// Parameters are the dated figures of the tax card.
type Parameters struct {
	years []incomeYear
	table taxTable
}

type incomeYear struct {
	Year        int   `yaml:"income_year"`
	PAYELimit   int64 `yaml:"paye_limit"`
	PAYEPercent int   `yaml:"paye_percent"`
}

type taxTable struct {
	Table   string `yaml:"table"`
	Percent int    `yaml:"percent"`
	Months  int    `yaml:"months"`
}

// LoadParameters reads the figures that are built in.
func LoadParameters() (Parameters, error) { return parseParameters(parametersYAML) }

func parseParameters(raw []byte) (Parameters, error) {
	var file struct {
		Years []incomeYear `yaml:"years"`
		Table taxTable     `yaml:"ordinary_table"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return Parameters{}, fmt.Errorf("read tax parameters: %w", err)
	}
	if len(file.Years) == 0 || file.Table.Table == "" {
		return Parameters{}, errors.New("read tax parameters: there are no years, or no table")
	}
	for i, y := range file.Years {
		if y.PAYELimit <= 0 || y.PAYEPercent <= 0 || y.PAYEPercent > 100 || i > 0 && y.Year <= file.Years[i-1].Year {
			return Parameters{}, errors.New("read tax parameters: years must rise and have a limit and a rate")
		}
	}
	return Parameters{years: file.Years, table: file.Table}, nil
}

// in is the entry for an income year.
func (p Parameters) in(year int) incomeYear {
	entry := p.years[0]
	for _, y := range p.years {
		if y.Year <= year {
			entry = y
		}
	}
	return entry
}
