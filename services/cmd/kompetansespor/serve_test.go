package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/bank"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/issuer"
	"github.com/kompetansespor/kompetansespor/services/police"
	"github.com/kompetansespor/kompetansespor/services/registry"
	"github.com/kompetansespor/kompetansespor/services/tax"
	"github.com/kompetansespor/kompetansespor/services/verifier"
	"github.com/kompetansespor/kompetansespor/services/wallet"
)

// Every service says all that is wrong with its configuration before it opens
// anything, also what only this service needs.
func TestEveryServiceSaysEverythingWrongAtOnce(t *testing.T) {
	options := devsetup.Pilot()
	options.FreePorts = true
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	for name, service := range map[string]struct {
		fresh func() config.Checker
		lacks []string // of what this service needs and not every other does
	}{
		"registry": {func() config.Checker { return &registry.Config{} }, []string{"did", "nats.url"}},
		"issuer":   {func() config.Checker { return &issuer.Config{} }, []string{"nats.url", "peers.registry", "trust_list.registry", "trust_list.url"}},
		"wallet":   {func() config.Checker { return &wallet.Config{} }, []string{"peers.verifier", "authority", "trust_list.registry", "trust_list.url"}},
		"verifier": {func() config.Checker { return &verifier.Config{} }, []string{"did", "nats.url", "payments.url", "trust_list.registry", "trust_list.url"}},
		"police":   {func() config.Checker { return &police.Config{} }, []string{"did", "nats.url", "peers.verifier"}},
		"tax":      {func() config.Checker { return &tax.Config{} }, []string{"did", "nats.url", "peers.verifier"}},
		"bank":     {func() config.Checker { return &bank.Config{} }, []string{"banks", "nats.url", "peers.verifier", "peers.tax"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := layout.Services[name].ConfigFile
			if err := config.Load(file, service.fresh(), nil); err != nil {
				t.Fatalf("the development configuration: %v", err)
			}
			err := config.Load(spoiled(t, file), service.fresh(), nil)
			var said []string
			for _, v := range fault.From(err).Violations {
				said = append(said, v.Field)
			}
			want := append(service.lacks, "database.driver", "crash_at", "callers./kompetansespor.verifier.v1.ViewService/FetchView")
			slices.Sort(said)
			slices.Sort(want)
			if !slices.Equal(said, want) {
				t.Errorf("said %q\nwant %q", said, want)
			}
		})
	}
}

// spoiled is a copy of a configuration without what one service needs and
// another does not, and with values that nothing but the service itself knows
// to be wrong.
func spoiled(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"did", "nats", "peers", "trust_list", "authority", "bank", "banks", "payments"} {
		delete(all, key)
	}
	all["database"] = map[string]any{"driver": "mysql"}
	all["crash_at"] = "didcomm.nowhere"
	all["callers"] = map[string]any{"/kompetansespor.verifier.v1.ViewService/FetchView": []string{"police.internal.kompetansespor.example"}}
	if text, err = yaml.Marshal(all); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
