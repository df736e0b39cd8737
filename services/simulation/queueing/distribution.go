// Package queueing is people at desks on a virtual clock: how long a task takes,
// when a desk is open, who is there, and who is served next. It knows nothing of
// what the tasks are about.
//
// It is pure: the same seed gives the same numbers, and no clock is read.
package queueing

import (
	"errors"
	"fmt"
	"math"
)

// Distribution says how long something takes. Exactly one of its shapes is
// given; the unit is that of the field that it stands in.
type Distribution struct {
	// Fixed is always the same.
	Fixed *float64 `yaml:"fixed,omitempty" json:"fixed,omitempty"`
	// Triangular has a least, a most and a most likely value.
	Triangular *Triangular `yaml:"triangular,omitempty" json:"triangular,omitempty"`
	// Lognormal is by its median and the value that nine in ten stay under.
	Lognormal *Lognormal `yaml:"lognormal,omitempty" json:"lognormal,omitempty"`
	// Source says where the figures are from, or that they are an assumption.
	Source string `yaml:"source" json:"source"`
}

// Triangular is by least, likely and most.
type Triangular struct {
	Least  float64 `yaml:"least" json:"least"`
	Likely float64 `yaml:"likely" json:"likely"`
	Most   float64 `yaml:"most" json:"most"`
}

// Lognormal is by median and 90th percentile.
type Lognormal struct {
	Median float64 `yaml:"median" json:"median"`
	P90    float64 `yaml:"p90" json:"p90"`
}

// Check refuses a distribution that has no shape or several, a shape that cannot
// be, or no source.
func (d Distribution) Check() error {
	shapes := 0
	if d.Fixed != nil {
		shapes++
		if *d.Fixed < 0 || math.IsNaN(*d.Fixed) || math.IsInf(*d.Fixed, 0) {
			return errors.New("a fixed value is not negative")
		}
	}
	if t := d.Triangular; t != nil {
		shapes++
		if t.Least < 0 || t.Likely < t.Least || t.Most < t.Likely || t.Most == t.Least || math.IsInf(t.Most, 0) || math.IsNaN(t.Least+t.Likely+t.Most) {
			return errors.New("a triangular one needs least <= likely <= most, and least < most")
		}
	}
	if l := d.Lognormal; l != nil {
		shapes++
		if l.Median <= 0 || l.P90 <= l.Median || math.IsInf(l.P90, 0) || math.IsNaN(l.Median+l.P90) {
			return errors.New("a lognormal one needs 0 < median < p90")
		}
	}
	if shapes != 1 {
		return errors.New("say one of fixed, triangular, lognormal")
	}
	if d.Source == "" {
		return errors.New(`say the source, or "assumption"`)
	}
	return nil
}

// z90 is the standard normal's 90th percentile.
const z90 = 1.2815515655446004

// At is the value that a share u of all values stays under (0 < u < 1): the
// inverse of the distribution function.
func (d Distribution) At(u float64) float64 {
	u = min(max(u, 1e-9), 1-1e-9)
	switch {
	case d.Fixed != nil:
		return *d.Fixed
	case d.Triangular != nil:
		t := d.Triangular
		width, left, right := t.Most-t.Least, t.Likely-t.Least, t.Most-t.Likely
		if u < left/width {
			return t.Least + math.Sqrt(u*width*left)
		}
		return t.Most - math.Sqrt((1-u)*width*right)
	case d.Lognormal != nil:
		l := d.Lognormal
		return l.Median * math.Exp(d.sigma()*math.Sqrt2*math.Erfinv(2*u-1))
	}
	return 0
}

func (d Distribution) sigma() float64 { return math.Log(d.Lognormal.P90/d.Lognormal.Median) / z90 }

// Mean is the mean of all values.
func (d Distribution) Mean() float64 {
	switch {
	case d.Fixed != nil:
		return *d.Fixed
	case d.Triangular != nil:
		return (d.Triangular.Least + d.Triangular.Likely + d.Triangular.Most) / 3
	case d.Lognormal != nil:
		return d.Lognormal.Median * math.Exp(d.sigma()*d.sigma()/2)
	}
	return 0
}

// String is the distribution for people.
func (d Distribution) String() string {
	switch {
	case d.Fixed != nil:
		return fmt.Sprintf("always %g", *d.Fixed)
	case d.Triangular != nil:
		return fmt.Sprintf("%g to %g, most often %g (triangular)", d.Triangular.Least, d.Triangular.Most, d.Triangular.Likely)
	case d.Lognormal != nil:
		return fmt.Sprintf("median %g, nine in ten under %g (lognormal)", d.Lognormal.Median, d.Lognormal.P90)
	}
	return "not given"
}
