package desk

import (
	"context"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/binding"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Offered is what an offer-credential message says.
type Offered struct {
	Type   string // the credential's type
	Issuer string // its issuer, as the preview has it
	Nonce  string // to be signed by the holder's key
	SDJWT  bool   // whether it can be had as an SD-JWT VC too
	// Claims are what the credential will say, as the preview has them.
	Claims map[string]any
}

// Request answers an offer: it makes a key for this credential alone, proves
// that the wallet has it, and asks for the credential to be bound to it. An
// authority may begin such a thread itself at a delivery DID.
func (d *Desk) Request(ctx context.Context, in agent.Received, offer Offered) (agent.Effect, error) {
	exchange, err := d.Store.ByThread(ctx, d.DB.Read(), in.Message.Thread(), in.Recipient)
	begun := fault.KindOf(err) == fault.NotFound
	switch {
	case begun:
		if exchange, err = d.beginDelivery(ctx, in); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case exchange.Theirs != in.Sender:
		return nil, noSuchThread()
	}
	if offer.Issuer != in.Sender {
		why := fault.New(fault.Denied, "credential.issuer-is-not-sender", "the offered credential names another issuer than the one that offers it")
		if begun {
			return nil, why
		}
		return d.refuse(exchange, why)
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		if begun {
			if _, err := d.Store.AddExchange(ctx, tx, exchange, "", nil); err != nil {
				return err
			}
		}
		waits, err := d.waits(ctx, tx, exchange, offer)
		if err != nil || waits {
			return err
		}
		return d.request(ctx, tx, exchange, offer)
	}, nil
}

func (d *Desk) request(ctx context.Context, tx *sqldb.Tx, exchange holding.Exchange, offer Offered) error {
	key, err := d.keyFor(ctx, tx, exchange, offer.Type)
	if err != nil {
		return err
	}
	format, err := d.Store.FormatOf(ctx, tx, exchange.Holder)
	if err != nil {
		return err
	}
	from := exchange.State()
	if err := exchange.Request(offer.Type, key.did); err != nil {
		return err
	}
	if err := d.Store.SaveExchange(ctx, tx, exchange, from); err != nil {
		return err
	}
	proof, err := binding.Sign(ctx, key.id, binding.Statement{Nonce: offer.Nonce, Thread: exchange.Thread, Audience: offer.Issuer}, key.sign)
	if err != nil {
		return err
	}
	return d.Agent.Send(ctx, tx, exchange.Ours, exchange.Theirs, didcomm.Message{
		Type: didcomm.TypeRequestCredential,
		Thid: exchange.Thread,
		Attachments: []didcomm.Attachment{
			wanted(format, offer),
			didcomm.NewAttachment("binding", "application/jose", "", []byte(proof)),
		},
	})
}

// holderKey is what a credential will be bound to.
type holderKey struct {
	did, id string
	sign    func(ctx context.Context, id string, data []byte) ([]byte, error)
}

// keyFor makes a key for this credential alone. What supports an application
// is bound to the key of the newest offer instead: one key signs what shows
// both.
func (d *Desk) keyFor(ctx context.Context, tx *sqldb.Tx, exchange holding.Exchange, credentialType string) (holderKey, error) {
	if slices.Contains(holding.Supporting(), credentialType) {
		subject, err := d.Store.NewestSubject(ctx, tx, exchange.Holder, credtype.OfferOfEmployment)
		if err != nil {
			return holderKey{}, err
		}
		if subject != "" {
			return holderKey{did: subject, id: did.KeyIDOf(subject), sign: d.Book.Sign}, nil
		}
	}
	fresh, err := d.Book.HolderKey()
	if err != nil {
		return holderKey{}, err
	}
	return holderKey{did: fresh.DID, id: fresh.Keys[0], sign: fresh.SignWith}, fresh.Save(ctx, tx, exchange.Holder, exchange.Theirs)
}

// wanted is what the wallet asks for: the holder's format where the issuer has
// it, else W3C. The key is proven in the same way for both.
func wanted(format credential.Format, offer Offered) didcomm.Attachment {
	request := map[string]any{
		"binding_proof": map[string]any{"didcomm_signed_attachment": map[string]any{"attachment_id": "binding"}},
	}
	a := didcomm.Attachment{ID: "request", MediaType: "application/json", Format: didcomm.FormatCredentialRequest}
	if format == credential.SDJWT && offer.SDJWT {
		a.Format = didcomm.FormatSDJWT
	} else {
		request["data_model_version"] = "2.0"
	}
	a.JSON = object(request)
	return a
}

// beginDelivery lets an authority begin a thread at the DID that was made for
// it; the agent has already refused any other sender there.
func (d *Desk) beginDelivery(ctx context.Context, in agent.Received) (holding.Exchange, error) {
	_, onlyFrom, err := d.Book.Owner(ctx, in.Recipient)
	if err != nil {
		return holding.Exchange{}, err
	}
	if onlyFrom != in.Sender {
		return holding.Exchange{}, noSuchThread()
	}
	id, err := d.newID("exc_")
	if err != nil {
		return holding.Exchange{}, err
	}
	return holding.Begin(holding.Exchange{
		ID: id, Holder: in.Owner, Kind: holding.Delivery, Thread: in.Message.Thread(),
		Ours: in.Recipient, Theirs: in.Sender, CreatedAt: d.Clock.Now(),
	}, holding.Deliverable()...), nil
}

// Take verifies a credential that came and puts it in the wallet. What does
// not hold ends the exchange: the worker sees why, and so does the issuer.
func (d *Desk) Take(ctx context.Context, in agent.Received, document []byte) (agent.Effect, error) {
	exchange, err := d.inThread(ctx, in, in.Message.Thread())
	if err != nil {
		return nil, err
	}
	if exchange.State() == holding.Held {
		return d.acknowledge(exchange), nil // the issuer says it again: so do we
	}
	from := exchange.State()
	verified, err := d.verify(ctx, in.Sender, document)
	if err == nil {
		err = exchange.Hold(verified.Type.Name, verified.SubjectID)
	}
	if err != nil {
		return d.refuse(exchange, err)
	}
	id, err := d.newID("cred_")
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		if err := d.Store.SaveExchange(ctx, tx, exchange, from); err != nil {
			return err
		}
		err := d.Store.AddCredential(ctx, tx, holding.Credential{
			ID: id, Holder: exchange.Holder, Exchange: exchange.ID, Type: verified.Type.Name, Issuer: verified.Issuer,
			Subject: verified.SubjectID, Format: verified.Format, ReceivedAt: d.Clock.Now(), Document: document,
		})
		if err != nil {
			return err
		}
		return d.acknowledge(exchange)(ctx, tx)
	}, nil
}

// verify checks a credential from every side, and that who sent it is who
// issued it.
func (d *Desk) verify(ctx context.Context, sender string, document []byte) (*verification.Credential, error) {
	verified, err := d.verified(ctx, document)
	if err != nil {
		return nil, err
	}
	if verified.Issuer != sender {
		return nil, fault.New(fault.Denied, "credential.issuer-is-not-sender", "the credential is by another issuer than the one that sent it")
	}
	return verified, nil
}

// verified checks a credential from every side, and that it is one of a format
// that a wallet keeps.
func (d *Desk) verified(ctx context.Context, document []byte) (*verification.Credential, error) {
	verified, report := d.Verification.Credential(ctx, document)
	if err := report.Err(); err != nil {
		return nil, err
	}
	if verified.Format != credential.DataIntegrity && verified.Format != credential.SDJWT {
		return nil, fault.New(fault.Invalid, "credential.format", "a wallet keeps credentials as W3C with a Data Integrity proof, or as SD-JWT VC")
	}
	return verified, nil
}

// refuse ends an exchange for a reason of our own; what may still change is
// left to be tried again.
func (d *Desk) refuse(exchange holding.Exchange, why error) (agent.Effect, error) {
	f := fault.From(why)
	from := exchange.State()
	if !f.Kind.Permanent() || exchange.Refuse(f.Rule, f.Message) != nil {
		return nil, why
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		if err := d.Store.SaveExchange(ctx, tx, exchange, from); err != nil {
			return err
		}
		return agent.Refuse(why)
	}, nil
}

func (d *Desk) acknowledge(exchange holding.Exchange) agent.Effect {
	return func(ctx context.Context, tx *sqldb.Tx) error {
		return d.Agent.Send(ctx, tx, exchange.Ours, exchange.Theirs, didcomm.Message{
			Type: didcomm.TypeCredentialAck, Thid: exchange.Thread, Body: object(map[string]string{"status": "OK"}),
		})
	}
}

// Refused ends the exchange that a problem report is about. A report from
// anybody but the other party of that thread is about nothing.
func (d *Desk) Refused(ctx context.Context, in agent.Received, rule, message string) (agent.Effect, error) {
	exchange, err := d.inThread(ctx, in, in.Message.Pthid)
	if err != nil {
		return nil, err
	}
	if exchange.Kind == holding.Application && exchange.State() == holding.Accepted {
		// What was said after the application was taken, such as an appeal that
		// comes too late, was refused: the holder reads why.
		return d.Notice(ctx, in, "en", "", message)
	}
	from := exchange.State()
	if err := exchange.Refuse(rule, message); err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		return d.Store.SaveExchange(ctx, tx, exchange, from)
	}, nil
}

// inThread finds the exchange of a message's thread; somebody else's does not
// exist for the sender.
func (d *Desk) inThread(ctx context.Context, in agent.Received, thread string) (holding.Exchange, error) {
	exchange, err := d.Store.ByThread(ctx, d.DB.Read(), thread, in.Recipient)
	if err == nil && exchange.Theirs != in.Sender {
		err = noSuchThread()
	}
	return exchange, err
}

func noSuchThread() error {
	return fault.New(fault.NotFound, "exchange.no-such-thread", "there is no such exchange with you")
}
