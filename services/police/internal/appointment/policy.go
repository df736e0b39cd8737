package appointment

import (
	"bytes"
	_ "embed" // the figures are a data file
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed policy.yaml
var policyYAML []byte

// Policy are the figures of appointments and cards as they count on a day.
type Policy struct {
	HorizonDays           int
	NoticeDays            int
	ReportWithinDays      int
	WorkerRebookings      int
	WorkerNotice          time.Duration
	NoShowRebookings      int
	ProductionWorkingDays int
	DeliveryWorkingDays   int
}

// Policies are the figures over time.
type Policies struct{ all []dated }

type dated struct {
	from   time.Time
	policy Policy
}

type figure struct {
	Value  int    `yaml:"value"`
	Source string `yaml:"source"`
}

type figures struct {
	ValidFrom             string `yaml:"valid_from"`
	HorizonDays           figure `yaml:"horizon_days"`
	NoticeDays            figure `yaml:"notice_days"`
	ReportWithinDays      figure `yaml:"report_within_days"`
	WorkerRebookings      figure `yaml:"worker_rebookings"`
	WorkerNoticeHours     figure `yaml:"worker_notice_hours"`
	NoShowRebookings      figure `yaml:"no_show_rebookings"`
	ProductionWorkingDays figure `yaml:"production_working_days"`
	DeliveryWorkingDays   figure `yaml:"delivery_working_days"`
}

// LoadPolicies reads the figures that are built in.
func LoadPolicies() (Policies, error) { return ReadPolicies(policyYAML) }

// ReadPolicies reads policy.yaml. Dates must rise, and every figure needs a
// source.
func ReadPolicies(raw []byte) (Policies, error) {
	var file struct {
		Figures []figures `yaml:"figures"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return Policies{}, fmt.Errorf("read figures of appointments: %w", err)
	}
	var all Policies
	for i, f := range file.Figures {
		from, err := time.Parse(time.DateOnly, f.ValidFrom)
		if err != nil || i > 0 && !from.After(all.all[i-1].from) {
			return Policies{}, errors.New("read figures of appointments: valid_from must be dates that rise")
		}
		for _, one := range []figure{
			f.HorizonDays, f.NoticeDays, f.ReportWithinDays, f.WorkerRebookings, f.WorkerNoticeHours, f.NoShowRebookings,
			f.ProductionWorkingDays, f.DeliveryWorkingDays,
		} {
			if one.Source == "" || one.Value < 0 || one.Value > 1000 {
				return Policies{}, errors.New("read figures of appointments: a figure is 0 to 1000 and has a source")
			}
		}
		all.all = append(all.all, dated{from, Policy{
			HorizonDays: f.HorizonDays.Value, NoticeDays: f.NoticeDays.Value, ReportWithinDays: f.ReportWithinDays.Value,
			WorkerRebookings: f.WorkerRebookings.Value, WorkerNotice: time.Duration(f.WorkerNoticeHours.Value) * time.Hour,
			NoShowRebookings: f.NoShowRebookings.Value, ProductionWorkingDays: f.ProductionWorkingDays.Value, DeliveryWorkingDays: f.DeliveryWorkingDays.Value,
		}})
	}
	if len(all.all) == 0 {
		return Policies{}, errors.New("read figures of appointments: there are none")
	}
	return all, nil
}

// At are the figures of a day; before the first, the first.
func (p Policies) At(day time.Time) Policy {
	found := p.all[0].policy
	for _, one := range p.all {
		if !one.from.After(day) {
			found = one.policy
		}
	}
	return found
}

// Earliest is the time after which a slot may start that is booked now: with a
// notice of one day the first slot is tomorrow's.
func (p Policy) Earliest(now time.Time, zone *time.Location) time.Time {
	if p.NoticeDays == 0 {
		return now
	}
	year, month, day := now.In(zone).Date()
	return time.Date(year, month, day+p.NoticeDays, 0, 0, 0, 0, zone).Add(-time.Nanosecond)
}
