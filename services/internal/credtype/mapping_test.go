package credtype

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// beside is what an SD-JWT VC states besides its claims.
var beside = map[string]any{
	"iss": "did:web:issuer.example", "sub": "did:key:z6MkExample", "aud": "x", "iat": 1767225600, "nbf": 1767225600, "exp": 1798761600,
	"jti": "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c001", "vct": "x", "vct#integrity": "sha256-x",
	"cnf": map[string]any{"jwk": map[string]any{}}, "status": map[string]any{"status_list": map[string]any{"idx": 412, "uri": "x"}},
}

// examples are the examples of all types, and those claims that have another
// name in SD-JWT VC.
func examples(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for _, typ := range All() {
		all[typ.Name] = example(t, typ)
	}
	all[Appointment]["status"] = "BOOKED"
	return all
}

// leaves are the dotted paths of all values that are no objects or arrays.
func leaves(path []any, value any) (found []string) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			found = append(found, leaves(append(slices.Clip(path), name), member)...)
		}
	case []any:
		for _, element := range value {
			found = append(found, leaves(append(slices.Clip(path), nil), element)...)
		}
	default:
		return []string{dotted(path)}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestBothFormsSayTheSame(t *testing.T) {
	for _, typ := range All() {
		claims := examples(t)[typ.Name]
		payload, err := ToSDJWT(typ, claims)
		if err != nil {
			t.Fatalf("%s: %v", typ.Name, err)
		}
		known := map[string]string{} // the name in SD-JWT VC, by the name in the schema
		for path, c := range claimsOf(t, typ) {
			known[path] = dotted(typ.inSDJWT(c.path))
		}
		var want []string
		for _, path := range leaves(nil, claims) {
			want = append(want, known[path])
		}
		slices.Sort(want)
		if got := leaves(nil, payload); !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: an SD-JWT VC says %q, the schema %q", typ.Name, got, want)
		}

		maps.Copy(payload, beside)
		back, err := FromSDJWT(typ, payload)
		if err != nil || !reflect.DeepEqual(back, claims) {
			t.Errorf("%s: %v came back, %v", typ.Name, back, err)
		}
		if err := Validate(typ.Name, back); err != nil {
			t.Errorf("%s from an SD-JWT VC: %v", typ.Name, err)
		}
	}
}

// The schema of the W3C form finds the same faults in an SD-JWT VC.
func TestOneSchemaIsForBothForms(t *testing.T) {
	for _, typ := range All() {
		for _, path := range typ.Required {
			claims := examples(t)[typ.Name]
			payload, err := ToSDJWT(typ, claims)
			if err != nil {
				t.Fatal(err)
			}
			take(payload, path)
			maps.Copy(payload, beside)
			back, err := FromSDJWT(typ, payload)
			if err != nil {
				t.Fatal(err)
			}
			if err := Validate(typ.Name, back); !violates(err, path, "schema.required") {
				t.Errorf("%s without %s: %v", typ.Name, path, err)
			}
		}
		payload := maps.Clone(beside)
		payload["Given_Name"] = "Mallory"
		back, err := FromSDJWT(typ, payload)
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate(typ.Name, back); !violates(err, "", "schema.additional-properties") {
			t.Errorf("%s with a claim that it does not have: %v", typ.Name, err)
		}
	}
}

func TestStatusOfAnAppointmentIsNotThatOfItsCredential(t *testing.T) {
	typ, _ := Find(Appointment)
	claims := examples(t)[Appointment]
	payload, err := ToSDJWT(typ, claims)
	if err != nil {
		t.Fatal(err)
	}
	if _, taken := payload["status"]; taken || payload["appointment_status"] != "BOOKED" {
		t.Errorf("the status went to %v", payload)
	}
	payload["status"] = beside["status"]
	back, err := FromSDJWT(typ, payload)
	if err != nil || back["status"] != "BOOKED" {
		t.Errorf("the status came back as %v, %v", back["status"], err)
	}
	delete(payload, "appointment_status")
	if back, err = FromSDJWT(typ, payload); err != nil || back["status"] != nil {
		t.Errorf("the credential's status came back as the appointment's: %v, %v", back["status"], err)
	}
}

// A type to come, or a claim, that collides is found here.
func TestNoClaimTakesAnotherMembersName(t *testing.T) {
	for _, typ := range All() {
		claims := claimsOf(t, typ)
		for _, c := range claims {
			root := typ.inSDJWT(c.path)[0].(string)
			if slices.Contains(outside, root) || slices.Contains(unusable, root) {
				t.Errorf("%s: %s means something else in SD-JWT VC", typ.Name, root)
			}
		}
		for is, as := range renamed[typ.Name] {
			if _, known := claims[is]; !known || !slices.Contains(outside, is) {
				t.Errorf("%s: %s needs no other name", typ.Name, is)
			}
			if _, known := claims[as]; known {
				t.Errorf("%s: %s would be two claims", typ.Name, as)
			}
		}
	}
	for name := range renamed {
		if _, known := Find(name); !known {
			t.Errorf("%s is no type", name)
		}
	}
}

func TestNamesThatMeanSomethingElseAreRefused(t *testing.T) {
	for _, typ := range All() {
		for _, name := range []string{
			"aud", "cnf", "exp", "iat", "iss", "jti", "nbf", "status", "sub", "vct", "vct#integrity", "_sd", "_sd_alg", "...", "id",
		} {
			claims := example(t, typ)
			claims[name] = "x"
			_, err := ToSDJWT(typ, claims)
			if typ.Name == Appointment && name == "status" {
				continue // has its own name
			}
			if fault.RuleOf(err) != "credential.claim-name" || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s with a claim %s: %v", typ.Name, name, err)
			}
		}
		// 15: what SD-JWT leaves behind is no claim, and neither is the subject
		// that a holder would like to be.
		for _, name := range []string{"_sd", "_sd_alg", "...", "id"} {
			payload := maps.Clone(beside)
			payload[name] = "x"
			if _, err := FromSDJWT(typ, payload); fault.RuleOf(err) != "credential.claim-name" {
				t.Errorf("%s with a member %s: %v", typ.Name, name, err)
			}
		}
	}
	typ, _ := Find(Appointment)
	if _, err := ToSDJWT(typ, map[string]any{"status": "BOOKED", "appointment_status": "CANCELLED"}); fault.RuleOf(err) != "credential.claim-name" {
		t.Errorf("two claims became one: %v", err)
	}
}

func TestTypeIsFoundByItsURLAlone(t *testing.T) {
	for _, typ := range All() {
		if found, ok := ByVCT(typ.VCT); !ok || found.Name != typ.Name {
			t.Errorf("%s is not found by %s", typ.Name, typ.VCT)
		}
	}
	for _, vct := range []string{
		"", OfferOfEmployment, "https://schema.kompetansespor.example/vct/offer-of-employment", "https://schema.kompetansespor.example/vct/offer-of-employment/2",
		"https://schema.kompetansespor.example/vct/offer-of-employment/1/", "HTTPS://schema.kompetansespor.example/vct/offer-of-employment/1",
		"http://schema.kompetansespor.example/vct/offer-of-employment/1", "https://schema.kompetansespor.example/schema/offer-of-employment/1",
	} {
		if _, ok := ByVCT(vct); ok {
			t.Errorf("%q is a type", vct)
		}
	}
}

// What goes into an SD-JWT VC comes out of it, or does not go in.
func FuzzToSDJWTAndBack(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"given_name":"Lisa","place_of_birth":{"country":"US"}}`, `{"status":"BOOKED"}`, `{"appointment_status":"BOOKED"}`,
		`{"status":"BOOKED","appointment_status":"CANCELLED"}`, `{"iss":"x"}`, `{"_sd":[]}`, `{"...":1}`, `{"id":"did:key:z6Mk"}`, `{"":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var claims map[string]any
		if json.Unmarshal(raw, &claims) != nil || claims == nil {
			return
		}
		for _, typ := range All() {
			payload, err := ToSDJWT(typ, claims)
			if err != nil {
				continue
			}
			for name := range payload {
				if _, taken := beside[name]; taken {
					t.Fatalf("%s: %q takes the place of something else", typ.Name, name)
				}
			}
			maps.Copy(payload, beside)
			if back, err := FromSDJWT(typ, payload); err != nil || !reflect.DeepEqual(back, claims) {
				t.Fatalf("%s: %v became %v, %v", typ.Name, claims, back, err)
			}
		}
	})
}
