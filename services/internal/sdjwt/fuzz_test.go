package sdjwt

import (
	"reflect"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

func FuzzParse(f *testing.F) {
	raw := issue(f, offer(f), university)
	f.Add(raw)
	f.Add(present(f, raw, "guest", "nationalities[]"))
	f.Add([]byte(bind(forge().raw(), mallory, object{"x": 1}, object{"exp": 1})))
	bad := forge()
	bad.payload["list"] = []any{object{"...": bad.hide("salt", object{"_sd": []any{bad.hide("s", "x", 1)}})}, object{"...": 1}}
	f.Add([]byte(bad.raw()))
	for _, e := range readVectors(f).Examples {
		f.Add([]byte(e.Issued))
		f.Add([]byte(e.Presentation))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		token, err := Parse(raw)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("an error that is not Invalid: %v", err)
			}
			return
		}
		if string(token.Raw()) != string(raw) {
			t.Fatal("the bytes are not those received")
		}
		b := binding()
		for _, expected := range []*Binding{nil, &b} {
			if c, e := token.Examine(university.key, expected); (c == nil) != (e.Err() != nil) {
				t.Fatalf("a credential and an error, or neither: %+v, %+v", c, e)
			}
		}
		_ = token.CheckDates(now)
		if token.Bound() {
			return
		}
		// Whatever opens can be shown whole, and is the same then.
		whole, err := token.open()
		if err != nil {
			return
		}
		shown, err := token.Select(append([]string{}, whole.Disclosed...))
		if err != nil {
			t.Fatalf("%q cannot be shown: %v", whole.Disclosed, err)
		}
		again, err := parsed(t, shown).open()
		if err != nil || !reflect.DeepEqual(again.Claims, whole.Claims) || string(shown) != string(raw) {
			t.Fatalf("shown whole it is %s, %v", shown, err)
		}
		if text, err := strictjson.Canonical(whole.Claims); err != nil {
			t.Fatalf("the claims cannot be written: %v", err)
		} else if _, err := strictjson.Decode(text, strictjson.Limits{}); err != nil {
			t.Fatalf("the claims cannot be read again: %v", err)
		}
	})
}

func FuzzDisclosure(f *testing.F) {
	f.Add(base64url.Encode([]byte(`["salt","name",{"_sd":["a"]}]`)))
	f.Add(base64url.Encode([]byte(`["salt",[{"...":"a"}]]`)))
	f.Add("WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ")
	f.Fuzz(func(t *testing.T, encoded string) {
		d, err := oneDisclosure(encoded)
		if err != nil {
			if fault.RuleOf(err) != "sdjwt.disclosure" {
				t.Fatal(err)
			}
			return
		}
		if string(d.encoded) != encoded || d.element && d.name != "" {
			t.Fatalf("%q reads %+v", encoded, d)
		}
		payload := object{"_sd": []any{digest(encoded)}}
		if d.element {
			payload = object{"list": []any{object{"...": digest(encoded)}}}
		}
		if claims, err := process(value(t, payload), []disclosure{d}, nil); err == nil && !claims.places[0].found {
			t.Fatal("a disclosure was dropped")
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"a.b", "passport.*", "nationalities[]", "a[3][].b", `https://example\.com/claim`, ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := readPath(text)
		if err != nil {
			return
		}
		if p.String() != text {
			t.Fatalf("%q is written %q", text, p.String())
		}
		if !p.covers(p) {
			t.Fatalf("%q does not lead to itself", text)
		}
	})
}
