package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

// One generated person is a list of one, as several are a list of several.
func TestOneGeneratedPersonIsAmongTheCases(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"demo", "--json", "--cases", "1"}, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var printed struct {
		CaseRef string `json:"case_ref"`
		Cases   []struct {
			CaseRef string `json:"case_ref"`
			Outcome string `json:"outcome"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &printed); err != nil {
		t.Fatal(err)
	}
	if len(printed.Cases) != 1 || printed.Cases[0].CaseRef != printed.CaseRef || printed.Cases[0].Outcome != "COMPLETED" {
		t.Errorf("%+v", printed)
	}
}

func TestDemoRefusesWhatItCannotRun(t *testing.T) {
	for _, args := range [][]string{
		{"demo", "--cases", "-1"},
		{"demo", "--cases", "0"},
		{"demo", "--cases", "2", "--input", "../../../deploy/demo/lisa-johnson.json"},
		{"demo", "--input", "no-such-file.json"},
	} {
		var stdout, stderr bytes.Buffer
		if err := run(t.Context(), args, &stdout, &stderr); err == nil || stdout.Len() > 0 {
			t.Errorf("%q: %v, printed %q", args, err, stdout.String())
		}
	}
}
