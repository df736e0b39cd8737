package card_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
)

var (
	now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	due = time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC)
)

func fresh(t interface{ Fatal(...any) }) *card.Card {
	c, err := card.New("case_1", "RTA0000001", 1, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCardGoesItsWayOnce(t *testing.T) {
	c := fresh(t)
	if _, err := c.Produce(now); fault.RuleOf(err) != "card.not-ordered" {
		t.Error(err)
	}
	if _, err := c.Deliver(now); fault.RuleOf(err) != "card.not-produced" {
		t.Error(err)
	}
	for i := range 2 {
		if changed, err := c.Order(now, due); changed != (i == 0) || err != nil || c.State != card.Ordered {
			t.Error(changed, err)
		}
	}
	if _, err := c.Deliver(now); fault.RuleOf(err) != "card.not-produced" {
		t.Error(err)
	}
	for i := range 2 {
		if changed, err := c.Produce(now); changed != (i == 0) || err != nil || c.State != card.Produced {
			t.Error(changed, err)
		}
	}
	for i := range 2 {
		if changed, err := c.Deliver(now); changed != (i == 0) || err != nil || c.State != card.Delivered {
			t.Error(changed, err)
		}
	}
	if changed, err := c.Order(now, due); changed || err != nil {
		t.Error(changed, err)
	}
}

func TestHaltHoldsACardThatIsNotMade(t *testing.T) {
	c := fresh(t)
	if !c.Stop("EMPLOYER_SUSPENDED") || c.Stop("OFFER_WITHDRAWN") || c.Cause != "EMPLOYER_SUSPENDED" {
		t.Error(c.Cause)
	}
	if changed, err := c.Order(now, due); changed || err != nil || c.State != card.Numbered {
		t.Error("ordered while stopped", err)
	}
	if !c.GoOn(due) || c.GoOn(due) || c.Stopped() {
		t.Error("does not go on once")
	}
	_, _ = c.Order(now, due)
	c.Stop("EMPLOYER_SUSPENDED")
	if _, err := c.Produce(now); fault.RuleOf(err) != "card.stopped" {
		t.Error(err)
	}
	later := due.AddDate(0, 0, 7)
	if !c.GoOn(later) || !c.Expected.Equal(later) {
		t.Error("is expected as if it had never been stopped")
	}
	_, _ = c.Produce(now)
	if c.Stop("EMPLOYER_SUSPENDED") || c.Stopped() {
		t.Error("what is made was stopped")
	}
}

func TestRevokedPermitEndsTheCardWhereverItIs(t *testing.T) {
	for steps := range 4 {
		c := fresh(t)
		for _, step := range []func(){
			func() { _, _ = c.Order(now, due) }, func() { _, _ = c.Produce(now) }, func() { _, _ = c.Deliver(now) },
		}[:steps] {
			step()
		}
		if !c.Revoke("PERMIT_REVOKED", now) || c.Revoke("PERMIT_REVOKED", now) || c.State != card.Revoked || c.Stopped() {
			t.Errorf("%d: %+v", steps, c)
		}
		for _, verb := range []func() (bool, error){
			func() (bool, error) { return c.Order(now, due) }, func() (bool, error) { return c.Produce(now) }, func() (bool, error) { return c.Deliver(now) },
		} {
			if changed, err := verb(); changed || fault.RuleOf(err) != "card.revoked" {
				t.Error(changed, err)
			}
		}
		if c.Show(2) || c.GoOn(due) || c.Stop("OFFICER") {
			t.Error("a revoked card changed")
		}
	}
}

func TestDigitalCardShowsEachEditionOnce(t *testing.T) {
	c := fresh(t)
	if c.Show(1) || !c.Show(3) || c.Show(3) || c.Show(2) {
		t.Error(c.Shown)
	}
}

func TestNumbers(t *testing.T) {
	for _, bad := range []string{"", "RTA1", "RTA-000001", "RTA+000001", "XXX0000001", "RTA00000011", "RTA000000١"} {
		if card.IsNumber(bad) {
			t.Errorf("%q is a number", bad)
		}
		if _, err := card.New("case_1", bad, 1, now); fault.RuleOf(err) != "card.number" {
			t.Error(err)
		}
	}
	for _, n := range []int{-1, card.Numbers} {
		if _, err := card.Number(n); err == nil {
			t.Errorf("card %d", n)
		}
	}
	if got, err := card.Number(42); err != nil || got != "RTA0000042" || !card.IsNumber(got) {
		t.Error(got, err)
	}
}

func TestClaimsFitTheirSchema(t *testing.T) {
	claims := fresh(t).Claims(
		card.Holder{GivenName: "Lisa", FamilyName: "Johnson", Birthdate: "1990-01-01", Nationalities: []string{"US"}},
		card.Permit{Type: "SKILLED_WORKER", DecisionID: "dec_1", ValidUntil: time.Date(2027, 12, 6, 0, 0, 0, 0, time.UTC)}, time.UTC)
	if err := credtype.Validate(credtype.ResidenceCard, claims); err != nil {
		t.Error(err)
	}
	if claims["date_of_issuance"] != "2026-11-24" || claims["date_of_expiry"] != "2027-12-06" {
		t.Error(claims)
	}
}

// Whatever is asked in whatever order, a card can be stored, goes only forward,
// and is not made while it is stopped.
func TestCardFollowsItsModel(t *testing.T) {
	order := map[card.State]int{card.Numbered: 0, card.Ordered: 1, card.Produced: 2, card.Delivered: 3, card.Revoked: 4}
	rapid.Check(t, func(t *rapid.T) {
		c := fresh(t)
		state, stopped := c.State, false
		t.Repeat(map[string]func(*rapid.T){
			"order":   func(*rapid.T) { _, _ = c.Order(now, due) },
			"produce": func(*rapid.T) { _, _ = c.Produce(now) },
			"deliver": func(*rapid.T) { _, _ = c.Deliver(now) },
			"stop":    func(*rapid.T) { c.Stop("EMPLOYER_SUSPENDED") },
			"go on":   func(*rapid.T) { c.GoOn(due) },
			"revoke":  func(*rapid.T) { c.Revoke("PERMIT_REVOKED", now) },
			"": func(t *rapid.T) {
				if err := c.Check(); err != nil {
					t.Fatal(err)
				}
				if order[c.State] < order[state] || stopped && c.State != state && c.State != card.Revoked {
					t.Fatalf("from %s (stopped %v) to %s", state, stopped, c.State)
				}
				state, stopped = c.State, c.Stopped()
			},
		})
	})
}

func TestStoredCardThatCannotBeIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*card.Card){
		"no case":            func(c *card.Card) { c.CaseRef = "" },
		"no number":          func(c *card.Card) { c.Number = "1" },
		"unknown state":      func(c *card.Card) { c.State = "LOST" },
		"ordered never":      func(c *card.Card) { c.State = card.Ordered },
		"produced unasked":   func(c *card.Card) { c.State, c.ProducedAt = card.Produced, now },
		"revoked for nought": func(c *card.Card) { c.State, c.RevokedAt = card.Revoked, now },
		"never issued":       func(c *card.Card) { c.IssuedAt = time.Time{} },
	} {
		c := fresh(t)
		spoil(c)
		if err := c.Check(); fault.RuleOf(err) != "card.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
