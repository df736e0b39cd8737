package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
)

// An operator sees an organisation's keys, has the next one made, and cuts one
// off.
func TestOperatorRotatesKeys(t *testing.T) {
	options := devsetup.Pilot()
	options.FreePorts = true
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	file, name := layout.Services["issuer"].ConfigFile, devsetup.DID("issuer")
	// The service makes its organisation when it starts.
	err = withBook(t.Context(), file, clock.System{}, func(book *identity.Book) error {
		return book.EnsureOrganisation(t.Context(), name, "", "https://issuer.example/didcomm")
	})
	if err != nil {
		t.Fatal(err)
	}
	keys := func(args ...string) ([]string, error) {
		var stdout, stderr bytes.Buffer
		err := run(t.Context(), append([]string{"keys"}, args...), &stdout, &stderr)
		var lines []string
		for line := range strings.Lines(stdout.String()) {
			lines = append(lines, strings.Fields(line)[0])
		}
		return lines, err
	}
	for _, step := range []struct {
		args []string
		want []string
	}{
		{[]string{"list", "--did", name}, []string{"#assertion-1", "#agreement-1"}},
		{[]string{"rotate", "--did", name, "--overlap", "0s"}, []string{"#assertion-1", "#assertion-2", "#agreement-1"}},
		{[]string{"rotate", "--did", name, "--kind", "X25519"}, []string{"#assertion-1", "#assertion-2", "#agreement-1", "#agreement-2"}},
		{[]string{"compromised", "--key", name + "#assertion-2", "--since", time.Now().Add(-time.Second).Format(time.RFC3339), "--reason", "a stolen disk"},
			[]string{"#assertion-1", "#assertion-2", "#assertion-3", "#agreement-1", "#agreement-2"}},
	} {
		want := []string{"key"}
		for _, fragment := range step.want {
			want = append(want, name+fragment)
		}
		got, err := keys(append(step.args, "--config", file)...)
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", step.args[0], got, err)
		}
	}
	for _, args := range [][]string{
		{}, {"frobnicate"}, {"list"}, {"list", "--config", layout.TokensFile, "--did", name}, {"list", "--config", file, "--did", "did:web:other.example"},
		{"rotate", "--config", file}, {"rotate", "--config", file, "--did", name, "--kind", "RSA"}, {"rotate", "--did", name},
		{"compromised", "--config", file, "--key", name + "#assertion-3", "--reason", "x"},
		{"compromised", "--config", file, "--key", name, "--since", "2026-11-23T08:00:00Z", "--reason", "x"},
	} {
		if lines, err := keys(args...); err == nil {
			t.Errorf("%v: %v", args, lines)
		}
	}
}
