package status

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// TypeToken is the type of a Status List Token, by typ and by media type (TSL
// section 5.1).
const (
	TypeToken      = "statuslist+jwt"
	MediaTypeToken = "application/statuslist+jwt"
)

// MaxTokenBytes is the length of the longest Status List Token that is read.
const MaxTokenBytes = 1 << 20

// Token is a Status List Token: a Token Status List that somebody publishes.
type Token struct {
	// URI is where the list is found (sub).
	URI string
	// Issuer is the DID that signs the list, and the credentials it is about.
	// The key says it, not a claim.
	Issuer string
	// IssuedAt is now, Expires when readers must have a newer list, zero for
	// unsaid. Both are in whole seconds.
	IssuedAt, Expires time.Time
	// TTL is how long readers may keep the list, in whole seconds, 0 for unsaid.
	TTL      time.Duration
	Statuses *Statuses
}

// Claims writes the list as the claims of a JWT (TSL section 5.1).
func (t Token) Claims() map[string]any {
	claims := map[string]any{
		"sub": t.URI, "iat": t.IssuedAt.Unix(),
		"status_list": map[string]any{"bits": t.Statuses.Bits(), "lst": t.Statuses.Encode()},
	}
	if !t.Expires.IsZero() {
		claims["exp"] = t.Expires.Unix()
	}
	if seconds := int64(t.TTL / time.Second); seconds > 0 {
		claims["ttl"] = seconds
	}
	return claims
}

// lastSecond is the end of the year 9999.
const lastSecond = 253_402_300_799

// ReadToken reads the claims of a Status List Token that the issuer's key has
// signed. It takes further claims, but none that says for whom or from when the
// list is meant: nobody here could tell. It fails with fault.Invalid.
func ReadToken(claims []byte, issuer string) (Token, error) {
	c, err := strictjson.DecodeObject(claims, strictjson.Limits{Bytes: MaxTokenBytes})
	if err != nil {
		return Token{}, err
	}
	for _, name := range []string{"aud", "nbf"} {
		if _, has := c[name]; has {
			return Token{}, malformed("%s has no place in a status list", name)
		}
	}
	t := Token{Issuer: issuer}
	if by, has := c["iss"]; has && by != any(issuer) {
		return Token{}, fault.New(fault.Invalid, "status.issuer", "the status list names another issuer than the one that signed it")
	}
	if t.URI, _ = c["sub"].(string); t.URI == "" {
		return Token{}, malformed("the status list does not say where it is found")
	}
	issued, err := number(c, "iat", 1, lastSecond)
	if err != nil || issued == 0 {
		return Token{}, malformed("the status list does not say when it was issued")
	}
	t.IssuedAt = time.Unix(issued, 0).UTC()
	expires, err := number(c, "exp", 1, lastSecond)
	if err != nil {
		return Token{}, err
	}
	if expires != 0 {
		t.Expires = time.Unix(expires, 0).UTC()
	}
	seconds, err := number(c, "ttl", 1, int64(maxYear/time.Second))
	if err != nil {
		return Token{}, err
	}
	t.TTL = time.Duration(seconds) * time.Second
	t.Statuses, err = readStatuses(c["status_list"])
	return t, err
}

func malformed(format string, args ...any) error {
	return fault.New(fault.Invalid, "status.form", format, args...)
}

// number reads a whole number within bounds, 0 when it is absent.
func number(claims map[string]any, name string, least, most int64) (int64, error) {
	value, has := claims[name]
	if !has {
		return 0, nil
	}
	text, _ := value.(json.Number)
	n, err := text.Int64()
	if err != nil || n < least || n > most {
		return 0, malformed("%s is not a whole number within its bounds", name)
	}
	return n, nil
}

func readStatuses(value any) (*Statuses, error) {
	list, _ := value.(map[string]any)
	bits, err := number(list, "bits", 1, maxSize)
	if err != nil {
		return nil, err
	}
	encoded, _ := list["lst"].(string)
	return DecodeStatuses(int(bits), encoded)
}

// Find is List.Find for a Token Status List.
func (t Token) Find(issuer string, entries []Entry, now time.Time) ([]Finding, error) {
	if err := checkPublisher(t.Issuer, issuer); err != nil {
		return nil, err
	}
	if err := checkDates(t.IssuedAt, t.Expires, now); err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Mechanism != TokenList || e.List != t.URI })
	if len(entries) == 0 {
		return nil, wrongList()
	}
	findings := make([]Finding, len(entries))
	for i, entry := range entries {
		value, err := t.Statuses.Get(entry.Index)
		if err != nil {
			return nil, err
		}
		findings[i] = entry.finding(value)
	}
	return findings, nil
}

// Until is List.Until for a Token Status List.
func (t Token) Until(now time.Time) time.Time { return until(t.Expires, t.TTL, now) }
