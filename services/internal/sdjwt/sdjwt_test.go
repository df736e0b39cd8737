package sdjwt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func TestIssuedCredentialIsReadWhole(t *testing.T) {
	for _, by := range []party{university, agency, directory} {
		d := offer(t)
		d.Issuer, d.KeyID, d.Curve = by.did, by.keyID, by.key.Curve()
		d.VCTIntegrity, d.OtherVCTs = "sha256-47DEQpj8HBSa", []string{"https://schema.example/vct/offer"}
		raw := issue(t, d, by)
		buffer := bytes.Clone(raw)
		token := parsed(t, buffer)
		clear(buffer) // which is the caller's
		if token.KeyID != by.keyID || !token.IssuedAt.Equal(now) || token.Bound() || string(token.Raw()) != string(raw) {
			t.Errorf("the token reads %+v", token.Registered)
		}
		c, err := token.Verify(by.key)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.Registered, d.Registered) || c.Subject != d.Subject || string(c.Raw) != string(raw) {
			t.Errorf("read %+v, want %+v", c.Registered, d.Registered)
		}
		if c.HolderDID() != lisa.did {
			t.Errorf("the holder is %s", c.HolderDID())
		}
		if !reflect.DeepEqual(c.Claims, d.Claims) {
			t.Errorf("claims %v, want %v", c.Claims, d.Claims)
		}
		want := []string{
			"birthdate", "employment.annual_salary", "family_name", "given_name", "guest", "guest.children", "guest.home",
			"guest.home.city", "nationalities[0]", "nationalities[1]", "passport.dates", "passport.document_number",
			"passport.issuing_country",
		}
		if !slices.Equal(c.Disclosed, want) {
			t.Errorf("disclosed %q", c.Disclosed)
		}
		if err := c.CheckDates(now); err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyWhatIsSelectedIsShown(t *testing.T) {
	raw := issue(t, offer(t), university)
	const always = `"passport": {}, "declarations": {"qualifications_confirmed": true, "remark": null},`
	const job = `"job_title": "Researcher", "position_percentage": 87.5`
	for name, c := range map[string]struct {
		paths     []string
		claims    string
		disclosed []string
	}{
		"nothing":  {nil, always + `"employment": {` + job + `}, "nationalities": []`, nil},
		"a member": {[]string{"given_name"}, always + `"employment": {` + job + `}, "nationalities": [], "given_name": "Lisa"`, []string{"given_name"}},
		"an element": {
			[]string{"nationalities[1]"},
			always + `"employment": {` + job + `}, "nationalities": ["FR"]`,
			[]string{"nationalities[0]"},
		},
		"part of an object": {
			[]string{"employment.annual_salary"},
			always + `"employment": {` + job + `, "annual_salary": 720000}, "nationalities": []`,
			[]string{"employment.annual_salary"},
		},
		"an object and all in it": {
			[]string{"guest"},
			always + `"employment": {` + job + `}, "nationalities": [], "guest": {"home": {"city": "Freiburg", "since": 2019}, "children": []}`,
			[]string{"guest", "guest.children", "guest.home", "guest.home.city"},
		},
		"what lies deep comes with what it is in": {
			[]string{"guest.home.since"},
			always + `"employment": {` + job + `}, "nationalities": [], "guest": {"home": {"since": 2019}}`,
			[]string{"guest", "guest.home"},
		},
		"what is shown anyway": {
			[]string{"declarations.remark", "employment.job_title"},
			always + `"employment": {` + job + `}, "nationalities": []`,
			nil,
		},
		"all of an object's members, all elements": {
			[]string{"passport.*", "nationalities[]"},
			`"declarations": {"qualifications_confirmed": true, "remark": null}, "employment": {` + job + `},
			 "nationalities": ["DE", "FR"],
			 "passport": {"document_number": "C01X0006H", "issuing_country": "DE", "dates": {"from": "2024-01-01", "to": "2034-01-01"}}`,
			[]string{"nationalities[0]", "nationalities[1]", "passport.dates", "passport.document_number", "passport.issuing_country"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			shown, err := parsed(t, present(t, raw, c.paths...)).VerifyPresentation(university.key, binding())
			if err != nil {
				t.Fatal(err)
			}
			if want := tree(t, "{"+c.claims+"}"); !reflect.DeepEqual(shown.Claims, want) {
				t.Errorf("shown %v\nwant %v", shown.Claims, want)
			}
			if !slices.Equal(shown.Disclosed, c.disclosed) {
				t.Errorf("disclosed %q", shown.Disclosed)
			}
		})
	}
}

func TestSelectionWithoutKeyBinding(t *testing.T) {
	selected, err := parsed(t, issue(t, offer(t), university)).Select([]string{"birthdate"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := parsed(t, selected).Verify(university.key)
	if err != nil || c.Claims["birthdate"] != "1990-02-03" || len(c.Disclosed) != 1 {
		t.Errorf("read %+v, %v", c, err)
	}
}

func TestSelectionRefuses(t *testing.T) {
	raw := issue(t, offer(t), university)
	for path, want := range map[string]string{
		"given":            "sdjwt.no-such-claim",
		"nationalities[2]": "sdjwt.no-such-claim",
		"passport[]":       "sdjwt.no-such-claim",
		"nationalities.*":  "sdjwt.no-such-claim",
		"vct.x":            "sdjwt.no-such-claim",
		"passport[":        "sdjwt.path",
	} {
		if _, err := parsed(t, raw).Select([]string{path}); rule(err) != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if _, err := parsed(t, present(t, raw)).Select(nil); rule(err) != "sdjwt.binding-unexpected" {
		t.Errorf("a presentation: %v", err)
	}
	f := forge()
	f.hide("salt", "x", 1)
	if _, err := parsed(t, []byte(f.raw())).Select(nil); rule(err) != "sdjwt.disclosure-unreferenced" {
		t.Errorf("a credential that does not hold: %v", err)
	}
	if _, err := parsed(t, raw).Select(make([]string, maxPaths+1)); rule(err) != "sdjwt.path" {
		t.Errorf("too many paths: %v", err)
	}
}

func TestPresentingRefuses(t *testing.T) {
	token := parsed(t, issue(t, offer(t), university))
	for name, change := range map[string]func(*Presenting){
		"no audience": func(p *Presenting) { p.Audience = "" },
		"no nonce":    func(p *Presenting) { p.Nonce = "" },
		"no instant":  func(p *Presenting) { p.IssuedAt = time.Time{} },
	} {
		p := presenting()
		change(&p)
		if _, err := token.Present(t.Context(), lisa.sign, p); rule(err) != "sdjwt.binding-draft" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := token.Present(t.Context(), lisa.sign, presenting("no such")); rule(err) != "sdjwt.no-such-claim" {
		t.Errorf("no such claim: %v", err)
	}
	p := presenting()
	p.Nonce = "\xff"
	if _, err := token.Present(t.Context(), lisa.sign, p); rule(err) != "sdjwt.json" {
		t.Errorf("a nonce that is no text: %v", err)
	}
	f := forge()
	delete(f.payload, "cnf")
	if parsed(t, []byte(f.raw())).HolderDID() != "" {
		t.Error("a holder without a key has a DID")
	}
	if _, err := parsed(t, []byte(f.raw())).Present(t.Context(), lisa.sign, presenting()); rule(err) != "sdjwt.binding-key" {
		t.Errorf("no holder: %v", err)
	}
}

func TestHoldersOfEveryCurveSign(t *testing.T) {
	for _, holder := range []party{bergen, agency, directory} {
		d := offer(t)
		d.Holder = holder.key
		raw, err := parsed(t, issue(t, d, university)).Present(t.Context(), holder.sign, presenting("birthdate"))
		if err != nil {
			t.Fatal(err)
		}
		if r := ruleOfPresentation(string(raw)); r != "" {
			t.Errorf("%s: %s", holder.key.Curve(), r)
		}
	}
}

// The order of digests, their number and the salts tell nothing.
func TestWhatIsWithheldLeavesNoTrace(t *testing.T) {
	d := offer(t)
	token := parsed(t, issue(t, d, university))
	if text, _ := base64url.Decode(strings.Split(string(token.jwt.input), ".")[1]); strings.Contains(string(text), "guest") || strings.Contains(string(text), "Lisa") {
		t.Errorf("the payload gives away what is disclosed: %s", text)
	}
	payload := token.jwt.payload.Map()
	if payload["_sd_alg"] != "sha-256" {
		t.Errorf("the hash is %v", payload["_sd_alg"])
	}
	digests := payload["_sd"].([]any)
	if len(digests) != 4+d.Decoys {
		t.Errorf("%d digests", len(digests))
	}
	if !slices.IsSortedFunc(digests, func(a, b any) int { return strings.Compare(a.(string), b.(string)) }) {
		t.Error("the digests keep the order of the claims")
	}
	nationalities := payload["nationalities"].([]any)
	if len(nationalities) != 2+d.Decoys {
		t.Errorf("%d elements", len(nationalities))
	}
	salts := map[string]bool{}
	for _, disclosure := range token.disclosures {
		text, _ := base64url.Decode(disclosure.encoded)
		salt := strings.Split(string(text), `"`)[1]
		if b, err := base64url.Decode(salt); err != nil || len(b) != 16 || salts[salt] {
			t.Errorf("salt %q", salt)
		}
		salts[salt] = true
	}
	// The decoys of an array stand at any place, the last one included.
	places := map[int]bool{}
	random := chance()
	for range 50 {
		c := concealer{random: random, disclosable: []path{{{element: true, all: true}}}, decoys: 1}
		items, err := c.array([]any{"a", "b"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, item := range items {
			sum := item.(map[string]any)["..."]
			if !slices.ContainsFunc(c.disclosures, func(d string) bool { return digest(d) == sum }) {
				places[i] = true
			}
		}
	}
	if len(places) != 3 {
		t.Errorf("decoys stand at %v", places)
	}
}

func TestCredentialWithoutDisclosuresHasNoDigests(t *testing.T) {
	d := offer(t)
	d.Disclosable, d.Subject = []string{"absent"}, ""
	raw := issue(t, d, university)
	token := parsed(t, raw)
	for _, name := range []string{"_sd", "_sd_alg", "sub"} {
		if token.jwt.payload.Has(name) {
			t.Errorf("the payload has %s", name)
		}
	}
	if list := token.jwt.payload.Get("nationalities").Any(); !reflect.DeepEqual(list, d.Claims["nationalities"]) {
		t.Errorf("an array has decoys: %v", list)
	}
	if !strings.HasSuffix(string(raw), "~") || strings.Count(string(raw), "~") != 1 {
		t.Errorf("written as %s", raw)
	}
	if c, err := token.Verify(university.key); err != nil || c.Disclosed != nil || !reflect.DeepEqual(c.Claims, d.Claims) {
		t.Errorf("read %+v, %v", c, err)
	}
}

func TestIssuingRefuses(t *testing.T) {
	deep := object{}
	for range maxDepth {
		deep = object{"a": deep}
	}
	endless, endlessList := object{}, make([]any, 1)
	endless["a"], endlessList[0] = endless, endlessList
	for name, c := range map[string]struct {
		change func(*Draft)
		want   string
	}{
		"claims that hold themselves": {func(d *Draft) { d.Claims["deep"] = endless }, "sdjwt.too-deep"},
		"an array that holds itself":  {func(d *Draft) { d.Claims["deep"] = endlessList }, "sdjwt.too-deep"},
		"a curve without algorithm":   {func(d *Draft) { d.Curve = did.P521 }, "sdjwt.draft"},
		"no instant of issuing":       {func(d *Draft) { d.IssuedAt = time.Time{} }, "sdjwt.draft"},
		"no holder":                   {func(d *Draft) { d.Holder = did.PublicKey{} }, "sdjwt.draft"},
		"a holder that cannot sign":   {func(d *Draft) { d.Holder = x25519(t) }, "sdjwt.holder-key"},
		"an issuer that is no DID":    {func(d *Draft) { d.Issuer = "https://issuer.example" }, "sdjwt.issuer"},
		"another issuer's key":        {func(d *Draft) { d.KeyID = bergen.keyID }, "sdjwt.issuer"},
		"no type":                     {func(d *Draft) { d.VCT = "" }, "sdjwt.payload"},
		"an inverted period":          {func(d *Draft) { d.Expires = d.NotBefore }, "sdjwt.dates-inverted"},
		"a date before 1970":          {func(d *Draft) { d.NotBefore = time.Unix(-1, 0) }, "sdjwt.dates"},
		"a negative status index":     {func(d *Draft) { d.Status.Index = -1 }, "sdjwt.status"},
		"iss among the claims":        {func(d *Draft) { d.Claims["iss"] = "did:web:x" }, "sdjwt.registered-claim"},
		"sub among the claims":        {func(d *Draft) { d.Claims["sub"] = "x" }, "sdjwt.registered-claim"},
		"aud among the claims":        {func(d *Draft) { d.Claims["aud"] = "x" }, "sdjwt.registered-claim"},
		"_sd among the claims":        {func(d *Draft) { d.Claims["guest"] = object{"_sd": []any{}} }, "sdjwt.reserved-name"},
		"... among the claims":        {func(d *Draft) { d.Claims["..."] = "x" }, "sdjwt.reserved-name"},
		"_sd_alg among the claims":    {func(d *Draft) { d.Claims["_sd_alg"] = "sha-256" }, "sdjwt.reserved-name"},
		"... as an array element":     {func(d *Draft) { d.Claims["list"] = []any{object{"...": "x"}} }, "sdjwt.reserved-name"},
		"claims that nest too deep":   {func(d *Draft) { d.Claims["deep"] = deep }, "sdjwt.too-deep"},
		"arrays that nest too deep":   {func(d *Draft) { d.Claims["deep"] = nestedArrays(maxDepth) }, "sdjwt.too-deep"},
		"a number that loses digits":  {func(d *Draft) { d.Claims["n"] = 1 << 60 }, "sdjwt.json"},
		"a hidden one that does":      {func(d *Draft) { d.Claims["given_name"] = 1 << 60 }, "sdjwt.json"},
		"a hidden NUL":                {func(d *Draft) { d.Claims["given_name"] = "\x00" }, "sdjwt.disclosure"},
		"a path that is none":         {func(d *Draft) { d.Disclosable = []string{"a["} }, "sdjwt.path"},
		"more than 256 KiB":           {func(d *Draft) { d.Claims["a"] = strings.Repeat("x", MaxBytes) }, "sdjwt.too-large"},
		"more than 1,000 disclosures": {func(d *Draft) { d.Claims["nationalities"] = make([]any, MaxDisclosures+1) }, "sdjwt.too-many-disclosures"},
	} {
		d := offer(t)
		c.change(&d)
		signed := false
		_, err := Issue(t.Context(), func(context.Context, string, []byte) ([]byte, error) {
			signed = true
			return nil, errors.New("signed")
		}, chance(), d)
		if rule(err) != c.want || signed {
			t.Errorf("%s: %v, want %s; signed %v", name, err, c.want, signed)
		}
	}
}

func x25519(t *testing.T) did.PublicKey {
	key, err := did.NewPublicKey(did.X25519, []byte(strings.Repeat("x", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func nestedArrays(n int) any {
	var v any = []any{}
	for range n {
		v = []any{v}
	}
	return v
}

func TestDraftIsNotChanged(t *testing.T) {
	d := offer(t)
	issue(t, d, university)
	if !reflect.DeepEqual(d, offer(t)) {
		t.Error("issuing changed the draft")
	}
}

func TestSignersAndRandomnessThatFail(t *testing.T) {
	broken := errors.New("broken")
	for name, sign := range map[string]func(context.Context, string, []byte) ([]byte, error){
		"an error":              func(context.Context, string, []byte) ([]byte, error) { return nil, broken },
		"a signature too short": func(context.Context, string, []byte) ([]byte, error) { return make([]byte, 63), nil },
	} {
		if raw, err := Issue(t.Context(), sign, chance(), offer(t)); raw != nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("issuing, %s: %v", name, err)
		}
		token := parsed(t, issue(t, offer(t), university))
		if raw, err := token.Present(t.Context(), sign, presenting()); raw != nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("presenting, %s: %v", name, err)
		}
	}
	// However little randomness there is, a credential without is not made.
	for _, decoys := range []int{0, 3} {
		d := offer(t)
		d.Decoys = decoys
		whole := &counting{Reader: chance()}
		if _, err := Issue(t.Context(), university.sign, whole, d); err != nil {
			t.Fatal(err)
		}
		for limit := int64(0); limit < whole.n; limit += 8 {
			if _, err := Issue(t.Context(), university.sign, io.LimitReader(chance(), limit), d); err == nil {
				t.Fatalf("issued with %d bytes of %d", limit, whole.n)
			}
		}
	}
}

type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// Every check is made, whatever the others say.
func TestExaminationNamesEachCheck(t *testing.T) {
	f := forge()
	f.by = bergen
	f.hide("salt", "x", 1)
	c, e := parsed(t, []byte(bind(f.raw(), mallory, nil, nil))).Examine(university.key, &Binding{Audience: "a", Nonce: "n"})
	if c != nil || rule(e.Signature) != "sdjwt.signature" || rule(e.Disclosures) != "sdjwt.disclosure-unreferenced" ||
		rule(e.Binding) != "sdjwt.binding-signature" || e.Err() != e.Signature {
		t.Errorf("%+v, %+v", c, e)
	}
	b := binding()
	if c, e := parsed(t, present(t, issue(t, offer(t), university))).Examine(university.key, &b); c == nil || e.Err() != nil {
		t.Errorf("%+v, %+v", c, e)
	}
}

// Hostile inputs 27: a credential is good from nbf until exp, and not before
// it was issued.
func TestDatesOfACredential(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		from, until, issued, now time.Time
		want                     string
	}{
		"no dates":                  {},
		"27 not yet valid":          {from: now.Add(day), want: "sdjwt.not-yet-valid"},
		"27 expired":                {until: now.Add(-day), want: "sdjwt.expired"},
		"27 expires now":            {until: now, want: "sdjwt.expired"},
		"27 issued later":           {issued: now.Add(day), want: "sdjwt.from-future"},
		"27 inverted":               {from: now.Add(-day), until: now.Add(-2 * day), want: "sdjwt.dates-inverted"},
		"27 ended before issuing":   {issued: now, until: now.Add(-day), want: "sdjwt.dates-inverted"},
		"a clock ahead by a minute": {from: now.Add(time.Minute), issued: now.Add(time.Minute), until: now.Add(day)},
		"the last second":           {until: now.Add(time.Second)},
	} {
		r := Registered{NotBefore: c.from, Expires: c.until, IssuedAt: c.issued}
		if got := rule(r.CheckDates(now)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestPaths(t *testing.T) {
	for text, want := range map[string]path{
		"a":           {{name: "a"}},
		"a.b":         {{name: "a"}, {name: "b"}},
		"a.*":         {{name: "a"}, {all: true}},
		"*":           {{all: true}},
		"a[]":         {{name: "a"}, {element: true, all: true}},
		"a[0][12].b":  {{name: "a"}, {element: true}, {element: true, index: 12}, {name: "b"}},
		`a\.b\[0\]\*`: {{name: "a.b[0]*"}},
		`\\`:          {{name: `\`}},
		"":            {{}},
		"a.":          {{name: "a"}, {}},
		"*[]":         {{all: true}, {element: true, all: true}},
	} {
		p, err := readPath(text)
		if err != nil || !reflect.DeepEqual(p, want) || p.String() != text {
			t.Errorf("%q reads %v (%s), %v", text, p, p, err)
		}
	}
	for _, text := range []string{
		"a*", "*a", "a]", "a[", "a[01]", "a[-1]", "a[+1]", "a[x]", "a[0", "a[0]b", `a\`, `a\b`, "a[99999999999999999999]",
		strings.Repeat("a.", maxDepth) + "a",
	} {
		if p, err := readPath(text); rule(err) != "sdjwt.path" {
			t.Errorf("%q reads %v, %v", text, p, err)
		}
	}
}
