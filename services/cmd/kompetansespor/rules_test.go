package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/verifier"
)

// told runs a command and gives what it prints.
func told(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), args, &stdout, &stderr)
	return stdout.String(), err
}

func TestExamplesBesideTheRulesAreRun(t *testing.T) {
	out, err := told(t, "rules", "test")
	if err != nil || !strings.Contains(out, "skilled.salary") || !strings.Contains(out, " hold\n") || strings.Contains(out, "do not") {
		t.Errorf("%v\n%s", err, out)
	}
	raw, err := os.ReadFile("../../verifier/internal/ruleset/rulesets/2026-11-26.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "set.yaml")
	other := strings.Replace(string(raw), "master: 599200", "master: 700000", 1)
	if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = told(t, "rules", "test", "--set", file)
	if err == nil || !strings.Contains(out, "at the floor") || !strings.Contains(out, "want passed, got failed") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.WriteFile(file, []byte("rules: nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := told(t, "rules", "test", "--set", file); err == nil {
		t.Error("nonsense was tested")
	}
}

// An operator sees how the case of a real run was evaluated, and what another
// floor of pay would have said.
func TestOperatorExplainsACaseAndAsksWhatIf(t *testing.T) {
	dir := t.TempDir()
	out, err := told(t, "demo", "--json", "--data", dir, "--input", "../../../deploy/demo/lisa-johnson.json")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var demo document
	if err := json.Unmarshal([]byte(out), &demo); err != nil {
		t.Fatal(err)
	}
	options := devsetup.Pilot()
	options.FreePorts = true
	layout, err := devsetup.Prepare(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	file := layout.Services["verifier"].ConfigFile
	for lang, text := range map[string]string{"en": "The applicant is 18 or older.", "nb": "Søkeren har fylt 18 år.", "nn": "Søkjaren har fylt 18 år."} {
		out, err = told(t, "rules", "explain", "--config", file, "--case", demo.CaseRef, "--lang", lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{demo.CaseRef, text, "utlendingsloven § 23 first paragraph (b)", "the same", "annual_salary", "634700", "GRANTED"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s is not in\n%s", want, out)
			}
		}
	}
	raw, err := os.ReadFile("../../verifier/internal/ruleset/rulesets/2026-11-26.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set := filepath.Join(t.TempDir(), "set.yaml")
	if err := os.WriteFile(set, []byte(strings.Replace(string(raw), "master: 599200", "master: 700000", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = told(t, "rules", "what-if", "--config", file, "--set", set, "--since", "2020-01-01")
	if err != nil || !strings.Contains(out, demo.CaseRef) || !strings.Contains(out, "skilled.salary: failed, was passed") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = told(t, "rules", "what-if", "--config", file, "--set", set, "--since", "2999-01-01", "--on", "2027-01-01")
	if err != nil || strings.Contains(out, demo.CaseRef) || !strings.Contains(out, "cases") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := told(t, "rules", "explain", "--config", file, "--case", "case_none"); err == nil || out != "" {
		t.Errorf("explained nothing: %s", out)
	}
}

func TestRulesRefuseWhatTheyCannotDo(t *testing.T) {
	for _, args := range [][]string{
		{}, {"frobnicate"}, {"test", "--set", "no-such-file"}, {"explain"}, {"explain", "--case", "case_1"}, {"explain", "--config", "no-such-file", "--case", "case_1"},
		{"explain", "--case", "case_1", "--lang", "la"}, {"what-if"}, {"what-if", "--since", "yesterday"}, {"what-if", "--since", "2026-01-01"},
		{"what-if", "--since", "2026-01-01", "--on", "soon"}, {"what-if", "--since", "2026-01-01", "--set", "no-such-file"},
		{"what-if", "--since", "2026-01-01", "--set", "rules.go"},
	} {
		if out, err := told(t, append([]string{"rules"}, args...)...); err == nil || out != "" {
			t.Errorf("%v: %v %q", args, err, out)
		}
	}
}

// What an applicant wrote stays on its line and cannot turn the terminal around.
func TestValuesStayOnTheirLine(t *testing.T) {
	var out bytes.Buffer
	evaluation := verifier.ExplainedEvaluation{
		Facts: []verifier.Fact{{Path: "given_name", Value: "Li\r\nsa\x1b[2J\u202ex"}}, Flags: []string{"name.bidirectional"},
		Warnings: []string{"passport.before-end"}, Mode: "automatic", Rules: []verifier.ExplainedRule{{ID: "a", Result: "officer", OnlyForGrant: true, EN: "Asks."}},
	}
	e := verifier.Explanation{
		Case: "case_1", Evaluations: []verifier.ExplainedEvaluation{evaluation},
		Decisions: []verifier.ExplainedDecision{
			{By: "officer", Outcome: "REFUSED", Reason: "NOT_SKILLED", InputsHash: "00", RuleSet: "old", OfferHash: "hash"}, {By: "officer", Evaluation: 1},
		},
	}
	if err := printExplanation(&out, e, "en"); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.ContainsAny(text, "\r\x1b\u202e") || !strings.Contains(text, `"Li\r\nsa\x1b[2J\u202ex"`) {
		t.Errorf("%q", text)
	}
	for _, want := range []string{"DIFFERS", "name.bidirectional", "passport.before-end", "automatic", "for an automatic grant", "not in force on that day", "REFUSED NOT_SKILLED", "WHICH THE CASE DOES NOT HAVE", "evaluation 1", "hash"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	out.Reset()
	e.Evaluations[0].Problem, e.Decisions = "the rule set is unknown", nil
	if err := printExplanation(&out, e, "en"); err != nil || !strings.Contains(out.String(), "cannot be made again") || !strings.Contains(out.String(), "not yet") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if err := printWhatIf(brokenPipe{}, verifier.WhatIf{Unreadable: []string{"case_1"}}); err == nil {
		t.Error("a broken pipe is no error")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
