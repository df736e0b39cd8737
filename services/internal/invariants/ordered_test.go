package invariants

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// order has the issuer sign what somebody else wrote, in every format, with and
// without a status.
func (w *world) order(ctx context.Context) error {
	raw, err := os.ReadFile(filepath.Join("..", "credtype", "testdata", "offer-of-employment.json"))
	if err != nil {
		return err
	}
	issuer := w.layout.Services["issuer"].DID
	for _, format := range []credential.Format{credential.DataIntegrity, credential.JOSE, credential.SDJWT} {
		for _, purposes := range [][]status.Purpose{nil, {status.Suspension}} {
			var subject map[string]any
			if err := json.Unmarshal(raw, &subject); err != nil {
				return err
			}
			subject["id"] = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
			_, err := w.parts["issuer"].issuer.IssueDocument(ctx, issuance.Order{
				Issuer: issuer, Name: fmt.Sprintf("urn:example:%s:%d", format, len(purposes)), Type: "OfferOfEmployment", Status: purposes, Format: format,
				Document: map[string]any{
					"@context": []any{vcdm.ContextV2, jsonld.KompetansesporV1}, "type": []any{vcdm.TypeCredential, "OfferOfEmployment"},
					"issuer": issuer, "credentialSubject": subject,
				},
			})
			if err != nil {
				return fmt.Errorf("order as %s: %w", format, err)
			}
		}
	}
	return nil
}

func TestEachBreachOfAnOrderIsFound(t *testing.T) {
	t.Parallel()
	one := func(name string) string {
		return `(SELECT credential_id FROM issuance_document WHERE name = 'urn:example:` + name + `')`
	}
	for name, c := range map[string]struct {
		statements []string
		want       []string
	}{
		"signed before recorded": {[]string{`UPDATE issuance SET created_at = issued_at + 1 WHERE credential_id = ` + one("ldp_vc:0")},
			[]string{"I2 signed before it was recorded"}},
		"signed and only recorded": {[]string{`UPDATE issuance SET state = 'reserved' WHERE credential_id = ` + one("vc+jwt:0")},
			[]string{"I2 signed, and its state is reserved"}},
		"issued and not kept": {[]string{`UPDATE issuance SET credential = NULL WHERE credential_id = ` + one("dc+sd-jwt:0")},
			[]string{"I2 what was signed is not kept"}},
		"sealed for another": {[]string{`UPDATE issuance SET credential = (SELECT credential FROM issuance WHERE credential_id = ` + one("ldp_vc:1") + `) WHERE credential_id = ` + one("ldp_vc:0")},
			[]string{"I2 what was signed does not open"}},
		"another issuer": {[]string{`UPDATE issuance SET issuer = 'did:web:other.example' WHERE credential_id = ` + one("ldp_vc:0")},
			[]string{"I2 what was ordered has another issuer"}},
		"another issuer of an SD-JWT VC": {[]string{`UPDATE issuance SET issuer = 'did:web:other.example' WHERE credential_id = ` + one("dc+sd-jwt:0")},
			[]string{"I2 what was signed is not what was ordered"}},
		"index not reserved": {[]string{`DELETE FROM status_entry WHERE credential_id = ` + one("vc+jwt:1")},
			[]string{"I2 no status index is reserved for it"}},
		"index of another": {[]string{`UPDATE issuance SET status = (SELECT status FROM issuance WHERE credential_id = ` + one("ldp_vc:1") + `) WHERE credential_id = ` + one("vc+jwt:1")},
			[]string{"I2 it has the status index of", "I2 another status index", "I2 another status index is reserved"}},
		"index of another in an SD-JWT VC": {[]string{`UPDATE issuance SET status = (SELECT status FROM issuance WHERE credential_id = ` + one("ldp_vc:1") + `) WHERE credential_id = ` + one("dc+sd-jwt:1")},
			[]string{"I2 it has the status index of", "I2 another status index", "I2 another status index is reserved"}},
		"status forgotten": {[]string{`UPDATE issuance SET status = '{}' WHERE credential_id = ` + one("ldp_vc:1")},
			[]string{"I2 what was signed has another status index", "I2 another status index is reserved"}},
		"status forgotten of an SD-JWT VC": {[]string{`UPDATE issuance SET status = '{}' WHERE credential_id = ` + one("dc+sd-jwt:1")},
			[]string{"I2 what was signed has another status index", "I2 another status index is reserved"}},
		"order forgotten": {[]string{`DELETE FROM issuance_document WHERE name = 'urn:example:ldp_vc:0'`},
			[]string{"I2 what was signed has another id", "I2 no status index is reserved for it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			layout := copied(t)
			spoil(t, layout, "issuer", c.statements...)
			expect(t, Sources{Layout: layout}, c.want...)
		})
	}
}

func TestWhatWasSignedIsWhatWasOrdered(t *testing.T) {
	t.Parallel()
	ordered := map[string]any{"issuer": map[string]any{"id": "did:web:a.example"}, "name": "An offer"}
	i := record{issuer: "did:web:a.example", document: ordered, ordered: &order{format: credential.DataIntegrity, document: ordered}}
	if err := i.differsFromOrder(statuslist.Reservation{}); err != nil {
		t.Error(err)
	}
	i.document = map[string]any{"issuer": ordered["issuer"], "name": "Another"}
	if err := i.differsFromOrder(statuslist.Reservation{}); err == nil || err.Error() != "what was signed is not what was ordered" {
		t.Error(err)
	}
}
