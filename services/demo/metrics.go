package demo

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Measured is what a run has seen; the metrics follow from it alone.
type Measured struct {
	Cases []MeasuredCase
	// Withdrawal is nil when none was measured.
	Withdrawal *Withdrawal
}

// MeasuredCase is one case.
type MeasuredCase struct {
	CaseRef string
	Outcome string // Completed, or how far it came
	// MustRefuse is what is so of the case, known by how it was made: it must not
	// be granted.
	MustRefuse bool
	// Steps are what offer and case tell of themselves.
	Steps []Step
	// Sent is what the worker's client sent, from the offer on.
	Sent []Value
	// Wallet are the credentials that the worker holds at the end, with claims.
	Wallet []Held
	// Read is which claims each agency has read, by the access log.
	Read map[string][]string
	// Decisions are the case's, oldest first.
	Decisions []Decided
	// Replayed is what came of deciding the case again from what is stored; nil when
	// it was not asked.
	Replayed *bool
}

// Decided is one decision.
type Decided struct {
	Granted bool
	ByRules bool
	// Hashed says that its inputs are stored by hash with the rule set's version.
	Hashed bool
}

// Withdrawal is how long it took until a withdrawn offer was seen to be
// withdrawn by somebody who asks its status.
type Withdrawal struct {
	At, Seen time.Time
	// Lifetime is how long a status list may be kept.
	Lifetime time.Duration
}

// Metric is one of M1 to M9 of the programme's time model.
type Metric struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
	Value      string `json:"value"`
	Target     string `json:"target"`
	// Met says whether the target is met; nil where nothing was measured.
	Met *bool `json:"met,omitempty"`
	// Details are what was found, one a line.
	Details []string `json:"details,omitempty"`
}

// The targets of the pilot's time model.
const (
	mostMachine = 3 * time.Second
	mostStep    = time.Second
	mostGates   = 5
	mostVisits  = 1
)

// Metrics computes M1 to M9.
func (m Measured) Metrics() []Metric {
	return []Metric{m.machine(), m.typed(), m.again(), m.gates(), m.straight(), m.waits(), m.visits(), m.revocation(), m.evidence()}
}

// gate says which of the people's parts a step is. Steps of machines have none.
func gate(s Step) string {
	switch s.Name {
	case "offer.issued":
		return "employer signs"
	case "offer.collected", "application.submitted", "application.feepaid":
		return "worker consents"
	case "decision.made":
		if s.TimeClass == "machine" {
			return "" // rules decided
		}
		return "officer decides"
	case "appointment.attended", "identity.verified", "biometrics.captured":
		return "identity and biometrics"
	case "bankaccount.opened":
		if s.TimeClass == "human" {
			return "bank's exception"
		}
		return ""
	}
	if s.TimeClass == "human" || s.TimeClass == "candidate" {
		return "besides: " + s.Name
	}
	return ""
}

// required are the gates that the pilot's time model names.
var required = []string{"employer signs", "worker consents", "officer decides", "identity and biometrics", "bank's exception"}

func ordered(steps []Step) []Step {
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
	return steps
}

// span is from the signed offer to the opened account.
func (c MeasuredCase) span() (time.Duration, bool) {
	steps := ordered(c.Steps)
	signed := slices.IndexFunc(steps, func(s Step) bool { return s.Name == "offer.issued" })
	opened := slices.IndexFunc(steps, func(s Step) bool { return s.Name == "bankaccount.opened" })
	if signed < 0 || opened < 0 {
		return 0, false
	}
	return steps[opened].At.Sub(steps[signed].At), true
}

func (m Measured) machine() Metric {
	metric := Metric{
		Name: "M1", Definition: "time from signed offer to opened account while everybody answers at once, p95 over the cases; and p95 of each step, from the step before it",
		Target: fmt.Sprintf("p95 at most %s, a step at most %s", mostMachine, mostStep),
	}
	var spans []time.Duration
	steps := map[string][]time.Duration{}
	for _, c := range m.Cases {
		if span, ok := c.span(); ok {
			spans = append(spans, span)
		}
		all := ordered(c.Steps)
		for i := 1; i < len(all); i++ {
			steps[all[i].Name] = append(steps[all[i].Name], all[i].At.Sub(all[i-1].At))
		}
	}
	if len(spans) == 0 {
		metric.Value = "no account was opened"
		return metric
	}
	slowest, name := time.Duration(0), ""
	for _, step := range slices.Sorted(keys(steps)) {
		p95 := percentile(steps[step], 95)
		metric.Details = append(metric.Details, fmt.Sprintf("%s: p95 %s", step, round(p95)))
		if p95 > slowest {
			slowest, name = p95, step
		}
	}
	p95 := percentile(spans, 95)
	metric.Value = fmt.Sprintf("p50 %s, p95 %s over %d cases; slowest step %s, p95 %s", round(percentile(spans, 50)), round(p95), len(spans), name, round(slowest))
	return metric.met(p95 <= mostMachine && slowest <= mostStep)
}

func (m Measured) typed() Metric {
	metric := Metric{Name: "M2", Definition: "fields that the worker types after the offer: what the worker's client sends that is no reference, code, choice of the device or tap", Target: "0"}
	n, all := 0, map[string]bool{}
	for _, c := range m.Cases {
		for _, v := range c.Sent {
			kind := v.Kind
			if kind == "" {
				n++
				kind = "TYPED"
			}
			all[v.Field+": "+kind] = true
		}
	}
	if len(all) == 0 {
		metric.Value = "nothing was recorded"
		return metric
	}
	metric.Details = slices.Sorted(keys(all))
	metric.Value = fmt.Sprintf("%d in %d cases; forms that the worker fills in: 0, today about 8 by our count", n, len(m.Cases))
	return metric.met(n == 0)
}

func (m Measured) again() Metric {
	metric := Metric{Name: "M3", Definition: "claims in the worker's credentials that are neither their issuer's own nor have the value of a source that the issuer has read", Target: "0"}
	carried, made, again := 0, 0, map[string]int{}
	for _, c := range m.Cases {
		l := Trace(c.Wallet, c.Read)
		carried, made = carried+l.Carried, made+l.Made
		for _, what := range l.Again {
			again[what]++
		}
	}
	if carried+made+len(again) == 0 {
		metric.Value = "no wallet was looked into"
		return metric
	}
	n := 0
	for _, what := range slices.Sorted(keys(again)) {
		n += again[what]
		metric.Details = append(metric.Details, fmt.Sprintf("%s (%d cases)", what, again[what]))
	}
	metric.Value = fmt.Sprintf("%d; %d carried from their source, %d said first by their issuer", n, carried, made)
	return metric.met(n == 0)
}

// gatesOf are the people's parts in a case, each once.
func (c MeasuredCase) gatesOf() (gates []string) {
	for _, s := range ordered(c.Steps) {
		if g := gate(s); g != "" && !slices.Contains(gates, g) {
			gates = append(gates, g)
		}
	}
	return gates
}

func extra(gates []string) (besides []string) {
	for _, g := range gates {
		if !slices.Contains(required, g) || g == "bank's exception" {
			besides = append(besides, g)
		}
	}
	return besides
}

func (m Measured) gates() Metric {
	metric := Metric{Name: "M4", Definition: "parts that people have in a case: " + strings.Join(required, ", "), Target: fmt.Sprintf("at most %d, and no other", mostGates)}
	most, met, counts := 0, true, map[string]int{}
	for _, c := range m.Cases {
		gates := c.gatesOf()
		most = max(most, len(gates))
		for _, g := range gates {
			counts[g]++
			met = met && slices.Contains(required, g)
		}
	}
	if len(counts) == 0 {
		metric.Value = "no step was seen"
		return metric
	}
	for _, g := range slices.Sorted(keys(counts)) {
		metric.Details = append(metric.Details, fmt.Sprintf("%s: in %d cases", g, counts[g]))
	}
	metric.Value = fmt.Sprintf("at most %d in a case", most)
	return metric.met(met && most <= mostGates)
}

func (m Measured) straight() Metric {
	metric := Metric{
		Name: "M5", Definition: "granted cases that nobody touched but at the gates that every case has; grants of cases that must be refused; refusals without an officer",
		Target: "false grants 0, automatic refusals 0",
	}
	granted, straight, falseGrants, automatic, decided := 0, 0, 0, 0, 0
	for _, c := range m.Cases {
		for i, d := range c.Decisions {
			decided++
			switch {
			case !d.Granted && d.ByRules:
				automatic++
			case d.Granted && c.MustRefuse:
				falseGrants++
			}
			if i == len(c.Decisions)-1 && d.Granted {
				granted++
				if len(extra(c.gatesOf())) == 0 {
					straight++
				}
			}
		}
	}
	if decided == 0 {
		metric.Value = "nothing was decided"
		return metric
	}
	metric.Value = fmt.Sprintf("straight through %d of %d; false grants %d and automatic refusals %d of %d decisions", straight, granted, falseGrants, automatic, decided)
	return metric.met(falseGrants == 0 && automatic == 0)
}

func (m Measured) waits() Metric {
	metric := Metric{
		Name:       "M6",
		Definition: "(elapsed - work of people - machine) / elapsed, by the class of the time up to each step. Here everybody answers at once: kompetansespor simulate has desks, queues and calendar days",
		Target:     "the simulation's median at most 3 working days",
	}
	var elapsed, waited time.Duration
	for _, c := range m.Cases {
		all := ordered(c.Steps)
		for i := 1; i < len(all); i++ {
			gap := all[i].At.Sub(all[i-1].At)
			elapsed += gap
			if class := all[i].TimeClass; class != "machine" && class != "human" {
				waited += gap
			}
		}
	}
	if elapsed == 0 {
		metric.Value = "no time was measured"
		return metric
	}
	metric.Value = fmt.Sprintf("%.1f %% of %s", 100*float64(waited)/float64(elapsed), round(elapsed))
	return metric
}

func (m Measured) visits() Metric {
	metric := Metric{Name: "M7", Definition: "appointments that the worker attends in person", Target: fmt.Sprintf("at most %d", mostVisits)}
	most, all := 0, 0
	for _, c := range m.Cases {
		n := 0
		for _, s := range c.Steps {
			if s.Name == "appointment.attended" {
				n++
			}
		}
		most, all = max(most, n), all+n
	}
	if all == 0 {
		metric.Value = "no visit was seen"
		return metric
	}
	metric.Value = fmt.Sprintf("%d in %d cases, at most %d", all, len(m.Cases), most)
	return metric.met(most <= mostVisits)
}

func (m Measured) revocation() Metric {
	metric := Metric{Name: "M8", Definition: "time until who checks a withdrawn offer sees that it is withdrawn", Target: "within the status list's lifetime"}
	w := m.Withdrawal
	if w == nil {
		metric.Value = "not measured"
		return metric
	}
	if w.Seen.IsZero() {
		metric.Value = "not seen"
		return metric.met(false)
	}
	took := w.Seen.Sub(w.At)
	metric.Value = fmt.Sprintf("%s; the list lives for %s", round(took), w.Lifetime)
	return metric.met(took >= 0 && took <= w.Lifetime)
}

func (m Measured) evidence() Metric {
	metric := Metric{Name: "M9", Definition: "cases that are decided again from what is stored and come to the same; decisions whose inputs are stored by hash", Target: "all"}
	replayed, asked, hashed, decided := 0, 0, 0, 0
	for _, c := range m.Cases {
		if c.Replayed != nil {
			asked++
			if *c.Replayed {
				replayed++
			} else {
				metric.Details = append(metric.Details, c.CaseRef+" does not replay")
			}
		}
		for _, d := range c.Decisions {
			decided++
			if d.Hashed {
				hashed++
			}
		}
	}
	if asked+decided == 0 {
		metric.Value = "nothing was decided"
		return metric
	}
	metric.Value = fmt.Sprintf("%d of %d cases replay; %d of %d decisions have their inputs' hash", replayed, asked, hashed, decided)
	return metric.met(asked > 0 && replayed == asked && hashed == decided)
}

func (m Metric) met(met bool) Metric {
	m.Met = &met
	return m
}

// percentile is by nearest rank.
func percentile(values []time.Duration, percent int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max((percent*len(sorted)+99)/100, 1)-1]
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

// PrintMetrics writes each metric with what it means, its target and whether
// that is met. Details that say why a target is missed stand below it.
func PrintMetrics(w io.Writer, metrics []Metric) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nmetric\tvalue\ttarget\tmet\n")
	for _, m := range metrics {
		met := "-"
		if m.Met != nil {
			met = map[bool]string{true: "yes", false: "NO"}[*m.Met]
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", m.Name, m.Value, m.Target, met)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, m := range metrics {
		if _, err := fmt.Fprintf(w, "%s: %s\n", m.Name, m.Definition); err != nil {
			return err
		}
		if m.Met != nil && *m.Met && m.Name != "M2" {
			continue
		}
		for _, line := range m.Details {
			if _, err := fmt.Fprintf(w, "    %s\n", line); err != nil {
				return err
			}
		}
	}
	return nil
}
