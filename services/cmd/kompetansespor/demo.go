package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
)

// demoLimit is how long the cases may take, started services not counted.
const demoLimit = 10 * time.Minute

// runDemo is the command that runs cases through every service.
func runDemo(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	set := flags("demo", stderr)
	asJSON := set.Bool("json", false, "print one JSON document and nothing else")
	input := set.String("input", "deploy/demo/lisa-johnson.json", "the person's `FILE`")
	cases := set.Int("cases", 0, "run `N` generated, synthetic persons instead of the file's")
	parallel := set.Int("parallel", 8, "how many of them at a time, `P`")
	seed := set.Uint64("seed", 1, "the seed that the persons are generated from")
	format := set.String("format", "w3c", "the `FORMAT` in which wallets hold credentials: w3c or sd-jwt")
	apart := set.Bool("processes", false, "run every service as a process of its own")
	several := set.Bool("cluster", false, clusterUsage)
	postgres := set.String("postgres", "", postgresUsage)
	data := set.String("data", "", "the data `DIR`ectory, kept afterwards; a fresh one, removed, when not given")
	if err := set.Parse(args); err != nil {
		return err
	}
	generated, err := generates(set, *cases)
	if err != nil {
		return err
	}
	held, ok := heldFormats[*format]
	if !ok {
		return fmt.Errorf("--format %s: use w3c (a Data Integrity proof) or sd-jwt (SD-JWT VC)", *format)
	}
	persons, err := people(*input, *cases, *seed)
	if err != nil {
		return err
	}
	dir := *data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "kompetansespor-demo-"); err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		defer func() {
			if err == nil {
				err = os.RemoveAll(dir)
			}
		}()
	}
	options := devsetup.Pilot()
	options.FreePorts, options.Clustered = true, *several
	options.TelemetryEndpoint = os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	layout, err := prepareStack(ctx, dir, *postgres, options)
	if err != nil {
		return err
	}
	target, err := targetOf(layout)
	if err != nil {
		return err
	}
	target.Format = string(held)
	stack := embedded
	if *apart || *several {
		stack = processes
	}
	say := func(s demo.Step) { demo.PrintStep(stdout, s) }
	if *asJSON {
		say = func(demo.Step) {}
	} else {
		fmt.Fprintln(stdout, "starting every service ...")
	}
	return during(ctx, layout, stack, func(ctx context.Context) error {
		bounded, cancel := context.WithTimeout(ctx, demoLimit)
		defer cancel()
		report, err := demo.Run(bounded, target, demo.Cases{Persons: persons, Parallel: *parallel, Say: say})
		if report == nil {
			return err
		}
		if !generated {
			report.Cases = nil // the one case is the report
		}
		if *asJSON {
			encoder := json.NewEncoder(stdout)
			encoder.SetIndent("", "  ")
			return errors.Join(err, encoder.Encode(report))
		}
		return errors.Join(err, report.Print(stdout))
	})
}

// heldFormats are the formats of the demo's wallets, by the names that --format
// takes: those in short, and those that the wallet's API has.
var heldFormats = map[string]credential.Format{
	"w3c": credential.DataIntegrity, string(credential.DataIntegrity): credential.DataIntegrity,
	"sd-jwt": credential.SDJWT, string(credential.SDJWT): credential.SDJWT,
}

// generates says whether persons are generated: when --cases was given, which
// is at least one and leaves no use for a file.
func generates(set *flag.FlagSet, cases int) (bool, error) {
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case !given["cases"]:
		return false, nil
	case given["input"]:
		return false, errors.New("give --input for one person or --cases for generated ones, not both")
	case cases < 1:
		return false, fmt.Errorf("--cases %d: run one case at least", cases)
	}
	return true, nil
}

// people are the persons of a demo: the file's, or n generated ones.
func people(file string, n int, seed uint64) ([]demo.Input, error) {
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return nil, err
	}
	if n > 0 {
		return peopleOf(n, seed, clock.System{}.Now())
	}
	one, err := demo.ReadInput(file, clock.System{}.Now().In(zone))
	return []demo.Input{one}, err
}

// peopleOf generates n persons at a time.
func peopleOf(n int, seed uint64, now time.Time) ([]demo.Input, error) {
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return nil, err
	}
	today := now.In(zone)
	employer := synthetic.Employer{
		OrganisationNumber: devsetup.Employer.OrganisationNumber, LegalName: devsetup.Employer.LegalName, ContactEmail: devsetup.Employer.ContactEmail,
	}
	var all []demo.Input
	for _, offer := range synthetic.Offers(seed, n, today, employer) {
		raw, err := json.Marshal(offer)
		if err != nil {
			return nil, err
		}
		one, err := demo.ParseInput(raw, today)
		if err != nil {
			return nil, fmt.Errorf("generate person: %w", err)
		}
		all = append(all, one)
	}
	return all, nil
}

// targetOf is where a development stack listens, and its tokens.
func targetOf(layout *devsetup.Layout) (demo.Target, error) {
	authorities, err := readPool(layout.CAFile)
	if err != nil {
		return demo.Target{}, err
	}
	place := func(service, role string) demo.Place {
		s := layout.Services[service]
		token, ok := layout.Token(service, role)
		if !ok {
			err = errors.Join(err, fmt.Errorf("%s has no token for %s: remove the file to have it made anew", layout.TokensFile, role))
		}
		return demo.Place{Address: s.PublicAddr, Host: s.Host, DID: s.DID, Token: token}
	}
	target := demo.Target{
		Authorities: authorities,
		Registry:    place("registry", "programme"),
		Issuer:      place("issuer", "employer"),
		Wallet:      place("wallet", "wallet-app"),
		Verifier:    place("verifier", "officer"),
		Police:      place("police", "officer"),
		Tax:         place("tax", "clerk"),
		Bank:        place("bank", "clerk"),
		Employer: demo.Employer{
			OrganisationNumber: devsetup.Employer.OrganisationNumber, LegalName: devsetup.Employer.LegalName, DID: devsetup.DID("issuer"),
		},
	}
	return target, err
}
