package desk_test

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// twins makes two cases of people with one name and birth date.
func twins(x *tax) {
	x.spoil = func(v *onboarding.View) { set(v, "family_name", "Johnson"); passport(v, "12345"+v.CaseRef[5:]) }
}

func TestPossibleDuplicateWaitsForAClerk(t *testing.T) {
	for name, c := range map[string]struct {
		resolve func(first string) registration.Resolution
		event   string
		how     registration.How
		same    bool
	}{
		"another person": {func(string) registration.Resolution { return registration.Resolution{} }, "identifier.assigned", registration.New, false},
		"the same person": {func(first string) registration.Resolution {
			return registration.Resolution{SamePerson: true, Existing: first}
		}, "identifier.assigned", registration.Existing, true},
		"refused": {func(string) registration.Resolution { return registration.Resolution{Refuse: true} }, "onboarding.stopped", "", false},
	} {
		x := open(t)
		twins(x)
		first := x.assigned(t, "case_1")
		x.granted(t, "case_2")
		x.identified(t, "case_2")
		line := x.line(t, "case_2")
		if line.Standing != desk.Queued || line.Registration.Order().Reason != registration.PossibleDuplicate {
			t.Fatalf("%s: %+v", name, line)
		}
		// Five working days from Monday morning.
		deadline := line.Registration.Order().Deadline
		if days := deadline.Sub(x.Clock.Now()).Hours() / 24; days < 6.9 || days > 7.1 {
			t.Errorf("%s: until %s", name, deadline)
		}
		x.expect(t, "case_2", "identifier.requested", "identifier.queued")
		if said := x.data(t, "case_2", "identifier.queued")["deadline"]; said != deadline.Format(time.RFC3339) {
			t.Errorf("%s: %v", name, said)
		}
		if queued, _ := x.List(t.Context(), desk.Queued, 0, 10); len(queued) != 1 || queued[0].CaseRef != "case_2" {
			t.Errorf("%s: the clerk's list: %+v", name, queued)
		}
		if err := x.Resolve(t.Context(), "case_2", c.resolve(first)); err != nil {
			t.Fatal(err)
		}
		x.work(t)
		if got := x.happened(t, "case_2"); got[2] != c.event {
			t.Errorf("%s: %v", name, got)
		}
		number := x.number(t, "case_2")
		current, _ := x.line(t, "case_2").Registration.Current()
		if (number == first) != c.same || (number != "") != (c.how != "") || current.How != c.how {
			t.Errorf("%s: %+v", name, current)
		}
		if err := x.Resolve(t.Context(), "case_2", registration.Resolution{}); fault.RuleOf(err) != "registration.not-queued" {
			t.Errorf("%s: resolved twice: %v", name, err)
		}
	}
}

func TestResolutionNamesANumberThatSomebodyHas(t *testing.T) {
	x := open(t)
	twins(x)
	x.assigned(t, "case_1")
	x.granted(t, "case_2")
	x.identified(t, "case_2")
	for rule, r := range map[string]registration.Resolution{
		"registration.existing":           {SamePerson: true, Existing: "01819020236"},
		"identifier.person-number-world":  {SamePerson: true, Existing: "02013299997"},
		"identifier.person-number-format": {SamePerson: true, Existing: "1"},
		"registration.resolution":         {SamePerson: true},
	} {
		if err := x.Resolve(t.Context(), "case_2", r); fault.RuleOf(err) != rule || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if line := x.line(t, "case_2"); line.Standing != desk.Queued {
		t.Error("a refused resolution took the case out of the queue")
	}
	if err := x.Resolve(t.Context(), "case_9", registration.Resolution{}); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestPersonWhoIsKnownGetsTheNumberThatExists(t *testing.T) {
	x := open(t)
	x.spoil = func(v *onboarding.View) { passport(v, "123456789") }
	first := x.assigned(t, "case_1")
	second := x.assigned(t, "case_2")
	if first != second || x.data(t, "case_2", "identifier.assigned")["how"] != "EXISTING" {
		t.Error("one passport and birth date, two numbers")
	}
}

func TestResidentWhoHadADNumberGetsAFødselsnummer(t *testing.T) {
	x := open(t)
	short := true
	x.spoil = func(v *onboarding.View) {
		passport(v, "123456789")
		if short {
			v.Permit.ValidUntil = v.Permit.ValidFrom.AddDate(0, 5, 0)
		}
	}
	first := x.assigned(t, "case_1")
	short = false
	second := x.assigned(t, "case_2")
	if kind, _ := identifier.CheckPersonNumber(second, identifier.Synthetic, identifier.ControlUntil2032); first == second || kind != identifier.BirthNumber {
		t.Error(kind)
	}
}

func TestDateDeviatesWhenABirthDaysNumbersAreUsedUp(t *testing.T) {
	x := open(t)
	x.spoil = func(v *onboarding.View) { set(v, "birthdate", "1920-02-28") }
	first := x.assigned(t, "case_1")
	// The day's other numbers go to others: whoever they are, they are taken.
	taken := 0
	for c := range (identifier.Series{Kind: identifier.BirthNumber, Birth: time.Date(1920, 2, 28, 0, 0, 0, 0, time.UTC), Sex: identifier.SexFemale}).Numbers() {
		if c.DateDeviates {
			break
		}
		if c.Number != first {
			x.take(t, c.Number)
			taken++
		}
	}
	second := x.assigned(t, "case_2")
	current, _ := x.line(t, "case_2").Registration.Current()
	if !current.DateDeviates || identifier.DatePartIs(second, "1920-02-28") || taken < 100 {
		t.Errorf("after %d: %+v", taken, current)
	}
}

func TestRegisterThatIsDownIsAskedAgain(t *testing.T) {
	x := open(t)
	x.register.down = fault.New(fault.Unavailable, "register.unreachable", "down")
	x.granted(t, "case_1")
	x.identified(t, "case_1")
	if line := x.line(t, "case_1"); line.Standing != desk.Requested {
		t.Errorf("%+v", line)
	}
	x.register.down = nil
	x.Clock.Pass(2 * time.Minute)
	x.work(t)
	if x.number(t, "case_1") == "" || len(x.register.asked) != 1 {
		t.Error("not asked again")
	}
	x.expect(t, "case_1", whole...)
}

func TestRequisitionThatTheRegisterDoesNotTakeStopsTheCase(t *testing.T) {
	x := open(t)
	x.register.down = fault.New(fault.Invalid, "register.refused", "no")
	x.granted(t, "case_1")
	x.identified(t, "case_1")
	x.register.down = nil
	x.identified(t, "case_1")
	x.Clock.Pass(time.Hour)
	x.work(t)
	if line := x.line(t, "case_1"); line.Standing != desk.Rejected || line.Registration.Order().Refusal != registration.Dismissed {
		t.Errorf("%+v", line)
	}
	x.expect(t, "case_1", "identifier.requested", "onboarding.stopped")
}

// A register that assigns a number twice is not believed.
func TestNumberThatAnotherCaseHasIsNotTaken(t *testing.T) {
	x := open(t)
	first := x.assigned(t, "case_1")
	x.register.mute = true
	x.granted(t, "case_2")
	x.identified(t, "case_2")
	x.register.mute = false
	x.register.Register = liar{x.register.Register, registration.Answer{
		Sequence: 1000, Reference: x.line(t, "case_2").Registration.Order().Reference, Number: &registration.Number{Number: first, How: registration.New},
	}}
	x.Clock.Pass(time.Minute)
	x.work(t)
	if line := x.line(t, "case_2"); line.Standing != desk.Rejected || line.Registration.Order().Refusal != registration.GivenTwice || x.number(t, "case_2") != "" {
		t.Errorf("%+v", line)
	}
}

// An answer that cannot be holds nobody else up.
func TestAnswerThatCannotBeIsPassedOver(t *testing.T) {
	x := open(t)
	x.register.mute = true
	x.granted(t, "case_1")
	x.identified(t, "case_1")
	order := x.line(t, "case_1").Registration.Order()
	own := x.register.Register
	x.register.Register = liar{own, registration.Answer{
		Sequence: 1, Reference: order.Reference, Number: &registration.Number{Number: "41819020068", How: registration.New}, // of the other kind
	}}
	x.register.mute = false
	x.Clock.Pass(time.Minute)
	x.work(t)
	if line := x.line(t, "case_1"); line.Standing != desk.Requested {
		t.Errorf("%+v", line)
	}
	x.register.Register = liar{own, registration.Answer{
		Sequence: 2, Reference: order.Reference, Number: &registration.Number{Number: "01819020074", How: registration.New},
	}}
	x.Clock.Pass(time.Minute)
	x.work(t)
	if x.number(t, "case_1") != "01819020074" {
		t.Error("the right answer came too late")
	}
}
