package desk_test

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
)

// The list is never by a key that has retired, however long it would still be
// current: whoever reads it asks for a key that is in use now.
func TestListIsSignedAnewWhenAnotherKeyTakesOver(t *testing.T) {
	h, d := open(t)
	before, err := d.TrustList(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next, err := h.Book.Rotate(t.Context(), h.DID, keystore.Ed25519, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	h.Clock.Pass(3 * time.Second) // the next key signs; the list has most of its life before it
	after, err := d.TrustList(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if trustlist.SignedWith(before) == next || trustlist.SignedWith(after) != next {
		t.Errorf("the list is signed with %q, not with %q", trustlist.SignedWith(after), next)
	}
	if then, now := versionOf(t, h, before), versionOf(t, h, after); then != now {
		t.Errorf("its version went from %d to %d", then, now)
	}
}

func versionOf(t *testing.T, h *harness.Harness, raw []byte) int64 {
	t.Helper()
	l, err := trustlist.Past(t.Context(), documents{h.Book}, h.DID, raw)
	if err != nil {
		t.Fatal(err)
	}
	return l.Version
}
