package main

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// document is what demo --json prints, as the README promises it and as others
// read it: it does not follow when the program's own names change.
type document struct {
	CaseRef   string `json:"case_ref"`
	Outcome   string `json:"outcome"`
	MachineMS int64  `json:"machine_ms"`
	Steps     []struct {
		Name      string    `json:"name"`
		Service   string    `json:"service"`
		At        time.Time `json:"at"`
		ElapsedMS int64     `json:"elapsed_ms"`
		TimeClass string    `json:"time_class"`
	} `json:"steps"`
	Wallet struct {
		Credentials []struct {
			Type     string `json:"type"`
			Issuer   string `json:"issuer"`
			Format   string `json:"format"`
			Verified bool   `json:"verified"`
		} `json:"credentials"`
	} `json:"wallet"`
	DIDComm struct {
		Messages int `json:"messages"`
	} `json:"didcomm"`
	Events []struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	} `json:"events"`
	Cases []struct {
		CaseRef string `json:"case_ref"`
		Outcome string `json:"outcome"`
	} `json:"cases"`
	Metrics []struct {
		Name       string   `json:"name"`
		Definition string   `json:"definition"`
		Value      string   `json:"value"`
		Target     string   `json:"target"`
		Met        *bool    `json:"met"`
		Details    []string `json:"details"`
	} `json:"metrics"`
}

// printed runs the demo and reads the one document that it prints.
func printed(t *testing.T, args ...string) document {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), append([]string{"demo", "--json"}, args...), &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var d document
	decoder := json.NewDecoder(&stdout)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	if decoder.More() {
		t.Error("there is more than one document")
	}
	return d
}

// completed fails unless the document tells of a whole case, whose credentials
// are held in a format.
func (d document) completed(t *testing.T, format string) {
	t.Helper()
	if d.Outcome != "COMPLETED" || !strings.HasPrefix(d.CaseRef, "case_") || d.MachineMS <= 0 || d.DIDComm.Messages == 0 {
		t.Errorf("outcome %q, case %q, %d ms, %d messages", d.Outcome, d.CaseRef, d.MachineMS, d.DIDComm.Messages)
	}
	if len(d.Wallet.Credentials) != 7 || len(d.Events) != len(d.Steps) {
		t.Fatalf("%d credentials, %d events, %d steps", len(d.Wallet.Credentials), len(d.Events), len(d.Steps))
	}
	// What the bank does once the case is completed may be told later.
	for _, want := range []string{
		"offer.issued", "offer.collected", "application.submitted", "application.feepaid", "decision.made",
		"appointment.booked", "appointment.attended", "identity.verified", "biometrics.captured", "residencecard.issued", "residencecard.ordered",
		"identifier.requested", "identifier.assigned", "taxcard.issued", "bankaccount.opened", "case.completed",
	} {
		n := 0
		for _, s := range d.Steps {
			if s.Name == want {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d steps are %s", n, want)
		}
	}
	for _, c := range d.Wallet.Credentials {
		if c.Type == "" || !strings.HasPrefix(c.Issuer, "did:web:") || c.Format != format || !c.Verified {
			t.Errorf("credential %+v", c)
		}
	}
	seen := map[string]bool{}
	for _, e := range d.Events {
		if !strings.HasPrefix(e.Type, "no.kompetansespor.") || e.ID == "" || seen[e.ID] {
			t.Errorf("event %+v", e)
		}
		seen[e.ID] = true
	}
	first, classes := d.Steps[0], []string{"machine", "human", "candidate", "physical"}
	for _, s := range d.Steps {
		since := s.At.Sub(first.At).Milliseconds() + first.ElapsedMS
		if s.Name == "" || s.Service == "" || s.ElapsedMS < since-1 || s.ElapsedMS > since+1 || !slices.Contains(classes, s.TimeClass) {
			t.Errorf("step %+v, %d ms after the signature", s, since)
		}
	}
	if last := d.Steps[len(d.Steps)-1]; d.MachineMS != last.ElapsedMS {
		t.Errorf("machine time %d ms, the last step came after %d ms", d.MachineMS, last.ElapsedMS)
	}
}

func TestDemoPrintsOneDocument(t *testing.T) {
	d := printed(t, "--input", "../../../deploy/demo/lisa-johnson.json")
	d.completed(t, "ldp_vc")
	if d.Cases != nil {
		t.Errorf("one person's document lists %d cases", len(d.Cases))
	}
}

// With SD-JWT VC as the held form the case ends as with W3C: the same steps,
// credentials of the same types by the same issuers.
func TestDemoRunsWithEitherHeldFormat(t *testing.T) {
	d := printed(t, "--format", "sd-jwt", "--input", "../../../deploy/demo/lisa-johnson.json")
	d.completed(t, "dc+sd-jwt")
	if err := run(t.Context(), []string{"demo", "--format", "mdoc"}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "sd-jwt") {
		t.Errorf("an unknown format: %v", err)
	}
}

// The same with every service a process of its own, for several persons: each
// case is in the document by its outcome.
func TestDemoRunsServicesAsProcesses(t *testing.T) {
	d := printed(t, "--processes", "--cases", "3", "--parallel", "3")
	d.completed(t, "ldp_vc")
	seen := map[string]bool{}
	for _, c := range d.Cases {
		if c.Outcome != "COMPLETED" || seen[c.CaseRef] {
			t.Errorf("case %s: %s", c.CaseRef, c.Outcome)
		}
		seen[c.CaseRef] = true
	}
	if len(seen) != 3 || !seen[d.CaseRef] {
		t.Errorf("%d cases, the first is %s", len(seen), d.CaseRef)
	}
}

// For a person, the demo prints each step as it happens, then the summary.
func TestDemoPrintsStepsAndSummary(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"demo", "--cases", "2", "--parallel", "2"}, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	steps, summary, _ := strings.Cut(stdout.String(), "\n\ncase ")
	for _, want := range []string{
		`issuer +offer\.issued +human`, `verifier +application\.submitted +`, `verifier +decision\.made +human`, `police +appointment\.booked +`,
		`tax +identifier\.assigned +machine`, `bank +bankaccount\.opened +machine`, `verifier +case\.completed +machine`,
	} {
		if n := len(regexp.MustCompile(`(?m)^ *\d+ ms  `+want).FindAllString(steps, -1)); n != 1 {
			t.Errorf("%d lines are %q in\n%s", n, want, steps)
		}
	}
	for _, want := range []string{
		`^ +case_[0-9a-f]+$`, `^outcome +COMPLETED$`, `^machine time +\d+ ms `, `^messages +\d+ DIDComm`, `^events +1[6-9]$`,
		`^TaxCard +did:web:\S+ +true$`, `^cases +2 of 2 completed$`,
	} {
		if !regexp.MustCompile(`(?m)` + want).MatchString(summary) {
			t.Errorf("no line is %q in\n%s", want, summary)
		}
	}
}
