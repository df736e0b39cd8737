package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestMain lets the test binary be the program: demo --processes starts its own
// executable again for each service, which here is this one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestUnknownCommandIsExplained(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), []string{"frobnicate"}, &stdout, &stderr); err == nil || !strings.Contains(stderr.String(), "demo") {
		t.Errorf("%v, %q", err, stderr.String())
	}
}
