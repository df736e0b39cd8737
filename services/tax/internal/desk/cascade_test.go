package desk_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
)

var (
	withdrawn = map[string]any{"cause": "OFFER_WITHDRAWN"}
	officer   = map[string]any{"cause": "OFFICER"}
)

func TestHaltedCaseIsAskedNothingForUntilItIsResumed(t *testing.T) {
	x := open(t)
	x.granted(t, "case_1")
	for range 2 {
		x.must(t, "verifier", "case.halted", "case_1", withdrawn)
	}
	x.identified(t, "case_1")
	if line := x.line(t, "case_1"); line.Standing != desk.Stopped || len(x.register.asked) != 0 {
		t.Errorf("%+v", line)
	}
	x.expect(t, "case_1", "onboarding.stopped")
	if cause := x.data(t, "case_1", "onboarding.stopped")["cause"]; cause != "OFFER_WITHDRAWN" {
		t.Error(cause)
	}
	for range 2 {
		x.must(t, "verifier", "case.resumed", "case_1", nil)
	}
	x.expect(t, "case_1", append([]string{"onboarding.stopped"}, whole...)...)
}

func TestRequisitionThatHasNotLeftIsWithdrawnWithTheCase(t *testing.T) {
	x := open(t)
	x.granted(t, "case_1")
	if err := x.tell(t, "police", "identity.verified", "case_1", verified); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Cases.Step(t.Context()); err != nil { // opens the requisition
		t.Fatal(err)
	}
	if err := x.tell(t, "verifier", "case.halted", "case_1", withdrawn); err != nil {
		t.Fatal(err)
	}
	// The requisition is due, and UDI's halt is known: it must not leave.
	if _, err := x.SendStep(t.Context()); err != nil || len(x.register.asked) != 0 {
		t.Fatal("a halted case was asked for", err)
	}
	x.work(t)
	x.expect(t, "case_1", "identifier.requested", "onboarding.stopped")
	x.must(t, "verifier", "case.resumed", "case_1", nil)
	if x.number(t, "case_1") == "" || len(x.register.asked) != 1 {
		t.Error("resumed, and no number")
	}
}

func TestAnswerToAHaltedCaseIsKeptAndAnnouncedWhenItIsResumed(t *testing.T) {
	x := open(t)
	x.register.mute = true
	x.granted(t, "case_1")
	x.identified(t, "case_1")
	x.must(t, "verifier", "case.halted", "case_1", withdrawn)
	x.register.mute = false
	x.Clock.Pass(time.Minute)
	x.work(t)
	if line := x.line(t, "case_1"); x.number(t, "case_1") != "" || line.Standing != desk.Stopped || len(x.Credentials(t, "case_1")) != 0 {
		t.Errorf("%+v", line)
	}
	x.expect(t, "case_1", "identifier.requested", "onboarding.stopped")
	x.must(t, "verifier", "case.resumed", "case_1", nil)
	if x.number(t, "case_1") == "" || len(x.register.asked) != 1 {
		t.Error("the answer was lost, or asked for again")
	}
	x.expect(t, "case_1", "identifier.requested", "onboarding.stopped", "identifier.assigned", "taxcard.issued")
}

func TestHaltChangesNothingOfWhatIsDone(t *testing.T) {
	x := open(t)
	number := x.assigned(t, "case_1")
	x.must(t, "verifier", "case.halted", "case_1", withdrawn)
	x.must(t, "verifier", "case.resumed", "case_1", nil)
	x.expect(t, "case_1", whole...)
	if x.number(t, "case_1") != number {
		t.Error("another number")
	}
}

func TestRevokedPermitTakesTheTaxCardAndLeavesTheNumber(t *testing.T) {
	for _, before := range []string{"", "case.halted"} {
		x := open(t)
		number := x.assigned(t, "case_1")
		if before != "" {
			x.must(t, "verifier", before, "case_1", withdrawn)
		}
		for range 2 {
			x.must(t, "verifier", "permit.revoked", "case_1", officer)
		}
		x.must(t, "verifier", "case.resumed", "case_1", nil)
		x.expect(t, "case_1", append(slices.Clone(whole), "taxcard.revoked")...)
		if cause := x.data(t, "case_1", "taxcard.revoked")["cause"]; cause != "OFFICER" {
			t.Error(cause)
		}
		if got := x.Credentials(t, "case_1"); !slices.Equal(got, []string{"TaxCard withdrawn", "TaxRegistration offered"}) {
			t.Error(got)
		}
		if line := x.line(t, "case_1"); x.number(t, "case_1") != number || line.Standing != desk.Assigned || line.Registration.Card().Cause != "OFFICER" {
			t.Errorf("%+v", line)
		}
		if _, _, err := x.Identifier(t.Context(), "case_1", "account-opening", "bank"); err != nil {
			t.Error("the number is told no more", err)
		}
	}
}

func TestRevokedBeforeTheNumberGivesNone(t *testing.T) {
	x := open(t)
	x.granted(t, "case_1")
	x.must(t, "verifier", "permit.revoked", "case_1", officer)
	x.identified(t, "case_1")
	x.must(t, "verifier", "case.resumed", "case_1", nil)
	x.expect(t, "case_1", "onboarding.stopped")
	if x.number(t, "case_1") != "" || len(x.register.asked) != 0 {
		t.Error("a number after the permit was revoked")
	}
}

func TestCorrectedIdentityReplacesBothCredentials(t *testing.T) {
	x := open(t)
	number := x.assigned(t, "case_1")
	x.spoil = func(v *onboarding.View) { set(v, "family_name", "Johansen"); set(v, "birthdate", "1990-01-10") }
	x.must(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"family_name"}})
	x.expect(t, "case_1", append(slices.Clone(whole), "taxcard.issued")...)
	if x.number(t, "case_1") != number {
		t.Error("a correction gave another number")
	}
	for kind, count := range x.standing(t, "case_1") {
		if count != [2]int{1, 1} {
			t.Errorf("%s: %v stand and are revoked", kind, count)
		}
	}
	claims := x.claims(t, "case_1", credtype.TaxRegistration)
	if claims["family_name"] != "Johansen" || claims["identifier"] != number || claims["date_part_deviates"] != true {
		t.Errorf("%v", claims)
	}
	if card := x.claims(t, "case_1", credtype.TaxCard); card["identifier"] != number {
		t.Errorf("%v", card)
	}
}

// claims reads what the current credential of a type says.
func (x *tax) claims(t testing.TB, caseRef, kind string) map[string]any {
	t.Helper()
	c, err := x.Issuer.Current(t.Context(), x.DB.Read(), caseRef, kind)
	if err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	if err := x.DB.Read().QueryRowContext(t.Context(), `SELECT claims FROM issuance WHERE credential_id = $1`, c.ID).Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	plain, err := x.Book.KeyStore().Open(t.Context(), sealed, []byte(c.ID))
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(plain, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// story is what UDI and the police tell of a case, UDI's part in its order.
type story struct {
	events   []string // of the verifier, and identity.verified of the police
	decision string
	standing onboarding.Standing // at the end
	identity bool
}

func drawStory(t *rapid.T) story {
	s := story{decision: rapid.SampledFrom([]string{"GRANTED", "GRANTED", "GRANTED", "REFUSED", ""}).Draw(t, "decision"), standing: onboarding.Active}
	if s.decision != "" {
		s.events = append(s.events, "decision.made")
	}
	for range rapid.IntRange(0, 5).Draw(t, "length") {
		next := rapid.SampledFrom([]string{"case.halted", "case.resumed", "case.corrected", "permit.revoked"}).Draw(t, "next")
		s.events = append(s.events, next)
		if s.decision != "GRANTED" {
			continue
		}
		switch {
		case s.standing == onboarding.Revoked:
		case next == "permit.revoked":
			s.standing = onboarding.Revoked
		case next == "case.halted":
			s.standing = onboarding.Halted
		case next == "case.resumed":
			s.standing = onboarding.Active
		}
	}
	if s.identity = rapid.IntRange(0, 4).Draw(t, "identity") > 0; s.identity {
		at := rapid.IntRange(0, len(s.events)).Draw(t, "identity at")
		s.events = slices.Insert(s.events, at, "identity.verified")
	}
	return s
}

func (x *tax) play(t testing.TB, event, caseRef, decision string) {
	data := map[string]map[string]any{
		"decision.made": {"outcome": decision}, "case.halted": withdrawn, "case.resumed": nil, "permit.revoked": officer,
		"case.corrected": {"fields": []any{"family_name"}}, "identity.verified": verified,
	}[event]
	producer := "verifier"
	if event == "identity.verified" {
		producer = "police"
	}
	if err := x.tell(t, producer, event, caseRef, data); err != nil {
		t.Fatal(event, err)
	}
}

// Whatever comes, how often, and however far the steps have got in between: one
// current number for a case that was granted and whose worker was identified, none
// for any other, never another one later and never somebody else's; one tax card
// while the permit stands, none once it is revoked.
func TestNumbersHoldWhateverHappensToTheCase(t *testing.T) {
	x := open(t)
	cases, owner := 0, map[string]string{}
	rapid.Check(t, func(rt *rapid.T) {
		// Shrinking plays again: each time it is another case.
		cases++
		caseRef := fmt.Sprintf("case_%d", cases)
		s := drawStory(rt)
		number := ""
		look := func() {
			now := ""
			if s.decision != "" || len(s.events) > 0 {
				if line, err := x.Get(t.Context(), caseRef); err == nil && line.Registration != nil {
					current, _ := line.Registration.Current()
					now = current.Number
				}
			}
			if number != "" && now != number {
				rt.Fatalf("%v: %q became %q", s, number, now)
			}
			number = now
		}
		for _, event := range s.events {
			for range rapid.IntRange(1, 2).Draw(rt, "times") {
				x.play(t, event, caseRef, s.decision)
			}
			for range rapid.IntRange(0, 5).Draw(rt, "steps") {
				var err error
				switch rapid.IntRange(0, 2).Draw(rt, "step") {
				case 0:
					_, err = x.Cases.Step(t.Context())
				case 1:
					_, err = x.SendStep(t.Context())
				case 2:
					_, err = x.ReadStep(t.Context())
				}
				if err != nil {
					rt.Fatal(err)
				}
				x.Clock.Pass(time.Second)
			}
			look()
		}
		x.work(t)
		look()

		may := s.decision == "GRANTED" && s.identity
		if number != "" && !may {
			rt.Fatalf("%+v has a number", s)
		}
		if may && s.standing == onboarding.Active && number == "" {
			rt.Fatalf("%+v has no number", s)
		}
		if other, taken := owner[number]; number != "" && taken {
			rt.Fatalf("%s has the number of %s", caseRef, other)
		}
		owner[number] = caseRef

		standing := x.standing(t, caseRef)
		cards, registrations := 0, 0
		if number != "" {
			registrations = 1
			if s.standing != onboarding.Revoked {
				cards = 1
			}
		}
		if standing[credtype.TaxCard][0] != cards || standing[credtype.TaxRegistration][0] != registrations {
			rt.Fatalf("%+v: %v", s, standing)
		}
		count := map[string]int{}
		for _, name := range x.happened(t, caseRef) {
			count[name]++
		}
		revoked := 0
		if number != "" && s.standing == onboarding.Revoked {
			revoked = 1
		}
		if count["identifier.assigned"] != registrations || count["taxcard.revoked"] != revoked || count["identifier.replaced"] != 0 {
			rt.Fatalf("%+v: %v", s, count)
		}
		if s.decision != "GRANTED" && len(count) > 0 {
			rt.Fatalf("%+v: %v", s, count)
		}
	})
	if len(owner) < cases/10 {
		t.Errorf("only %d of %d cases came to a number", len(owner), cases)
	}
}
