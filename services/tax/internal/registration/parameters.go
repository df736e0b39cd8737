package registration

import (
	"bytes"
	_ "embed" // the figures are a data file
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

//go:embed parameters.yaml
var parametersYAML []byte

// Parameters are the dated figures.
type Parameters struct{ figures }

// figures are the file.
type figures struct {
	Residence []struct {
		From   date `yaml:"from"`
		Months int  `yaml:"months"`
	} `yaml:"residence"`
	Duplicate []struct {
		From        date `yaml:"from"`
		WorkingDays int  `yaml:"working_days"`
	} `yaml:"duplicate"`
	DNumber []struct {
		From  date `yaml:"from"`
		Years int  `yaml:"years"`
	} `yaml:"d_number"`
	Years []struct {
		Year               int   `yaml:"income_year"`
		PAYELimit          int64 `yaml:"paye_limit"`
		PAYEPercent        int   `yaml:"paye_percent"`
		WithoutCardPercent int   `yaml:"without_card_percent"`
	} `yaml:"years"`
	Tables []struct {
		Year    int    `yaml:"income_year"`
		Table   string `yaml:"table"`
		Percent int    `yaml:"percent"`
		Months  int    `yaml:"months"`
	} `yaml:"tables"`
	Work []struct {
		From               date `yaml:"from"`
		DuplicateMinutes   int  `yaml:"duplicate_minutes"`
		ReplacementMinutes int  `yaml:"replacement_minutes"`
	} `yaml:"work"`
}

// date is a day, yyyy-mm-dd, at midnight UTC.
type date struct{ time.Time }

// UnmarshalYAML reads the date.
func (d *date) UnmarshalYAML(node *yaml.Node) error {
	t, err := time.Parse(time.DateOnly, node.Value)
	d.Time = t
	return err
}

// LoadParameters reads the figures that are built in.
func LoadParameters() (Parameters, error) { return parseParameters(parametersYAML) }

func parseParameters(raw []byte) (Parameters, error) {
	var p Parameters
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&p.figures); err != nil {
		return Parameters{}, fmt.Errorf("read tax parameters: %w", err)
	}
	if err := p.check(); err != nil {
		return Parameters{}, fmt.Errorf("read tax parameters: %w", err)
	}
	return p, nil
}

func (p Parameters) check() error {
	if len(p.Residence) == 0 || len(p.Duplicate) == 0 || len(p.DNumber) == 0 || len(p.Years) == 0 || len(p.Tables) == 0 || len(p.Work) == 0 {
		return errors.New("a list is missing or empty")
	}
	positive, rising := true, true
	for i, r := range p.Residence {
		positive = positive && r.Months > 0
		rising = rising && (i == 0 || r.From.After(p.Residence[i-1].From.Time))
	}
	for i, d := range p.Duplicate {
		positive = positive && d.WorkingDays > 0
		rising = rising && (i == 0 || d.From.After(p.Duplicate[i-1].From.Time))
	}
	for i, d := range p.DNumber {
		positive = positive && d.Years > 0
		rising = rising && (i == 0 || d.From.After(p.DNumber[i-1].From.Time))
	}
	for i, y := range p.Years {
		positive = positive && y.PAYELimit > 0 && percentage(y.PAYEPercent) && percentage(y.WithoutCardPercent)
		rising = rising && (i == 0 || y.Year > p.Years[i-1].Year)
	}
	for i, t := range p.Tables {
		d := Deduction{Table: t.Table, Percent: t.Percent, Months: t.Months}
		positive = positive && t.Table != "" && d.Check() == nil
		rising = rising && (i == 0 || t.Year > p.Tables[i-1].Year)
	}
	for i, w := range p.Work {
		positive = positive && w.DuplicateMinutes > 0 && w.ReplacementMinutes > 0
		rising = rising && (i == 0 || w.From.After(p.Work[i-1].From.Time))
	}
	if !positive || !rising {
		return errors.New("dates must rise, and every figure be one that can be")
	}
	return nil
}

func percentage(n int) bool { return n > 0 && n <= 100 }

// KindFor is which number a permit gives to who is registered at a time. The
// permit's days are dates; months are counted as UDI counts them: from the sixth
// of June to the sixth of December is six.
func (p Parameters) KindFor(permit Permit, at time.Time) identifier.PersonNumberKind {
	months := p.Residence[0].Months
	for _, r := range p.Residence {
		if !r.From.After(at) {
			months = r.Months
		}
	}
	if permit.ValidUntil.Before(permit.ValidFrom.AddDate(0, months, 0)) {
		return identifier.DNumber
	}
	return identifier.BirthNumber
}

// DuplicateDeadline is until when the register's clerks decide on a possible
// duplicate that came up at a time: the end of that many working days. Public
// holidays are the calendar's to know, not ours: only weekends are left out.
func (p Parameters) DuplicateDeadline(at time.Time) time.Time {
	days := p.Duplicate[0].WorkingDays
	for _, d := range p.Duplicate {
		if !d.From.After(at) {
			days = d.WorkingDays
		}
	}
	end := at
	for days > 0 {
		end = end.AddDate(0, 0, 1)
		if weekday := end.Weekday(); weekday != time.Saturday && weekday != time.Sunday {
			days--
		}
	}
	return end
}

// DNumberUntil is how long a D-number that was assigned at a time holds.
func (p Parameters) DNumberUntil(at time.Time) time.Time {
	years := p.DNumber[0].Years
	for _, d := range p.DNumber {
		if !d.From.After(at) {
			years = d.Years
		}
	}
	return at.AddDate(years, 0, 0)
}

// Work is the part of the offer that a tax card rests on.
type Work struct {
	StartDate    time.Time
	AnnualSalary int64 // NOK
	// OrganisationNumber is the employer's.
	OrganisationNumber string
}

// Deduct computes a worker's deduction in an income year: in the year in which
// the work starts, and below its limit, tax at source; else ordinary tax by
// table.
func (p Parameters) Deduct(w Work, year int) Deduction {
	figures := p.Years[0]
	for _, y := range p.Years {
		if y.Year <= year {
			figures = y
		}
	}
	if year == w.StartDate.Year() && w.AnnualSalary < figures.PAYELimit {
		return Deduction{Source: true, Percent: figures.PAYEPercent}
	}
	table := p.Tables[0]
	for _, t := range p.Tables {
		if t.Year <= year {
			table = t
		}
	}
	return Deduction{Table: table.Table, Percent: table.Percent, Months: table.Months}
}

// WithoutCard is what an employer withholds in an income year who has no card
// for the worker.
func (p Parameters) WithoutCard(year int) Deduction {
	percent := p.Years[0].WithoutCardPercent
	for _, y := range p.Years {
		if y.Year <= year {
			percent = y.WithoutCardPercent
		}
	}
	return Deduction{Percent: percent}
}

// Minutes is how long a clerk works on a possible duplicate, and on a
// replacement, at a time.
func (p Parameters) Minutes(at time.Time) (duplicate, replacement time.Duration) {
	work := p.Work[0]
	for _, w := range p.Work {
		if !w.From.After(at) {
			work = w
		}
	}
	return time.Duration(work.DuplicateMinutes) * time.Minute, time.Duration(work.ReplacementMinutes) * time.Minute
}
