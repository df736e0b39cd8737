package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// The proxy stands before both listeners of both replicas of every service, and
// haproxy takes what we write.
func TestProxyStandsBeforeEveryReplica(t *testing.T) {
	options := devsetup.Pilot()
	options.FreePorts, options.Clustered = true, true
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(layout.Cluster.SocketDir) })
	var text strings.Builder
	if err := proxyFile.Execute(&text, listeners(layout)); err != nil {
		t.Fatal(err)
	}
	for _, name := range devsetup.Services() {
		s := layout.Services[name]
		for _, want := range []string{"bind " + s.PublicAddr, "bind " + s.InternalAddr} {
			if strings.Count(text.String(), want+"\n") != 1 {
				t.Errorf("%s: %q is not there once", name, want)
			}
		}
	}
	for _, r := range layout.Cluster.Replicas {
		for _, want := range []string{r.PublicAddr, r.InternalAddr} {
			if strings.Count(text.String(), "server "+r.Name+" "+want+" check\n") != 1 {
				t.Errorf("%s: %s is not there once", r.Name, want)
			}
		}
	}
	program, err := find("haproxy")
	testkit.NeedTool(t, err == nil, "haproxy is not installed: its configuration is not checked")
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(program, "-c", "-f", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

// Replicas share name, keys, database and tokens; ports and data are their own.
func TestReplicasAreOneServiceTwice(t *testing.T) {
	options := devsetup.Pilot()
	options.FreePorts, options.Clustered = true, true
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(layout.Cluster.SocketDir) })
	if n := len(layout.Cluster.Replicas); n != 2*len(devsetup.Services()) {
		t.Fatalf("%d replicas", n)
	}
	seen := map[string]string{}
	for _, r := range layout.Cluster.Replicas {
		content, err := os.ReadFile(r.ConfigFile)
		if err != nil {
			t.Fatal(err)
		}
		for _, own := range []string{r.PublicAddr, r.InternalAddr, r.DataDir} {
			if other, taken := seen[own]; taken {
				t.Errorf("%s and %s share %s", r.Name, other, own)
			}
			seen[own] = r.Name
			if !strings.Contains(string(content), own) {
				t.Errorf("the configuration of %s lacks %s", r.Name, own)
			}
		}
		for _, shared := range []string{layout.Services[r.Service.Name].MasterKeyFile, "driver: postgres", layout.Cluster.RedisAddr, layout.NATS.URL} {
			if shared == layout.NATS.URL && r.Service.Name == "wallet" {
				continue // it has no events
			}
			if !strings.Contains(string(content), shared) {
				t.Errorf("the configuration of %s lacks %s", r.Name, shared)
			}
		}
	}
}
