package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
)

// The demo looks whether a step has happened: soon at first, then ever less
// often, so that looking costs the services little.
const (
	firstLook = 10 * time.Millisecond
	lastLook  = 250 * time.Millisecond
)

// looking is one wait for something.
type looking struct{ wait time.Duration }

type pauseKey struct{}

// WithPause has the people who act with ctx call pause wherever they wait.
func WithPause(ctx context.Context, pause func(time.Duration) error) context.Context {
	return context.WithValue(ctx, pauseKey{}, pause)
}

// again waits until it is time to look again.
func (l *looking) again(ctx context.Context) error {
	l.wait = min(max(l.wait*3/2, firstLook), lastLook)
	if pause, ok := ctx.Value(pauseKey{}).(func(time.Duration) error); ok {
		return pause(l.wait)
	}
	timer := time.NewTimer(l.wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// signingRight is the right by which people sign offers.
const signingRight = "urn:altinn:resource:kompetansespor-issue"

// everything is how many credentials a finished case leaves in the wallet.
const everything = 7

// accredit makes the employer's accreditation, unless it stands, with everybody
// who signs an offer in this demo.
func (c *clients) accredit(ctx context.Context, persons []Input) error {
	e := c.target.Employer
	var signatories []*registryv1.Signatory
	for _, in := range persons {
		one := &registryv1.Signatory{Name: in.Signatory.Name, Role: in.Signatory.Role, Right: cmp.Or(in.Signatory.AuthorisedBy, signingRight)}
		if !slices.ContainsFunc(signatories, func(s *registryv1.Signatory) bool {
			return s.GetName() == one.GetName() && s.GetRole() == one.GetRole() && s.GetRight() == one.GetRight()
		}) {
			signatories = append(signatories, one)
		}
	}
	_, err := again(ctx, func() (*registryv1.AccreditEmployerResponse, error) {
		return c.registry.AccreditEmployer(ctx, &registryv1.AccreditEmployerRequest{
			OrganisationNumber: e.OrganisationNumber, LegalName: e.LegalName, Did: e.DID,
			Criteria: []string{"EMP-1", "EMP-2", "EMP-3", "EMP-4", "EMP-5", "EMP-6", "EMP-7", "EMP-8"}, Municipality: "0301",
			Signatories: signatories,
		}, As(c.target.Registry.Token))
	})
	if err != nil {
		return fmt.Errorf("accredit the employer: %w", err)
	}
	return nil
}

// Stage is a part of a case that people take.
type Stage string

// The stages, in order.
const (
	Sign    Stage = "sign"
	Collect Stage = "collect"
	Apply   Stage = "apply"
	Pay     Stage = "pay"
	Decide  Stage = "decide"
	Attend  Stage = "attend"
	Finish  Stage = "finish"
)

// Stages are all of them.
func Stages() []Stage { return []Stage{Sign, Collect, Apply, Pay, Decide, Attend, Finish} }

// person is a worker on the way through a case.
type person struct {
	*clients
	input  Input
	report *Report
	say    func(Step)
	before func(context.Context, Stage) error // nil: nobody waits
	until  Stage                              // the last that is taken; empty: all are
	done   Stage                              // the last that was taken; empty: none was
	wallet string                             // the worker's token
}

// journey takes one person from a signed offer to a bank account. What has
// been found so far is in the report, also when it fails.
func (p *person) journey(ctx context.Context) error {
	for _, step := range []struct {
		stage Stage
		what  string
		do    func(context.Context) error
	}{
		{Sign, "sign the offer", p.sign},
		{Collect, "collect the offer", p.collect},
		{Apply, "apply for the permit", p.apply},
		{Pay, "pay the fee", p.pay},
		{Decide, "decide the case", p.decide},
		{Attend, "attend the appointment", p.attend},
		{Finish, "finish the case", p.finish},
	} {
		if slices.Index(Stages(), step.stage) <= slices.Index(Stages(), p.done) {
			continue
		}
		if p.before != nil {
			if err := p.before(ctx, step.stage); err != nil {
				return fmt.Errorf("%s: %w", step.what, err)
			}
		}
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		if p.done = step.stage; p.done == p.until {
			break
		}
	}
	return nil
}

// sign is the employer's part.
func (p *person) sign(ctx context.Context) error {
	key := "demo-" + strings.ToLower(rand.Text())
	answer, err := again(ctx, func() (*issuerv1.IssueOfferResponse, error) {
		return p.issuer.IssueOffer(ctx, &issuerv1.IssueOfferRequest{Form: p.input.form(), IdempotencyKey: key}, As(p.target.Issuer.Token))
	})
	if err != nil {
		return err
	}
	p.report.offerID, p.report.signedAt = answer.GetOffer().GetOfferId(), answer.GetOffer().GetIssuedAt().AsTime()
	p.report.link, p.report.code = answer.GetOffer().GetInvitationUrl(), answer.GetCollectionCode()
	p.tell(answer.GetOffer().GetTimeline())
	return nil
}

// collect is the worker's first part: open a wallet, open the link, give the
// code.
func (p *person) collect(ctx context.Context) error {
	opened, err := again(ctx, func() (*walletv1.OpenWalletResponse, error) {
		return p.clients.wallet.OpenWallet(ctx, &walletv1.OpenWalletRequest{Locale: "en", CredentialFormat: p.target.Format}, As(p.target.Wallet.Token))
	})
	if err != nil {
		return err
	}
	p.wallet = opened.GetToken()
	begun, err := again(ctx, func() (*walletv1.AcceptOfferResponse, error) {
		return p.clients.wallet.AcceptOffer(ctx, &walletv1.AcceptOfferRequest{InvitationUrl: p.report.link, CollectionCode: p.report.code}, As(p.wallet))
	})
	if err != nil {
		return err
	}
	done, err := p.exchange(ctx, begun.GetExchange().GetExchangeId())
	if err != nil {
		return err
	}
	p.report.credentialID = done.GetCredentialIds()[0]
	return p.offer(ctx)
}

// offer tells what is new in the offer.
func (p *person) offer(ctx context.Context) error {
	answer, err := again(ctx, func() (*issuerv1.GetOfferResponse, error) {
		return p.issuer.GetOffer(ctx, &issuerv1.GetOfferRequest{OfferId: p.report.offerID}, As(p.target.Issuer.Token))
	})
	if err != nil {
		return err
	}
	p.tell(answer.GetOffer().GetTimeline())
	return nil
}

// apply is the worker's second part: consent and present.
func (p *person) apply(ctx context.Context) error {
	consent := &walletv1.Consent{Purpose: "residence-permit", Shares: []string{"payroll_account"}, Agencies: []*walletv1.ConsentAgency{
		{AgencyDid: p.target.Police.DID, Claims: []string{"given_name", "family_name", "birthdate", "sex", "nationalities", "passport.*", "employment.workplace_municipality"}},
		{AgencyDid: p.target.Tax.DID, Claims: []string{"given_name", "family_name", "birthdate", "sex", "nationalities", "current_country", "passport.*", "employer.organisation_number", "employment.*"}},
		{AgencyDid: p.target.Bank.DID, Claims: []string{"given_name", "family_name", "birthdate", "nationalities", "current_country", "employer.organisation_number", "employer.legal_name", "employment.start_date"}},
	}}
	begun, err := again(ctx, func() (*walletv1.ApplyForPermitResponse, error) {
		return p.clients.wallet.ApplyForPermit(ctx, &walletv1.ApplyForPermitRequest{CredentialId: p.report.credentialID, Consent: consent}, As(p.wallet))
	})
	if err != nil {
		return err
	}
	done, err := p.exchange(ctx, begun.GetExchange().GetExchangeId())
	if err != nil {
		return err
	}
	p.report.CaseRef, p.report.application, p.report.paymentURL = done.GetCaseRef(), done.GetExchangeId(), done.GetPaymentUrl()
	return p.timeline(ctx)
}

// exchange waits until an exchange has ended.
func (p *person) exchange(ctx context.Context, id string) (*walletv1.Exchange, error) {
	for l := (looking{}); ; {
		answer, err := again(ctx, func() (*walletv1.GetExchangeResponse, error) {
			return p.clients.wallet.GetExchange(ctx, &walletv1.GetExchangeRequest{ExchangeId: id}, As(p.wallet))
		})
		if err != nil {
			return nil, err
		}
		switch e := answer.GetExchange(); e.GetState() {
		case walletv1.ExchangeState_EXCHANGE_STATE_DONE:
			return e, nil
		case walletv1.ExchangeState_EXCHANGE_STATE_FAILED:
			return nil, fmt.Errorf("%s: %s", e.GetProblem().GetRule(), e.GetProblem().GetMessage())
		}
		if err := l.again(ctx); err != nil {
			return nil, err
		}
	}
}

// decide plays the officer of UDI, once the fee is paid.
func (p *person) decide(ctx context.Context) error {
	for l := (looking{}); p.report.feeDue; {
		if err := p.timeline(ctx); err != nil {
			return err
		}
		if !p.report.feeDue {
			break
		}
		if err := l.again(ctx); err != nil {
			return err
		}
	}
	_, err := again(ctx, func() (*verifierv1.DecideCaseResponse, error) {
		return p.verifier.DecideCase(ctx, &verifierv1.DecideCaseRequest{
			CaseRef: p.report.CaseRef, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED,
		}, As(p.target.Verifier.Token))
	})
	if err != nil {
		return err
	}
	return p.timeline(ctx)
}

// attend waits for the appointment and plays the officer of the police.
func (p *person) attend(ctx context.Context) error {
	for l := (looking{}); ; {
		booked, err := again(ctx, func() (*policev1.ListAppointmentsResponse, error) {
			return p.police.ListAppointments(ctx, &policev1.ListAppointmentsRequest{CaseRef: p.report.CaseRef}, As(p.target.Police.Token))
		})
		if err != nil {
			return err
		}
		if len(booked.GetAppointments()) > 0 {
			break
		}
		if err := l.again(ctx); err != nil {
			return err
		}
	}
	if err := p.timeline(ctx); err != nil {
		return err
	}
	_, err := again(ctx, func() (*policev1.RecordAttendanceResponse, error) {
		return p.police.RecordAttendance(ctx, &policev1.RecordAttendanceRequest{
			CaseRef: p.report.CaseRef, IdentityConfirmed: true,
			Biometrics: &policev1.BiometricsTaken{Fingerprints: true, Photo: true, Signature: true},
		}, As(p.target.Police.Token))
	})
	return err
}

// finish waits until the verifier has closed the case and the wallet holds
// everything, and looks once more at both.
func (p *person) finish(ctx context.Context) error {
	for l := (looking{}); !p.report.completed; {
		if err := p.timeline(ctx); err != nil {
			return err
		}
		if err := l.again(ctx); err != nil {
			return err
		}
	}
	for l := (looking{}); ; {
		held, err := again(ctx, func() (*walletv1.ListCredentialsResponse, error) {
			return p.clients.wallet.ListCredentials(ctx, &walletv1.ListCredentialsRequest{}, As(p.wallet))
		})
		if err != nil {
			return err
		}
		if len(held.GetCredentials()) >= everything {
			for _, one := range held.GetCredentials() {
				p.report.Wallet.Credentials = append(p.report.Wallet.Credentials, Credential{
					Type: one.GetType(), Issuer: one.GetIssuer(), Format: one.GetFormat(), Verified: one.GetVerified(),
				})
			}
			break
		}
		if err := p.undelivered(ctx); err != nil {
			return err
		}
		if err := l.again(ctx); err != nil {
			return err
		}
	}
	numbers, err := again(ctx, func() (*walletv1.GetWalletResponse, error) {
		return p.clients.wallet.GetWallet(ctx, &walletv1.GetWalletRequest{}, As(p.wallet))
	})
	if err != nil {
		return err
	}
	p.report.DIDComm.Messages = numbers.GetDidcommSent() + numbers.GetDidcommReceived()
	return p.offer(ctx)
}

// undelivered finds a delivery that has failed for good.
func (p *person) undelivered(ctx context.Context) error {
	answer, err := again(ctx, func() (*walletv1.ListExchangesResponse, error) {
		return p.clients.wallet.ListExchanges(ctx, &walletv1.ListExchangesRequest{}, As(p.wallet))
	})
	if err != nil {
		return err
	}
	for _, e := range answer.GetExchanges() {
		if e.GetState() == walletv1.ExchangeState_EXCHANGE_STATE_FAILED {
			return fmt.Errorf("a delivery by %s has failed: %s: %s", e.GetCounterparty(), e.GetProblem().GetRule(), e.GetProblem().GetMessage())
		}
	}
	return nil
}

// timeline tells what is new in the case.
func (p *person) timeline(ctx context.Context) error {
	answer, err := again(ctx, func() (*verifierv1.GetCaseResponse, error) {
		return p.verifier.GetCase(ctx, &verifierv1.GetCaseRequest{CaseRef: p.report.CaseRef}, As(p.target.Verifier.Token))
	})
	if err != nil {
		return err
	}
	c := answer.GetCase()
	p.report.Outcome = strings.TrimPrefix(c.GetOutcome().String(), "CASE_OUTCOME_")
	p.report.completed = c.GetCompletedAt() != nil
	p.report.feeDue = c.GetState() == verifierv1.CaseState_CASE_STATE_FEE_DUE
	p.tell(c.GetTimeline())
	return nil
}

// tell adds the steps that are new, and shows them.
func (p *person) tell(timeline []*commonv1.TimelineStep) {
	for _, one := range timeline {
		at := one.GetAt().AsTime()
		step := Step{
			Name: one.GetName(), Service: one.GetService(), At: at, ElapsedMS: at.Sub(p.report.signedAt).Milliseconds(),
			TimeClass: strings.ToLower(strings.TrimPrefix(one.GetTimeClass().String(), "TIME_CLASS_")),
		}
		if slices.ContainsFunc(p.report.Steps, func(s Step) bool { return s.Name == step.Name && s.Service == step.Service }) {
			continue
		}
		p.report.Steps = append(p.report.Steps, step)
		if id := one.GetEventId(); id != "" {
			p.report.Events = append(p.report.Events, Event{Type: one.GetEventType(), ID: id})
		}
		p.say(step)
	}
}

// again makes a call until it is answered. What does not answer now may be
// starting: it is asked again until ctx ends. Every call here may be repeated.
func again[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for l := (looking{}); ; {
		answer, err := call()
		switch status.Code(err) {
		case codes.Unavailable, codes.DeadlineExceeded, codes.Aborted:
			if waited := l.again(ctx); waited != nil {
				return answer, errors.Join(waited, err)
			}
			continue
		}
		return answer, err
	}
}
