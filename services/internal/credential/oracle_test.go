package credential

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// ask sends a request to @digitalbazaar/vc with the pinned contexts.
func ask(t *testing.T, request map[string]any, answer any) {
	t.Helper()
	contexts := map[string]any{}
	for _, c := range jsonld.Contexts() {
		contexts[c.URL] = json.RawMessage(c.Bytes)
	}
	request["contexts"] = contexts
	testkit.Oracle(t, "credentials.mjs", request, answer)
}

type verdict struct {
	Verified bool
	Error    string
}

func seedOf(p party) string { return base64.StdEncoding.EncodeToString(p.seed) }

func statusOffer() Draft {
	draft := offer()
	draft.Status = []status.Entry{at(411, status.Revocation)}
	return draft
}

// selfContained reads keys from the DIDs themselves: the oracle makes its own.
type selfContained struct{ keys }

func (selfContained) VerificationKey(ctx context.Context, method string, purpose Purpose, _ time.Time) (did.PublicKey, error) {
	name, _, err := did.Split(method)
	if err != nil {
		return did.PublicKey{}, err
	}
	document, err := did.Static{}.Resolve(ctx, name)
	if err != nil {
		return did.PublicKey{}, err
	}
	key, ok := document.Key(method, did.Purpose(purpose))
	if !ok {
		return did.PublicKey{}, fault.New(fault.Denied, "did.purpose", "not for %s", purpose)
	}
	return key, nil
}

// Each suite and key, both ways.
func TestEverySuiteAgreesWithTheOracle(t *testing.T) {
	type question map[string]any
	var names []string
	var asked []question
	for name, c := range securings() {
		draft := offer()
		draft.Issuer = c.by.did
		data, err := Issue(t.Context(), keys{}, draft.Document(), c.how)
		if err != nil {
			t.Fatal(err)
		}
		changed := edit(t, data, func(doc Document) { subject(doc)["given_name"] = "Liza" })
		names = append(names, name)
		asked = append(asked,
			question{"op": "verify", "credential": json.RawMessage(data), "now": now},
			question{"op": "verify", "credential": json.RawMessage(changed), "now": now},
			question{
				"op": "issueWithNewKey", "curve": c.how.Key.Curve, "cryptosuite": c.how.Suite,
				"credential": draft.Document(), "date": now.Format(time.RFC3339),
			})
	}
	var answer struct {
		Answers []struct {
			verdict
			Credential json.RawMessage
		}
	}
	ask(t, map[string]any{"op": "each", "requests": asked}, &answer)
	if len(answer.Answers) != len(asked) {
		t.Fatalf("%d answers", len(answer.Answers))
	}
	for i, name := range names {
		ours, altered, theirs := answer.Answers[3*i], answer.Answers[3*i+1], answer.Answers[3*i+2]
		if !ours.Verified {
			t.Errorf("%s: the oracle refuses ours: %s", name, ours.Error)
		}
		if altered.Verified {
			t.Errorf("%s: the oracle takes what was changed", name)
		}
		v, err := Verify(t.Context(), selfContained{}, theirs.Credential, Options{Now: now})
		if err != nil || v.Claims()["given_name"] != "Lisa" {
			t.Errorf("%s: we refuse the oracle's: %v", name, err)
		}
	}
}

func TestOracleLooksUpOurStatusLists(t *testing.T) {
	var answer verdict
	list := map[string]any{listURL: json.RawMessage(publish(t, func(l *status.List) { l.ValidUntil = now.AddDate(100, 0, 0) }))}
	for index, want := range map[int]bool{411: true, 412: false} {
		draft := offer()
		draft.Status = []status.Entry{at(index, status.Revocation)}
		ask(t, map[string]any{"op": "verify", "credential": json.RawMessage(issue(t, draft.Document())), "now": now, "lists": list}, &answer)
		if answer.Verified != want {
			t.Errorf("entry %d: verified %v: %s", index, answer.Verified, answer.Error)
		}
	}
}

func TestJOSEAgreesWithTheOracle(t *testing.T) {
	for _, p := range []party{university, college, academy} {
		var read struct {
			Payload map[string]any
			Header  map[string]any
			Error   string
		}
		testkit.Oracle(t, "jose.mjs", map[string]any{
			"op": "verify", "compact": string(issueJOSE(t, p, by(p))), "jwk": p.public.JWK(), "typ": "vc+jwt", "now": now,
		}, &read)
		if read.Error != "" || read.Payload["issuer"] != p.did || read.Header["cty"] != "vc" {
			t.Errorf("%s: %s", p.public.Curve(), read.Error)
		}
	}
	for _, alg := range []string{"EdDSA", "ES256", "ES384"} {
		draft := offer()
		draft.Issuer = "%KEY%"
		var made struct{ Compact, DID string }
		testkit.Oracle(t, "jose.mjs", map[string]any{"op": "sign", "payload": draft.Document(), "alg": alg, "typ": "vc+jwt", "cty": "vc"}, &made)
		v, err := Verify(t.Context(), selfContained{}, []byte(made.Compact), Options{Now: now})
		if err != nil || v.Issuer != made.DID || v.Claims()["given_name"] != "Lisa" {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func TestOracleVerifiesWhatWeSign(t *testing.T) {
	data := issue(t, statusOffer().Document())
	var answer verdict
	ask(t, map[string]any{"op": "verify", "credential": json.RawMessage(data), "now": now}, &answer)
	if !answer.Verified {
		t.Errorf("credential: %s", answer.Error)
	}
	presentation := present(t, presenting(data, issue(t, offer().Document())))
	ask(t, map[string]any{
		"op": "verifyPresentation", "presentation": json.RawMessage(presentation),
		"challenge": "c-1", "domain": "did:web:udi.example", "now": now,
	}, &answer)
	if !answer.Verified {
		t.Errorf("presentation: %s", answer.Error)
	}
}

func TestWeVerifyWhatTheOracleSigns(t *testing.T) {
	var issued struct{ Credential json.RawMessage }
	ask(t, map[string]any{"op": "issue", "seed": seedOf(university), "credential": offer().Document(), "date": now.Format(time.RFC3339)}, &issued)
	v, err := Verify(t.Context(), keys{}, issued.Credential, Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if v.VerificationMethod != university.method || v.Claims()["given_name"] != "Lisa" {
		t.Errorf("read %+v", v)
	}

	var signed struct{ Presentation json.RawMessage }
	p := presenting()
	ask(t, map[string]any{
		"op": "present", "seed": seedOf(lisa), "challenge": p.Challenge, "domain": p.Domain, "date": now.Format(time.RFC3339),
		"presentation": map[string]any{
			"@context": []any{vcdm.ContextV2, jsonld.KompetansesporV1}, "id": p.ID,
			"type": []any{vcdm.TypePresentation, "ApplicationPresentation"}, "holder": p.Holder,
			"consent": p.Members["consent"], "verifiableCredential": []any{issued.Credential},
		},
	}, &signed)
	presented, err := VerifyPresentation(t.Context(), keys{}, signed.Presentation, presentationOptions())
	if err != nil {
		t.Fatal(err)
	}
	if presented.Credentials[0].Issuer != university.did {
		t.Errorf("read %+v", presented.Credentials[0])
	}
}
