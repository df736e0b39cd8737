package simulation

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/issuer"
	"github.com/kompetansespor/kompetansespor/services/verifier"
)

type issuerOffer = *issuer.SimulatedOffer

func (c *life) ref() string { return fmt.Sprintf("case_%06d", c.number) }

// sign is the employer's: the clock starts.
func (w *world) sign(c *life) {
	f, err := form(c.person, c.kind, c.office.Municipality, w.start, c.signed)
	if err != nil {
		w.fail(err)
		return
	}
	bytes := &random{draws: w.draws, index: c.number}
	offer, code, err := issuer.SimulateOffer(fmt.Sprintf("off_%06d", c.number), f, c.signed, bytes)
	if err != nil {
		w.fail(fmt.Errorf("%s case %d: %w", c.kind, c.number, err))
		return
	}
	c.offer = offer
	w.step(c, "issue", func() {
		if w.draws.Happens(w.staffing.Worker.NeverAccepts.Share, "never accepts", c.number) {
			w.agenda.At(offer.ExpiresAt(), func() {
				c.spend(w.agenda.Now(), Candidate, "worker: never accepts")
				if !offer.Expire(w.agenda.Now()) {
					w.fail(fmt.Errorf("case %d: the offer does not expire", c.number))
				}
				c.end(Expired)
			})
			return
		}
		w.after(c, w.staffing.Worker.AcceptsHours, time.Hour, "accepts the offer", func() {
			if _, err := offer.Collect("wallet", code, w.agenda.Now()); err != nil {
				w.fail(err)
			}
			if _, err := offer.Delivered(w.agenda.Now()); err != nil {
				w.fail(err)
			}
			w.step(c, "collect", func() {
				w.after(c, w.staffing.Worker.AppliesHours, time.Hour, "applies", func() { w.apply(c) })
			})
		})
	})
}

// apply is where the rules look, and the case is opened.
func (w *world) apply(c *life) {
	if err := w.openCase(c); err != nil {
		w.fail(fmt.Errorf("%s case %d: %w", c.kind, c.number, err))
		return
	}
	w.step(c, "apply", func() {
		w.after(c, w.staffing.Worker.PaysHours, time.Hour, "pays the fee", func() {
			fee := c.file.Fee()
			if _, err := c.file.ConfirmFee(verifier.SimulatedPayment{Reference: c.ref(), Amount: fee.Amount, Currency: fee.Currency}, w.agenda.Now()); err != nil {
				w.fail(err)
				return
			}
			w.step(c, "pay", func() { w.decide(c) })
		})
	})
}

func (w *world) openCase(c *life) error {
	now := w.agenda.Now()
	var claims map[string]any
	raw, err := json.Marshal(c.offer.Claims())
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return err
	}
	c.facts, err = verifier.SimulatedFactsOf(verifier.SimulatedApplication{
		Offer:         claims,
		Accreditation: verifier.SimulatedAccreditation{InForce: true, OrganisationNumber: employer.OrganisationNumber},
		Signatory:     verifier.SimulatedSignatory{Checked: true, Authorised: true},
	}, now.In(w.plan.Zone))
	if err != nil {
		return err
	}
	evaluation, err := w.evaluate(c)
	if err != nil {
		return err
	}
	fee, err := w.figures.FeeOn(now)
	if err != nil {
		return err
	}
	duf, err := identifier.NewDUF(now.Year(), c.number+1)
	if err != nil {
		return err
	}
	c.proposed = evaluation.Outcome == verifier.SimulatedProposal || evaluation.Outcome == verifier.SimulatedGrant
	c.byRules = evaluation.Outcome == verifier.SimulatedGrant
	c.file, err = verifier.SimulatedOpenCase(verifier.SimulatedOpening{
		ID: c.ref(), Number: fmt.Sprintf("%02d/%06d", now.Year()%100, c.number+1), DUF: duf, Evaluation: evaluation, Fee: fee, At: now,
	})
	return err
}

// decide is the rules' when they may, and an officer's otherwise. The officer
// grants what the rules propose; what they do not propose the officer looks into,
// and finds what is so.
func (w *world) decide(c *life) {
	if c.byRules {
		w.decided(c, verifier.SimulatedByRules+c.file.Evaluation().RuleSet, "")
		return
	}
	u := w.draws.Uniform("decision", c.number)
	if c.proposed {
		w.serve(c, w.udi, minutesOf(w.staffing.UDI.ProposedMinutes.At(u)), func() { w.decided(c, "officer", "") })
		return
	}
	c.touches++
	takes := minutesOf(w.staffing.UDI.JudgementMinutes.At(u))
	settle := func() { w.decided(c, "officer", kinds[c.kind].refuse) }
	if !w.draws.Happens(w.staffing.UDI.Questions.Share, "question", c.number) {
		w.serve(c, w.udi, takes, settle)
		return
	}
	w.serve(c, w.udi, takes/2, func() { // what the worker answers is read in the other half
		w.after(c, w.staffing.Worker.AnswersHours, time.Hour, "answers an officer", func() { w.serve(c, w.udi, takes-takes/2, settle) })
	})
}

func minutesOf(m float64) time.Duration { return time.Duration(m * float64(time.Minute)) }

func (w *world) decided(c *life, officer, refusal string) {
	now := w.agenda.Now()
	d := verifier.SimulatedDecision{ID: "dec_" + c.ref(), Officer: officer, Outcome: verifier.SimulatedGranted, At: now}
	if refusal != "" {
		d.Outcome, d.Reason = verifier.SimulatedRefused, refusal
	}
	if _, err := c.file.Decide(d); err != nil {
		w.fail(fmt.Errorf("%s case %d: %w", c.kind, c.number, err))
		return
	}
	c.replayed = w.replays(c)
	if refusal != "" {
		c.end(Refused)
		return
	}
	permit, err := c.file.Permit(c.facts, w.figures)
	if err != nil {
		c.end(NoPeriod)
		return
	}
	c.validFrom, c.validUntil = permit.ValidFrom, permit.ValidUntil
	c.inNorway = now
	if w.scenario.Travel {
		c.inNorway = now.Add(time.Duration(w.staffing.Worker.TravelDays.At(w.draws.Uniform("travels", c.number)) * 24 * float64(time.Hour)))
	}
	w.step(c, "decide", func() {
		w.book(c, c.inNorway)
	})
}

// book takes the first free slot of the worker's office, with the notice that
// the police give, and not before the worker is in Norway.
func (w *world) book(c *life, from time.Time) {
	slot, err := w.agencies.book(c, w.police[c.office.ID], from, w.agenda.Now())
	if fault.KindOf(err) == fault.Unavailable { // the diary is full as far as it reaches: ask again tomorrow
		w.agenda.At(w.calendar.Midnight(w.agenda.Now(), 1), func() { w.book(c, latest(from, w.agenda.Now())) })
		return
	}
	if err != nil {
		w.fail(fmt.Errorf("case %d: book: %w", c.number, err))
		return
	}
	w.agenda.At(slot.from, func() { w.meet(c, slot) })
}

// meet is the appointment: missed, put off when the counters are overrun, or
// held.
func (w *world) meet(c *life, slot slot) {
	desk := w.police[c.office.ID]
	now := w.agenda.Now()
	c.spend(c.inNorway, Physical, "worker: travels")
	if c.missed == 0 && w.draws.Happens(w.staffing.Worker.NoShow.Share, "no-show", c.number) {
		c.missed++
		c.spend(now, Queue, desk.Name)
		if err := w.agencies.miss(c, slot.until); err != nil {
			w.fail(err)
			return
		}
		w.agenda.At(slot.until, func() {
			c.spend(slot.until, Candidate, "worker: misses the appointment")
			w.book(c, slot.until)
		})
		return
	}
	c.visits++
	takes := minutesOf(c.office.VisitMinutes.At(w.draws.Uniform("visit", c.number)))
	v, ok := desk.TakeToday(c.number, now, takes)
	if !ok {
		c.touches++
		c.spend(now, Queue, desk.Name)
		if err := w.agencies.putOff(c, now); err != nil {
			w.fail(err)
			return
		}
		w.book(c, w.calendar.Midnight(now, 1))
		return
	}
	w.agenda.At(v.End, func() {
		c.spend(v.Start, Queue, desk.Name)
		c.spend(v.End, Human, desk.Name)
		w.identified(c)
	})
}

// identified is what follows at once from the visit: the card, and the number
// unless somebody else may be the same person.
func (w *world) identified(c *life) {
	now := w.agenda.Now()
	letterBox := w.letterBox(c, now)
	c.card = letterBox.Sub(now)
	if err := w.agencies.attend(c, now, letterBox); err != nil {
		w.fail(fmt.Errorf("case %d: attend: %w", c.number, err))
		return
	}
	w.record(c, verifier.SimulatedIdentified, "police", now)
	w.record(c, verifier.SimulatedCardIssued, "police", now)
	w.step(c, "identify", func() {
		if !w.draws.Happens(w.staffing.Tax.Duplicates.Share, "duplicate", c.number) {
			w.number(c)
			return
		}
		c.touches++
		if err := w.agencies.suspectDuplicate(c, w.agenda.Now()); err != nil {
			w.fail(fmt.Errorf("case %d: duplicate: %w", c.number, err))
			return
		}
		w.serve(c, w.tax, minutesOf(w.staffing.Tax.Minutes.At(w.draws.Uniform("tax", c.number))), func() { w.number(c) })
	})
}

// letterBox is when the plastic card comes.
func (w *world) letterBox(c *life, from time.Time) time.Time {
	days := int(w.staffing.Card.WorkingDays.At(w.draws.Uniform("card", c.number)) + 0.5)
	for ; days > 0; days-- {
		for from = from.AddDate(0, 0, 1); !w.calendar.Working(from); from = from.AddDate(0, 0, 1) {
		}
	}
	return from
}

// number is the identity number and the tax card.
func (w *world) number(c *life) {
	if err := w.agencies.assign(c, w.agenda.Now()); err != nil {
		w.fail(fmt.Errorf("case %d: assign: %w", c.number, err))
		return
	}
	w.step(c, "assign", func() {
		now := w.agenda.Now()
		w.record(c, verifier.SimulatedNumber, "tax", now)
		c.scopeAt = now
		w.customer(c)
	})
}

// customer is the bank's due diligence and the account.
func (w *world) customer(c *life) {
	alike := w.draws.Happens(w.staffing.Bank.LikeListed.Share, "like listed", c.number)
	queued, err := w.agencies.assess(c, alike, w.agenda.Now())
	if err != nil {
		w.fail(fmt.Errorf("case %d: due diligence: %w", c.number, err))
		return
	}
	if !queued {
		w.account(c)
		return
	}
	c.touches++
	w.serve(c, w.bank, minutesOf(w.staffing.Bank.Minutes.At(w.draws.Uniform("bank", c.number))), func() {
		if err := w.agencies.approve(c, w.agenda.Now()); err != nil {
			w.fail(fmt.Errorf("case %d: approve: %w", c.number, err))
			return
		}
		w.account(c)
	})
}

func (w *world) account(c *life) {
	if err := w.agencies.open(c, w.agenda.Now()); err != nil {
		w.fail(fmt.Errorf("case %d: open account: %w", c.number, err))
		return
	}
	w.step(c, "open account", func() {
		now := w.agenda.Now()
		c.accountAt = now
		if w.record(c, verifier.SimulatedAccount, "bank", now) {
			c.end(Completed)
		}
	})
}

// record tells the case of a milestone, and whether it is completed by it.
func (w *world) record(c *life, milestone verifier.SimulatedMilestone, service string, at time.Time) bool {
	_, completed, err := c.file.Record(verifier.SimulatedStep{Step: milestone, Service: service, At: at, TimeClass: verifier.SimulatedMachineClass})
	if err != nil {
		w.fail(fmt.Errorf("case %d: record %s: %w", c.number, milestone, err))
	}
	return completed
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// conserved wants every case to have ended, every second of it to be accounted
// for, and nobody to have what a grant gives without one (I1).
func (w *world) conserved() error {
	for _, c := range w.cases {
		if c.ended == "" {
			return fmt.Errorf("case %d has not ended", c.number)
		}
		at := c.signed
		for _, s := range c.spent {
			if !s.from.Equal(at) || !s.until.After(s.from) {
				return fmt.Errorf("case %d: time is lost at %s", c.number, s.place)
			}
			at = s.until
		}
		granted := c.file != nil && c.file.Decision().Outcome == verifier.SimulatedGranted
		if err := w.agencies.invariant(c, granted, c.ended == Completed); err != nil {
			return fmt.Errorf("case %d: %w", c.number, err)
		}
	}
	return nil
}
