package statuslist_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
)

// checkers are the two ways to ask.
func (o *office) checkers() map[string]credential.StatusChecker {
	return map[string]credential.StatusChecker{"for a decision": o.decides, "for a verification": o.reads}
}

// meets wants what both checkers say of an entry when this stands at its list.
func (o *office) meets(t *testing.T, entry status.Entry, body []byte, want string) {
	t.Helper()
	o.replace[entry.List] = body
	for name, checker := range o.checkers() {
		if got := answer(checker.CheckStatus(t.Context(), carrying(entry))); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	delete(o.replace, entry.List)
}

// signToken signs the claims of a list as an organisation, after a change.
func (o *office) signToken(by, kind string, change func(claims map[string]any)) []byte {
	o.t.Helper()
	statuses, err := status.NewStatuses(2, status.MinEntries)
	o.ok(err)
	claims := status.Token{
		URI: "https://tax.example/token-status/1", IssuedAt: o.now, Expires: o.now.Add(time.Hour), TTL: time.Minute, Statuses: statuses,
	}.Claims()
	if change != nil {
		change(claims)
	}
	key, err := o.book.AssertionKey(context.Background(), by)
	o.ok(err)
	compact, err := jws.Sign(context.Background(), o.book.Sign, jws.Header{Algorithm: key.Curve.Algorithm(), KeyID: key.ID, Type: kind}, claims)
	o.ok(err)
	return []byte(compact)
}

// signBitstring signs a list as an organisation, after a change.
func (o *office) signBitstring(by string, change func(doc credential.Document)) []byte {
	o.t.Helper()
	bits, err := status.NewBitstring(status.MinEntries)
	o.ok(err)
	doc := status.List{
		ID: "https://tax.example/status/1", Issuer: by, Purposes: []status.Purpose{status.Revocation},
		ValidFrom: o.now.Add(-time.Hour), ValidUntil: o.now.Add(time.Hour), TTL: time.Minute, Bits: bits,
	}.Document()
	if change != nil {
		change(doc)
	}
	key, err := o.book.AssertionKey(context.Background(), by)
	o.ok(err)
	body, err := credential.Issue(context.Background(), o.book, doc, credential.Securing{Key: key, Created: o.now})
	o.ok(err)
	return body
}

func subject(doc credential.Document) credential.Document {
	return doc["credentialSubject"].(credential.Document)
}

func listOf(claims map[string]any) map[string]any { return claims["status_list"].(map[string]any) }

func TestHostile33ListsThatBurstAndIndexesOutsideThem(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	w3c, token := a.W3C()[0], a.Token()
	o.meets(t, w3c, o.signBitstring(issuer, nil), "stands")
	o.meets(t, token, o.signToken(issuer, status.TypeToken, nil), "stands")
	o.forget()
	for name, size := range map[string]int{"33 bomb": 8 << 20, "33 empty": 0} {
		t.Run(name, func(t *testing.T) {
			var zipped, deflated bytes.Buffer
			g, z := gzip.NewWriter(&zipped), zlib.NewWriter(&deflated)
			for range size >> 20 {
				_, _ = g.Write(make([]byte, 1<<20))
				_, _ = z.Write(make([]byte, 1<<20))
			}
			_, _ = g.Close(), z.Close()
			o.meets(t, w3c, o.signBitstring(issuer, func(doc credential.Document) {
				subject(doc)["encodedList"] = "u" + base64url.Encode(zipped.Bytes())
			}), "invalid status.encoding")
			o.meets(t, token, o.signToken(issuer, status.TypeToken, func(claims map[string]any) {
				listOf(claims)["lst"] = base64url.Encode(deflated.Bytes())
			}), "invalid status.encoding")
		})
	}
	for name, index := range map[string]int64{"33 negative": -1, "33 past the end": status.MinEntries, "33 2^63": -1 << 63, "33 2^63-1": 1<<63 - 1} {
		t.Run(name, func(t *testing.T) {
			o.meets(t, status.TokenEntry(token.List, index), o.signToken(issuer, status.TypeToken, nil), "invalid status.index")
			entry := w3c
			entry.Index = int(index)
			o.meets(t, entry, o.signBitstring(issuer, nil), "invalid status.index")
			o.forget()
		})
	}
}

func TestHostile34TheWrongList(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	w3c, token := a.W3C()[0], a.Token()
	for name, c := range map[string]struct {
		entry status.Entry
		body  []byte
		want  string
	}{
		"34 expired": {w3c, o.signBitstring(issuer, func(doc credential.Document) {
			doc["validUntil"] = o.now.Format(time.RFC3339)
		}), "invalid credential.expired"},
		"34 expired token": {token, o.signToken(issuer, status.TypeToken, func(claims map[string]any) {
			claims["exp"] = o.now.Unix()
		}), "invalid status.dates"},
		"34 token of a time to come": {token, o.signToken(issuer, status.TypeToken, func(claims map[string]any) {
			claims["iat"] = o.now.Add(61 * time.Second).Unix()
		}), "invalid status.dates"},
		"34 signed by another":       {w3c, o.signBitstring(other, nil), "invalid status.issuer"},
		"34 token signed by another": {token, o.signToken(other, status.TypeToken, nil), "invalid status.issuer"},
		"34 token that names another": {token, o.signToken(issuer, status.TypeToken, func(claims map[string]any) {
			claims["iss"] = other
		}), "invalid status.issuer"},
		"34 wrong subject": {w3c, o.signBitstring(issuer, func(doc credential.Document) {
			doc["id"] = "https://tax.example/status/2"
		}), "invalid status.wrong-list"},
		"34 token with the wrong subject": {token, o.signToken(issuer, status.TypeToken, func(claims map[string]any) {
			claims["sub"] = "https://tax.example/token-status/2"
		}), "invalid status.wrong-list"},
		"34 wrong purpose": {w3c, o.signBitstring(issuer, func(doc credential.Document) {
			subject(doc)["statusPurpose"] = "suspension"
		}), "invalid status.wrong-list"},
		"34 not a status list": {w3c, o.signBitstring(issuer, func(doc credential.Document) {
			doc["type"] = []any{"VerifiableCredential"}
		}), "invalid status.type"},
		"9 a token of another type":       {token, o.signToken(issuer, "JWT", nil), "invalid status.type"},
		"34 a token in place of the list": {w3c, o.signToken(issuer, status.TypeToken, nil), "invalid credential.jose-header"},
		"34 the list in place of a token": {token, o.signBitstring(issuer, nil), "invalid status.form"},
		"34 tampered": {w3c, bytes.Replace(o.signBitstring(issuer, nil), []byte(`"ttl":60000`), []byte(`"ttl":60001`), 1),
			"invalid credential.signature"},
		"34 tampered token": {token, tampered(o.signToken(issuer, status.TypeToken, nil)), "invalid status.signature"},
		"34 a value without meaning": {token, o.signToken(issuer, status.TypeToken, func(claims map[string]any) {
			statuses, _ := status.NewStatuses(2, status.MinEntries)
			_ = statuses.Set(token.Index, 3)
			listOf(claims)["lst"] = statuses.Encode()
		}), "invalid status.value"},
	} {
		t.Run(name, func(t *testing.T) {
			o.meets(t, c.entry, c.body, c.want)
		})
		o.forget()
	}
}

// tampered puts another payload under the signature of a token.
func tampered(compact []byte) []byte {
	parts := strings.Split(string(compact), ".")
	payload, _ := base64url.Decode(parts[1])
	var claims map[string]any
	_ = json.Unmarshal(payload, &claims)
	claims["ttl"] = 61
	payload, _ = json.Marshal(claims)
	parts[1] = base64url.Encode(payload)
	return []byte(strings.Join(parts, "."))
}

func TestHostile35AListThatCannotBeHadIsNoPermission(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	for _, err := range []error{
		fault.New(fault.Unavailable, "fetch.unreachable", "down"),
		fault.New(fault.NotFound, "fetch.not-found", "gone"),
		fault.New(fault.Invalid, "fetch.redirect", "elsewhere"),
	} {
		o.down = err
		for _, v := range of(a) {
			for _, checker := range o.checkers() {
				same(t, answer(checker.CheckStatus(t.Context(), v)), "unavailable status.unreachable")
			}
		}
	}
	o.down = nil
	o.ok(o.revoke("a"))
	// What one list says is not lost when another cannot be had.
	o.replace[a.W3C()[1].List] = []byte("{}")
	same(t, answer(o.decides.CheckStatus(t.Context(), carrying(a.W3C()[1], a.W3C()[0]))), "denied status.revoked")
}

func TestADecisionAsksAnewAndAVerificationKeepsAWhile(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	for name, v := range of(a) {
		ask := func(checker credential.StatusChecker) (string, int) {
			before := o.asked
			got := answer(checker.CheckStatus(t.Context(), v))
			return got, o.asked - before
		}
		wants := func(checker credential.StatusChecker, want string, lists int) {
			t.Helper()
			got, asked := ask(checker)
			if got != want || asked != lists {
				t.Fatalf("%s: %s after %d questions, want %s after %d", name, got, asked, want, lists)
			}
		}
		n := len(v.Status)
		wants(o.reads, "stands", n)
		wants(o.reads, "stands", 0)
		wants(o.decides, "stands", n)
		o.ok(o.suspend("a"))
		wants(o.reads, "stands", 0)
		wants(o.decides, "denied status.suspended", n)
		o.down = fault.New(fault.Unavailable, "fetch.unreachable", "down")
		wants(o.reads, "stands", 0)
		wants(o.decides, "unavailable status.unreachable", n)
		o.pass(2*time.Minute - time.Second) // the time to live is two minutes
		wants(o.reads, "stands", 0)
		o.pass(time.Second)
		wants(o.reads, "unavailable status.unreachable", n)
		o.down = nil
		wants(o.reads, "denied status.suspended", n)
		wants(o.reads, "denied status.suspended", 0)
		o.ok(o.reinstate("a"))
		o.pass(2 * time.Minute)
	}
}

func TestAListIsKeptNoLongerThanItSaysOrTheReaderWants(t *testing.T) {
	o := open(t)
	entry := o.reserve(issuer, "a").Token()
	for _, c := range []struct {
		exp, ttl, most, kept time.Duration
	}{
		{exp: time.Hour, ttl: time.Minute, most: time.Hour, kept: time.Minute},
		{exp: time.Minute, ttl: time.Hour, most: time.Hour, kept: time.Minute},
		{exp: time.Hour, ttl: time.Hour, most: time.Minute, kept: time.Minute},
		{most: time.Minute, kept: time.Minute}, // says nothing
	} {
		o.replace[entry.List] = o.signToken(issuer, status.TypeToken, func(claims map[string]any) {
			delete(claims, "exp")
			delete(claims, "ttl")
			if c.exp > 0 {
				claims["exp"], claims["ttl"] = o.now.Add(c.exp).Unix(), int(c.ttl.Seconds())
			}
		})
		o.forget()
		reads := o.decides.Cached(o.store, c.most)
		o.asked = 0
		o.ok(reads.CheckStatus(t.Context(), carrying(entry)))
		o.pass(c.kept - time.Second)
		o.ok(reads.CheckStatus(t.Context(), carrying(entry)))
		same(t, o.asked, 1)
		o.pass(time.Second)
		_ = reads.CheckStatus(t.Context(), carrying(entry)) // whether it stands is not asked here
		same(t, o.asked, 2)
	}
}

// The cache answers sooner and is not believed.
func TestWhatTheCacheHoldsIsVerified(t *testing.T) {
	o := open(t)
	entry := o.reserve(issuer, "a").Token()
	o.ok(o.reads.CheckStatus(t.Context(), carrying(entry)))
	o.ok(o.revoke("a"))
	same(t, answer(o.reads.CheckStatus(t.Context(), carrying(entry))), "stands")
	same(t, len(o.store.kept), 1)
	for key, body := range o.store.kept {
		o.ok(o.store.Set(t.Context(), key, tampered(body), time.Hour))
	}
	same(t, answer(o.reads.CheckStatus(t.Context(), carrying(entry))), "denied status.revoked")
}

// An answer that was on its way when somebody asked may be older than the
// question.
func TestNobodyIsGivenAnAnswerThatWasOnItsWay(t *testing.T) {
	o := open(t)
	a := o.reserve(issuer, "a")
	v := carrying(a.Token())
	underWay, release := make(chan bool), make(chan bool)
	o.atGet = func() { close(underWay); <-release }
	var wait sync.WaitGroup
	first := make(chan string, 1)
	wait.Go(func() { first <- answer(o.decides.CheckStatus(t.Context(), v)) })
	<-underWay
	o.ok(o.revoke("a"))
	answers := make(chan string, 40)
	for range cap(answers) {
		wait.Go(func() { answers <- answer(o.decides.CheckStatus(t.Context(), v)) })
	}
	close(release)
	wait.Wait()
	close(answers)
	same(t, <-first, "stands")
	for got := range answers {
		same(t, got, "denied status.revoked")
	}
}

// A list that was verified a moment ago is not opened again; a key that was cut off is
// noticed some seconds later, and the list asked for anew.
func TestKeyThatWasCutOffIsNoticedAfterAMoment(t *testing.T) {
	o := open(t)
	v := carrying(o.reserve(issuer, "a").Token())
	begun := o.now
	o.ok(o.reads.CheckStatus(t.Context(), v)) // fetched
	o.pass(55 * time.Second)                  // in five seconds the issuer's document is asked for again
	o.ok(o.reads.CheckStatus(t.Context(), v)) // verified as it was kept
	o.asked = 0
	key, err := o.book.AssertionKey(t.Context(), issuer)
	o.ok(err)
	_, err = o.book.Compromised(t.Context(), key.ID, begun, "a laptop was stolen")
	o.ok(err)
	o.pass(5*time.Second - time.Millisecond)
	o.ok(o.reads.CheckStatus(t.Context(), v))
	same(t, o.asked, 0)
	o.pass(time.Millisecond)
	// What was kept does not verify any more; the issuer has signed it anew.
	o.ok(o.reads.CheckStatus(t.Context(), v))
	same(t, o.asked, 1)
}
