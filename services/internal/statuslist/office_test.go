package statuslist_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

const issuer, other = "did:web:tax.example", "did:web:bank.example"

var messages = &status.Messages{
	Texts: []string{"nothing", "a newer one is underway", "ask the office", "undefined"}, References: []string{"https://tax.example/messages"},
}

// office is an issuer with its lists, and the web in which they are found.
type office struct {
	t       testing.TB
	mu      sync.Mutex // guards the fields below
	now     time.Time
	draws   uint64
	signed  int
	asked   int               // for lists
	atSign  func()            // runs once, while a list is being signed
	atGet   func()            // runs once, while a list is on its way
	down    error             // the lists cannot be reached
	replace map[string][]byte // what stands at a URL instead

	db      *sqldb.DB
	book    *identity.Book
	lists   *statuslist.Lists
	web     *http.ServeMux
	decides *statuslist.Checker
	store   *store
	reads   *statuslist.Cached
}

func (o *office) Now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

// Read draws 0, 0, 1, 1, 2, ...: each index is drawn once more than is free.
func (o *office) Read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	binary.BigEndian.PutUint64(p, o.draws/2)
	o.draws++
	return len(p), nil
}

// Sign implements credential.Signer.
func (o *office) Sign(ctx context.Context, kid string, data []byte) ([]byte, error) {
	o.mu.Lock()
	o.signed++
	at := o.atSign
	o.atSign = nil
	o.mu.Unlock()
	if at != nil {
		at()
	}
	return o.book.Sign(ctx, kid, data)
}

// Get finds DID documents and lists.
func (o *office) Get(_ context.Context, url string, _ int64) ([]byte, http.Header, error) {
	if strings.HasSuffix(url, "/did.json") {
		host := strings.TrimSuffix(strings.TrimPrefix(url, "https://"), "/.well-known/did.json")
		answer := httptest.NewRecorder()
		o.book.Documents(host).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/.well-known/did.json", nil))
		return answer.Body.Bytes(), nil, nil
	}
	o.mu.Lock()
	o.asked++
	down, instead, at := o.down, o.replace[url], o.atGet
	o.atGet = nil
	o.mu.Unlock()
	if down != nil {
		return nil, nil, down
	}
	answer := o.publish(strings.TrimPrefix(url, "https://tax.example"))
	if at != nil {
		at()
	}
	switch {
	case instead != nil:
		return instead, nil, nil
	case answer.Code != http.StatusOK:
		return nil, nil, fault.New(fault.NotFound, "fetch.not-found", "status %d", answer.Code)
	}
	return answer.Body.Bytes(), nil, nil
}

// publish asks for a list as the web does.
func (o *office) publish(path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	o.web.ServeHTTP(answer, r)
	return answer
}

func open(t testing.TB, change ...func(c *statuslist.Config)) *office {
	ctx := context.Background()
	o := &office{t: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), replace: map[string][]byte{}}
	var err error
	o.db = testkit.Database(t, epoch.Migrations(), identity.Migrations(), statuslist.Migrations())
	o.book, err = identity.Open(ctx, o.db, make([]byte, 32), o)
	o.ok(err)
	for _, name := range []string{issuer, other} {
		o.ok(o.book.EnsureOrganisation(ctx, name, "", "https://x.example"))
	}
	c := statuslist.Config{DB: o.db, Signer: o, AssertionKey: o.book.AssertionKey, Clock: o, Random: o,
		BaseURL: "https://tax.example", Lifetime: 4 * time.Minute, Messages: messages}
	for _, change := range change {
		change(&c)
	}
	o.lists = statuslist.New(c)
	o.web = http.NewServeMux()
	for pattern, handler := range o.lists.Routes(func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(map[fault.Kind]int{fault.NotFound: 404}[fault.KindOf(err)])
	}) {
		o.web.Handle(pattern, handler)
	}
	keys := &resolver.Resolver{Get: o, Cache: cache.NewMemory(o, 0, 0), Clock: o}
	o.decides = &statuslist.Checker{Get: o, Keys: keys, Clock: o}
	o.forget()
	return o
}

// forget empties what verifications have kept.
func (o *office) forget() {
	o.store = &store{Memory: cache.NewMemory(o, 0, 0), kept: map[string][]byte{}}
	o.reads = o.decides.Cached(o.store, time.Hour)
}

// store is a cache that shows what was put in it.
type store struct {
	*cache.Memory
	kept map[string][]byte
}

// Set implements cache.Cache.
func (s *store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.kept[key] = value
	return s.Memory.Set(ctx, key, value, ttl)
}

func (o *office) ok(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) reserve(by, id string) (at statuslist.Reservation) {
	o.t.Helper()
	o.ok(o.tx(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		at, err = o.lists.Reserve(ctx, tx, by, id)
		return err
	}))
	return at
}

func (o *office) tx(f func(ctx context.Context, tx *sqldb.Tx) error) error {
	ctx := context.Background()
	return o.db.Tx(ctx, func(tx *sqldb.Tx) error { return f(ctx, tx) })
}

var withdrawn = statuslist.Change{By: "officer-1", Reason: "withdrawn"}

func (o *office) revoke(id string) error {
	return o.tx(func(ctx context.Context, tx *sqldb.Tx) error { return o.lists.Revoke(ctx, tx, id, withdrawn) })
}

func (o *office) suspend(id string) error {
	return o.tx(func(ctx context.Context, tx *sqldb.Tx) error { return o.lists.Suspend(ctx, tx, id, withdrawn) })
}

func (o *office) reinstate(id string) error {
	return o.tx(func(ctx context.Context, tx *sqldb.Tx) error { return o.lists.Reinstate(ctx, tx, id, withdrawn) })
}

func (o *office) tell(id string, value int) error {
	return o.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		return o.lists.SetMessage(ctx, tx, id, value, withdrawn)
	})
}

// carrying is a credential of the issuer with entries.
func carrying(entries ...status.Entry) *credential.Verified {
	return &credential.Verified{Issuer: issuer, Status: entries}
}

// of are the forms in which a credential may be held.
func of(at statuslist.Reservation) map[string]*credential.Verified {
	return map[string]*credential.Verified{"W3C": carrying(at.W3C()...), "SD-JWT VC": carrying(at.Token())}
}

// answer puts a checker's answer in a few words.
func answer(err error) string {
	if err == nil {
		return "stands"
	}
	return fault.KindOf(err).String() + " " + fault.RuleOf(err)
}

// decided wants a decision to come out so, whatever form the credential has.
func (o *office) decided(at statuslist.Reservation, want string) {
	o.t.Helper()
	for name, v := range of(at) {
		if got := answer(o.decides.CheckStatus(context.Background(), v)); got != want {
			o.t.Fatalf("%s: %s, want %s", name, got, want)
		}
	}
}

func same[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatal(fmt.Sprint(got), "want", fmt.Sprint(want))
	}
}
