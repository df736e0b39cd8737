package statuslist_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
)

// A bit that flips while the list is being signed must not be hidden by the
// list that is then remembered.
func TestRevocationDuringSigningIsNotLost(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	for _, v := range of(a) {
		o.ok(o.decides.CheckStatus(t.Context(), v))
	}
	o.pass(3 * time.Minute)
	o.atSign = func() { o.ok(o.revoke("a")) }
	same(t, answer(o.decides.CheckStatus(t.Context(), carrying(a.Token()))), "stands") // asked before
	o.decided(a, "denied status.revoked")
}

func TestListIsSignedAgainWhenItChangesOrGrowsOldOnly(t *testing.T) {
	for _, path := range []string{"/status/1", "/status/1/suspension", "/status/1/message", "/token-status/1"} {
		o := open(t)
		o.reserve(issuer, "a")
		for range 5 {
			same(t, o.publish(path).Code, http.StatusOK)
		}
		same(t, o.signed, 1)
		o.ok(o.tell("a", 1))
		first := o.publish(path).Body.String()
		same(t, o.publish(path).Body.String(), first)
		same(t, o.signed, 2)
		for range 12 {
			o.pass(time.Minute)
			o.publish(path)
		}
		same(t, o.signed, 2+6)
	}
}

func TestAListIsSignedByOneAtATime(t *testing.T) {
	o := open(t)
	o.reserve(issuer, "a")
	began, release := make(chan bool), make(chan bool)
	o.atSign = func() { close(began); <-release }
	var wait sync.WaitGroup
	ask := func() {
		wait.Go(func() {
			if code := o.publish("/status/1").Code; code != http.StatusOK {
				t.Error(code)
			}
		})
	}
	ask()
	<-began
	for range 40 {
		ask()
	}
	close(release)
	wait.Wait()
	same(t, o.signed, 1)
}

func TestListsAreServedForCachesAndReaders(t *testing.T) {
	o := open(t, func(c *statuslist.Config) { c.TTL = 90 * time.Second })
	o.reserve(issuer, "a")
	for path, mediaType := range map[string]string{"/status/1": "application/vc", "/status/1/suspension": "application/vc", "/token-status/1": "application/statuslist+jwt"} {
		answer := o.publish(path)
		same(t, answer.Header().Get("Content-Type"), mediaType)
		same(t, answer.Header().Get("Cache-Control"), "public, max-age=90, s-maxage=0")
		same(t, answer.Header().Get("Access-Control-Allow-Origin"), "*")
		tag := answer.Header().Get("ETag")
		same(t, o.publish(path, "If-None-Match", tag).Code, http.StatusNotModified)
		o.ok(o.tell("a", len(tag)%2)) // another version
		o.pass(time.Minute)
		o.ok(o.tell("a", len(tag)%2+1))
		same(t, o.publish(path, "If-None-Match", tag).Code, http.StatusOK)
	}
}

func TestUnknownListIsNotFound(t *testing.T) {
	o := open(t)
	o.reserve(issuer, "a")
	for _, number := range []string{"2", "x", "-1", "+1", "01", "99999999999999999999"} {
		for _, path := range []string{"/status/" + number, "/status/" + number + "/suspension", "/status/" + number + "/message", "/token-status/" + number} {
			same(t, o.publish(path).Code, http.StatusNotFound)
		}
	}
	same(t, o.publish("/status/1/else").Code, http.StatusNotFound)
}
