package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// up is the command that starts everything and stays.
func up(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("up", stderr)
	data := set.String("data", "data", "the data `DIR`ectory: databases, keys, certificates")
	postgres := set.String("postgres", "", postgresUsage)
	several := set.Bool("cluster", false, clusterUsage)
	free := set.Bool("free-ports", false, "take free ports instead of the usual ones; a data directory keeps those that it was made with")
	input := set.String("input", "deploy/demo/lisa-johnson.json", "the `FILE` of the person whose case the front page runs")
	if err := set.Parse(args); err != nil {
		return err
	}
	options := devsetup.Pilot()
	options.Clustered, options.FreePorts, options.Browsers = *several, *free, true
	layout, err := prepareStack(ctx, *data, *postgres, options)
	if err != nil {
		return err
	}
	stack := embedded
	if *several {
		stack = processes
	}
	return during(ctx, layout, withBrowsers(stack, *input), func(ctx context.Context) error {
		if err := accreditPilot(ctx, layout); err != nil {
			return err
		}
		if err := describe(stdout, layout); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
}

// accreditPilot has the programme accredit the pilot's employer, as it was before the
// pilot began: whoever signs in there may sign offers at once.
func accreditPilot(ctx context.Context, layout *devsetup.Layout) error {
	target, err := targetOf(layout)
	if err != nil {
		return err
	}
	var signatories []demo.Input
	for _, p := range devsetup.Pilot().People {
		if p.Title != "" {
			var one demo.Input
			one.Signatory.Name, one.Signatory.Role = p.Name, p.Title
			signatories = append(signatories, one)
		}
	}
	return demo.Accredit(ctx, target, signatories)
}

const postgresUsage = "keep databases in PostgreSQL: the `URL` of a role that may make roles and schemas there; without it each service has a file"

const clusterUsage = "run two replicas of each service as processes, behind haproxy, on PostgreSQL with two standbys, three NATS servers and Redis"

// prepareStack makes what a development stack needs: files, and where the
// databases are in PostgreSQL, their roles and schemas.
func prepareStack(ctx context.Context, dir, postgres string, options devsetup.Options) (*devsetup.Layout, error) {
	options.Postgres = postgres
	layout, err := devsetup.Prepare(dir, options)
	if err != nil || postgres == "" {
		return layout, err
	}
	return layout, migrateAll(ctx, postgres, layout)
}

// migrateAll makes roles and schemas of a layout's services, as the
// administrator.
func migrateAll(ctx context.Context, postgres string, layout *devsetup.Layout) error {
	for _, name := range devsetup.Services() {
		cfg, err := commonOf(layout.Services[name].ConfigFile)
		if err != nil {
			return err
		}
		if err := bootstrapSchema(ctx, postgres, cfg); err != nil {
			return fmt.Errorf("make the schema of %s: %w", name, err)
		}
		if _, err := migrateSchema(ctx, postgres, cfg); err != nil {
			return err
		}
	}
	return nil
}

// runStack runs a development stack until ctx ends.
type runStack func(ctx context.Context, layout *devsetup.Layout, logs io.Writer) error

// during runs the stack, does what is to be done once every service is ready,
// and stops the stack again. Logs go to a file in the data directory.
func during(ctx context.Context, layout *devsetup.Layout, stack runStack, do func(context.Context) error) error {
	path := filepath.Join(layout.Dir, "services.log")
	logs, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer func() { _ = logs.Close() }()
	ctx, stop := context.WithCancelCause(ctx)
	stopped := make(chan error, 1)
	go func() {
		err := stack(ctx, layout, logs)
		stop(err)
		stopped <- err
	}()
	err = ready(ctx, layout)
	if err == nil {
		err = do(ctx)
	}
	stop(nil)
	if failed := <-stopped; failed != nil {
		return fmt.Errorf("%w (the log is %s)", failed, path)
	}
	return err
}

// startLimit is how long the services may take to be ready.
const startLimit = 60 * time.Second

// ready waits until every service says that it is.
func ready(ctx context.Context, layout *devsetup.Layout) error {
	authorities, err := readPool(layout.CAFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 3 * time.Second}
	asked := map[string]string{"stand-ins": layout.StandIns.URL + "/"}
	for _, name := range devsetup.Services() {
		asked[name] = layout.Services[name].BaseURL + "/readyz"
	}
	for name, url := range asked {
		for !isReady(ctx, client, url) {
			select {
			case <-ctx.Done():
				if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
					return fmt.Errorf("%s is not ready: %w", name, cause)
				}
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}

func isReady(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// describe tells a person where everything is.
func describe(w io.Writer, layout *devsetup.Layout) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "Every service is ready. Ctrl-C stops them; %s keeps what they know.\n\n", layout.Dir)
	fmt.Fprintf(t, "Open %s in a browser: the whole chain, whom to sign in as, and a case to watch.\n\n", layout.Gateway.Front())
	fmt.Fprintf(t, "service\tpages\tbase URL of its API\tthe world knows it as\n")
	for _, name := range devsetup.Services() {
		s := layout.Services[name]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", name, layout.Gateway.URL(name), s.BaseURL, s.PublicURL)
	}
	fmt.Fprintf(t, "stand-ins\t\t%s\tthe registers outside, for development\n", layout.StandIns.URL)
	fmt.Fprintf(t, "\nservice\trole\tdevelopment token\n")
	for _, token := range layout.Tokens {
		fmt.Fprintf(t, "%s\t%s\t%s\n", token.Service, token.Role, token.Token)
	}
	issuer := layout.Services["issuer"]
	fmt.Fprintf(t, "\nTry it:\n  curl --cacert %s %s/openapi.json\n", layout.CAFile, issuer.BaseURL)
	return t.Flush()
}
