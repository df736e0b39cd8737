package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/trust"
	"github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

// The exit codes of verify: 0 for verified.
const (
	exitNotVerified = 1
	exitUnknown     = 2 // it cannot be verified now, or was not asked rightly
)

// exit ends the program with a code, and with words when there is something
// left to say.
type exit struct {
	code int
	why  error
}

func (e *exit) Error() string {
	if e.why == nil {
		return ""
	}
	return e.why.Error()
}

func (e *exit) Unwrap() error { return e.why }

// examination is what verify is asked for.
type examination struct {
	file              string
	json              bool
	challenge, domain string
	trustList         string
	registry          string
	ca                string
	development       bool
	names             map[string]string
}

// verify looks at a credential or a presentation in a file, without a server.
// It asks the web for DID documents, status lists and the trust list.
func verify(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	e, err := readExamination(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	var report *credential.Report
	if err == nil {
		report, err = e.examine(ctx, stdin)
	}
	if err == nil {
		err = e.print(stdout, report)
	}
	switch {
	case err != nil:
		return &exit{exitUnknown, err}
	case report.Verified():
		return nil
	case fault.KindOf(report.Err()).Permanent():
		return &exit{code: exitNotVerified}
	}
	return &exit{code: exitUnknown}
}

// readExamination reads the arguments. Flags may stand before and after FILE.
func readExamination(args []string, stderr io.Writer) (examination, error) {
	e := examination{names: map[string]string{}}
	set := flags("verify", stderr)
	set.BoolVar(&e.json, "json", false, "print the report as JSON")
	set.StringVar(&e.challenge, "challenge", "", "the `TEXT` that a presentation was asked to answer")
	set.StringVar(&e.domain, "domain", "", "for whom a presentation was made: `TEXT`")
	set.StringVar(&e.trustList, "trust-list", "", "the `URL` of the trust list that says who may issue what")
	set.StringVar(&e.registry, "registry", "", "the `DID` whose trust list it must be")
	set.StringVar(&e.ca, "ca", "", "a `FILE` of authorities to trust instead of the system's")
	set.BoolVar(&e.development, "development", false, "take the contexts of the specifications' examples, types that are not ours, and private addresses")
	set.Func("names", "where a host is, with --development: `HOST=ADDRESS`", func(text string) error {
		host, address, ok := strings.Cut(text, "=")
		if !ok || host == "" || address == "" {
			return errors.New("say HOST=ADDRESS, such as issuer.example=127.0.0.1:7102")
		}
		e.names[strings.ToLower(host)] = address
		return nil
	})
	var files []string
	for {
		if err := set.Parse(args); err != nil {
			return e, err
		}
		if args = set.Args(); len(args) == 0 {
			break
		}
		files, args = append(files, args[0]), args[1:]
	}
	switch {
	case len(files) != 1:
		return e, errors.New("name one file to verify, or - for standard input")
	case (e.trustList == "") != (e.registry == ""):
		return e, errors.New("a trust list is asked with both --trust-list and --registry")
	case (e.challenge == "") != (e.domain == ""):
		return e, errors.New("a presentation is verified with both --challenge and --domain")
	case len(e.names) > 0 && !e.development:
		return e, errors.New("--names is for development: add --development")
	}
	e.file = files[0]
	return e, nil
}

func (e examination) examine(ctx context.Context, stdin io.Reader) (*credential.Report, error) {
	content, err := e.read(stdin)
	if err != nil {
		return nil, err
	}
	verifier, done, err := e.verifier()
	if err != nil {
		return nil, err
	}
	defer done()
	if e.challenge != "" {
		_, report := verifier.Presentation(ctx, content, e.challenge, e.domain)
		return report, nil
	}
	if isPresentation(content) {
		return nil, errors.New("this is a presentation: say with --challenge and --domain what it was asked to answer")
	}
	_, report := verifier.Credential(ctx, content)
	return report, nil
}

// read reads the file, as far as anything there could be verified.
func (e examination) read(stdin io.Reader) ([]byte, error) {
	in := stdin
	if e.file != "-" {
		file, err := os.Open(e.file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	content, err := io.ReadAll(io.LimitReader(in, credential.MaxPresentationBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", e.file, err)
	}
	return bytes.TrimSpace(content), nil
}

// verifier asks the web by itself. done lets go of its connections.
func (e examination) verifier() (v *verification.Verifier, done func(), err error) {
	var authorities *x509.CertPool
	if e.ca != "" {
		content, err := os.ReadFile(e.ca)
		if err != nil {
			return nil, nil, err
		}
		if authorities = x509.NewCertPool(); !authorities.AppendCertsFromPEM(content) {
			return nil, nil, fmt.Errorf("%s holds no certificate", e.ca)
		}
	}
	now := clock.System{}
	web := fetch.New(fetch.Config{CA: authorities, Names: e.names, AllowPrivate: e.development, Clock: now})
	keys := &resolver.Resolver{Get: web, Cache: cache.NewMemory(now, 0, 0), Clock: now}
	v = &verification.Verifier{Keys: keys, Status: &statuslist.Checker{Get: web, Keys: keys, Clock: now}, Clock: now}
	if e.trustList != "" {
		v.Trust = &trust.Client{Get: web, Keys: keys, Registry: e.registry, URL: e.trustList, Clock: now}
	}
	v, err = vcapi.Examiner(v, e.development)
	return v, web.Close, err
}

// isPresentation tells a presentation from a credential: by its type, by the
// type of its JWS, or by the key binding at the end of an SD-JWT. What cannot be
// read is no presentation.
func isPresentation(content []byte) bool {
	if document, err := strictjson.DecodeObject(content, strictjson.Limits{}); err == nil {
		types, several := document["type"].([]any)
		if !several {
			types = []any{document["type"]}
		}
		return slices.Contains(types, any(vcdm.TypePresentation)) || slices.Contains(types, any(vcdm.TypeEnvelopedPresentation))
	}
	if at := bytes.LastIndexByte(content, '~'); at >= 0 {
		return at < len(content)-1
	}
	encoded, _, _ := strings.Cut(string(content), ".")
	var header struct {
		Type string `json:"typ"`
	}
	text, err := base64url.Decode(encoded)
	return err == nil && json.Unmarshal(text, &header) == nil && header.Type == "vp+jwt"
}

// notAsked is what a report without a trust list leaves open.
const notAsked = "whether the issuer may issue this was not asked: give --trust-list and --registry"

// print writes the report for people, or as JSON.
func (e examination) print(w io.Writer, report *credential.Report) error {
	if !e.json {
		return e.printText(w, report)
	}
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	members := map[string]any{}
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	members["trust"] = "asked"
	if e.trustList == "" {
		members["trust"] = notAsked
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(members)
}

func (e examination) printText(w io.Writer, report *credential.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s\n\n", report.Answer())
	printChecks(t, report)
	for n, part := range report.Credentials {
		fmt.Fprintf(t, "\ncredential %d: %s\n\n", n+1, part.Answer())
		printChecks(t, part)
	}
	if e.trustList == "" {
		fmt.Fprintf(t, "\n%s\n", notAsked)
	}
	return t.Flush()
}

func printChecks(w io.Writer, report *credential.Report) {
	for _, check := range report.Checks {
		why := ""
		if check.Rule != "" {
			why = check.Detail + " (" + check.Rule + ")"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", check.Name, check.Outcome, why)
	}
}
