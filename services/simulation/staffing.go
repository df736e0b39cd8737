package simulation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/simulation/queueing"
)

// Staffing is who is at work, when, and how long everything takes: all that a
// simulation assumes. Every figure says where it is from.
type Staffing struct {
	// Version names the file, "2026-11-26".
	Version string `yaml:"version" json:"version"`
	// Notes say in words what the file assumes.
	Notes []string `yaml:"notes" json:"notes"`
	// Start is the first day on which offers are signed.
	Start string `yaml:"start" json:"start"`
	// Employer signs offers in these hours.
	Employer struct {
		Hours  Week   `yaml:"hours" json:"hours"`
		Source string `yaml:"source" json:"source"`
	} `yaml:"employer" json:"employer"`
	// Mix is which cases come.
	Mix []Share `yaml:"mix" json:"mix"`
	// Automation: the rules may grant what credentials answer.
	Automation bool `yaml:"automation" json:"automation"`
	// Machine is what the services take for one step.
	Machine Services `yaml:"machine" json:"machine"`
	// Worker is how long the worker takes.
	Worker Worker `yaml:"worker" json:"worker"`
	// UDI, Police, Tax and Bank are the desks.
	UDI    UDI      `yaml:"udi" json:"udi"`
	Police []Office `yaml:"police" json:"police"`
	Tax    Tax      `yaml:"tax" json:"tax"`
	Bank   Bank     `yaml:"bank" json:"bank"`
	// Card is how the plastic card is made.
	Card Card `yaml:"card" json:"card"`
}

// Share is a kind of case and its share of all.
type Share struct {
	Kind   Kind    `yaml:"kind" json:"kind"`
	Share  float64 `yaml:"share" json:"share"`
	Source string  `yaml:"source" json:"source"`
}

// Chance is how often something happens.
type Chance struct {
	Share  float64 `yaml:"share" json:"share"`
	Source string  `yaml:"source" json:"source"`
}

// Services is the services' own time.
type Services struct {
	// StepSeconds is what one step takes.
	StepSeconds queueing.Distribution `yaml:"step_seconds" json:"step_seconds"`
}

// Worker is the candidate.
type Worker struct {
	// NeverAccepts: the offer runs out.
	NeverAccepts Chance `yaml:"never_accepts" json:"never_accepts"`
	// AcceptsHours is from the signed offer until it is in the wallet.
	AcceptsHours queueing.Distribution `yaml:"accepts_hours" json:"accepts_hours"`
	// AppliesHours is from then until the application is sent.
	AppliesHours queueing.Distribution `yaml:"applies_hours" json:"applies_hours"`
	// PaysHours is from then until the fee is paid.
	PaysHours queueing.Distribution `yaml:"pays_hours" json:"pays_hours"`
	// NoShow: the worker misses the appointment.
	NoShow Chance `yaml:"no_show" json:"no_show"`
	// TravelDays is from the grant until the worker is in Norway.
	TravelDays queueing.Distribution `yaml:"travel_days" json:"travel_days"`
	// AnswersHours is how long the worker takes to answer an officer.
	AnswersHours queueing.Distribution `yaml:"answers_hours" json:"answers_hours"`
}

// Desk is people with opening hours.
type Desk struct {
	// Staff is how many people; half a person is there on half of the days.
	Staff float64 `yaml:"staff" json:"staff"`
	// Absence is the share of days on which one of them is away unplanned.
	Absence Chance `yaml:"absence" json:"absence"`
	// Hours are those in which they work on these cases.
	Hours  Week   `yaml:"hours" json:"hours"`
	Source string `yaml:"source" json:"source"`
}

// UDI decides.
type UDI struct {
	Desk `yaml:",inline"`
	// ProposedMinutes are for a case that the rules propose to grant.
	ProposedMinutes queueing.Distribution `yaml:"proposed_minutes" json:"proposed_minutes"`
	// JudgementMinutes are for a case that the rules send to an officer.
	JudgementMinutes queueing.Distribution `yaml:"judgement_minutes" json:"judgement_minutes"`
	// Questions: such a case waits for an answer of the worker first.
	Questions Chance `yaml:"questions" json:"questions"`
}

// Office is a police office with its counters. Its opening hours, and how long a
// slot is, are in the police's own data.
type Office struct {
	Desk `yaml:",inline"`
	// ID is the office's; Municipality is one that it serves.
	ID           string `yaml:"id" json:"id"`
	Municipality string `yaml:"municipality" json:"municipality"`
	// Share is how many of the workers will live there.
	Share float64 `yaml:"share" json:"share"`
	// VisitMinutes are identity control, fingerprints, photograph, signature.
	VisitMinutes queueing.Distribution `yaml:"visit_minutes" json:"visit_minutes"`
}

// Tax looks at possible duplicates.
type Tax struct {
	Desk `yaml:",inline"`
	// Duplicates: the register has somebody who may be the same person.
	Duplicates Chance `yaml:"duplicates" json:"duplicates"`
	// Minutes are for one of them.
	Minutes queueing.Distribution `yaml:"minutes" json:"minutes"`
}

// Bank looks at customers whom due diligence does not pass by machine.
type Bank struct {
	Desk `yaml:",inline"`
	// LikeListed: the name is like one on a list.
	LikeListed Chance `yaml:"like_listed" json:"like_listed"`
	// Minutes are for one customer.
	Minutes queueing.Distribution `yaml:"minutes" json:"minutes"`
}

// Card is the plastic.
type Card struct {
	// WorkingDays is from the order until it is in the letter box.
	WorkingDays queueing.Distribution `yaml:"working_days" json:"working_days"`
}

// Week are hours by weekday, "08:00-15:45".
type Week map[string]string

// ReadStaffing reads a staffing file. It refuses one with unknown members, with a
// figure that cannot be, or with one that has no source.
func ReadStaffing(raw []byte) (Staffing, error) {
	var s Staffing
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil {
		return Staffing{}, fmt.Errorf("read staffing: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Staffing{}, errors.New("read staffing: there is more than one document")
	}
	if err := s.check(); err != nil {
		return Staffing{}, fmt.Errorf("read staffing: %w", err)
	}
	return s, nil
}

func (s Staffing) check() error {
	if _, err := time.Parse(time.DateOnly, s.Start); err != nil || s.Version == "" {
		return errors.New("version and start (a date) are needed")
	}
	for name, d := range map[string]queueing.Distribution{
		"machine.step_seconds": s.Machine.StepSeconds, "worker.accepts_hours": s.Worker.AcceptsHours, "worker.applies_hours": s.Worker.AppliesHours,
		"worker.pays_hours": s.Worker.PaysHours, "worker.travel_days": s.Worker.TravelDays,
		"worker.answers_hours": s.Worker.AnswersHours, "udi.proposed_minutes": s.UDI.ProposedMinutes,
		"udi.judgement_minutes": s.UDI.JudgementMinutes, "tax.minutes": s.Tax.Minutes, "bank.minutes": s.Bank.Minutes, "card.working_days": s.Card.WorkingDays,
	} {
		if err := d.Check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, c := range map[string]Chance{
		"worker.never_accepts": s.Worker.NeverAccepts, "worker.no_show": s.Worker.NoShow, "udi.questions": s.UDI.Questions,
		"tax.duplicates": s.Tax.Duplicates, "bank.like_listed": s.Bank.LikeListed,
	} {
		if err := c.check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, d := range map[string]Desk{"udi": s.UDI.Desk, "tax": s.Tax.Desk, "bank": s.Bank.Desk} {
		if err := d.check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := s.Employer.Hours.parse(); err != nil || len(s.Employer.Hours) == 0 || s.Employer.Source == "" {
		return errors.New("employer: hours and their source are needed")
	}
	if err := s.checkMix(); err != nil {
		return err
	}
	return s.checkOffices()
}

func (s Staffing) checkMix() error {
	sum := 0.0
	for _, m := range s.Mix {
		if kinds[m.Kind] == nil || m.Share <= 0 || m.Source == "" {
			return fmt.Errorf("mix: %q needs a known kind, a share and a source", m.Kind)
		}
		sum += m.Share
	}
	if math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("mix: the shares add up to %g, not 1", sum)
	}
	return nil
}

func (s Staffing) checkOffices() error {
	sum, seen := 0.0, map[string]bool{}
	for _, o := range s.Police {
		if err := o.check(); err != nil {
			return fmt.Errorf("police %s: %w", o.ID, err)
		}
		if err := o.VisitMinutes.Check(); err != nil {
			return fmt.Errorf("police %s: visit_minutes: %w", o.ID, err)
		}
		if o.Share <= 0 || seen[o.ID] || seen[o.Municipality] {
			return fmt.Errorf("police %s: a share, and an id and municipality of its own are needed", o.ID)
		}
		seen[o.ID], seen[o.Municipality] = true, true
		sum += o.Share
	}
	if math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("police: the shares add up to %g, not 1", sum)
	}
	return nil
}

func (c Chance) check() error {
	if c.Share < 0 || c.Share >= 1 || math.IsNaN(c.Share) || c.Source == "" {
		return errors.New("a share from 0 to under 1 and its source are needed")
	}
	return nil
}

func (d Desk) check() error {
	if d.Staff <= 0 || d.Staff > 10000 || math.IsNaN(d.Staff) || d.Source == "" {
		return errors.New("staff (above 0) and a source are needed")
	}
	if err := d.Absence.check(); err != nil {
		return fmt.Errorf("absence: %w", err)
	}
	week, err := d.Hours.parse()
	if err == nil && len(week) == 0 {
		err = errors.New("a desk that never opens serves nobody")
	}
	return err
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (w Week) parse() (map[time.Weekday]queueing.Hours, error) {
	week := map[time.Weekday]queueing.Hours{}
	for name, text := range w {
		i := slices.Index(weekdays, name)
		from, until, _ := strings.Cut(text, "-")
		open, ok := minutes(from)
		closes, ok2 := minutes(until)
		if i < 0 || !ok || !ok2 || closes <= open {
			return nil, fmt.Errorf("hours are a weekday and hh:mm-hh:mm, not %q: %q", name, text)
		}
		week[time.Weekday(i)] = queueing.Hours{Open: open, Close: closes}
	}
	return week, nil
}

func minutes(text string) (time.Duration, bool) {
	h, m, _ := strings.Cut(text, ":")
	hours, err := strconv.Atoi(h)
	mins, err2 := strconv.Atoi(m)
	if err != nil || err2 != nil || len(h) != 2 || len(m) != 2 || hours > 23 || mins > 59 || hours < 0 || mins < 0 {
		return 0, false
	}
	return time.Duration(hours)*time.Hour + time.Duration(mins)*time.Minute, true
}

// scaled is the staffing with another number of people at every desk.
func (s Staffing) scaled(factor float64) Staffing {
	s.UDI.Staff *= factor
	s.Tax.Staff *= factor
	s.Bank.Staff *= factor
	s.Police = slices.Clone(s.Police)
	for i := range s.Police {
		s.Police[i].Staff *= factor
	}
	return s
}

// People is how many people the desks have together.
func (s Staffing) People() float64 {
	sum := s.UDI.Staff + s.Tax.Staff + s.Bank.Staff
	for _, o := range s.Police {
		sum += o.Staff
	}
	return sum
}
