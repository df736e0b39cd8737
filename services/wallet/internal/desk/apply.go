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
	Credential string          // the offer that is shown
	Supporting []string        `json:",omitempty"` // what is shown besides
	Consent    holding.Consent // with the delivery DIDs
	GivenAt    time.Time
	CaseRef    string // once accepted
	Capability string // what opens the access log of the case
	PaymentURL string `json:",omitempty"` // where the fee is paid
}

// Applying is what the holder applies with.
type Applying struct {
	Credential string   // the offer
	Supporting []string // what answers UDI's conditions besides
	Consent    holding.Consent
}

// Apply proposes to the authority to present a credential, with the holder's
// consent and a fresh delivery DID for each agency, which takes messages from
// that agency alone. The same credential gives the same exchange until that
// was refused.
func (d *Desk) Apply(ctx context.Context, holder string, with Applying) (_ holding.Exchange, err error) {
	credentialID, consent := with.Credential, with.Consent
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
	besides, err := d.supporting(ctx, holder, with.Supporting)
	if err != nil {
		return holding.Exchange{}, err
	}
	if err := holding.CheckShown(held, besides); err != nil {
		return holding.Exchange{}, err
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
		secret := application{Credential: credentialID, Supporting: with.Supporting, Consent: consent, GivenAt: d.Clock.Now()}
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

// supporting finds what is shown beside the offer.
func (d *Desk) supporting(ctx context.Context, holder string, ids []string) ([]holding.Credential, error) {
	if len(ids) > holding.MostSupporting {
		return nil, fault.New(fault.Invalid, "application.supporting-count", "show at most 8 credentials beside the offer")
	}
	all := make([]holding.Credential, len(ids))
	for i, id := range ids {
		var err error
		if all[i], err = d.Store.Credential(ctx, d.DB.Read(), holder, id); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Present answers the authority's request: the credentials and the consent,
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
	besides, err := d.supporting(ctx, exchange.Holder, secret.Supporting)
	if err != nil {
		return nil, err
	}
	from := exchange.State()
	if err := exchange.Present(); err != nil {
		return nil, err
	}
	document, err := d.present(ctx, append([]holding.Credential{held}, besides...), secret, asked{challenge, domain})
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

// asked is what a presentation answers.
type asked struct{ challenge, domain string }

// present writes and signs the presentation: the offer first, then what
// supports it. By the consent the worker also signs the offer as applicant
// (utlendingsforskriften § 6-9): offer_hash names the very document.
func (d *Desk) present(ctx context.Context, held []holding.Credential, secret application, to asked) ([]byte, error) {
	shown := make([][]byte, len(held))
	for i, c := range held {
		var err error
		if shown[i], err = d.shown(ctx, c, to.challenge, to.domain); err != nil {
			return nil, err
		}
	}
	hash, err := credential.OfferHash(shown[0])
	if err != nil {
		return nil, err
	}
	agencies := make([]any, len(secret.Consent.Agencies))
	for i, a := range secret.Consent.Agencies {
		agencies[i] = map[string]any{"agency": a.DID, "delivery": a.Delivery, "claims": list(a.Claims)}
	}
	locale, err := d.Store.LocaleOf(ctx, d.DB.Read(), held[0].Holder)
	if err != nil {
		return nil, err
	}
	consent := map[string]any{
		"lang":       locale,
		"purpose":    secret.Consent.Purpose,
		"given_at":   secret.GivenAt.UTC().Format(time.RFC3339),
		"agencies":   agencies,
		"offer_hash": hash,
		"as":         "applicant",
	}
	if len(secret.Consent.Shares) > 0 {
		consent["shares"] = list(secret.Consent.Shares)
	}
	subject := held[0].Subject
	return credential.Present(ctx, d.Book, credential.Presenting{
		Types:       []string{"ApplicationPresentation"},
		Holder:      subject,
		Credentials: shown,
		Members:     map[string]any{"consent": consent},
		Challenge:   to.challenge,
		Domain:      to.domain,
		Key:         credential.Key{ID: did.KeyIDOf(subject), Curve: did.Ed25519},
		Created:     d.Clock.Now(),
	})
}

func list(texts []string) []any {
	items := make([]any, len(texts))
	for i, text := range texts {
		items[i] = text
	}
	return items
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

// Acceptance is what the authority says of an application that it takes.
type Acceptance struct {
	CaseRef    string // the case that it opened, or goes on with
	Capability string // what opens the access log of the case
	PaymentURL string // where the fee is paid, empty when nothing is
}

// Accepted records the case that the authority opened, the capability that
// opens its access log, and where the fee is paid.
func (d *Desk) Accepted(ctx context.Context, in agent.Received, says Acceptance) (agent.Effect, error) {
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
	secret.CaseRef, secret.Capability, secret.PaymentURL = says.CaseRef, says.Capability, holding.PageURL(says.PaymentURL)
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
	// A changed offer goes on with the case that the first opened: the case is
	// asked about once, with the capability that came last.
	var cases []string
	capabilities := map[string]string{}
	for _, exchange := range applications {
		var secret application
		if err := d.Store.Secret(ctx, d.DB.Read(), exchange.ID, &secret); err != nil {
			return nil, err
		}
		if _, known := capabilities[secret.CaseRef]; !known {
			cases = append(cases, secret.CaseRef)
		}
		if secret.Capability != "" {
			capabilities[secret.CaseRef] = secret.Capability
		}
	}
	var all []Access
	for _, caseRef := range cases {
		rows, err := d.AccessLog.ListAccess(ctx, caseRef, capabilities[caseRef])
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	slices.SortStableFunc(all, func(a, b Access) int { return a.At.Compare(b.At) })
	return all, nil
}
