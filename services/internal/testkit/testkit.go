// Package testkit holds what tests of several packages share. Only test code
// imports it.
package testkit

import (
	"os"
	"testing"
)

// NeedTool skips a test that needs a tool which this machine lacks, and says
// why. With the environment variable KOMPETANSESPOR_NO_SKIP set, as in
// continuous integration, the missing tool is a failure.
func NeedTool(t testing.TB, present bool, reason string) {
	t.Helper()
	if present {
		return
	}
	if os.Getenv("KOMPETANSESPOR_NO_SKIP") != "" {
		t.Fatalf("a tool is missing and skips are failures: %s", reason)
	}
	t.Skip(reason)
}
