package desk

import (
	"context"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// application is the secret of an application's exchange.
type application struct {
	Credential string          // what is shown
	Consent    holding.Consent // with the delivery DIDs
	GivenAt    time.Time
	CaseRef    string // once accepted
	Capability string // what opens the access log of the case
}

// Apply proposes to the authority to present a credential, with the holder's
// consent and a fresh delivery DID for each agency, which takes messages from
// that agency alone. The same credential gives the same exchange until that
// was refused.
func (d *Desk) Apply(ctx context.Context, holder, credentialID string, consent holding.Consent) (_ holding.Exchange, err error) {
	offer, _ := credtype.Find(credtype.OfferOfEmployment)
	if err := consent.Check(offer); err != nil {
		return holding.Exchange{}, err
	}
	held, err := d.Store.Credential(ctx, d.DB.Read(), holder, credentialID)
	if err != nil {
		return holding.Exchange{}, err
	}
	trace, err := d.Store.Trace(ctx, d.DB.Read(), held.Exchange)
	if err != nil {
		return holding.Exchange{}, err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, trace), "wallet.Apply")
	defer func() { end(err) }()
	if held.Type != offer.Name {
		return holding.Exchange{}, fault.New(fault.Conflict, "application.not-an-offer", "an application shows an offer of employment")
	}
	if have, err := d.Store.ByInvitation(ctx, d.DB.Read(), holder, credentialID); err == nil {
		return have, nil
	}
	pairwise, err := d.Book.Pairwise(d.Endpoint)
	if err != nil {
		return holding.Exchange{}, err
	}
	defer pairwise.Close()
	deliveries := make([]*identity.Pending, len(consent.Agencies))
	for i := range consent.Agencies {
		if deliveries[i], err = d.Book.Pairwise(d.Endpoint); err != nil {
			return holding.Exchange{}, err
		}
		defer deliveries[i].Close()
		consent.Agencies[i].Delivery = deliveries[i].DID
	}
	id, err := d.newID("exc_")
	if err != nil {
		return holding.Exchange{}, err
	}
	exchange := holding.Begin(holding.Exchange{
		ID: id, Holder: holder, Kind: holding.Application, Thread: id,
		Ours: pairwise.DID, Theirs: d.Authority, CreatedAt: d.Clock.Now(),
	})
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		secret := application{Credential: credentialID, Consent: consent, GivenAt: d.Clock.Now()}
		fresh, err := d.Store.AddExchange(ctx, tx, exchange, credentialID, secret)
		if err != nil {
			return err
		}
		if !fresh {
			exchange, err = d.Store.ByInvitation(ctx, tx, holder, credentialID)
			return err
		}
		if err := pairwise.Save(ctx, tx, holder, d.Authority); err != nil {
			return err
		}
		for i, delivery := range deliveries {
			if err := delivery.Save(ctx, tx, holder, consent.Agencies[i].DID); err != nil {
				return err
			}
		}
		return d.Agent.Send(ctx, tx, exchange.Ours, exchange.Theirs, didcomm.Message{
			Type: didcomm.TypeProposePresentation,
			Thid: exchange.Thread,
			Body: object(map[string]string{"goal_code": "kompetansespor.residence-permit"}),
		})
	})
	return exchange, err
}

// Present answers the authority's request: the credential and the consent,
// signed by the key that the credential is bound to, for this challenge and
// domain. A request that comes again is answered again.
func (d *Desk) Present(ctx context.Context, in agent.Received, challenge, domain string) (agent.Effect, error) {
	exchange, err := d.inThread(ctx, in, in.Message.Thread())
	if err != nil {
		return nil, err
	}
	if domain != in.Sender {
		return nil, fault.New(fault.Denied, "presentation.domain-is-not-sender", "the presentation is asked for on behalf of somebody else")
	}
	var secret application
	if err := d.Store.Secret(ctx, d.DB.Read(), exchange.ID, &secret); err != nil {
		return nil, err
	}
	held, err := d.Store.Credential(ctx, d.DB.Read(), exchange.Holder, secret.Credential)
	if err != nil {
		return nil, err
	}
	from := exchange.State()
	if err := exchange.Present(); err != nil {
		return nil, err
	}
	document, err := d.present(ctx, held, secret, challenge, domain)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		if err := d.Store.SaveExchange(ctx, tx, exchange, from); err != nil {
			return err
		}
		return d.Agent.Send(ctx, tx, exchange.Ours, exchange.Theirs, didcomm.Message{
			Type: didcomm.TypePresentation,
			Thid: exchange.Thread,
			Attachments: []didcomm.Attachment{
				didcomm.NewAttachment("presentation", "application/vp", didcomm.FormatPresentation, document),
			},
		})
	}, nil
}

func (d *Desk) present(ctx context.Context, held holding.Credential, secret application, challenge, domain string) ([]byte, error) {
	shown, err := d.shown(ctx, held, challenge, domain)
	if err != nil {
		return nil, err
	}
	agencies := make([]any, len(secret.Consent.Agencies))
	for i, a := range secret.Consent.Agencies {
		claims := make([]any, len(a.Claims))
		for j, c := range a.Claims {
			claims[j] = c
		}
		agencies[i] = map[string]any{"agency": a.DID, "delivery": a.Delivery, "claims": claims}
	}
	return credential.Present(ctx, d.Book, credential.Presenting{
		Types:       []string{"ApplicationPresentation"},
		Holder:      held.Subject,
		Credentials: [][]byte{shown},
		Members: map[string]any{"consent": map[string]any{
			"purpose":  secret.Consent.Purpose,
			"given_at": secret.GivenAt.UTC().Format(time.RFC3339),
			"agencies": agencies,
		}},
		Challenge: challenge,
		Domain:    domain,
		Key:       credential.Key{ID: did.KeyIDOf(held.Subject), Curve: did.Ed25519},
		Created:   d.Clock.Now(),
	})
}

// shown is a credential as it is presented: a W3C one as it is held, an SD-JWT
// VC with every claim disclosed, since the application asks for all of them,
// and with a key binding of its own.
func (d *Desk) shown(ctx context.Context, held holding.Credential, nonce, audience string) ([]byte, error) {
	if held.Format != credential.SDJWT {
		return held.Document, nil
	}
	token, err := sdjwt.Parse(held.Document)
	if err != nil {
		return nil, err
	}
	return token.Present(ctx, d.Book.Sign, sdjwt.Presenting{
		Paths: []string{"*"}, Audience: audience, Nonce: nonce, IssuedAt: d.Clock.Now(), KeyID: did.KeyIDOf(held.Subject),
	})
}

// Accepted records the case that the authority opened, and the capability
// that opens its access log.
func (d *Desk) Accepted(ctx context.Context, in agent.Received, caseRef, capability string) (agent.Effect, error) {
	exchange, err := d.inThread(ctx, in, in.Message.Thread())
	if err != nil {
		return nil, err
	}
	var secret application
	if err := d.Store.Secret(ctx, d.DB.Read(), exchange.ID, &secret); err != nil {
		return nil, err
	}
	from := exchange.State()
	if err := exchange.Accept(); err != nil {
		return nil, err
	}
	secret.CaseRef, secret.Capability = caseRef, capability
	return func(ctx context.Context, tx *sqldb.Tx) error {
		if err := d.Store.SaveSecret(ctx, tx, exchange.ID, secret); err != nil {
			return err
		}
		return d.Store.SaveExchange(ctx, tx, exchange, from)
	}, nil
}

// WhoRead lists who has read what of the holder's applications, oldest first.
func (d *Desk) WhoRead(ctx context.Context, holder string) ([]Access, error) {
	applications, err := d.Store.Applications(ctx, d.DB.Read(), holder)
	if err != nil {
		return nil, err
	}
	var all []Access
	for _, exchange := range applications {
		var secret application
		if err := d.Store.Secret(ctx, d.DB.Read(), exchange.ID, &secret); err != nil {
			return nil, err
		}
		rows, err := d.AccessLog.ListAccess(ctx, secret.CaseRef, secret.Capability)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	slices.SortStableFunc(all, func(a, b Access) int { return a.At.Compare(b.At) })
	return all, nil
}
