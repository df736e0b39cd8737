package simulation

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"go.yaml.in/yaml/v3"
)

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%d offers signed in %d days from %s, seed %d, rules %s, staffing %s\n\n", r.Cases, r.Days, r.Staffing.Start, r.Seed, r.RuleSet, r.Staffing.Version)
	r.printElapsed(t, "From the signed offer to permit, right to work and identity number", func(one Result) Elapsed { return one.Scope })
	r.printElapsed(t, "From the signed offer to an open account", func(one Result) Elapsed { return one.Account })
	fmt.Fprintf(t, "Days have 24 hours; a working day's time is what falls on Monday to Friday, public holidays excepted.\n")
	fmt.Fprintf(t, "Without travel the worker is where the police can meet them; with travel the time from the grant until\nthe worker is in Norway counts too. The plastic card is in neither.\n\n")
	if err := t.Flush(); err != nil {
		return err
	}
	for _, one := range r.Results {
		if !one.Scenario.Travel {
			one.print(t)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintf(t, "Metrics, as staffed and without travel\tvalue\ttarget\n")
	for _, m := range r.Metrics {
		fmt.Fprintf(t, "%s\t%s\t%s\n", m.Name, m.Value, m.Target)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return r.printAssumptions(out)
}

func (r *Report) printElapsed(t io.Writer, title string, of func(Result) Elapsed) {
	fmt.Fprintf(t, "%s\n\t\tcases\tcalendar days: median\tmean\tp90\tp95\tworking days: median\tmean\tp90\tp95\twithin 3\n", title)
	for _, one := range r.Results {
		e, travel := of(one), "without travel"
		if one.Scenario.Travel {
			travel = "with travel"
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f", one.Scenario.Name, travel, e.Cases,
			e.Calendar.Median, e.Calendar.Mean, e.Calendar.P90, e.Calendar.P95, e.Working.Median, e.Working.Mean, e.Working.P90, e.Working.P95)
		if e.Cases == one.Scope.Cases && e.Working == one.Scope.Working {
			fmt.Fprintf(t, "\t%.0f %%", 100*one.WithinThree)
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintln(t)
}

func (one Result) print(t io.Writer) {
	fmt.Fprintf(t, "%s, without travel: %d cases, %.4g people at desks\n", strings.ToUpper(one.Scenario.Name[:1])+one.Scenario.Name[1:], one.Cases, one.People)
	var ends []string
	for _, how := range []string{Completed, Refused, Declined, Expired, NoPeriod} {
		if n := one.Ended[how]; n > 0 {
			ends = append(ends, fmt.Sprintf("%s %d", how, n))
		}
	}
	fmt.Fprintf(t, "  ended\t%s\n", strings.Join(ends, ", "))
	var classes []string
	for _, class := range Classes {
		classes = append(classes, fmt.Sprintf("%s %.2f", class, one.Hours[class]))
	}
	fmt.Fprintf(t, "  mean hours of a case\t%s\n", strings.Join(classes, ", "))
	fmt.Fprintf(t, "  visits\t%.3f per case, %d cases with more than one, most %d\n", one.VisitsMean, one.MoreVisits, one.VisitsMost)
	fmt.Fprintf(t, "  straight through\t%.1f %% of granted cases; granted by rules alone: %d\n", 100*one.StraightThrough, one.GrantedByRules)
	fmt.Fprintf(t, "  decisions\t%d; false grants %d, false proposals %d, automatic refusals %d; %d replay to the same outcome\n",
		one.Decided, one.FalseGrants, one.FalseProposals, one.AutoRefusals, one.Replayed)
	fmt.Fprintf(t, "  apart\tplastic card %.1f days at the median after the visit\n", one.CardMedianDays)
	fmt.Fprintf(t, "  where it waits\tclass\tcases\tmean hours\tp90 hours\tof all time\n")
	for _, wait := range one.Waits {
		fmt.Fprintf(t, "    %s\t%s\t%d\t%.2f\t%.2f\t%.1f %%\n", wait.Place, wait.Class, wait.Cases, wait.Mean, wait.P90, 100*wait.Share)
	}
	fmt.Fprintf(t, "  desk\tpeople\ttasks\tbusy\n")
	for _, d := range one.Desks {
		fmt.Fprintf(t, "    %s\t%.4g\t%d\t%.0f %%\n", d.Desk, d.Staff, d.Tasks, 100*d.Utilisation)
	}
	fmt.Fprintln(t)
}

// printAssumptions writes the staffing as it was read: every figure of it is an
// assumption of the answer.
func (r *Report) printAssumptions(out io.Writer) error {
	if _, err := fmt.Fprintf(out, "\nWhat this assumes, each with its source\n"); err != nil {
		return err
	}
	for _, note := range slices.Concat(r.Staffing.Notes, built) {
		if _, err := fmt.Fprintf(out, "  - %s\n", note); err != nil {
			return err
		}
	}
	staffing := r.Staffing
	staffing.Notes = nil
	raw, err := yaml.Marshal(staffing)
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(strings.TrimRight(string(raw), "\n"), "\n") {
		if _, err := fmt.Fprintf(out, "  %s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// built is what the simulation assumes by how it is built.
var built = []string{
	"Offers are signed uniformly over the employer's hours: a Poisson process whose number is given.",
	"A case is served first in, first out; nobody is hurried past others. Work that is not done when a desk closes is taken up by the same person when they are next there.",
	"An officer grants what the rules propose, and finds what is so of every other case: mistakes of officers are not simulated.",
	"Everybody in line stays. Nothing is withdrawn, appealed, halted or revoked; those ways are tested, not timed.",
	"The worker is awake at all hours: what they take is drawn as clock time.",
	"Half the staff is half the people at every desk: of one person half the days.",
	"A desk's utilisation is minutes worked over minutes staffed on the days on which offers are signed, the first, empty days included.",
	"How late one missed appointment makes a case counts as the worker's until the slot has passed; a second is not missed.",
}
