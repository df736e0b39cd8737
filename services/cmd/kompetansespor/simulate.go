package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kompetansespor/kompetansespor/services/simulation"
)

// simulate is the command that runs cases on a virtual clock with staffed desks.
func simulate(_ context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("simulate", stderr)
	days := set.Int("days", 30, "offers are signed during `N` calendar days")
	cases := set.Int("cases", 2000, "`N` offers are signed")
	staff := set.String("staff", "deploy/staff/pilot.yaml", "who is at work, when, and how long everything takes: a `FILE` such as deploy/staff/pilot.yaml")
	seed := set.Uint64("seed", 1, "the seed that everything is drawn from")
	asJSON := set.Bool("json", false, "print one JSON document")
	staffFactor := set.Float64("staff-factor", 1, "multiply the staff by `F`")
	intakeFactor := set.Float64("intake-factor", 1, "multiply the cases by `F`")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("%q is no option", set.Arg(0))
	}
	if *staffFactor <= 0 || *intakeFactor <= 0 {
		return errors.New("give factors above 0")
	}
	raw, err := os.ReadFile(*staff)
	if err != nil {
		return fmt.Errorf("read staffing: %w", err)
	}
	staffing, err := simulation.ReadStaffing(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", *staff, err)
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return err
	}
	report, err := simulation.Run(
		simulation.Plan{Staffing: staffing, Days: *days, Cases: *cases, Seed: *seed, Zone: zone},
		simulation.Options{StaffFactor: *staffFactor, IntakeFactor: *intakeFactor})
	if err != nil {
		return err
	}
	if *asJSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	return report.Print(stdout)
}
