package envelope_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// BenchmarkAuthcrypt packs and unpacks a message of 2 KiB by ECDH-1PU on X25519, with
// keys in the key store, beside a raw Ed25519 verification.
func BenchmarkAuthcrypt(b *testing.B) {
	store := newStore(b)
	from, to := newOurs(b, store, keystore.X25519), newOurs(b, store, keystore.X25519)
	message, err := json.Marshal(map[string]any{
		"id": "1", "type": "https://didcomm.org/basicmessage/2.0/message", "typ": "application/didcomm-plain+json",
		"from": from.did, "to": []string{to.did}, "body": map[string]any{"content": strings.Repeat("x", 1300)},
	})
	if err != nil {
		b.Fatal(err)
	}
	packed, err := envelope.Seal(b.Context(), from, did.Static{}, message, from.did, to.did)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("a message of %d bytes in an envelope of %d", len(message), len(packed))
	b.Run("pack", testkit.BesideVerify(func() error {
		_, err := envelope.Seal(b.Context(), from, did.Static{}, message, from.did, to.did)
		return err
	}))
	b.Run("unpack", testkit.BesideVerify(func() error {
		_, err := envelope.Open(b.Context(), to, did.Static{}, packed)
		return err
	}))
}
