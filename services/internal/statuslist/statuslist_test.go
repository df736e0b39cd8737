package statuslist_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
)

const issuer, other = "did:web:tax.example", "did:web:bank.example"

// office is an issuer with its lists, and the web in which they are found.
type office struct {
	t       testing.TB
	mu      sync.Mutex // guards the fields below
	now     time.Time
	draws   uint64
	signed  int
	atSign  func() // runs while a list is being signed
	down    error
	replace []byte

	db    *sqldb.DB
	book  *identity.Book
	lists *statuslist.Lists
	check *statuslist.Checker
}

func (o *office) Now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
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
func (o *office) Get(ctx context.Context, url string, _ int64) ([]byte, http.Header, error) {
	if o.down != nil {
		return nil, nil, o.down
	}
	if strings.HasSuffix(url, "/did.json") {
		host := strings.TrimSuffix(strings.TrimPrefix(url, "https://"), "/.well-known/did.json")
		answer := httptest.NewRecorder()
		o.book.Documents(host).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/.well-known/did.json", nil))
		return answer.Body.Bytes(), nil, nil
	}
	if o.replace != nil {
		return o.replace, nil, nil
	}
	body, status := o.publish(strings.TrimPrefix(url, "https://tax.example/status/"))
	if status != http.StatusOK {
		return nil, nil, fault.New(fault.NotFound, "fetch.not-found", "status %d", status)
	}
	return body, nil, nil
}

// publish asks for a list as the web does.
func (o *office) publish(number string) ([]byte, int) {
	r := httptest.NewRequest(http.MethodGet, "/status/x", nil)
	r.SetPathValue("list", number)
	answer := httptest.NewRecorder()
	o.lists.Publish(func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(map[fault.Kind]int{fault.NotFound: 404}[fault.KindOf(err)])
	}).ServeHTTP(answer, r)
	return answer.Body.Bytes(), answer.Code
}

func open(t testing.TB) *office {
	ctx := context.Background()
	o := &office{t: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	var err error
	o.db, err = sqldb.Open(ctx, "sqlite", filepath.Join(t.TempDir(), "s.db"), identity.Migrations(), statuslist.Migrations())
	o.ok(err)
	t.Cleanup(func() { _ = o.db.Close() })
	o.book, err = identity.Open(ctx, o.db, make([]byte, 32), o)
	o.ok(err)
	for _, name := range []string{issuer, other} {
		o.ok(o.book.EnsureOrganisation(ctx, name, "", "https://x.example"))
	}
	o.lists = statuslist.New(statuslist.Config{DB: o.db, Signer: o, AssertionKey: o.book.AssertionKey, Clock: o, Random: o,
		BaseURL: "https://tax.example", Lifetime: 4 * time.Minute})
	keys := &resolver.Resolver{Get: o, Cache: cache.NewMemory(o, 0, 0)}
	o.check = &statuslist.Checker{Get: o, Keys: keys, Clock: o}
	return o
}

func (o *office) ok(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) reserve(by, id string) (entry status.Entry) {
	o.t.Helper()
	ctx := context.Background()
	o.ok(o.db.Tx(ctx, func(tx *sqldb.Tx) (err error) {
		entry, err = o.lists.Reserve(ctx, tx, by, id)
		return err
	}))
	return entry
}

func (o *office) revoke(id string) error {
	ctx := context.Background()
	return o.db.Tx(ctx, func(tx *sqldb.Tx) error { return o.lists.Revoke(ctx, tx, id, "withdrawn") })
}

// status asks as a verifier does.
func (o *office) status(entries ...status.Entry) string {
	o.t.Helper()
	err := o.check.CheckStatus(context.Background(), &credential.Verified{Issuer: issuer, Status: entries})
	if err == nil {
		return "stands"
	}
	return fault.KindOf(err).String() + " " + fault.RuleOf(err)
}

func same(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s, want %s", got, want)
	}
}

func TestEachIndexIsOneCredentialsAlone(t *testing.T) {
	o := open(t)
	seen := map[string]bool{}
	for i := range 10 {
		e := o.reserve(issuer, fmt.Sprint(i))
		key := fmt.Sprintf("%s#%d", e.List, e.Index)
		if seen[key] || e.Purpose != status.Revocation {
			t.Fatal(key)
		}
		seen[key] = true
	}
	ctx := t.Context()
	if err := o.db.Tx(ctx, func(tx *sqldb.Tx) error { _, err := o.lists.Reserve(ctx, tx, issuer, "3"); return err }); err == nil {
		t.Fatal("a credential has two indexes")
	}
}

func TestIndexOfATransactionThatFailedIsFree(t *testing.T) {
	o := open(t)
	ctx := t.Context()
	_ = o.db.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := o.lists.Reserve(ctx, tx, issuer, "a")
		o.ok(err)
		return fmt.Errorf("undone")
	})
	o.draws = 0
	if e := o.reserve(issuer, "b"); e.Index != 0 {
		t.Fatal(e)
	}
}

func TestIssuersDoNotShareAListAndAHalfFullOneIsLeft(t *testing.T) {
	o := open(t)
	first := o.reserve(issuer, "a")
	if theirs := o.reserve(other, "b"); theirs.List == first.List {
		t.Fatal("two issuers in one list")
	}
	_, err := o.write(`UPDATE status_list SET taken = $1 WHERE issuer = $2`, status.MinEntries/2-1, issuer)
	o.ok(err)
	if e := o.reserve(issuer, "c"); e.List != first.List {
		t.Fatal("left before it is half full")
	}
	if e := o.reserve(issuer, "d"); e.List == first.List || e.List != "https://tax.example/status/3" {
		t.Fatal("a list that is half full is used", e)
	}
	if e := o.reserve(issuer, "e"); e.List != "https://tax.example/status/3" {
		t.Fatal(e)
	}
}

func (o *office) write(query string, args ...any) (n int64, err error) {
	ctx := context.Background()
	err = o.db.Tx(ctx, func(tx *sqldb.Tx) error { n, err = sqldb.Changed(ctx, tx, query, args...); return err })
	return n, err
}

func TestRevocationIsSeenByTheNextQuestion(t *testing.T) {
	o := open(t)
	a, b := o.reserve(issuer, "a"), o.reserve(issuer, "b")
	same(t, o.status(a), "stands")
	o.ok(o.revoke("a"))
	same(t, o.status(a), "denied status.revoked")
	same(t, o.status(b), "stands")
	same(t, o.status(b, a), "denied status.revoked")
	var at int64
	o.ok(o.db.Read().QueryRowContext(t.Context(), `SELECT revoked_at FROM status_entry WHERE credential_id = 'a'`).Scan(&at))
	o.mu.Lock()
	o.now = o.now.Add(time.Minute)
	o.mu.Unlock()
	o.ok(o.revoke("a")) // again: the first counts
	var again int64
	o.ok(o.db.Read().QueryRowContext(t.Context(), `SELECT revoked_at FROM status_entry WHERE credential_id = 'a'`).Scan(&again))
	if at != again {
		t.Fatal("revoked twice")
	}
	if err := o.revoke("nobody"); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
}

// A bit that flips while the list is being signed must not be hidden by the
// list that is then remembered.
func TestRevocationDuringSigningIsNotLost(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	o.atSign = func() { o.ok(o.revoke("a")) }
	same(t, o.status(a), "stands") // asked before
	same(t, o.status(a), "denied status.revoked")
}

func TestListIsSignedAgainWhenItChangesOrGrowsOldOnly(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	for range 5 {
		same(t, o.status(a), "stands")
	}
	if o.signed != 1 {
		t.Fatalf("signed %d times", o.signed)
	}
	for range 12 {
		o.now = o.now.Add(time.Minute)
		same(t, o.status(a), "stands")
	}
	if o.signed < 6 || o.signed > 7 {
		t.Fatalf("signed %d times in 12 minutes", o.signed)
	}
}

func TestListThatCannotBeCheckedIsNoPermission(t *testing.T) { // hostile 34, 35
	o := open(t)
	a := o.reserve(issuer, "a")
	body, _ := o.publish("1")
	for _, err := range []error{
		fault.New(fault.Unavailable, "fetch.unreachable", "down"),
		fault.New(fault.NotFound, "fetch.not-found", "gone"),
		fault.New(fault.Invalid, "fetch.redirect", "elsewhere"),
	} {
		o.down = err
		same(t, o.status(a), "unavailable status.unreachable")
	}
	o.down = nil
	o.replace = []byte(strings.Replace(string(body), `"encodedList":"u`, `"encodedList":"uA`, 1))
	if got := o.status(a); got == "stands" {
		t.Fatal("a tampered list counts")
	}
	o.replace = body
	o.now = o.now.Add(4*time.Minute + 2*time.Minute) // and the clocks may differ by one
	if got := o.status(a); got == "stands" {
		t.Fatal("an expired list counts")
	}
	// The list of another issuer, signed by that one.
	o.reserve(other, "b")
	o.replace, _ = o.publish("2")
	b := a
	b.List = "https://tax.example/status/2"
	same(t, o.status(b), "invalid status.issuer")
	// Our own list in place of the one named.
	o.replace, _ = o.publish("1")
	same(t, o.status(b), "invalid status.wrong-list")
}

func TestUnknownListIsNotFound(t *testing.T) {
	o := open(t)
	for _, number := range []string{"1", "x", "-1", "99999999999999999999", ""} {
		if _, status := o.publish(number); status != http.StatusNotFound {
			t.Errorf("%q: %d", number, status)
		}
	}
}
