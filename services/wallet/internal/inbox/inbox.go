// Package inbox reads the DIDComm messages that come to a wallet and hands
// what they say to the desk: issue-credential 3.0 as holder, present-proof 3.0
// as prover, basicmessage 2.0, problem reports.
package inbox

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Register has the agent bring the wallet's messages here.
func Register(a *agent.Agent, d *desk.Desk) {
	in := inbox{d}
	a.Handle(didcomm.TypeOfferCredential, in.offer)
	a.Handle(didcomm.TypeIssueCredential, in.issue)
	a.Handle(didcomm.TypeRequestPresentation, in.requestPresentation)
	a.Handle(didcomm.TypePresentationAck, in.presentationAck)
	a.Handle(didcomm.TypeBasicMessage, in.notice)
	a.HandleProblem(in.problem)
}

type inbox struct{ desk *desk.Desk }

// offer is didcomm/w3c-di-vc-offer@v0.1 (Aries RFC 0809).
type offer struct {
	BindingMethod struct {
		Signed struct {
			Nonce string `json:"nonce"`
		} `json:"didcomm_signed_attachment"`
	} `json:"binding_method"`
	Credential struct {
		Type    []string       `json:"type"`
		Issuer  string         `json:"issuer"`
		Subject map[string]any `json:"credentialSubject"`
	} `json:"credential"`
}

func (i inbox) offer(ctx context.Context, in agent.Received) (agent.Effect, error) {
	raw, err := in.Message.ContentOf(didcomm.FormatCredentialOffer)
	if err != nil {
		return nil, err
	}
	var o offer
	if err := strictjson.UnmarshalOpen(raw, &o, strictjson.Limits{}); err != nil {
		return nil, err
	}
	kind, err := credtype.Of(o.Credential.Type)
	if err != nil {
		return nil, err
	}
	_, asSDJWT := in.Message.AttachmentOf(didcomm.FormatSDJWT)
	return i.desk.Request(ctx, in, desk.Offered{
		Type: kind.Name, Issuer: o.Credential.Issuer, Nonce: o.BindingMethod.Signed.Nonce, SDJWT: asSDJWT,
		Claims: o.Credential.Subject,
	})
}

func (i inbox) issue(ctx context.Context, in agent.Received) (agent.Effect, error) {
	format := didcomm.FormatCredential
	if _, asSDJWT := in.Message.AttachmentOf(didcomm.FormatSDJWT); asSDJWT {
		format = didcomm.FormatSDJWT
	}
	raw, err := in.Message.ContentOf(format)
	if err != nil {
		return nil, err
	}
	return i.desk.Take(ctx, in, raw)
}

// definition is dif/presentation-exchange/definitions@v1.0 (Aries RFC 0510).
type definition struct {
	Options struct {
		Challenge string `json:"challenge"`
		Domain    string `json:"domain"`
	} `json:"options"`
}

func (i inbox) requestPresentation(ctx context.Context, in agent.Received) (agent.Effect, error) {
	raw, err := in.Message.ContentOf(didcomm.FormatPresentationDefinition)
	if err != nil {
		return nil, err
	}
	var d definition
	if err := strictjson.UnmarshalOpen(raw, &d, strictjson.Limits{}); err != nil {
		return nil, err
	}
	if d.Options.Challenge == "" {
		return nil, fault.New(fault.Invalid, "presentation.challenge-missing", "the request has no challenge")
	}
	return i.desk.Present(ctx, in, d.Options.Challenge, d.Options.Domain)
}

func (i inbox) presentationAck(ctx context.Context, in agent.Received) (agent.Effect, error) {
	var body struct {
		CaseRef    string `json:"case_ref"`
		Capability string `json:"access_capability"`
		PaymentURL string `json:"payment_url"`
	}
	if err := in.Message.DecodeBody(&body); err != nil {
		return nil, err
	}
	return i.desk.Accepted(ctx, in, desk.Acceptance{CaseRef: body.CaseRef, Capability: body.Capability, PaymentURL: body.PaymentURL})
}

// notice is basicmessage 2.0; its language stands in the header lang, or in the
// body of those who cannot set it. What it is about, UDI says in kind.
func (i inbox) notice(ctx context.Context, in agent.Received) (agent.Effect, error) {
	var body struct {
		Content  string `json:"content"`
		Language string `json:"lang"`
		Kind     string `json:"kind"`
	}
	if err := in.Message.DecodeBody(&body); err != nil {
		return nil, err
	}
	language := in.Message.Headers["lang"]
	if language == "" && didcomm.IsLanguage(body.Language) {
		language = body.Language
	}
	return i.desk.Notice(ctx, in, language, holding.NoticeKind(body.Kind), body.Content)
}

func (i inbox) problem(ctx context.Context, in agent.Received) (agent.Effect, error) {
	rule, comment, err := agent.Problem(in.Message)
	if err != nil {
		return nil, err
	}
	return i.desk.Refused(ctx, in, rule, comment)
}
