package trustlist_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
)

const registry, kid = "did:web:registry.example", "did:web:registry.example#assertion-1"

var (
	now  = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	list = trustlist.List{
		Issuer: registry, Version: 3, IssuedAt: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour),
		Entities: []trustlist.Entity{{
			DID: "did:web:employer.example", OrganisationNumber: "310000019", CredentialTypes: []string{"OfferOfEmployment"},
			Status: trustlist.Accredited, ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		}},
	}
)

// keys is the registry's DID document and its private key.
type keys struct{ private ed25519.PrivateKey }

func newKeys(seed byte) keys {
	return keys{ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))}
}

func (k keys) Sign(_ context.Context, _ string, data []byte) ([]byte, error) {
	return ed25519.Sign(k.private, data), nil
}

func (k keys) VerificationKey(_ context.Context, id string, purpose credential.Purpose, _ time.Time) (did.PublicKey, error) {
	if id != kid || purpose != credential.AssertionMethod {
		return did.PublicKey{}, fault.New(fault.Denied, "did.key-not-for-purpose", "no")
	}
	return testkit.Public(k.private), nil
}

func keyOf(kid string) credential.Key { return credential.Key{ID: kid, Curve: did.Ed25519} }

func sign(t testing.TB, k keys, kid string, l trustlist.List) []byte {
	t.Helper()
	raw, err := trustlist.Sign(t.Context(), k, credential.Key{ID: kid, Curve: did.Ed25519}, l)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestListOfTheRegistryIsRead(t *testing.T) {
	k := newKeys('a')
	got, err := trustlist.Verify(t.Context(), k, registry, sign(t, k, kid, list), now)
	if err != nil || got.Version != 3 || len(got.Entities) != 1 {
		t.Fatal(got, err)
	}
}

func TestListThatIsNotTheRegistrysOrNotCurrentIsNone(t *testing.T) {
	k := newKeys('a')
	good := string(sign(t, k, kid, list))
	change := func(f func(*trustlist.List)) string {
		l := list
		f(&l)
		return string(sign(t, k, kid, l))
	}
	raw := func(header, payload string) string {
		input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k.private, []byte(input)))
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(good, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	spoilt := func(old, new string) string {
		if !strings.Contains(string(payload), old) {
			t.Fatalf("the list has no %s", old)
		}
		return raw(`{"alg":"EdDSA","kid":"`+kid+`","typ":"kompetansespor-trust-list+jws"}`, strings.Replace(string(payload), old, new, 1))
	}
	const typ = `"typ":"kompetansespor-trust-list+jws"`
	for name, c := range map[string]struct{ list, rule string }{
		"another signer's DID":  {string(sign(t, k, "did:web:evil.example#assertion-1", list)), "trustlist.signer"},
		"another key":           {string(sign(t, newKeys('b'), kid, list)), "trustlist.signature"},
		"unknown key":           {string(sign(t, k, registry+"#assertion-9", list)), "did.key-not-for-purpose"},
		"another issuer":        {change(func(l *trustlist.List) { l.Issuer = "did:web:evil.example" }), "trustlist.form"},
		"expired":               {change(func(l *trustlist.List) { l.NextUpdate = now }), "trustlist.expired"},
		"from the future":       {change(func(l *trustlist.List) { l.IssuedAt = now.Add(2 * time.Minute) }), "trustlist.expired"},
		"alg none":              {raw(`{"alg":"none","kid":"`+kid+`",`+typ+`}`, string(payload)), "trustlist.header"},
		"another kind of token": {raw(`{"alg":"EdDSA","kid":"`+kid+`","typ":"vc+jwt"}`, string(payload)), "trustlist.header"},
		"crit":                  {raw(`{"alg":"EdDSA","kid":"`+kid+`",`+typ+`,"crit":["x"]}`, string(payload)), "trustlist.header"},
		"doubled member":        {raw(`{"alg":"EdDSA","kid":"`+kid+`",`+typ+`}`, `{"LoTE":{},`+string(payload)[1:]), "trustlist.form"},
		"the shape before this": {raw(`{"alg":"EdDSA","kid":"`+kid+`",`+typ+`}`, `{"issuer":"`+registry+`"}`), "trustlist.form"},
		"no issue time":         {spoilt(`"ListIssueDateTime":`, `"X":`), "trustlist.form"},
		"no next update":        {spoilt(`"NextUpdate":`, `"X":`), "trustlist.form"},
		"another format":        {spoilt(`"LoTEVersionIdentifier":1`, `"LoTEVersionIdentifier":2`), "trustlist.form"},
		"another type of list":  {spoilt(`/trust/list/issuers`, `/trust/list/wallets`), "trustlist.form"},
		"no sequence number":    {spoilt(`"LoTESequenceNumber":3`, `"LoTESequenceNumber":0`), "trustlist.form"},
		"another's service":     {spoilt(`/trust/service/`, `/other/service/`), "trustlist.form"},
		"a service of two":      {spoilt(`"OtherIds":[`, `"OtherIds":["did:web:evil.example",`), "trustlist.form"},
		"a service of nobody":   {spoilt(`"OtherIds":["did:web:employer.example"]`, `"OtherIds":[]`), "trustlist.form"},
		"no validity":           {spoilt(`"ServiceInformationExtensions":`, `"X":`), "trustlist.form"},
		"line break":            {good[:len(good)-3] + "\n" + good[len(good)-3:], "trustlist.form"},
		"cut":                   {good[:len(good)-8], "trustlist.form"},
		"too large":             {good + strings.Repeat(" ", trustlist.MaxBytes), "trustlist.form"},
		"nothing":               {"", "trustlist.form"},
	} {
		if _, err := trustlist.Verify(t.Context(), k, registry, []byte(c.list), now); fault.RuleOf(err) != c.rule || fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyAnAccreditedEntityMayIssue(t *testing.T) {
	if e, err := list.Accredited("did:web:employer.example", "OfferOfEmployment", now); err != nil || e.OrganisationNumber != "310000019" {
		t.Fatal(e, err)
	}
	for rule, c := range map[string]struct {
		did, kind string
		at        time.Time
		status    string
	}{
		"issuer.unknown":            {"did:web:other.example", "OfferOfEmployment", now, trustlist.Accredited},
		"issuer.not-accredited":     {"did:web:employer.example", "ResidencePermit", now, trustlist.Accredited},
		"issuer.not-accredited ":    {"did:web:employer.example", "OfferOfEmployment", now.Add(time.Hour), trustlist.Accredited},
		"issuer.not-accredited  ":   {"did:web:employer.example", "OfferOfEmployment", now.Add(-2 * time.Hour), trustlist.Accredited},
		"issuer.not-accredited   ":  {"did:web:employer.example", "OfferOfEmployment", now, "SUSPENDED"},
		"issuer.not-accredited    ": {"did:web:employer.example", "OfferOfEmployment", now, "accredited"},
	} {
		l := list
		l.Entities = append([]trustlist.Entity{}, list.Entities...)
		l.Entities[0].Status = c.status
		if _, err := l.Accredited(c.did, c.kind, c.at); fault.RuleOf(err) != strings.TrimSpace(rule) || fault.KindOf(err) != fault.Denied {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	k := newKeys('a')
	raw, err := trustlist.Sign(context.Background(), k, credential.Key{ID: kid, Curve: did.Ed25519}, list)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := trustlist.Verify(t.Context(), k, registry, in, now); err == nil && strings.TrimSpace(string(in)) != string(raw) {
			t.Fatalf("taken: %q", in)
		}
	})
}
