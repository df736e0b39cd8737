package desk_test

import (
	"context"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// invites answers every link with an invitation of one issuer, named as the link.
type invites struct{ issuer string }

func (i invites) Invitation(_ context.Context, link string) (id, issuer, goal string, err error) {
	return link, i.issuer, "", nil
}

func (i invites) ByNumber(_ context.Context, number, _ string) (id, issuer, goal string, err error) {
	return number, i.issuer, "", nil
}

// comes begins a collection, and has the issuer's offer come.
func (w *world) comes(t *testing.T, link string, ask bool) holding.Exchange {
	t.Helper()
	w.desk.Invitations = invites{w.issuer.DID}
	e, err := w.desk.Collect(t.Context(), "lisa", desk.Collecting{Link: link, Code: "c", Ask: ask})
	if err != nil {
		t.Fatal(err)
	}
	return w.offers(t, e)
}

func (w *world) offers(t *testing.T, e holding.Exchange) holding.Exchange {
	t.Helper()
	effect, err := w.desk.Request(t.Context(), agent.Received{
		Message: &didcomm.Message{ID: "offer", Thid: e.Thread}, Sender: w.issuer.DID, Recipient: e.Ours, Owner: "lisa",
	}, desk.Offered{Type: "OfferOfEmployment", Issuer: w.issuer.DID, Nonce: "n", Claims: map[string]any{"given_name": "Lisa"}})
	if err != nil {
		t.Fatal(err)
	}
	w.tx(t, func(tx *sqldb.Tx) error { return effect(t.Context(), tx) })
	return w.now(t, e.ID)
}

func (w *world) now(t *testing.T, id string) holding.Exchange {
	t.Helper()
	e, err := w.desk.Exchange(t.Context(), "lisa", id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestOfferIsTakenOnlyWhenTheHolderSaysSo(t *testing.T) {
	w := open(t)
	if e := w.comes(t, "machine", false); e.State() != holding.Requested {
		t.Errorf("who does not ask waits: %s", e.State())
	}
	e := w.comes(t, "person", true)
	if e.State() != holding.Offered || e.Subject() != "" {
		t.Fatalf("%s, with the key %q", e.State(), e.Subject())
	}
	if e = w.offers(t, e); e.State() != holding.Offered { // the issuer says it again
		t.Fatal(e.State())
	}
	shown, err := w.desk.PreviewOf(t.Context(), e)
	if err != nil || shown.Claims["given_name"] != "Lisa" || shown.Standing != desk.Accredited || shown.Issuer != w.issuer.DID {
		t.Fatalf("%+v, %v", shown, err)
	}
	if _, err := w.desk.Confirm(t.Context(), "ola", e.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("somebody else confirms: %v", err)
	}
	for range 2 { // twice is once
		if e, err = w.desk.Confirm(t.Context(), "lisa", e.ID); err != nil || e.State() != holding.Requested || e.Subject() == "" {
			t.Fatalf("%s, %v", e.State(), err)
		}
	}
	if m := w.sent(t, e.Thread); m.Type != didcomm.TypeRequestCredential {
		t.Errorf("sent %s", m.Type)
	}
	// What was offered is not kept beside the credential.
	if shown, err = w.desk.PreviewOf(t.Context(), w.now(t, e.ID)); shown != nil || err != nil {
		t.Errorf("%+v, %v", shown, err)
	}
	if _, err := w.desk.Decline(t.Context(), "lisa", e.ID); fault.RuleOf(err) != "exchange.not-offered" {
		t.Errorf("declined after it was confirmed: %v", err)
	}
}

func TestDeclinedOfferIsNotTakenAndTheIssuerIsTold(t *testing.T) {
	w := open(t)
	e := w.comes(t, "person", true)
	e, err := w.desk.Decline(t.Context(), "lisa", e.ID)
	if rule, _ := e.Problem(); err != nil || e.State() != holding.Refused || rule != "exchange.declined" {
		t.Fatalf("%s, %q, %v", e.State(), rule, err)
	}
	var told int
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM agent_outbox`).Scan(&told); err != nil || told != 2 { // the proposal, the report
		t.Errorf("%d messages, %v", told, err)
	}
	if _, err := w.desk.Confirm(t.Context(), "lisa", e.ID); fault.RuleOf(err) != "exchange.not-offered" {
		t.Errorf("confirmed after it was declined: %v", err)
	}
}
