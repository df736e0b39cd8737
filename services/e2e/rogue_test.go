package e2e

import (
	"encoding/json"
	"net/http"
	"testing"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/binding"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
)

// A peer that speaks DIDComm and keeps to none of its rules gets nothing, ends
// nothing and leaves nothing behind.
func TestRoguePeerGetsNothing(t *testing.T) {
	r := newRogueStack(newStack(t, devsetup.Pilot()), "registry", "issuer", "wallet")
	r.accredit()
	e := newExchangeOn(r.stack)
	r.within(t, "hostile 49, 51, 52, 54: envelopes that are dropped", func() {
		me, _ := r.newPeer(keystore.X25519)
		r.drops(target{service: "issuer", from: me, to: devsetup.DID("issuer"), says: didcomm.Message{
			Type: didcomm.TypeProposeCredential, Pthid: "off_0", Body: object(map[string]string{"collection_code": "0000-0000"}),
		}})
		r.drops(target{service: "wallet", from: rogueDID, to: r.lure(e), says: didcomm.Message{
			Type: didcomm.TypeOfferCredential, Body: object(map[string]string{}),
		}})
	})
	r.within(t, "hostile 49: a replayed message has no second effect", func() { r.replays(e) })
	r.within(t, "hostile 50: a problem report for another's thread", func() { r.meddles(e) })
	r.within(t, "hostile 53: a sender with several keys is answered", func() { r.writesWithAnyKey(e) })
	r.within(t, "hostile 44: proofs of possession of other exchanges", func() { r.borrowsProofs(e) })
	r.within(t, "a DID takes messages from whom it was made for alone", func() {
		stranger, _ := r.newPeer(keystore.X25519)
		a := r.post("wallet", r.seal(didcomm.Message{Type: didcomm.TypeOfferCredential}, stranger, r.lure(e)))
		if a.status != http.StatusForbidden || a.rule != "didcomm.sender-not-expected" {
			r.fail("a stranger: %d %s", a.status, a.rule)
		}
	})
}

// lure has a wallet open an invitation of the rogue's, and gives the DID that
// it made for that.
func (r *rogue) lure(e *exchange) string {
	r.t.Helper()
	return r.proposal(e, e.open()).From
}

// proposal is what a wallet that opened an invitation of the rogue's says.
func (r *rogue) proposal(e *exchange, wallet string) *didcomm.Message {
	r.t.Helper()
	id := r.id()
	link, err := didcomm.InvitationURL(rogueURL+"/invitation", &didcomm.Message{ID: id, Type: didcomm.TypeInvitation, From: rogueDID, Body: object(didcomm.InvitationBody{GoalCode: "issue-vc"})})
	if err != nil {
		r.t.Fatal(err)
	}
	e.accept(wallet, link, "ABCD-EFGH")
	return r.await(rogueDID, id, 0, didcomm.TypeProposeCredential)
}

// replays posts one envelope twice, and the same message in a fresh envelope:
// the code in it is counted once.
func (r *rogue) replays(e *exchange) {
	offer, _ := e.issue()
	me, _ := r.newPeer(keystore.X25519)
	m := proposing(r.id(), offer.GetOfferId(), "0000-0000")
	m.ID = r.id()
	sealed := r.seal(m, me, devsetup.DID("issuer"))
	for _, again := range [][]byte{sealed, sealed, r.seal(m, me, devsetup.DID("issuer"))} {
		if a := r.post("issuer", again); a.status != http.StatusAccepted {
			r.fail("%d %s", a.status, a.body)
		}
	}
	// A later message of the thread is acted on after those.
	last := proposing(m.Thid, offer.GetOfferId(), "1111-1111")
	r.send("issuer", last, me, devsetup.DID("issuer"))
	r.await(me, m.Thid, 1, didcomm.TypeProblemReport)
	if left := e.offer(offer.GetOfferId()).GetCollectionAttemptsLeft(); left != 3 {
		r.fail("%d attempts are left after two messages, one of them sent three times", left)
	}
	if n := r.count("issuer", "SELECT COUNT(*) FROM agent_inbox WHERE sender = $1", me); n != 2 {
		r.fail("%d messages are in the inbox", n)
	}
}

func proposing(thread, offerID, code string) didcomm.Message {
	return didcomm.Message{
		Type: didcomm.TypeProposeCredential, Thid: thread, Pthid: offerID,
		Body: object(map[string]string{"goal_code": "kompetansespor.OfferOfEmployment", "collection_code": code}),
	}
}

// meddles reports problems about a thread of others, in the name of whoever
// it can be; the thread goes on.
func (r *rogue) meddles(e *exchange) {
	offer, code := e.issue()
	victim, other := e.open(), e.open()
	r.kill("issuer") // so that the thread stays open meanwhile
	begun := e.accept(victim, offer.GetInvitationUrl(), code)
	lured := r.proposal(e, other)
	theirs := r.text("wallet", "SELECT ours FROM exchange WHERE id = $1", begun.GetExchangeId())
	thread := r.text("wallet", "SELECT thread FROM exchange WHERE id = $1", begun.GetExchangeId())
	report := didcomm.Message{Type: didcomm.TypeProblemReport, Pthid: thread, Body: object(map[string]string{"code": "e.p.msg.offer.withdrawn", "comment": "gone"})}

	// To the victim's own DID, which takes messages from the issuer alone.
	if a := r.post("wallet", r.seal(report, rogueDID, theirs)); a.status != http.StatusForbidden {
		r.fail("to the victim's DID: %d %s", a.status, a.rule)
	}
	// To a DID that listens to the rogue, about the victim's thread.
	report.ID = r.id()
	r.send("wallet", report, rogueDID, lured.From)
	r.until("the report is dropped", func() bool {
		return r.count("wallet", "SELECT COUNT(*) FROM agent_inbox WHERE sender = $1 AND id = $2 AND state = 'refused'", rogueDID, report.ID) == 1
	})
	r.start("issuer")
	r.ready("issuer")
	if done := e.ended(victim, begun.GetExchangeId()); done.GetState() != walletv1.ExchangeState_EXCHANGE_STATE_DONE {
		r.fail("the victim's thread ended: %v", done.GetProblem())
	}
}

// writesWithAnyKey writes with each of its keys, and opens the answers.
func (r *rogue) writesWithAnyKey(e *exchange) {
	offer, _ := e.issue()
	me, kids := r.newPeer(keystore.P256, keystore.X25519, keystore.X25519)
	for i, kid := range []string{kids[1], kids[2]} {
		m := proposing(r.id(), offer.GetOfferId(), "0000-0000")
		m.ID, m.From, m.To = r.id(), me, []string{devsetup.DID("issuer")}
		plain, err := m.Render()
		if err != nil {
			r.t.Fatal(err)
		}
		sealed := r.forge(forged{alg: "ECDH-1PU+A256KW", skid: kid, apu: kid, to: devsetup.DID("issuer")}, plain)
		if a := r.post("issuer", sealed); a.status != http.StatusAccepted {
			r.fail("with key %d: %d %s", i, a.status, a.body)
		}
		rule, _, err := agent.Problem(r.await(me, m.Thid, 0, didcomm.TypeProblemReport))
		if err != nil || rule != "offer.wrong-code" {
			r.fail("answer to key %d: %s, %v", i, rule, err)
		}
	}
}

// collecting is an issue-credential thread of the rogue's.
type collecting struct {
	*rogue
	me, thread, issuer string
	nonce              string
}

// collect begins one and waits for the offer.
func (r *rogue) collect(offer *issuerv1.Offer, code string) *collecting {
	r.t.Helper()
	me, _ := r.newPeer(keystore.X25519)
	c := &collecting{rogue: r, me: me, thread: r.id() + "-" + offer.GetOfferId(), issuer: devsetup.DID("issuer")}
	r.send("issuer", proposing(c.thread, offer.GetOfferId(), code), me, c.issuer)
	m := r.await(me, c.thread, 0, didcomm.TypeOfferCredential, didcomm.TypeProblemReport)
	raw, err := m.ContentOf(didcomm.FormatCredentialOffer)
	if err != nil {
		r.fail("no offer but %s %s", m.Type, m.Body)
	}
	var terms struct {
		Binding struct {
			Signed struct{ Nonce string } `json:"didcomm_signed_attachment"`
		} `json:"binding_method"`
	}
	if err := json.Unmarshal(raw, &terms); err != nil || terms.Binding.Signed.Nonce == "" {
		r.fail("the offer has no nonce: %v", err)
	}
	c.nonce = terms.Binding.Signed.Nonce
	return c
}

// proof is a holder's proof of possession.
func (r *rogue) proof(holder string, says binding.Statement) string {
	r.t.Helper()
	proof, err := binding.Sign(r.t.Context(), did.KeyIDOf(holder), says, r.Sign)
	if err != nil {
		r.t.Fatal(err)
	}
	return proof
}

// request asks for the credential with a proof.
func (c *collecting) request(proof string) {
	c.t.Helper()
	c.send("issuer", didcomm.Message{
		Type: didcomm.TypeRequestCredential, Thid: c.thread,
		Attachments: []didcomm.Attachment{
			{ID: "request", Format: didcomm.FormatCredentialRequest, JSON: object(map[string]any{
				"data_model_version": "2.0",
				"binding_proof":      map[string]any{"didcomm_signed_attachment": map[string]any{"attachment_id": "binding"}},
			})},
			didcomm.NewAttachment("binding", "application/jose", "", []byte(proof)),
		},
	}, c.me, c.issuer)
}

// issued asks properly and gives the credential and its holder.
func (c *collecting) issued() (document []byte, holder string) {
	c.t.Helper()
	holder = c.newHolder()
	c.request(c.proof(holder, binding.Statement{Nonce: c.nonce, Thread: c.thread, Audience: c.issuer}))
	m := c.await(c.me, c.thread, 0, didcomm.TypeIssueCredential)
	document, err := m.ContentOf(didcomm.FormatCredential)
	if err != nil {
		c.fail("no credential: %v", err)
	}
	return document, holder
}

// borrowsProofs asks with proofs that were made for something else.
func (r *rogue) borrowsProofs(e *exchange) {
	offer, code := e.issue()
	another, itsCode := e.issue()
	mine, other := r.collect(offer, code), r.collect(another, itsCode)
	holder := r.newHolder()
	good := binding.Statement{Nonce: mine.nonce, Thread: mine.thread, Audience: mine.issuer}
	for i, bad := range []struct {
		rule  string
		proof string
	}{
		{"credential.binding-nonce", r.proof(holder, binding.Statement{Nonce: other.nonce, Thread: good.Thread, Audience: good.Audience})},
		{"credential.binding-thread", r.proof(holder, binding.Statement{Nonce: good.Nonce, Thread: other.thread, Audience: good.Audience})},
		{"credential.binding-audience", r.proof(holder, binding.Statement{Nonce: good.Nonce, Thread: good.Thread, Audience: "did:web:udi.kompetansespor.example"})},
		{"credential.binding-nonce", r.proof(holder, binding.Statement{Nonce: other.nonce, Thread: other.thread, Audience: other.issuer})},
		{"credential.binding-proof", r.proof(holder, good) + "A"},
	} {
		mine.request(bad.proof)
		rule, comment, err := agent.Problem(r.await(mine.me, mine.thread, i, didcomm.TypeProblemReport))
		if err != nil || rule != bad.rule || comment == "" {
			r.fail("got %s (%v), want %s", rule, err, bad.rule)
		}
	}
	// Another peer, in this one's thread.
	other.thread, mine.thread = mine.thread, other.thread
	other.request(r.proof(holder, good))
	if rule, _, err := agent.Problem(r.await(other.me, other.thread, 0, didcomm.TypeProblemReport)); err != nil || rule != "credential.no-such-thread" {
		r.fail("in another's thread: %s, %v", rule, err)
	}
	other.thread, mine.thread = mine.thread, other.thread
	if n := e.signed(offer.GetOfferId()) + e.signed(another.GetOfferId()); n != 0 {
		r.fail("%d credentials were signed", n)
	}
	// The thread still stands for who asks properly, once.
	if _, holder := mine.issued(); r.text("issuer", "SELECT subject FROM issuance WHERE reference = $1", offer.GetOfferId()) != holder {
		r.fail("the credential is not bound to the key that was proven")
	}
	mine.request(r.proof(holder, good))
	if rule, _, err := agent.Problem(r.await(mine.me, mine.thread, 5, didcomm.TypeProblemReport)); err != nil || rule != "credential.already-issued" {
		r.fail("asked twice: %s, %v", rule, err)
	}
}
