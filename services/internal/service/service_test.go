package service_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// wallet is the configuration of a service without an event bus.
type wallet struct {
	config.Common `yaml:",inline"`
}

func (w *wallet) Validate() []fault.Violation { return w.Common.Validate(config.Needs{}) }

func open(t *testing.T, redisURL string) (*service.Service, error) {
	t.Helper()
	layout, err := devsetup.Prepare(t.TempDir(), devsetup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var cfg wallet
	if err := config.Load(layout.Services["wallet"].ConfigFile, &cfg, []string{"KOMPETANSESPOR_REDIS_URL=" + redisURL}); err != nil {
		t.Fatal(err)
	}
	return service.Open(t.Context(), cfg.Common, service.World{Logs: io.Discard}, service.Schema()...)
}

func TestCloseLetsGoOfRedis(t *testing.T) {
	// Nobody listens there: a client that is closed says so before it looks.
	s, err := open(t, "redis://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Cache.Get(t.Context(), "key"); fault.KindOf(err) != fault.Unavailable || errors.Is(err, redis.ErrClosed) {
		t.Errorf("while it is open: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Cache.Get(t.Context(), "key"); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("once it is closed: %v", err)
	}
}

// A change counts for the next decision. A wallet that takes a credential hears
// of it when the list that it kept is over.
func TestADecisionAsksStatusListsAnewAndAWalletKeepsThem(t *testing.T) {
	s, err := open(t, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	asked := map[string]int{}
	web := http.NewServeMux()
	web.Handle("GET /.well-known/did.json", s.Book.Documents(s.Host()))
	for pattern, lists := range s.Lists.Routes(rpc.WriteProblem) {
		web.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			asked[r.URL.Path]++
			lists.ServeHTTP(w, r)
		})
	}
	s.Status.Get, s.Resolver.Get = testkit.Web{Handler: web}, testkit.Web{Handler: web}
	issuer := "did:web:" + s.Host()
	ok(s.Book.EnsureOrganisation(t.Context(), issuer, "", s.DIDCommEndpoint()))
	held := &credential.Verified{Issuer: issuer}
	ok(s.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		at, err := s.Lists.Reserve(t.Context(), tx, issuer, "a")
		held.Status = at.W3C()
		return err
	}))

	takes, decides := s.CachingVerifier(config.TrustList{}).Status, s.Verifier(config.TrustList{}).Status
	ok(takes.CheckStatus(t.Context(), held))
	ok(decides.CheckStatus(t.Context(), held))
	ok(s.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return s.Lists.Revoke(t.Context(), tx, "a", statuslist.Change{Reason: "withdrawn"})
	}))
	ok(takes.CheckStatus(t.Context(), held))
	if err := decides.CheckStatus(t.Context(), held); fault.RuleOf(err) != "status.revoked" {
		t.Error("a decision:", err)
	}
	for list, times := range asked {
		if times != 3 {
			t.Errorf("%s was asked for %d times, want once for the wallet and twice for decisions", list, times)
		}
	}
	if len(asked) != len(held.Status) {
		t.Error("asked for", asked)
	}
}

func TestServiceThatCannotBeOpenedIsClosed(t *testing.T) {
	if _, err := open(t, "redis://127.0.0.1:1/no-number"); err == nil {
		t.Error("a Redis URL without a database's number was taken")
	}
}
