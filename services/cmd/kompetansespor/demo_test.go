package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/demo"
)

// demo --json prints one document on stdout and nothing else there, with the
// members that the README promises.
func TestDemoPrintsOneDocument(t *testing.T) {
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), []string{"demo", "--json", "--input", "../../../deploy/demo/lisa-johnson.json"}, &stdout, &stderr)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var report demo.Report
	decoder := json.NewDecoder(&stdout)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&report); err != nil {
		t.Fatal(err)
	}
	if decoder.More() {
		t.Error("there is more than one document")
	}
	switch {
	case report.Outcome != demo.Completed, !strings.HasPrefix(report.CaseRef, "case_"), report.MachineMS <= 0:
		t.Errorf("outcome %q, case %q, %d ms", report.Outcome, report.CaseRef, report.MachineMS)
	case len(report.Wallet.Credentials) != 7, len(report.Events) != 12, len(report.Steps) != 12, report.DIDComm.Messages == 0:
		t.Errorf("%d credentials, %d events, %d steps, %d messages", len(report.Wallet.Credentials), len(report.Events), len(report.Steps), report.DIDComm.Messages)
	}
}

// Several persons' cases are all in the document, by outcome.
func TestDemoRunsSeveralPersons(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"demo", "--json", "--cases", "3", "--parallel", "3"}, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var report demo.Report
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range report.Cases {
		if c.Outcome != demo.Completed || seen[c.CaseRef] {
			t.Errorf("case %s: %s %s", c.CaseRef, c.Outcome, c.Problem)
		}
		seen[c.CaseRef] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d cases", len(seen))
	}
}

func TestUnknownCommandIsExplained(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"frobnicate"}, &stdout, &stderr); err == nil || !strings.Contains(stderr.String(), "demo") {
		t.Errorf("%v, %q", err, stderr.String())
	}
}
