package sdjwt

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

func TestForgedIsGoodBeforeItIsMadeBad(t *testing.T) {
	f := forge()
	f.payload["_sd"] = []any{f.hide("salt", "name", "Lisa")}
	if r := ruleOf(f.raw()); r != "" {
		t.Errorf("a good credential: %s", r)
	}
	if r := ruleOfPresentation(bind(f.raw(), lisa, nil, nil)); r != "" {
		t.Errorf("a good presentation: %s", r)
	}
}

// Hostile inputs by number: what was changed in a good credential, and the
// rule that it then breaks.
func TestHostileCredentials(t *testing.T) {
	type change = func(f *forged)
	header := func(name string, v any) change { return func(f *forged) { f.header[name] = v } }
	payload := func(name string, v any) change { return func(f *forged) { f.payload[name] = v } }
	// discloses makes a claim of the top level selectively disclosed.
	discloses := func(name string, v any) change {
		return func(f *forged) {
			delete(f.payload, name)
			f.payload["_sd"] = []any{f.hide("salt", name, v)}
		}
	}
	hidden := func(disclosure any) change {
		return func(f *forged) {
			encoded, isText := disclosure.(string)
			if !isText {
				encoded = encodeAny(disclosure)
			}
			f.disclosures = append(f.disclosures, encoded)
			f.payload["_sd"] = []any{digest(encoded)}
		}
	}
	cnf := func(members object) change {
		return func(f *forged) {
			f.payload["cnf"] = object{"jwk": members}
		}
	}
	const someDigest = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
	good := lisa.key.JWK()

	for name, c := range map[string]struct {
		change change
		want   string
	}{
		"1 alg none":  {header("alg", "none"), "sdjwt.algorithm"},
		"1 alg None":  {header("alg", "None"), "sdjwt.algorithm"},
		"1 alg nOnE":  {header("alg", "nOnE"), "sdjwt.algorithm"},
		"1 no alg":    {func(f *forged) { delete(f.header, "alg") }, "sdjwt.algorithm"},
		"1 alg null":  {header("alg", nil), "sdjwt.algorithm"},
		"2 alg HS256": {header("alg", "HS256"), "sdjwt.algorithm"},
		"2 an algorithm of another curve": {
			func(f *forged) { f.header["alg"], f.by = "ES256", agency }, "sdjwt.key",
		},
		"4 unknown crit":         {header("crit", []string{"x"}), "sdjwt.critical"},
		"4 crit of a known name": {header("crit", []string{"alg"}), "sdjwt.critical"},
		"4 empty crit":           {header("crit", []string{}), "sdjwt.critical"},
		"4 b64":                  {header("b64", false), "sdjwt.critical"},
		"5 embedded jwk":         {header("jwk", university.key.JWK()), "sdjwt.embedded-key"},
		"5 jku":                  {header("jku", "https://issuer.example/jwks"), "sdjwt.embedded-key"},
		"5 x5u":                  {header("x5u", "https://issuer.example/x5u"), "sdjwt.embedded-key"},
		"5 x5c":                  {header("x5c", []string{"MII"}), "sdjwt.embedded-key"},
		"6 kid of a path":        {header("kid", "../../x"), "sdjwt.key-id"},
		"6 kid with SQL":         {header("kid", university.did+"#'; DROP TABLE keys; --"), "sdjwt.key-id"},
		"6 kid of 10 kB":         {header("kid", university.did+"#"+strings.Repeat("k", 7500)), "sdjwt.key-id"},
		"6 kid that is a number": {header("kid", 1), "sdjwt.key-id"},
		"6 kid without fragment": {header("kid", university.did), "sdjwt.key-id"},
		"6 no kid":               {func(f *forged) { delete(f.header, "kid") }, "sdjwt.key-id"},
		"7 same kid, another issuer's key": {
			func(f *forged) { f.by = bergen }, "sdjwt.signature",
		},
		"8 a holder's key off its curve": {cnf(object{"kty": "EC", "crv": "P-256", "x": good.X, "y": good.X}), "sdjwt.holder-key"},
		"8 a holder's key of small order": {
			cnf(object{"kty": "OKP", "crv": "Ed25519", "x": base64url.Encode(make([]byte, 32))}), "sdjwt.holder-key",
		},
		"8 a holder's key for agreement": {
			cnf(object{"kty": "OKP", "crv": "X25519", "x": base64url.Encode([]byte(strings.Repeat("x", 32)))}), "sdjwt.holder-key",
		},
		"8 a holder's key on P-521":  {cnf(p521()), "sdjwt.holder-key"},
		"8 a holder's private key":   {cnf(object{"kty": "EC", "crv": "P-256", "x": good.X, "y": good.Y, "d": lisa.secret}), "sdjwt.holder-key"},
		"8 a holder's key with x: 1": {cnf(object{"kty": "EC", "crv": "P-256", "x": 1, "y": good.Y}), "sdjwt.holder-key"},
		"8 cnf without jwk":          {payload("cnf", object{"kid": lisa.keyID}), "sdjwt.holder-key"},
		"8 cnf that is a string":     {payload("cnf", lisa.did), "sdjwt.holder-key"},
		"9 a key binding JWT":        {header("typ", "kb+jwt"), "sdjwt.type"},
		"9 an id_token":              {header("typ", "JWT"), "sdjwt.type"},
		"9 a status list":            {header("typ", "statuslist+jwt"), "sdjwt.type"},
		"9 the earlier vc+sd-jwt":    {header("typ", "vc+sd-jwt"), "sdjwt.type"},
		"9 typ in another case":      {header("typ", "DC+SD-JWT"), "sdjwt.type"},
		"9 no typ":                   {func(f *forged) { delete(f.header, "typ") }, "sdjwt.type"},
		"9 typ that is an object":    {header("typ", object{"dc+sd-jwt": 1}), "sdjwt.type"},
		"10 PBES2":                   {header("alg", "PBES2-HS256+A128KW"), "sdjwt.algorithm"},
		"11 a header of 9 kB":        {header("x", strings.Repeat("x", 9<<10)), "sdjwt.header"},

		"13 a tampered disclosure": {
			func(f *forged) {
				f.payload["_sd"] = []any{f.hide("salt", "name", "Lisa")}
				f.disclosures = []any{[]any{"salt", "name", "Mallory"}}
			}, "sdjwt.disclosure-unreferenced",
		},
		"13 one of two disclosures tampered": {
			func(f *forged) {
				f.payload["_sd"] = []any{f.hide("salt", "name", "Lisa"), f.hide("salt", "age", 30)}
				f.disclosures[1] = []any{"salt", "age", 31}
			}, "sdjwt.disclosure-unreferenced",
		},
		"13 a disclosure spelled otherwise": {
			func(f *forged) {
				f.payload["_sd"] = []any{f.hide("salt", "name", "Lisa")}
				f.disclosures = []any{base64url.Encode([]byte(`["salt", "name", "Lisa"]`))}
			}, "sdjwt.disclosure-unreferenced",
		},
		"14 an unreferenced disclosure": {func(f *forged) { f.hide("salt", "name", "Lisa") }, "sdjwt.disclosure-unreferenced"},
		"14 a disclosure whose parent is withheld": {
			func(f *forged) {
				inner := f.hide("salt", "city", "Oslo")
				f.payload["_sd"] = []any{f.hide("salt", "guest", object{"_sd": []any{inner}})}
				f.disclosures = f.disclosures[:1]
			}, "sdjwt.disclosure-unreferenced",
		},
		"14 a repeated disclosure": {
			func(f *forged) {
				f.payload["_sd"] = []any{f.hide("salt", "name", "Lisa")}
				f.disclosures = append(f.disclosures, f.disclosures[0])
			}, "sdjwt.disclosure-repeated",
		},
		"14 a digest twice in one _sd": {
			func(f *forged) {
				sum := f.hide("salt", "name", "Lisa")
				f.payload["_sd"] = []any{sum, sum}
			}, "sdjwt.digest-repeated",
		},
		"14 a digest in two objects": {
			func(f *forged) {
				sum := f.hide("salt", "name", "Lisa")
				f.payload["_sd"], f.payload["guest"] = []any{sum}, object{"_sd": []any{sum}}
			}, "sdjwt.digest-repeated",
		},
		"14 a digest in an object and an array": {
			func(f *forged) {
				sum := f.hide("salt", "Lisa")
				f.payload["names"], f.payload["guest"] = []any{object{"...": sum}}, []any{object{"...": sum}}
			}, "sdjwt.digest-repeated",
		},
		"14 a digest inside a disclosure and outside": {
			func(f *forged) {
				sum := f.hide("salt", "city", "Oslo")
				f.payload["_sd"] = []any{f.hide("salt", "guest", object{"_sd": []any{sum}}), sum}
			}, "sdjwt.digest-repeated",
		},
		"14 a digest of nothing twice": {payload("_sd", []any{someDigest, someDigest}), "sdjwt.digest-repeated"},
		"15 a disclosure of _sd":       {hidden([]any{"salt", "_sd", []any{}}), "sdjwt.disclosure-name"},
		"15 a disclosure of ...":       {hidden([]any{"salt", "...", someDigest}), "sdjwt.disclosure-name"},
		"15 a disclosure of _sd_alg": {
			func(f *forged) {
				delete(f.payload, "_sd_alg")
				f.payload["_sd"] = []any{f.hide("salt", "_sd_alg", "sha-256")}
			}, "sdjwt.disclosure-name",
		},
		"15 a disclosure of exp":           {discloses("exp", now.Unix()), "sdjwt.disclosure-name"},
		"15 a disclosure of nbf":           {discloses("nbf", now.Unix()), "sdjwt.disclosure-name"},
		"15 a disclosure of iat":           {discloses("iat", now.Unix()), "sdjwt.disclosure-name"},
		"15 a disclosure of cnf":           {discloses("cnf", object{}), "sdjwt.disclosure-name"},
		"15 a disclosure of status":        {discloses("status", object{}), "sdjwt.disclosure-name"},
		"15 a disclosure of aka_vcts":      {discloses("aka_vcts", []any{"x"}), "sdjwt.disclosure-name"},
		"15 a disclosure of vct#integrity": {discloses("vct#integrity", "sha256-x"), "sdjwt.disclosure-name"},
		"15 a disclosure of iss":           {discloses("iss", university.did), "sdjwt.issuer"},
		"15 a disclosure of vct":           {discloses("vct", "x"), "sdjwt.vct"},
		"15 a disclosure of iss beside it": {hidden([]any{"salt", "iss", bergen.did}), "sdjwt.disclosure-name"},
		"15 a disclosure of vct beside it": {hidden([]any{"salt", "vct", "x"}), "sdjwt.disclosure-name"},
		"15 a disclosure inside cnf": {
			func(f *forged) {
				f.payload["cnf"].(object)["_sd"] = []any{f.hide("salt", "kid", "x")}
			}, "sdjwt.disclosure-name",
		},
		"15 an element of aka_vcts": {
			func(f *forged) { f.payload["aka_vcts"] = []any{object{"...": f.hide("salt", "x")}} }, "sdjwt.vct",
		},
		"15 a digest deep inside cnf": {
			func(f *forged) {
				f.payload["cnf"].(object)["others"] = []any{object{"...": f.hide("salt", "x")}}
			}, "sdjwt.disclosure-name",
		},
		"15 a claim that is there already": {hidden([]any{"salt", "open", false}), "sdjwt.disclosure-collision"},
		"15 two disclosures of one claim": {
			func(f *forged) {
				f.payload["_sd"] = []any{f.hide("salt", "name", "Lisa"), f.hide("pepper", "name", "Mallory")}
			}, "sdjwt.disclosure-collision",
		},
		"below the top, names are free": {
			func(f *forged) {
				f.payload["guest"] = object{"_sd": []any{f.hide("salt", "exp", 1)}, "status": object{"_sd": []any{f.hide("salt", "iss", 1)}}}
			}, "",
		},
		"15 a member called ...":          {payload("guest", object{"...": someDigest}), "sdjwt.reserved-name"},
		"15 ... with company":             {payload("list", []any{object{"...": someDigest, "x": 1}}), "sdjwt.reserved-name"},
		"15 ... inside a disclosed value": {hidden([]any{"salt", "x", object{"...": someDigest}}), "sdjwt.reserved-name"},
		"15 _sd that is no array":         {payload("_sd", someDigest), "sdjwt.digest"},
		"15 _sd that holds a number":      {payload("_sd", []any{1}), "sdjwt.digest"},
		"15 _sd that holds no digest":     {payload("_sd", []any{"abc"}), "sdjwt.digest"},
		"15 ... that is no digest":        {payload("list", []any{object{"...": 1}}), "sdjwt.digest"},

		"17 recursion 1,000 deep": {
			func(f *forged) {
				sum := f.hide("salt", "x", object{})
				for range MaxDisclosures - 1 {
					sum = f.hide("salt", "x", object{"_sd": []any{sum}})
				}
				f.payload["_sd"] = []any{sum}
			}, "sdjwt.too-deep",
		},
		"17 recursion through arrays": {
			func(f *forged) {
				sum := f.hide("salt", []any{})
				for range maxDepth {
					sum = f.hide("salt", []any{object{"...": sum}})
				}
				f.payload["list"] = []any{object{"...": sum}}
			}, "sdjwt.too-deep",
		},
		"17 an unknown _sd_alg":         {payload("_sd_alg", "sha-512"), "sdjwt.hash-algorithm"},
		"17 _sd_alg in another case":    {payload("_sd_alg", "SHA-256"), "sdjwt.hash-algorithm"},
		"17 _sd_alg null":               {payload("_sd_alg", nil), "sdjwt.hash-algorithm"},
		"17 _sd_alg in an object":       {payload("guest", object{"_sd_alg": "sha-256"}), "sdjwt.reserved-name"},
		"17 _sd_alg in an array":        {payload("list", []any{object{"_sd_alg": "sha-256"}}), "sdjwt.reserved-name"},
		"19 signer is not the issuer":   {payload("iss", bergen.did), "sdjwt.issuer"},
		"19 kid of another's DID":       {header("kid", bergen.keyID), "sdjwt.issuer"},
		"19 an issuer that is no DID":   {payload("iss", "https://issuer.example"), "sdjwt.issuer"},
		"19 no issuer":                  {func(f *forged) { delete(f.payload, "iss") }, "sdjwt.issuer"},
		"19 an issuer that is a number": {payload("iss", 1), "sdjwt.payload"},

		"27 a date with a fraction":      {payload("exp", 1.5), "sdjwt.dates"},
		"27 a date that is a string":     {payload("nbf", "2027"), "sdjwt.dates"},
		"27 iat null":                    {payload("iat", nil), "sdjwt.dates"},
		"27 a date of year 10000":        {payload("exp", int64(lastSecond+1)), "sdjwt.dates"},
		"27 a date before 1970":          {payload("iat", 0), "sdjwt.dates"},
		"33 status index negative":       {payload("status", statusOf(-1, "https://a.example")), "sdjwt.status"},
		"33 status index 2^63":           {payload("status", statusOf(json.Number("9223372036854775808"), "https://a.example")), "sdjwt.payload"},
		"33 status index with fraction":  {payload("status", statusOf(1.5, "https://a.example")), "sdjwt.status"},
		"33 status index as text":        {payload("status", statusOf("1", "https://a.example")), "sdjwt.status"},
		"33 status without URI":          {payload("status", statusOf(1, "")), "sdjwt.status"},
		"33 status URI that is relative": {payload("status", statusOf(1, "/status")), "sdjwt.status"},
		"33 status URI of 3 kB":          {payload("status", statusOf(1, "https://a.example/"+strings.Repeat("x", 3000))), "sdjwt.status"},
		"33 status URI that is none":     {payload("status", statusOf(1, "://")), "sdjwt.status"},
		"33 another status mechanism": {
			func(f *forged) {
				f.payload["status"] = statusOf(1, "https://a.example")
				f.payload["status"].(object)["other"] = 1
			}, "sdjwt.status",
		},
		"33 status that is a string":     {payload("status", "https://a.example"), "sdjwt.status"},
		"36 2^53+1":                      {payload("n", json.Number("9007199254740993")), "sdjwt.payload"},
		"36 2^53+1 in a disclosure":      {hidden([]any{"salt", "n", json.Number("9007199254740993")}), "sdjwt.disclosure"},
		"an audience":                    {payload("aud", "did:web:udi.example"), "sdjwt.audience"},
		"a disclosed audience":           {hidden([]any{"salt", "aud", "did:web:udi.example"}), "sdjwt.audience"},
		"a subject that is no string":    {payload("sub", object{}), "sdjwt.payload"},
		"an empty type":                  {payload("vct", ""), "sdjwt.payload"},
		"a type of 3 kB":                 {payload("vct", strings.Repeat("v", 3000)), "sdjwt.payload"},
		"an integrity that is no string": {payload("vct#integrity", 1), "sdjwt.payload"},
		"further types, not in an array": {payload("aka_vcts", "x"), "sdjwt.vct"},
		"a further type that is empty":   {payload("aka_vcts", []any{""}), "sdjwt.vct"},
		"a further type of 3 kB":         {payload("aka_vcts", []any{strings.Repeat("v", 3000)}), "sdjwt.vct"},
		"too many further types":         {payload("aka_vcts", strings.Split(strings.Repeat("x ", 16)+"x", " ")), "sdjwt.vct"},

		"a disclosure that is an object":    {hidden(object{"salt": 1}), "sdjwt.disclosure"},
		"a disclosure of one":               {hidden([]any{"salt"}), "sdjwt.disclosure"},
		"a disclosure of four":              {hidden([]any{"salt", "a", 1, 2}), "sdjwt.disclosure"},
		"a disclosure with a salt of 1":     {hidden([]any{1, "a", 1}), "sdjwt.disclosure"},
		"a disclosure named 1":              {hidden([]any{"salt", 1, 1}), "sdjwt.disclosure"},
		"a member without a name":           {hidden([]any{"salt", 1}), "sdjwt.disclosure"},
		"an array element with a name":      {func(f *forged) { f.payload["l"] = []any{object{"...": f.hide("salt", "a", 1)}} }, "sdjwt.disclosure"},
		"a disclosure with a member twice":  {hidden(base64url.Encode([]byte(`["salt","a",{"b":1,"b":2}]`))), "sdjwt.disclosure"},
		"a disclosure of JSON and more":     {hidden(base64url.Encode([]byte(`["salt","a",1] `))), ""},
		"a disclosure of JSON and a letter": {hidden(base64url.Encode([]byte(`["salt","a",1]x`))), "sdjwt.disclosure"},
		"12 a disclosure with padding":      {hidden(base64.URLEncoding.EncodeToString([]byte(`["salt","a",1]`))), "sdjwt.disclosure"},
		"12 a disclosure with loose bits":   {hidden(loose(base64url.Encode([]byte(`["salt","a",1]`)))), "sdjwt.disclosure"},
		"12 a disclosure with a stray sign": {hidden(base64url.Encode([]byte(`["salt","a",10]`)) + "!"), "sdjwt.disclosure"},
		"12 a digest with loose bits":       {payload("_sd", []any{loose(someDigest)}), "sdjwt.digest"},
	} {
		t.Run(name, func(t *testing.T) {
			f := forge()
			c.change(f)
			if got := ruleOf(f.raw()); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func statusOf(index, uri any) object {
	return object{"status_list": object{"idx": index, "uri": uri}}
}

func p521() object {
	private, err := ecdh.P521().NewPrivateKey([]byte(strings.Repeat("\x01", 66)))
	if err != nil {
		panic(err)
	}
	point := private.PublicKey().Bytes()[1:]
	return object{"kty": "EC", "crv": "P-521", "x": base64url.Encode(point[:66]), "y": base64url.Encode(point[66:])}
}

// loose sets one of the bits that the last character of base64url does not
// use.
func loose(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + alphabet[last+1:last+2]
}

// Hostile inputs by number that are not a change of JSON.
func TestHostileText(t *testing.T) {
	f := forge()
	f.payload["_sd"] = []any{f.hide("salt", "name", "Lisa")}
	jwt, disclosure := f.jwt(), f.disclosures[0].(string)
	parts := strings.Split(jwt, ".")
	raw := jwt + "~" + disclosure + "~"
	if r := ruleOf(raw); r != "" {
		t.Fatal(r)
	}
	text := func(s string) string {
		b, _ := base64url.Decode(s)
		return string(b)
	}
	for name, c := range map[string]struct{ raw, want string }{
		"1 no signature": {parts[0] + "." + parts[1] + ".~", "sdjwt.signature"},
		"3 alg in the unprotected header": {
			`{"payload":"` + parts[1] + `","signature":"` + parts[2] + `","header":{"alg":"EdDSA"}}`, "sdjwt.json-serialization",
		},
		"8 a signature cut short":     {parts[0] + "." + parts[1] + "." + base64url.Encode(make([]byte, 63)) + "~", "sdjwt.signature"},
		"8 a signature of zeros":      {parts[0] + "." + parts[1] + "." + base64url.Encode(make([]byte, 64)) + "~", "sdjwt.signature"},
		"10 a JWE":                    {"a.b.c.d.e~", "sdjwt.form"},
		"11 more than 256 KiB":        {raw + strings.Repeat("A", MaxBytes), "sdjwt.too-large"},
		"11 1,001 disclosures":        {jwt + "~" + strings.Repeat(disclosure[:8]+"~", MaxDisclosures+1), "sdjwt.too-many-disclosures"},
		"11 1,000 signatures":         {`{"payload":"` + parts[1] + `","signatures":[` + strings.Repeat(`{},`, 999) + `{}]}`, "sdjwt.json-serialization"},
		"12 a header with padding":    {parts[0] + "=." + parts[1] + "." + parts[2] + "~", "sdjwt.form"},
		"12 a payload with a line":    {parts[0] + "." + parts[1] + "\n." + parts[2] + "~", "sdjwt.form"},
		"12 a signature, loose":       {parts[0] + "." + parts[1] + "." + loose(parts[2]) + "~", "sdjwt.form"},
		"12 the standard alphabet":    {parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 43) + "~", "sdjwt.form"},
		"12 white space after it":     {raw + "\n", "sdjwt.binding-unexpected"},
		"12 white space before it":    {" " + raw, "sdjwt.form"},
		"36 a member twice":           {base64url.Encode([]byte(`{"alg":"none",`+text(parts[0])[1:])) + "." + parts[1] + "." + parts[2] + "~", "sdjwt.header"},
		"36 a claim twice":            {parts[0] + "." + base64url.Encode([]byte(`{"vct":"x",`+text(parts[1])[1:])) + "." + parts[2] + "~", "sdjwt.payload"},
		"36 10,000 levels":            {parts[0] + "." + base64url.Encode([]byte(`{"a":`+strings.Repeat("[", 10000))) + "." + parts[2] + "~", "sdjwt.payload"},
		"36 a byte order mark":        {base64url.Encode([]byte("\xef\xbb\xbf"+text(parts[0]))) + "." + parts[1] + "." + parts[2] + "~", "sdjwt.header"},
		"54 alg in another case":      {base64url.Encode([]byte(strings.Replace(text(parts[0]), `"alg"`, `"ALG"`, 1))) + "." + parts[1] + "." + parts[2] + "~", "sdjwt.algorithm"},
		"a payload that is an array":  {parts[0] + "." + base64url.Encode([]byte(`[]`)) + "." + parts[2] + "~", "sdjwt.payload"},
		"nothing":                     {"", "sdjwt.form"},
		"a JWT without a tilde":       {jwt, "sdjwt.form"},
		"an empty disclosure":         {jwt + "~~", "sdjwt.disclosure"},
		"16 a presentation":           {bind(raw, lisa, nil, nil), "sdjwt.binding-unexpected"},
		"1,000 disclosures are taken": {jwt + "~" + strings.Repeat(disclosure+"~", MaxDisclosures), "sdjwt.disclosure-repeated"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ruleOf(c.raw); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Hostile inputs 2: the public key as a shared secret.
func TestPublicKeyIsNoSecret(t *testing.T) {
	f := forge()
	f.header["alg"] = "HS256"
	f.by.sign = nil
	input := encodeAny(f.header) + "." + encodeAny(f.payload)
	mac := hmac.New(sha256.New, university.key.Bytes())
	mac.Write([]byte(input))
	if got := ruleOf(input + "." + base64url.Encode(mac.Sum(nil)) + "~"); got != "sdjwt.algorithm" {
		t.Errorf("2 HS256 with the public key: %q", got)
	}
}

// Hostile inputs 8: r and s lie between 1 and n-1, each at its full length.
func TestSignaturesOnNISTCurves(t *testing.T) {
	for _, by := range []party{agency, directory} {
		f := forge()
		curve := by.key.Curve()
		f.header["alg"], f.header["kid"], f.payload["iss"], f.by = curve.Algorithm(), by.keyID, by.did, by
		token := parsed(t, []byte(f.raw()))
		if _, err := token.Verify(by.key); err != nil {
			t.Fatal(err)
		}
		half := curve.SignatureSize() / 2
		n := elliptic.P256().Params().N
		if curve == did.P384 {
			n = elliptic.P384().Params().N
		}
		r, s := token.jwt.signature[:half], token.jwt.signature[half:]
		zero, order := make([]byte, half), n.FillBytes(make([]byte, half))
		// s+n is s to careless arithmetic, where it still fits.
		beyond := new(big.Int).Add(new(big.Int).SetBytes(s), n)
		for name, signature := range map[string][]byte{
			"8 r and s zero": append(append([]byte{}, zero...), zero...),
			"8 r zero":       append(append([]byte{}, zero...), s...),
			"8 s zero":       append(append([]byte{}, r...), zero...),
			"8 r is n":       append(append([]byte{}, order...), s...),
			"8 s is n":       append(append([]byte{}, r...), order...),
			"8 s and n":      append(append([]byte{}, r...), beyond.Bytes()...),
			"8 too short":    token.jwt.signature[:curve.SignatureSize()-1],
			"8 too long":     append(append([]byte{0}, r...), append([]byte{0}, s...)...),
			"8 empty":        nil,
		} {
			bad := *token
			bad.jwt.signature = signature
			if _, err := bad.Verify(by.key); rule(err) != "sdjwt.signature" {
				t.Errorf("%s, %s: %v", curve.Algorithm(), name, err)
			}
		}
		if _, err := token.Verify(did.PublicKey{}); rule(err) != "sdjwt.key" {
			t.Errorf("no key: %v", err)
		}
		if _, err := token.Verify(university.key); rule(err) != "sdjwt.key" {
			t.Errorf("a key on another curve: %v", err)
		}
	}
}

// Hostile inputs 16, and 1 to 12 for the key binding JWT.
func TestHostileKeyBinding(t *testing.T) {
	f := forge()
	f.payload["_sd"] = []any{f.hide("salt", "name", "Lisa"), f.hide("pepper", "age", 30)}
	both := f.raw()
	f.disclosures = f.disclosures[:1]
	raw := f.raw()
	unbound := forge()
	delete(unbound.payload, "cnf")
	good := bind(raw, lisa, nil, nil)
	at := func(d time.Duration) object { return object{"iat": now.Add(d).Unix()} }

	for name, c := range map[string]struct{ raw, want string }{
		"good":                      {good, ""},
		"16 missing":                {raw, "sdjwt.binding-missing"},
		"16 made by another key":    {bind(raw, mallory, nil, nil), "sdjwt.binding-signature"},
		"16 a key on another curve": {bind(raw, university, object{"alg": "EdDSA"}, nil), "sdjwt.binding-key"},
		"16 no key in cnf":          {bind(unbound.raw(), lisa, nil, nil), "sdjwt.binding-key"},
		"16 wrong sd_hash":          {bind(raw, lisa, nil, object{"sd_hash": digest("x")}), "sdjwt.binding-hash"},
		"16 no sd_hash":             {bind(raw, lisa, nil, object{"sd_hash": nil}), "sdjwt.binding-hash"},
		"16 another disclosure added": {
			both + strings.TrimPrefix(good, raw), "sdjwt.binding-hash",
		},
		"16 a disclosure taken away": {
			f.jwt() + "~" + strings.TrimPrefix(good, raw), "sdjwt.binding-hash",
		},
		"16 old nonce":              {bind(raw, lisa, nil, object{"nonce": "n-0"}), "sdjwt.binding-nonce"},
		"16 no nonce":               {bind(raw, lisa, nil, object{"nonce": nil}), "sdjwt.binding-nonce"},
		"16 nonce that is a number": {bind(raw, lisa, nil, object{"nonce": 1}), "sdjwt.binding-nonce"},
		"16 wrong aud":              {bind(raw, lisa, nil, object{"aud": "did:web:bank.example"}), "sdjwt.binding-audience"},
		"16 no aud":                 {bind(raw, lisa, nil, object{"aud": nil}), "sdjwt.binding-audience"},
		"16 aud among others":       {bind(raw, lisa, nil, object{"aud": []string{"did:web:udi.example"}}), "sdjwt.binding-audience"},
		"16 stale iat":              {bind(raw, lisa, nil, at(-5*time.Minute-time.Second)), "sdjwt.binding-time"},
		"16 iat at the last moment": {bind(raw, lisa, nil, at(-5*time.Minute)), ""},
		"16 iat later than now":     {bind(raw, lisa, nil, at(time.Minute+time.Second)), "sdjwt.binding-time"},
		"16 a clock ahead":          {bind(raw, lisa, nil, at(time.Minute)), ""},
		"16 no iat":                 {bind(raw, lisa, nil, object{"iat": nil}), "sdjwt.binding-time"},
		"16 iat that is a string":   {bind(raw, lisa, nil, object{"iat": "now"}), "sdjwt.binding-dates"},
		"16 not expired":            {bind(raw, lisa, nil, object{"exp": now.Add(time.Second).Unix()}), ""},
		"16 expired":                {bind(raw, lisa, nil, object{"exp": now.Unix()}), "sdjwt.binding-time"},
		"16 not valid yet":          {bind(raw, lisa, nil, object{"nbf": now.Add(time.Hour).Unix()}), "sdjwt.binding-time"},
		"16 exp that is a string":   {bind(raw, lisa, nil, object{"exp": "x"}), "sdjwt.binding-dates"},
		"16 nbf that is a string":   {bind(raw, lisa, nil, object{"nbf": "x"}), "sdjwt.binding-dates"},
		"members of no meaning":     {bind(raw, lisa, object{"kid": "x"}, object{"transaction": "x"}), ""},
		"1 alg none":                {bind(raw, lisa, object{"alg": "none"}, nil), "sdjwt.binding-algorithm"},
		"2 alg HS256":               {bind(raw, lisa, object{"alg": "HS256"}, nil), "sdjwt.binding-algorithm"},
		"4 crit":                    {bind(raw, lisa, object{"crit": []string{"x"}}, nil), "sdjwt.binding-critical"},
		"5 embedded jwk":            {bind(raw, mallory, object{"jwk": mallory.key.JWK()}, nil), "sdjwt.binding-embedded-key"},
		"9 typ of a credential":     {bind(raw, lisa, object{"typ": "dc+sd-jwt"}, nil), "sdjwt.binding-type"},
		"9 typ JWT":                 {bind(raw, lisa, object{"typ": "JWT"}, nil), "sdjwt.binding-type"},
		"9 no typ":                  {bind(raw, lisa, object{"typ": nil}, nil), "sdjwt.binding-type"},
		"11 a payload of 9 kB":      {bind(raw, lisa, nil, object{"x": strings.Repeat("x", 9<<10)}), "sdjwt.binding-payload"},
		"12 padding":                {good + "=", "sdjwt.binding-form"},
		"not a JWS":                 {raw + "x", "sdjwt.binding-form"},
		"20 the credential is false": {
			bind((&forged{header: f.header, payload: f.payload, by: bergen}).raw(), lisa, nil, nil), "sdjwt.signature",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ruleOfPresentation(c.raw); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A verifier that forgot what it asked accepts nothing.
func TestBindingWithoutExpectationIsRefused(t *testing.T) {
	raw := bind(forge().raw(), lisa, nil, object{"aud": "", "nonce": ""})
	for _, b := range []Binding{{Audience: "", Nonce: "n"}, {Audience: "a", Nonce: ""}} {
		if _, err := parsed(t, []byte(raw)).VerifyPresentation(university.key, b); rule(err) != "sdjwt.binding-expected" {
			t.Errorf("%+v: %v", b, err)
		}
	}
}
