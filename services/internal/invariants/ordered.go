package invariants

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

// order is a credential that somebody else wrote (see issuance.Order). What was
// recorded is all of it, so that what was signed can be held against that.
type order struct {
	format   credential.Format
	document map[string]any // as recorded, nil when it does not open
	token    *sdjwt.Token   // what was signed, of an SD-JWT VC
}

// openOrder takes the recorded document apart, and opens what was signed.
func (i *record) openOrder(ctx context.Context, d *database) {
	if i.claims == nil {
		return
	}
	i.ordered.document = i.claims
	i.claims, _ = i.ordered.document["credentialSubject"].(map[string]any)
	if i.claims == nil { // several subjects have no claims in common
		i.claims = map[string]any{}
	}
	if !i.signed() {
		return
	}
	signed, err := d.keys.Open(ctx, i.sealedDocument, []byte(i.id))
	if err != nil {
		return
	}
	i.document = i.ordered.said(signed)
}

// said is what a credential says, as the document that was ordered: without
// what its form adds. Nil when it cannot be read.
func (o *order) said(signed []byte) map[string]any {
	var document map[string]any
	switch o.format {
	case credential.DataIntegrity:
		if json.Unmarshal(signed, &document) != nil {
			return nil
		}
		delete(document, "proof")
	case credential.JOSE:
		_, rest, _ := strings.Cut(string(signed), ".")
		encoded, _, _ := strings.Cut(rest, ".")
		payload, err := base64url.Decode(encoded)
		if err != nil || json.Unmarshal(payload, &document) != nil {
			return nil
		}
		delete(document, "iat")
		delete(document, "iss")
	case credential.SDJWT:
		var err error
		if o.token, err = sdjwt.Parse(signed); err != nil {
			return nil
		}
		claims, err := verification.StoredClaims(o.format, signed)
		if err != nil {
			return nil
		}
		return claims
	}
	return document
}

// differsFromOrder compares the signed credential with what was ordered, and
// its status with what was reserved.
func (i record) differsFromOrder(reserved statuslist.Reservation) error {
	same := reflect.DeepEqual(i.document, i.ordered.document)
	if token := i.ordered.token; token != nil {
		same = token.Issuer == i.issuer && sameJSON(i.document, i.claims, "id")
	}
	issuer := i.ordered.document["issuer"]
	if object, ok := issuer.(map[string]any); ok {
		issuer = object["id"]
	}
	switch {
	case !same:
		return errors.New("what was signed is not what was ordered")
	case issuer != any(i.issuer):
		return errors.New("what was ordered has another issuer")
	case !i.ordered.carries(reserved):
		return errors.New("what was signed has another status index")
	}
	return nil
}

// sameJSON compares two objects as they are written, but for one member.
func sameJSON(a, b map[string]any, but string) bool {
	var texts [2]map[string]any
	for n, object := range []map[string]any{a, b} {
		text, err := json.Marshal(object)
		if err != nil || json.Unmarshal(text, &texts[n]) != nil {
			return false
		}
		delete(texts[n], but)
	}
	return reflect.DeepEqual(texts[0], texts[1])
}

// carries reports whether an order names reserved entries alone, and at least
// one when there are any.
func (o *order) carries(reserved statuslist.Reservation) bool {
	if o.token != nil {
		entry := reserved.Token()
		if reserved.List == "" {
			return !o.token.Status.Present
		}
		return o.token.Status.URI == entry.List && o.token.Status.Index == int64(entry.Index)
	}
	items, several := o.document["credentialStatus"].([]any)
	if item, has := o.document["credentialStatus"]; has && !several {
		items = []any{item}
	}
	for _, item := range items {
		known := false
		for _, entry := range reserved.W3C() {
			known = known || reflect.DeepEqual(item, any(entry.Document()))
		}
		if !known {
			return false
		}
	}
	return len(items) > 0 == (reserved.List != "")
}

// hasNoStatus reports whether a credential was ordered without a status.
func (i record) hasNoStatus(reserved statuslist.Reservation) bool {
	return i.ordered != nil && reserved.List == ""
}
