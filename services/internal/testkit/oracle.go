package testkit

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Oracle runs a script of scripts/oracles with node: request goes to it as
// JSON on standard input, and what it prints is read into answer. The test is
// skipped (see NeedTool) when node or the installed packages are missing.
func Oracle(t testing.TB, script string, request, answer any) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(here), "..", "..", "..", "scripts", "oracles")
	node, nodeErr := exec.LookPath("node")
	_, installErr := os.Stat(filepath.Join(dir, "node_modules"))
	NeedTool(t, nodeErr == nil && installErr == nil, "the oracle "+script+" needs node 20 and `npm ci` in scripts/oracles")
	input, err := json.Marshal(request)
	if err != nil {
		t.Fatalf("write the request: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("oracle %s: %v\n%s", script, err, stderr.String())
	}
	if err := json.Unmarshal(output, answer); err != nil {
		t.Fatalf("read the answer of %s: %v", script, err)
	}
}
