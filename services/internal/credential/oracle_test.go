package credential

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

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
	if v.VerificationMethod != university.method || v.Claims["given_name"] != "Lisa" {
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
