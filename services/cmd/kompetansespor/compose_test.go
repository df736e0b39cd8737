package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// composed is what the test reads of deploy/compose.yaml.
type composed struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		User        string            `yaml:"user"`
		Command     []string          `yaml:"command"`
		Environment map[string]string `yaml:"environment"`
		Volumes     []string          `yaml:"volumes"`
		DependsOn   map[string]any    `yaml:"depends_on"`
		NetworkMode string            `yaml:"network_mode"`
		CapDrop     []string          `yaml:"cap_drop"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
}

// The composition has all that a cluster's layout has, at the ports that the layout
// says, starts only what the program knows, and nothing in it is root.
func TestCompositionIsTheCluster(t *testing.T) {
	deploy := filepath.Join("..", "..", "..", "deploy")
	content, err := os.ReadFile(filepath.Join(deploy, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var c composed
	if err := yaml.Unmarshal(content, &c); err != nil {
		t.Fatal(err)
	}
	options := devsetup.Pilot()
	options.Clustered, options.Sockets = true, "/nowhere/to/be/made"
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	inside := func(path string) string { return strings.Replace(path, layout.Dir, "/data", 1) }
	for _, r := range layout.Cluster.Replicas {
		if want := []string{r.Service.Name, "--config", inside(r.ConfigFile)}; !slices.Equal(c.Services[r.Name].Command, want) {
			t.Errorf("%s: %v, not %v", r.Name, c.Services[r.Name].Command, want)
		}
	}
	for i, m := range layout.Cluster.NATS {
		if want := []string{"nats", "--data", "/data", "--member", fmt.Sprint(i + 1)}; !slices.Equal(c.Services[m.Name].Command, want) {
			t.Errorf("%s: %v", m.Name, c.Services[m.Name].Command)
		}
	}
	for _, d := range layout.Cluster.Postgres {
		env := c.Services[d.Name].Environment
		if env["NAME"] != d.Name || env["PORT"] != fmt.Sprint(d.Port) || env["PRIMARY"] != fmt.Sprint(layout.Cluster.Postgres[0].Port) {
			t.Errorf("%s: %v, port %d", d.Name, env, d.Port)
		}
	}
	if _, port, _ := strings.Cut(layout.Cluster.RedisAddr, ":"); !slices.Contains(c.Services["redis"].Command, port) {
		t.Errorf("redis is not at %s", layout.Cluster.RedisAddr)
	}
	if !slices.Contains(c.Services["proxy"].Command, inside(layout.Cluster.ProxyFile)) {
		t.Errorf("the proxy does not read %s", layout.Cluster.ProxyFile)
	}
	if !slices.Contains(c.Services["stand-ins"].Command, layout.StandIns.Addr) {
		t.Errorf("the stand-ins are not at %s", layout.StandIns.Addr)
	}
	for name, s := range c.Services {
		ours := s.Image == "kompetansespor"
		switch {
		case !ours && (s.User == "" || s.User == "root"):
			t.Errorf("%s is root", name)
		case s.NetworkMode != "host" || !slices.Equal(s.CapDrop, []string{"ALL"}):
			t.Errorf("%s: network %q, without %v", name, s.NetworkMode, s.CapDrop)
		case ours && services[s.Command[0]].run == nil && !slices.Contains([]string{"cluster", "nats", "stand-ins"}, s.Command[0]):
			t.Errorf("%s starts %q, which the program does not know", name, s.Command[0])
		}
		for other := range s.DependsOn {
			if _, there := c.Services[other]; !there {
				t.Errorf("%s waits for %s, which is not there", name, other)
			}
		}
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			if strings.HasPrefix(from, ".") {
				if _, err := os.Stat(filepath.Join(deploy, from)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			} else if _, there := c.Volumes[from]; !there {
				t.Errorf("%s uses the volume %s, which is not there", name, from)
			}
		}
	}
}
