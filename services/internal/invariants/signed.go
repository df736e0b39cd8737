package invariants

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
)

// unsealSigned reads a sealed credential as the members of a W3C one. An SD-JWT
// VC is read as what it says, with its token beside it.
func (d *database) unsealSigned(ctx context.Context, sealed []byte, belongsTo string) (map[string]any, error) {
	plain, err := d.keys.Open(ctx, sealed, []byte(belongsTo))
	if err != nil {
		return nil, err
	}
	if len(plain) > 0 && plain[0] == '{' {
		var object map[string]any
		return object, json.Unmarshal(plain, &object)
	}
	token, err := sdjwt.Parse(plain)
	if err != nil {
		return nil, err
	}
	said, err := token.Unverified()
	if err != nil {
		return nil, err
	}
	kind, ok := credtype.ByVCT(said.VCT)
	if !ok {
		return nil, fmt.Errorf("an SD-JWT VC of the unknown type %s", said.VCT)
	}
	subject := map[string]any{"id": said.HolderDID()}
	for name, value := range said.Claims {
		subject[name] = value
	}
	return map[string]any{
		"id": said.Claims["jti"], "issuer": said.Issuer, "type": []any{"VerifiableCredential", kind.Name}, "credentialSubject": subject,
		"status": map[string]any{"uri": said.Status.URI, "idx": said.Status.Index}, "token": string(plain), "vct": said.VCT,
	}, nil
}

// carries reports whether a signed document names its reserved entries, and no
// others.
func carries(document map[string]any, reserved statuslist.Reservation) bool {
	if status, has := document["status"].(map[string]any); has {
		token := reserved.Token()
		return status["uri"] == any(token.List) && status["idx"] == any(int64(token.Index))
	}
	items, _ := document["credentialStatus"].([]any)
	want := reserved.W3C()
	if len(items) != len(want) {
		return false
	}
	for n, item := range items {
		if !reflect.DeepEqual(item, any(want[n].Document())) {
			return false
		}
	}
	return true
}
