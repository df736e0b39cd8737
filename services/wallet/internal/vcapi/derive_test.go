package vcapi_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/front"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	tools "github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/vcapi"
)

type object = map[string]any

// wallet holds credentials by holder and id.
type wallet map[[2]string]holding.Credential

func (w wallet) Credential(_ context.Context, _ sqldb.Querier, holder, id string) (holding.Credential, error) {
	held, ok := w[[2]string{holder, id}]
	if !ok {
		return held, fault.New(fault.NotFound, "credential.unknown", "there is no such credential in this wallet")
	}
	return held, nil
}

// offers are the same offer as SD-JWT VC and as W3C credential.
func offers(t *testing.T) (sd, w3c []byte, h *harness.Harness) {
	h = harness.Open(t, "issuer")
	for _, format := range []credential.Format{credential.SDJWT, credential.DataIntegrity} {
		subject := testkit.ExampleClaims(t, "offer-of-employment")
		subject["id"] = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
		signed, err := h.Issuer.IssueDocument(t.Context(), issuance.Order{
			Issuer: h.DID, Type: "OfferOfEmployment", Format: format, Document: object{
				"@context": []any{vcdm.ContextV2, jsonld.KompetansesporV1}, "type": []any{vcdm.TypeCredential, "OfferOfEmployment"},
				"issuer": h.DID, "credentialSubject": subject,
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if format == credential.SDJWT {
			sd = signed
		} else {
			w3c = signed
		}
	}
	return sd, w3c, h
}

const role rpc.Role = "holder"

func TestHolderShowsAPartOfAnSDJWT(t *testing.T) {
	sd, w3c, h := offers(t)
	held := wallet{
		{"lisa", "cred_1"}: {Format: credential.SDJWT, Document: sd},
		{"lisa", "cred_2"}: {Format: credential.DataIntegrity, Document: w3c},
	}
	routes := tools.Deriving(&vcapi.Deriver{DB: h.DB, Store: held})
	f := front.Serve(t, front.Tokens{"lisa": {Role: role, Subject: "lisa"}, "mate": {Role: role, Subject: "mate"}, "app": {Role: "wallet-app", Subject: "app"}}, routes, routes.For(role))
	ask := func(token string, from any, pointers ...string) front.Answer {
		return f.JSON("/credentials/derive", token, object{"verifiableCredential": from, "options": object{"selectivePointers": pointers}})
	}
	envelope := object{"@context": vcdm.ContextV2, "type": vcdm.TypeEnvelopedCredential, "id": "data:application/dc+sd-jwt," + string(sd)}
	for _, from := range []any{"cred_1", string(sd), envelope} {
		a := ask("lisa", from, "/given_name", "/nationalities/0", "/passport/document_number", "/employer/legal_name")
		var enveloped struct{ ID, Type string }
		if err := json.Unmarshal(a.Body, &enveloped); err != nil || a.Status != 201 || enveloped.Type != vcdm.TypeEnvelopedCredential {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		token, err := sdjwt.Parse([]byte(strings.TrimPrefix(enveloped.ID, "data:application/dc+sd-jwt,")))
		if err != nil || token.Bound() {
			t.Fatal(err)
		}
		said, err := token.Unverified()
		if err != nil || !slices.Equal(said.Disclosed, []string{"given_name", "nationalities", "passport.document_number"}) {
			t.Fatalf("%v %q", err, said.Disclosed)
		}
		if said.Claims["given_name"] != "Lisa" || said.Claims["family_name"] != nil || said.Claims["employment"].(object)["annual_salary"] != nil {
			t.Errorf("%v", said.Claims)
		}
	}
	if a := ask("lisa", "cred_1"); a.Status != 201 || strings.Count(string(a.Body), "~") != 1 {
		t.Errorf("nothing disclosed: %d %s", a.Status, a.Body)
	}
	jwt, rest, _ := strings.Cut(string(sd), "~")
	first, others, _ := strings.Cut(rest, "~")
	raw, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		t.Fatal(err)
	}
	tampered := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), `",`, `" ,`, 1)))
	for name, c := range map[string]struct {
		token  string
		from   any
		paths  []string
		status int
		rule   string
	}{
		"no token":                {"", "cred_1", nil, 401, "rpc.token-missing"},
		"another role":            {"app", "cred_1", nil, 403, "rpc.role"},
		"another's credential":    {"mate", "cred_1", nil, 404, "credential.unknown"},
		"W3C in the wallet":       {"lisa", "cred_2", nil, 400, "vcapi.not-derivable"},
		"W3C that came along":     {"lisa", json.RawMessage(w3c), nil, 400, "vcapi.not-derivable"},
		"13 tampered disclosure":  {"lisa", jwt + "~" + tampered + "~" + others, nil, 400, "sdjwt.disclosure-unreferenced"},
		"14 repeated disclosure":  {"lisa", jwt + "~" + first + "~" + rest, nil, 400, "sdjwt.disclosure-repeated"},
		"presented already":       {"lisa", string(sd) + "eyJh.eyJh.AA", nil, 400, "sdjwt.binding-unexpected"},
		"no pointer":              {"lisa", "cred_1", []string{"given_name"}, 400, "vcapi.pointer"},
		"the whole":               {"lisa", "cred_1", []string{""}, 400, "vcapi.pointer"},
		"no such claim":           {"lisa", "cred_1", []string{"/shoe_size"}, 400, "vcapi.pointer"},
		"below a text":            {"lisa", "cred_1", []string{"/given_name/0"}, 400, "vcapi.pointer"},
		"no such element":         {"lisa", "cred_1", []string{"/nationalities/1"}, 400, "vcapi.pointer"},
		"all elements":            {"lisa", "cred_1", []string{"/nationalities/*"}, 400, "vcapi.pointer"},
		"a zero before the index": {"lisa", "cred_1", []string{"/nationalities/00"}, 400, "vcapi.pointer"},
		"a bad escape":            {"lisa", "cred_1", []string{"/given~2name"}, 400, "vcapi.pointer"},
		"a special character":     {"lisa", "cred_1", []string{"/passport.document_number"}, 400, "vcapi.pointer"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := ask(c.token, c.from, c.paths...); a.Status != c.status || a.Rule != c.rule {
				t.Errorf("got %d %s, want %d %s: %.300s", a.Status, a.Rule, c.status, c.rule, a.Body)
			}
		})
	}
}
