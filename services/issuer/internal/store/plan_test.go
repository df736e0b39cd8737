package store

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// Each delivery asks for the offer of its credential.
func TestOfferOfACredentialIsFoundByItsIndex(t *testing.T) {
	plan := testkit.Plan(t, byCredential, []any{"urn:uuid:1"}, Migrations())
	if plan != "SEARCH offer USING INDEX offer_credential (credential_id=?)" {
		t.Error(strings.TrimSpace(plan))
	}
}
