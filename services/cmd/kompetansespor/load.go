package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/load"
	"github.com/kompetansespor/kompetansespor/services/standins/enhetsregisteret"
)

// runLoad is the command that loads a system and measures it.
func runLoad(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	set := flags("load", stderr)
	scenario := set.String("scenario", string(load.Offers), fmt.Sprintf("what one operation `IS`: %v", load.Scenarios()))
	rate := set.Float64("rate", 0, "operations that begin each second, `N`, whether others have ended or not; without it workers begin one after the other")
	parallel := set.Int("parallel", 0, "how many workers, or with --rate how many operations at most at a time, `P` (16, or 5000)")
	measured := set.Duration("for", 30*time.Second, "how `LONG` to measure")
	ramp := set.Duration("ramp", 5*time.Second, "how `LONG` the load grows before that")
	persons := set.Int("persons", 0, "how many different people there are, `N`; without it enough for the rate, or 20000")
	employers := set.Int("employers", 1, "how many employers, `N`, sign in turn; the system must have been made with as many")
	stored := set.Int("stored", 0, "how many credentials, `N`, the issuer signs before anything is measured")
	seed := set.Uint64("seed", 1, "the seed that they are generated from")
	data := set.String("data", "", "load the system that runs on this data `DIR`ectory; without it one is started, a process for each service, and removed")
	postgres := set.String("postgres", "", postgresUsage)
	keep := set.Bool("keep", false, "leave the data of a system that was started, and say where it is")
	asJSON := set.Bool("json", false, "print one JSON document and nothing else")
	if err := set.Parse(args); err != nil {
		return err
	}
	config := load.Config{Scenario: load.Scenario(*scenario), Arrival: load.Arrival{Rate: *rate, Parallel: *parallel, Ramp: *ramp, Measured: *measured}}
	if err := completeLoad(&config, *persons, *seed); err != nil {
		return err
	}
	if *employers < 1 || *stored < 0 {
		return errors.New("--employers is one at least, and --stored not below nothing")
	}
	config.Stored = *stored
	dir, running := *data, *data != ""
	if !running {
		if dir, err = os.MkdirTemp("", "kompetansespor-load-"); err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		defer func() {
			if *keep {
				fmt.Fprintln(stderr, "the data is in", dir)
				return
			}
			err = errors.Join(err, os.RemoveAll(dir))
		}()
	}
	options := devsetup.Pilot().WithEmployers(*employers)
	options.FreePorts = !running
	options.Extra["wallet"]["wallets_per_hour"] = 1_000_000_000 // the load has one address
	layout, err := prepareStack(ctx, dir, *postgres, options)
	if err != nil {
		return err
	}
	if config.Target, err = targetOf(layout); err != nil {
		return err
	}
	config.Processes = processesOf(layout)
	if config.Employers, err = employersOf(layout, *employers); err != nil {
		return err
	}
	measure := func(ctx context.Context) error {
		if err := register(ctx, layout, config.Employers); err != nil {
			return err
		}
		report, err := load.Run(ctx, config)
		if err != nil {
			return err
		}
		if !*asJSON {
			return report.Print(stdout)
		}
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	if running {
		return measure(ctx)
	}
	return during(ctx, layout, processes, measure)
}

// completeLoad checks what was asked for, and makes the people.
func completeLoad(c *load.Config, persons int, seed uint64) error {
	a := &c.Arrival
	switch {
	case !slices.Contains(load.Scenarios(), c.Scenario):
		return fmt.Errorf("--scenario %s: use one of %v", c.Scenario, load.Scenarios())
	case a.Rate < 0 || a.Parallel < 0 || a.Ramp < 0 || a.Measured <= 0:
		return errors.New("--rate, --parallel and --ramp are not below nothing, and --for is above")
	case persons < 0 || persons > mostPersons:
		return fmt.Errorf("--persons %d: at most %d", persons, mostPersons)
	}
	if a.Parallel == 0 {
		a.Parallel = 16
		if a.Rate > 0 {
			a.Parallel = 5000
		}
	}
	if persons == 0 {
		persons = 20_000
		if a.Rate > 0 {
			persons = min(int(a.Rate*(a.Ramp+a.Measured).Seconds())+1, mostPersons)
		}
	}
	now := clock.System{}.Now()
	for ; len(c.Persons) < persons; seed++ { // a seed has no more than so many
		some, err := peopleOf(min(persons-len(c.Persons), synthetic.Most), seed, now)
		if err != nil {
			return err
		}
		c.Persons = append(c.Persons, some...)
	}
	return nil
}

// mostPersons is how many people a load has at most: they are kept in memory.
const mostPersons = 1_000_000

// processesOf are the processes of a layout that is not a cluster, each by an argument
// that no other has.
func processesOf(layout *devsetup.Layout) []load.Process {
	all := []load.Process{{Name: "event bus", Argument: layout.Dir}}
	for _, name := range devsetup.Services() {
		all = append(all, load.Process{Name: name, Argument: layout.Services[name].ConfigFile})
	}
	return all
}

// employersOf are the first n employers of a layout.
func employersOf(layout *devsetup.Layout, n int) ([]load.Employer, error) {
	var all []load.Employer
	for _, t := range layout.Tokens {
		if t.Service == "issuer" && t.Role == "employer" && len(all) < n {
			all = append(all, load.Employer{
				Employer: demo.Employer{OrganisationNumber: t.Subject, LegalName: devsetup.EmployerName(t.Subject), DID: devsetup.EmployerDID(t.Subject)}, Token: t.Token,
			})
		}
	}
	if len(all) < n {
		return nil, fmt.Errorf("--employers %d: the system has %d", n, len(all))
	}
	return all, nil
}

// register has the stand-in of Enhetsregisteret know employers that it does not begin
// with.
func register(ctx context.Context, layout *devsetup.Layout, employers []load.Employer) error {
	for _, e := range employers {
		if e.OrganisationNumber == devsetup.Employer.OrganisationNumber {
			continue
		}
		body, err := json.Marshal(enhetsregisteret.Entity{
			Name: e.LegalName, Form: "AS", Sector: "2100", Employees: 50, Business: true, VAT: true, Municipality: "0301",
			Roles: []enhetsregisteret.Holder{{Role: "DAGL", Given: "Per", Family: "Direktør", Changed: "2020-01-15"}},
		})
		if err != nil {
			return err
		}
		order, err := http.NewRequestWithContext(ctx, http.MethodPut, layout.StandIns.URL+"/enhetsregisteret/control/enheter/"+e.OrganisationNumber, bytes.NewReader(body))
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(order)
		if err != nil {
			return fmt.Errorf("enter %s at the stand-in of Enhetsregisteret: %w", e.LegalName, err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusNoContent {
			return fmt.Errorf("enter %s at the stand-in of Enhetsregisteret: it answers %d", e.LegalName, answer.StatusCode)
		}
	}
	return nil
}
