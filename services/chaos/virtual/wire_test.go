package virtual

import (
	"crypto/x509"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
)

// served is what both wires lead to.
var served = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch r.URL.Path {
	case "/didcomm":
		w.Header().Set("X-Seen", r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%s %s %s?%s %s", r.Method, r.Host, r.URL.Path, r.URL.RawQuery, body)
	case "/large":
		_, _ = io.WriteString(w, strings.Repeat("x", fetch.DefaultLimit+1))
	case "/moved":
		http.Redirect(w, r, "/didcomm", http.StatusFound)
	case "/busy":
		http.Error(w, "busy", http.StatusServiceUnavailable)
	case "/refused":
		http.Error(w, "no", http.StatusBadRequest)
	default:
		http.NotFound(w, r)
	}
})

// simulated is a world with one service in it, which serves what is served here.
func simulated(t *testing.T) *world {
	w := &world{
		ctx: t.Context(), time: &Time{time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)}, fate: rand.New(rand.NewPCG(1, 1)), trace: newTrace(nil),
		processes: map[string]*process{}, hosts: map[string]string{"police.example": "police"},
		cuts: map[between]cut{}, twice: map[between]time.Time{},
	}
	w.scheduler = &scheduler{time: w.time, random: rand.New(rand.NewPCG(1, 2))}
	w.processes["police"] = &process{
		world: w, layout: devsetup.Service{Name: "police"}, alive: true, close: func() {}, offered: service.Offered{Web: served},
	}
	return w
}

// The simulated wire carries what the real one does, and fails as it does.
func TestSimulatedWireKeepsTheContractOfTheRealOne(t *testing.T) {
	server := httptest.NewTLSServer(served)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	for name, client := range map[string]*fetch.Client{
		// The test server's certificate is for example.com.
		"real":      fetch.New(fetch.Config{CA: trusted, Names: map[string]string{"example.com": address.Host, "away.example": "127.0.0.1:1"}}),
		"simulated": fetch.New(fetch.Config{Web: web{simulated(t), "wallet"}}),
	} {
		t.Run(name, func(t *testing.T) {
			host := map[string]string{"real": "example.com", "simulated": "police.example"}[name]
			body, header, err := client.Post(t.Context(), "https://"+host+"/didcomm?a=b", "application/x", []byte("letter"))
			if want := "POST " + host + " /didcomm?a=b letter"; err != nil || string(body) != want || header.Get("X-Seen") != "application/x" {
				t.Errorf("%q %v, want %q: %v", body, header, want, err)
			}
			for path, want := range map[string]struct {
				kind fault.Kind
				rule string
			}{
				"/large": {fault.Invalid, "fetch.too-large"}, "/moved": {fault.Invalid, "fetch.redirect"},
				"/busy": {fault.Unavailable, "fetch.status"}, "/refused": {fault.Invalid, "fetch.status"}, "/nothing": {fault.NotFound, "fetch.not-found"},
			} {
				if _, _, err := client.Get(t.Context(), "https://"+host+path, 0); fault.KindOf(err) != want.kind || fault.RuleOf(err) != want.rule {
					t.Errorf("%s: %v", path, err)
				}
			}
			if _, _, err := client.Get(t.Context(), "https://away.example/", 0); fault.KindOf(err) != fault.Unavailable || fault.RuleOf(err) != "fetch.unreachable" {
				t.Errorf("away: %v", err)
			}
		})
	}
}

func TestWireLosesQuestionsAnswersAndRepeats(t *testing.T) {
	w := simulated(t)
	times := 0
	w.processes["police"].offered.Web = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { times++ })
	client := fetch.New(fetch.Config{Web: web{w, "wallet"}})
	post := func() error {
		_, _, err := client.Post(t.Context(), "https://police.example/didcomm", "application/x", nil)
		return err
	}
	link := between{"wallet", "police"}
	for _, c := range []struct {
		what   string
		fault  func()
		acted  int
		failed bool
	}{
		{"nothing", func() {}, 1, false},
		{"the question is lost", func() { w.cuts[link] = cut{false, w.time.now.Add(time.Second)} }, 0, true},
		{"the answer is lost", func() { w.cuts[link] = cut{true, w.time.now.Add(time.Second)} }, 1, true},
		{"another link", func() { w.cuts = map[between]cut{{"tax", "police"}: {false, w.time.now.Add(time.Second)}} }, 1, false},
		{"it comes twice", func() { w.twice[link] = w.time.now.Add(time.Second) }, 2, false},
		{"it has passed", func() { w.time.pass(2 * time.Second) }, 1, false},
	} {
		times = 0
		c.fault()
		if err := post(); (fault.KindOf(err) == fault.Unavailable) != c.failed || times != c.acted {
			t.Errorf("%s: acted %d times, %v", c.what, times, err)
		}
	}
}

// Who dies in the middle does no more, and who asked is told that the connection
// is gone; what it had begun is undone by its own deferred calls.
func TestProcessThatDiesEndsWhereItIs(t *testing.T) {
	w := simulated(t)
	p := w.processes["police"]
	var did []string
	p.offered.Web = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		defer func() {
			if recover() == nil {
				did = append(did, "undone")
			}
		}()
		did = append(did, "begun")
		w.die()
		did = append(did, "gone on")
	})
	client := fetch.New(fetch.Config{Web: web{w, "wallet"}})
	if _, _, err := client.Get(t.Context(), "https://police.example/", 0); fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
	if strings.Join(did, ", ") != "begun, undone" || p.alive || len(w.stack) != 0 || w.deaths != 1 {
		t.Errorf("%v, alive %v, stack %d, deaths %d", did, p.alive, len(w.stack), w.deaths)
	}
	if _, _, err := client.Get(t.Context(), "https://police.example/", 0); fault.KindOf(err) != fault.Unavailable {
		t.Error("a dead process answers:", err)
	}
}
