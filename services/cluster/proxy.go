package cluster

import (
	"os"
	"os/exec"
	"strings"
	"text/template"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// proxyFile is haproxy's configuration: a frontend for each listener of each
// service, TLS passed through, and a replica that does not answer out within a
// second.
var proxyFile = template.Must(template.New("haproxy.cfg").Parse(`global
  maxconn 8000
defaults
  mode tcp
  timeout connect 2s
  timeout client 10m
  timeout server 10m
  timeout check 1s
  retries 3
  option redispatch 1
  option clitcpka
  option srvtcpka
  default-server inter 500ms fall 1 rise 1 on-marked-down shutdown-sessions
{{- range . }}
listen {{ .Name }}
  bind {{ .Bind }}
  balance roundrobin
{{- range .Servers }}
  server {{ .Name }} {{ .Addr }} check
{{- end }}
{{- end }}
`))

type listener struct {
	Name, Bind string
	Servers    []backend
}

type backend struct{ Name, Addr string }

// listeners are what the proxy stands before.
func listeners(layout *devsetup.Layout) []listener {
	var all []listener
	for _, name := range devsetup.Services() {
		s := layout.Services[name]
		public, internal := listener{Name: name, Bind: s.PublicAddr}, listener{Name: name + "-internal", Bind: s.InternalAddr}
		for _, r := range layout.Cluster.Replicas {
			if r.Service.Name == name {
				public.Servers = append(public.Servers, backend{r.Name, r.PublicAddr})
				internal.Servers = append(internal.Servers, backend{r.Name, r.InternalAddr})
			}
		}
		all = append(all, public, internal)
	}
	return all
}

// WriteProxy writes the proxy's configuration.
func WriteProxy(layout *devsetup.Layout) error {
	var text strings.Builder
	if err := proxyFile.Execute(&text, listeners(layout)); err != nil {
		return err
	}
	return os.WriteFile(layout.Cluster.ProxyFile, []byte(text.String()), 0o600)
}

// proxy starts haproxy before the replicas.
func (r *runner) proxy() error {
	program, err := find("haproxy")
	if err != nil {
		return err
	}
	if err := WriteProxy(r.Layout); err != nil {
		return err
	}
	file := r.Layout.Cluster.ProxyFile
	r.keep(&r.above, "proxy", func() *exec.Cmd { return exec.Command(program, "-db", "-f", file) })
	return nil
}
