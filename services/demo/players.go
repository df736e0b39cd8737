package demo

import "context"

// Players play the people of many cases over connections that they share. They are
// safe for concurrent use.
type Players struct{ clients *clients }

// Join makes players for a running system; nothing is called yet.
func Join(t Target) (*Players, error) {
	c, err := connect(t)
	if err != nil {
		return nil, err
	}
	return &Players{c}, nil
}

// Close ends their connections.
func (p *Players) Close() { p.clients.close() }

// Accredit has the programme accredit the employer, with all who sign for these
// persons.
func (p *Players) Accredit(ctx context.Context, persons []Input) error {
	return p.clients.accredit(ctx, persons)
}

// For gives players over the same connections whose offers another employer signs,
// with its own token.
func (p *Players) For(e Employer, token string) *Players {
	c := *p.clients
	c.target.Employer, c.target.Issuer.Token = e, token
	return &Players{&c}
}

// Play takes one person through the stages of a case, in the caller's goroutine, up
// to and with the last one given; empty is the whole case. The employer must be
// accredited. Before each stage it calls before, unless that is nil.
func (p *Players) Play(ctx context.Context, in Input, last Stage, before func(context.Context, Stage) error) (*Report, error) {
	return p.clients.one(ctx, &person{clients: p.clients, input: in, say: func(Step) {}, before: before, until: last})
}

// PlayOn takes a person whom Play took through some stages on, up to and with the last
// one given.
func (p *Players) PlayOn(ctx context.Context, r *Report, last Stage) error {
	r.person.until = last
	return r.person.journey(sending(ctx, r.sent))
}

// Accredit is for who needs nothing else: see Players.
func Accredit(ctx context.Context, target Target, persons []Input) error {
	p, err := Join(target)
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Accredit(ctx, persons)
}

// Play takes one person through a whole case: see Players.
func Play(ctx context.Context, target Target, in Input) (*Report, error) {
	p, err := Join(target)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.Play(ctx, in, "", nil)
}
