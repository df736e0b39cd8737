package invariants

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
)

// known finds one person with accents and hyphens, and one with short names.
func known() *finder {
	f := newFinder()
	first := f.person()
	f.add(first, name, "María José")
	f.add(first, name, "Müller-Ødegård")
	f.add(first, email, "maria.mueller@example.com")
	f.add(first, phone, "+12125550102")
	f.add(first, birthdate, "1984-11-30")
	f.add(first, passport, "S12300001")
	f.add(first, duf, "202600000217")
	f.add(first, personNumber, "70848400170")
	f.add(first, account, "99991234574")
	f.add(first, account, "NO8799991234574")
	f.add(first, passport, "123456789")
	second := f.person()
	f.add(second, name, "Tan")
	f.add(second, name, "Kim")
	return f
}

func TestPersonalValuesAreFoundHoweverWritten(t *testing.T) {
	t.Parallel()
	f := known()
	for text, want := range map[string]kind{
		"hello María José":                          name,
		"hello maria jose!":                         name,
		"MARÍA":                                     name,
		"maria_jose":                                name,
		`{"family":"Müller-Ødegård"}`:               name,
		"Odegard":                                   name,
		"MUELLER<OEDEGAARD":                         name,
		"case of Tan Kim":                           name,
		"Kim, Tan":                                  name,
		"to maria.mueller@example.com":              email,
		"?mail=maria.mueller%40example.com":         email,
		`{"x":"Mar\u00eda"}`:                        name,
		`Mar\303\255a`:                              name,
		"+1 (212) 555-0102":                         phone,
		"tel 2125550102":                            phone,
		"born 1984-11-30":                           birthdate,
		"born 30.11.1984.":                          birthdate,
		"birthdate=1984-11-30T00:00:00Z":            birthdate,
		"19841130":                                  birthdate,
		"passport S12300001,":                       passport,
		"/applicants/s12300001/offer":               passport,
		"DUF 2026 000002 17":                        duf,
		"708484 00170":                              personNumber,
		`{"identifier":"70848400170"}`:              personNumber,
		"9999.12.34574":                             account,
		"NO87 9999 1234 574":                        account,
		"https://x.example/?iban=NO8799991234574#a": account,
		"https://x.example/?_oob=" + base64.RawURLEncoding.EncodeToString([]byte(`{"goal":"offer for María"}`)): name,
		"https://x.example/?q=" + url.QueryEscape("Müller-Ødegård"):                                             name,
	} {
		if kinds := f.find(text); !kinds[want] {
			t.Errorf("%s is not found in %q: %v", want, text, kinds)
		}
	}
}

func TestOrdinaryTextIsNoFind(t *testing.T) {
	t.Parallel()
	f := known()
	for _, line := range []string{
		"Tan is a short word",                                                                                                       // alone it could be anything
		"tan x y z w kim",                                                                                                           // not beside
		"trace 70848400170aabbccddeeff00112233", "at 2026-11-23T08:00:00.999912345740Z", "1984-11-30123", "took 202600000217000 us", // parts of longer numbers
		"mariage", "summary", "josephine", // parts of words
		"did:peer:2.Ez6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc-Maria-6LSbysY2xFMRpGMhb7t", // a key
		"1 2 3 4 5 6 7 8 9",      // a list
		"708484 and then 001 70", // too far apart
	} {
		if kinds := f.find(line); len(kinds) > 0 {
			t.Errorf("%q: %v", line, kinds)
		}
	}
}

// Ids, hashes and base64 by the megabyte hold no finds.
func TestRandomTextIsNoFind(t *testing.T) {
	t.Parallel()
	f := known()
	random := rand.NewChaCha8([32]byte{1})
	raw := make([]byte, 48)
	for range 5000 {
		_, _ = random.Read(raw)
		for _, line := range []string{base64.RawURLEncoding.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw)} {
			if kinds := f.find(line); len(kinds) > 0 {
				t.Fatalf("%q: %v", line, kinds)
			}
		}
	}
}

func TestPersonalValueIsFoundWhereverItLeaks(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "tax.log")
	// Values that only the services' sealed data tell of.
	if err := os.WriteFile(log, []byte("{\"msg\":\"fine\"}\n{\"msg\":\"assigned 41819020068\"}\n{\"msg\":\"again 41819020068\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, Sources{
		Layout: shared.layout, Logs: []string{log},
		Persons: []Person{{GivenName: "Nobody", FamilyName: "Else", PhoneNumber: "+47 22 22 22 22", Others: []string{"998877"}}},
		Texts: []Text{
			{"spans", "span offer.Issue attributes=map[ks.case:case_1]\nspan x attributes=map[who:lisa.johnson@example.com]"},
			{"url of the permit", "https://udi.kompetansespor.example/permits/202665432107"},
			{"metrics", "metric offers.of.goncalves"},
			{"url of nobody", "https://x.example/nobody?tel=22222222&card=998877"},
			{"url of the refused", "https://x.example/202600000003"},
		},
	},
		"I6 log tax.log: line 2 holds an identity number, as do 2 lines in all",
		"I6 spans: line 2 holds a name", "I6 spans: line 2 holds an e-mail address",
		"I6 url of the permit: line 1 holds a DUF number",
		"I6 metrics: line 1 holds a name",
		"I6 url of nobody: line 1 holds a name", "I6 url of nobody: line 1 holds a number of a person", "I6 url of nobody: line 1 holds a phone number",
		"I6 url of the refused: line 1 holds a DUF number")
}

func TestBreachHoldsNoPersonalValue(t *testing.T) {
	t.Parallel()
	got, err := Check(t.Context(), Sources{Layout: shared.layout, Texts: []Text{{"text", "Lisa Johnson 41819020068 NO7999991234566 1990-01-01"}}})
	if err != nil || len(got) != 4 {
		t.Fatalf("%v, %v", got, err)
	}
	f := newFinder()
	f.add(f.person(), name, "Lisa Johnson")
	f.add(f.person(), account, "NO7999991234566")
	for _, b := range got {
		if kinds := f.find(b.String()); len(kinds) > 0 {
			t.Errorf("%v in %q", kinds, b)
		}
	}
}

// What stands on a stream is searched, its headers too, and must be in its
// producer's outbox and in order.
func TestStreamIsHeldAgainstOutbox(t *testing.T) {
	t.Parallel()
	meddle := func(change func(c *checker)) []Breach {
		c, err := load(t.Context(), Sources{Layout: shared.layout})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.close() }()
		change(c)
		for _, check := range []func(*checker) error{(*checker).taken, (*checker).order, (*checker).personal} {
			if err := check(c); err != nil {
				t.Fatal(err)
			}
		}
		return c.breaches
	}
	for name, c := range map[string]struct {
		change func(c *checker)
		want   []string
	}{
		"as it was": {func(*checker) {}, nil},
		"published again after a while": {func(c *checker) {
			c.streams["verifier"] = append(c.streams["verifier"], c.streams["verifier"][0])
		}, nil},
		"copies of what was lost, in any order": {func(c *checker) {
			slices.Reverse(c.streams["issuer"])
			for i := range c.streams["issuer"] {
				c.streams["issuer"][i].header = nats.Header{nats.MsgIdHdr: {fmt.Sprintf("copy.%d", i)}}
			}
		}, nil},
		"lost": {func(c *checker) { c.streams["registry"] = nil },
			[]string{"it was published and is not on the stream"}},
		"forged": {func(c *checker) {
			c.streams["registry"] = append(c.streams["registry"], message{subject: "ks.registry.acc_1", hash: "x", sequence: 2})
		}, []string{"no outbox has it"}},
		"on another case's subject": {func(c *checker) { c.streams["registry"][0].subject = "ks.registry.acc_2" },
			[]string{"it was published and is not on the stream", "no outbox has it"}},
		"out of order": {func(c *checker) { slices.Reverse(c.streams["issuer"]) },
			[]string{"event 1 stands after event 2"}},
		"personal payload": {func(c *checker) { c.streams["issuer"][0].payload = []byte(`{"data":{"to":"Lisa"}}`) },
			[]string{"line 2 holds a name, as do 1 lines in all"}},
		"personal header": {func(c *checker) { c.streams["issuer"][0].header = nats.Header{"X": {"41819020068"}} },
			[]string{"line 3 holds an identity number, as do 1 lines in all"}},
		"personal status list": {func(c *checker) {
			c.records[0].document["credentialStatus"].([]any)[0].(map[string]any)["statusListCredential"] = "https://x.example/status/41819020068"
		}, []string{"line 5 holds an identity number, as do 1 lines in all"}},
	} {
		var got []string
		for _, b := range meddle(c.change) {
			got = append(got, b.What)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
