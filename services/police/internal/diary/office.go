package diary

import (
	"bytes"
	_ "embed" // the offices are a data file
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed offices.yaml
var officesYAML []byte

// TimeZone is where the clocks of all offices hang.
const TimeZone = "Europe/Oslo"

// Kind says which kind of office it is.
type Kind string

// The kinds of offices.
const (
	// SUA is a service centre for foreign workers: police and tax in one room.
	SUA Kind = "SUA"
	// District is the office of a police district.
	District Kind = "DISTRICT"
)

// Office is where the police meet workers, as it is from ValidFrom on.
type Office struct {
	ID       string
	Name     string
	Kind     Kind
	District string
	Address  string // empty where we do not know it
	// Active offices take appointments.
	Active    bool
	ValidFrom time.Time
	// SlotLength is how long a visit takes, Capacity how many are met side by
	// side.
	SlotLength time.Duration
	Capacity   int
	// Hours are the opening hours by weekday; a day that is not named is
	// closed.
	Hours map[time.Weekday]Hours

	municipalities, counties []string
}

// Hours are opening hours, from midnight.
type Hours struct{ Open, Close time.Duration }

// Offices are all offices over time. The zero value has none.
type Offices struct {
	zone *time.Location
	all  []Office // by id, then by date
}

// LoadOffices reads the offices that are built in. zone is TimeZone.
func LoadOffices(zone *time.Location) (Offices, error) { return ReadOffices(officesYAML, zone) }

// ReadOffices reads offices.yaml. It refuses an office that cannot be, and two
// offices for one municipality on one day.
func ReadOffices(raw []byte, zone *time.Location) (Offices, error) {
	var file struct {
		Offices []officeLine `yaml:"offices"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return Offices{}, fmt.Errorf("read offices: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Offices{}, errors.New("read offices: there is more than one document")
	}
	offices := Offices{zone: zone}
	for _, line := range file.Offices {
		one, err := line.office(zone)
		if err != nil {
			return Offices{}, fmt.Errorf("read office %s: %w", line.ID, err)
		}
		offices.all = append(offices.all, one)
	}
	if len(offices.all) == 0 {
		return Offices{}, errors.New("read offices: there are none")
	}
	slices.SortStableFunc(offices.all, func(a, b Office) int {
		if a.ID != b.ID {
			return strings.Compare(a.ID, b.ID)
		}
		return a.ValidFrom.Compare(b.ValidFrom)
	})
	return offices, offices.check()
}

type officeLine struct {
	ID             string            `yaml:"id"`
	Name           string            `yaml:"name"`
	Kind           Kind              `yaml:"kind"`
	District       string            `yaml:"district"`
	Address        string            `yaml:"address"`
	ValidFrom      string            `yaml:"valid_from"`
	Active         bool              `yaml:"active"`
	Municipalities []string          `yaml:"municipalities"`
	Counties       []string          `yaml:"counties"`
	SlotMinutes    int               `yaml:"slot_minutes"`
	Capacity       int               `yaml:"capacity"`
	Hours          map[string]string `yaml:"hours"`
}

var (
	officeID     = regexp.MustCompile(`^[A-Z][A-Z-]*$`)
	municipality = regexp.MustCompile(`^[0-9]{4}$`)
	county       = regexp.MustCompile(`^[0-9]{2}$`)
)

func (l officeLine) office(zone *time.Location) (Office, error) {
	o := Office{
		ID: l.ID, Name: l.Name, Kind: l.Kind, District: l.District, Address: l.Address, Active: l.Active,
		SlotLength: time.Duration(l.SlotMinutes) * time.Minute, Capacity: l.Capacity, Hours: map[time.Weekday]Hours{},
		municipalities: l.Municipalities, counties: l.Counties,
	}
	var err error
	if o.ValidFrom, err = time.ParseInLocation(time.DateOnly, l.ValidFrom, zone); err != nil {
		return o, fmt.Errorf("valid_from is no date: %w", err)
	}
	if !officeID.MatchString(l.ID) || l.Name == "" || l.District == "" || l.Kind != SUA && l.Kind != District {
		return o, errors.New("it needs an id of capital letters, a name, a kind and a district")
	}
	if l.SlotMinutes < 5 || l.SlotMinutes > 240 || l.Capacity < 1 || l.Capacity > 1000 {
		return o, errors.New("a slot has 5 to 240 minutes and room for 1 to 1000")
	}
	for _, one := range l.Municipalities {
		if !municipality.MatchString(one) {
			return o, errors.New("a municipality has four digits")
		}
	}
	for _, one := range l.Counties {
		if !county.MatchString(one) {
			return o, errors.New("a county has two digits")
		}
	}
	for name, text := range l.Hours {
		day, known := weekdays[name]
		hours, err := readHours(text)
		if !known || err != nil {
			return o, errors.New("hours are a weekday and hh:mm-hh:mm")
		}
		o.Hours[day] = hours
	}
	return o, nil
}

var weekdays = map[string]time.Weekday{
	"monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday,
	"friday": time.Friday, "saturday": time.Saturday, "sunday": time.Sunday,
}

func readHours(text string) (Hours, error) {
	from, until, _ := strings.Cut(text, "-")
	open, err := time.Parse("15:04", from)
	if err != nil {
		return Hours{}, err
	}
	closes, err := time.Parse("15:04", until)
	if err != nil || !closes.After(open) {
		return Hours{}, errors.New("an office closes after it opens")
	}
	midnight := open.Truncate(24 * time.Hour)
	return Hours{Open: open.Sub(midnight), Close: closes.Sub(midnight)}, nil
}

// check refuses two active offices for one place on one day.
func (o Offices) check() error {
	for _, one := range o.all {
		owner := map[string]string{}
		for _, other := range o.On(one.ValidFrom) {
			for _, place := range slices.Concat(other.municipalities, other.counties) {
				if twice, taken := owner[place]; taken && other.Active {
					return fmt.Errorf("read offices: %s and %s both serve %s", twice, other.ID, place)
				}
				if other.Active {
					owner[place] = other.ID
				}
			}
		}
	}
	return nil
}

// Zone is where the offices' clocks hang.
func (o Offices) Zone() *time.Location { return o.zone }

// On are the offices as they are on a day, by id, active or not.
func (o Offices) On(day time.Time) []Office {
	var all []Office
	for _, one := range o.all {
		switch last := len(all) - 1; {
		case one.ValidFrom.After(day):
		case last >= 0 && all[last].ID == one.ID:
			all[last] = one
		default:
			all = append(all, one)
		}
	}
	return all
}

// Find is an office as it is on a day, active or not.
func (o Offices) Find(id string, day time.Time) (Office, bool) {
	var found Office
	for _, one := range o.all {
		if one.ID == id && !one.ValidFrom.After(day) {
			found = one
		}
	}
	return found, found.ID != ""
}

// For is the active office that serves a municipality, by its four digits of
// 2024, on a day: the one that names it, otherwise the one of its county. There
// is none for a number that no county has.
func (o Offices) For(number string, day time.Time) (Office, bool) {
	if !municipality.MatchString(number) {
		return Office{}, false
	}
	var found Office
	for _, one := range o.On(day) {
		switch {
		case !one.Active:
		case slices.Contains(one.municipalities, number):
			return one, true
		case slices.Contains(one.counties, number[:2]):
			found = one
		}
	}
	return found, found.ID != ""
}
