package peers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/peers"
)

// web answers a post as it is told.
type web struct {
	url, kind string
	body      []byte
	answer    []byte
	err       error
}

func (w *web) Get(context.Context, string, int64) ([]byte, http.Header, error) { return nil, nil, nil }

func (w *web) Post(_ context.Context, url, contentType string, body []byte) ([]byte, http.Header, error) {
	w.url, w.kind, w.body = url, contentType, body
	return w.answer, nil, w.err
}

func TestOfferIsAskedForByItsNumber(t *testing.T) {
	goal, _ := json.Marshal(didcomm.InvitationBody{GoalCode: "issue-vc", Goal: "Collect", Accept: []string{"didcomm/v2"}})
	raw, err := (&didcomm.Message{ID: "off_1", Type: didcomm.TypeInvitation, From: "did:web:issuer.example", Body: goal}).Render()
	if err != nil {
		t.Fatal(err)
	}
	w := &web{answer: raw}
	invitations := peers.Invitations{Get: w, Issuer: "https://issuer.example"}
	id, from, said, err := invitations.ByNumber(t.Context(), "26-004217-K", "amber canoe violet ridge")
	if err != nil || id != "off_1" || from != "did:web:issuer.example" || said != "Collect" {
		t.Errorf("%s %s %s %v", id, from, said, err)
	}
	if w.url != "https://issuer.example/invitations" || w.kind != "application/json" || string(w.body) != `{"collection_code":"amber canoe violet ridge","offer_number":"26-004217-K"}` {
		t.Errorf("asked %s %s %s", w.url, w.kind, w.body)
	}
	for name, c := range map[string]struct {
		issuer string
		answer string
		err    error
		rule   string
	}{
		"wrong":       {"https://issuer.example", "", fault.New(fault.NotFound, "fetch.not-found", "no"), "invitation.number-or-code"},
		"down":        {"https://issuer.example", "", fault.New(fault.Unavailable, "fetch.unreachable", "no"), "fetch.unreachable"},
		"no message":  {"https://issuer.example", "<html>", nil, "json.value"},
		"not set up":  {"", "", nil, "invitation.no-issuer"},
		"no inviting": {"https://issuer.example", `{"id":"1","type":"a:b","body":{}}`, nil, ""},
	} {
		w.answer, w.err = []byte(c.answer), c.err
		_, _, _, err := peers.Invitations{Get: w, Issuer: c.issuer}.ByNumber(t.Context(), "n", "c")
		if err == nil || c.rule != "" && c.rule != "json.value" && fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}
