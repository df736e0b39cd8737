package registration

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

const (
	fnr = "01819020074"
	dno = "41819020068"
)

var (
	now     = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	year    = Permit{ValidFrom: day("2026-12-06"), ValidUntil: day("2027-12-06")}
	short   = Permit{ValidFrom: day("2026-12-06"), ValidUntil: day("2027-06-05")}
	control = IdentityControl{PerformedBy: "police", PerformedAt: now}
	lisa    = Person{GivenName: "Lisa", FamilyName: "Johnson", Birthdate: "1990-01-01"}
	source  = Deduction{Source: true, Percent: 25}
)

func begun(t interface{ Fatal(...any) }) *Registration {
	r, err := Begin("case_1")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ready(t *testing.T, kind identifier.PersonNumberKind) *Registration {
	t.Helper()
	r := begun(t)
	permit := year
	if kind == identifier.DNumber {
		permit = short
	}
	if changed, err := r.Grant(permit, kind); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if changed, err := r.Identify(control); !changed || err != nil {
		t.Fatal(changed, err)
	}
	return r
}

// sent asks the register, which has the requisition.
func sent(t *testing.T, r *Registration, reference string) {
	t.Helper()
	if changed, err := r.Request(reference, now); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if !r.Send(reference) || !r.Sent(reference, "fr-"+reference) {
		t.Fatalf("%+v", r.Order())
	}
}

func given(reference, number string) Answer {
	return Answer{Reference: reference, Number: &Number{Number: number, How: New}}
}

// numbered has the number that the register gives.
func numbered(t *testing.T, kind identifier.PersonNumberKind, number string) *Registration {
	t.Helper()
	r := ready(t, kind)
	sent(t, r, "req_1")
	if changed, err := r.Heard(given("req_1", number), identifier.Synthetic, now); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if changed, _ := r.Announce(now); !changed {
		t.Fatal("not announced")
	}
	return r
}

func TestSixMonthsMakeAResident(t *testing.T) {
	p, err := LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	for until, want := range map[string]identifier.PersonNumberKind{
		"2027-06-06": identifier.BirthNumber, "2027-06-05": identifier.DNumber, "2029-12-06": identifier.BirthNumber, "2026-12-07": identifier.DNumber,
	} {
		if got := p.KindFor(Permit{day("2026-12-06"), day(until)}, now); got != want {
			t.Errorf("until %s: %s", until, got)
		}
	}
}

func TestNumberIsAskedForOncePermitAndIdentityAreThereInAnyOrder(t *testing.T) {
	for name, first := range map[string]func(*Registration){
		"permit":   func(r *Registration) { _, _ = r.Grant(year, identifier.BirthNumber) },
		"identity": func(r *Registration) { _, _ = r.Identify(control) },
	} {
		r := begun(t)
		first(r)
		if _, err := r.Request("req_1", now); fault.RuleOf(err) != "registration.not-ready" || r.Wants() {
			t.Errorf("after %s alone: %v", name, err)
		}
		_, _ = r.Grant(year, identifier.BirthNumber)
		_, _ = r.Identify(control)
		if r.State() != Ready || !r.Wants() {
			t.Errorf("%s first: %s", name, r.State())
		}
		sent(t, r, "req_1")
		if changed, err := r.Request("req_2", now); changed || err != nil || r.Order().Reference != "req_1" {
			t.Errorf("asked twice: %v %v", changed, err)
		}
	}
}

func TestNobodyGetsASecondNumber(t *testing.T) {
	r := numbered(t, identifier.BirthNumber, fnr)
	if r.Wants() {
		t.Error("a second one is wanted")
	}
	if changed, err := r.Heard(given("req_1", "01819020155"), identifier.Synthetic, now); changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
	if current, _ := r.Current(); current.Number != fnr || len(r.Former()) != 0 {
		t.Errorf("%+v", current)
	}
}

func TestNumberMustBeOneAndOfTheKindAskedFor(t *testing.T) {
	for _, c := range []struct {
		kind   identifier.PersonNumberKind
		number string
		how    How
		mode   identifier.Mode
		at     time.Time
		ok     bool
	}{
		{identifier.BirthNumber, fnr, New, identifier.Synthetic, now, true},
		{identifier.BirthNumber, dno, New, identifier.Synthetic, now, false},
		{identifier.DNumber, dno, New, identifier.Synthetic, now, true},
		{identifier.DNumber, fnr, New, identifier.Synthetic, now, false},
		{identifier.DNumber, fnr, Existing, identifier.Synthetic, now, true},
		{identifier.BirthNumber, dno, Existing, identifier.Synthetic, now, true},
		{identifier.BirthNumber, fnr, "FOUND", identifier.Synthetic, now, false},
		{identifier.BirthNumber, "02013299997", New, identifier.Synthetic, now, false}, // a real one
		{identifier.BirthNumber, "02013299997", New, identifier.Production, now, true},
		{identifier.BirthNumber, fnr, New, identifier.Production, now, false}, // a synthetic one
		{identifier.BirthNumber, "01819020075", New, identifier.Synthetic, now, false},
		{identifier.BirthNumber, "01819020082", New, identifier.Synthetic, now, false}, // the rule from 2032
		{identifier.BirthNumber, "01819020082", New, identifier.Synthetic, day("2032-01-01"), true},
		{identifier.BirthNumber, fnr, New, identifier.Synthetic, day("2032-01-01"), true},
	} {
		r := ready(t, c.kind)
		sent(t, r, "req_1")
		_, err := r.Heard(Answer{Reference: "req_1", Number: &Number{Number: c.number, How: c.how}}, c.mode, c.at)
		if (err == nil) != c.ok || err != nil && fault.RuleOf(err) != "registration.number" {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestPossibleDuplicateWaitsForAClerkUntilADeadline(t *testing.T) {
	r := ready(t, identifier.BirthNumber)
	sent(t, r, "req_1")
	queued := Answer{Reference: "req_1", Queued: &Queue{Deadline: day("2026-11-30"), Reason: PossibleDuplicate}}
	if changed, err := r.Heard(queued, identifier.Synthetic, now); !changed || err != nil || r.State() != Queued {
		t.Fatal(changed, err, r.State())
	}
	if changed, _ := r.Heard(queued, identifier.Synthetic, now); changed {
		t.Error("the same word changes something")
	}
	if r.Wants() || !r.Order().Awaited() || !r.Order().Deadline.Equal(day("2026-11-30")) {
		t.Errorf("%+v", r.Order())
	}
	found := Answer{Reference: "req_1", Number: &Number{Number: dno, How: Existing}}
	if changed, err := r.Heard(found, identifier.Synthetic, now); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if changed, _ := r.Heard(queued, identifier.Synthetic, now); changed {
		t.Error("a late word of the queue undoes the decision")
	}
	if changed, _ := r.Announce(now); !changed {
		t.Fatal("not announced")
	}
	// A resident whom the register knows by a D-number is due a fødselsnummer.
	if current, _ := r.Current(); current.How != Existing || current.Kind != identifier.DNumber || !r.Wants() {
		t.Errorf("%+v", current)
	}
}

func TestRefusedRequisitionIsNotRepeated(t *testing.T) {
	for _, refusal := range []Refusal{Declined, Dismissed, Cancelled} {
		r := ready(t, identifier.BirthNumber)
		sent(t, r, "req_1")
		if changed, err := r.Heard(Answer{Reference: "req_1", Refusal: refusal}, identifier.Synthetic, now); !changed || err != nil {
			t.Fatal(changed, err)
		}
		if r.State() != Rejected || r.Wants() || r.Order().Refusal != refusal {
			t.Errorf("%s: %s %+v", refusal, r.State(), r.Order())
		}
		if r.Correct(2); !r.Wants() || r.State() != Ready {
			t.Errorf("%s: a corrected case is asked for no more", refusal)
		}
	}
}

func TestDNumberIsReplacedWhenTheStayIsLongAfterAll(t *testing.T) {
	for name, prolong := range map[string]func(*Registration) (bool, error){
		"permit": func(r *Registration) (bool, error) { return r.Grant(year, identifier.BirthNumber) },
		"clerk":  func(r *Registration) (bool, error) { return r.BecomeResident() },
	} {
		r := numbered(t, identifier.DNumber, dno)
		if err := r.IssueCard(1, 2026, source, now); err != nil {
			t.Fatal(err)
		}
		if changed, err := prolong(r); !changed || err != nil || !r.Wants() {
			t.Fatalf("%s: %v %v", name, changed, err)
		}
		if changed, err := prolong(r); changed || err != nil {
			t.Errorf("%s: a repetition: %v %v", name, changed, err)
		}
		sent(t, r, "req_2")
		if o := r.Order(); o.Replaces != dno || o.Kind != identifier.BirthNumber {
			t.Errorf("%s: %+v", name, o)
		}
		if r.State() != CardIssued {
			t.Errorf("%s: the old number counts until the new one is there: %s", name, r.State())
		}
		if _, err := r.Heard(Answer{Reference: "req_2", Number: &Number{Number: dno, How: Existing}}, identifier.Synthetic, now); fault.RuleOf(err) != "registration.number" {
			t.Errorf("%s: the old number as the new one: %v", name, err)
		}
		if _, err := r.Heard(given("req_2", fnr), identifier.Synthetic, now); err != nil {
			t.Fatal(err)
		}
		later := now.Add(time.Hour)
		changed, replaced := r.Announce(later)
		if !changed || replaced == nil || replaced.Number != dno || !replaced.ReplacedAt.Equal(later) {
			t.Fatalf("%s: %v %+v", name, changed, replaced)
		}
		if current, _ := r.Current(); current.Number != fnr || current.Kind != identifier.BirthNumber || len(r.Former()) != 1 || r.Wants() {
			t.Errorf("%s: %+v", name, current)
		}
		if !r.WantsCard() {
			t.Errorf("%s: the tax card still names the old number", name)
		}
		claims, err := r.Claims(lisa)
		if err != nil || claims["previous_identifier"] != dno || claims["identifier"] != fnr {
			t.Errorf("%s: %v %v", name, claims, err)
		}
		if err := credtype.Validate(credtype.TaxRegistration, claims); err != nil {
			t.Error(err)
		}
	}
}

func TestRefusedReplacementWaitsForAClerkAndLeavesTheNumber(t *testing.T) {
	r := numbered(t, identifier.DNumber, dno)
	_, _ = r.BecomeResident()
	sent(t, r, "req_2")
	if changed, err := r.Heard(Answer{Reference: "req_2", Refusal: Declined}, identifier.Synthetic, now); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if current, _ := r.Current(); r.Wants() || current.Number != dno || r.State() != Assigned {
		t.Errorf("%+v %s, wanted again: %v", current, r.State(), r.Wants())
	}
	if changed, err := r.BecomeResident(); !changed || err != nil || !r.Wants() {
		t.Error("a clerk cannot ask again", changed, err)
	}
}

func TestAnswerThatOvertakesTheReceiptStays(t *testing.T) {
	r := ready(t, identifier.BirthNumber)
	_, _ = r.Request("req_1", now)
	for range 2 { // sent, and sent again
		if !r.Send("req_1") {
			t.Fatal("not sent")
		}
	}
	if changed, err := r.Heard(given("req_1", fnr), identifier.Synthetic, now); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if r.Sent("req_1", "fr-1") || r.Dismiss("req_1") || r.Send("req_1") || r.Order().Stage != StageKept {
		t.Errorf("%+v", r.Order())
	}
	if changed, _ := r.Announce(now); !changed {
		t.Error("not announced")
	}
}

func TestResidentStaysResidentWhenThePermitIsShortened(t *testing.T) {
	r := numbered(t, identifier.BirthNumber, fnr)
	if _, err := r.Grant(short, identifier.DNumber); err != nil || r.Kind() != identifier.BirthNumber || r.Wants() {
		t.Error(err, r.Kind())
	}
}

func TestOnlyWhoHasANumberBecomesResidentByAClerk(t *testing.T) {
	if _, err := ready(t, identifier.DNumber).BecomeResident(); fault.RuleOf(err) != "registration.not-assigned" {
		t.Error(err)
	}
	r := numbered(t, identifier.DNumber, dno)
	r.Stand(Halted, "OFFER_WITHDRAWN")
	if _, err := r.BecomeResident(); fault.RuleOf(err) != "registration.standing" {
		t.Error(err)
	}
}

func TestHaltedCaseAsksForNothing(t *testing.T) {
	r := begun(t)
	if changed, stopped := r.Stand(Halted, "EMPLOYER_SUSPENDED"); !changed || !stopped {
		t.Fatal(changed, stopped)
	}
	_, _ = r.Grant(year, identifier.BirthNumber)
	_, _ = r.Identify(control)
	if r.Wants() {
		t.Error("a halted case wants a number")
	}
	if changed, stopped := r.Stand(Halted, "EMPLOYER_SUSPENDED"); changed || stopped {
		t.Error("a repetition changes something")
	}
	if changed, stopped := r.Stand(Active, ""); !changed || stopped || !r.Wants() {
		t.Error("resumed, and nothing is wanted")
	}
}

func TestRequisitionThatHasNotLeftIsWithdrawn(t *testing.T) {
	r := ready(t, identifier.BirthNumber)
	_, _ = r.Request("req_1", now)
	r.Stand(Halted, "OFFER_WITHDRAWN")
	if r.Send("req_1") || r.Order().Stage != StageWithdrawn {
		t.Errorf("%+v", r.Order())
	}
	r.Stand(Active, "")
	sent(t, r, "req_2")
}

func TestAnswerToAHaltedCaseIsKeptUntilItIsResumed(t *testing.T) {
	r := ready(t, identifier.BirthNumber)
	sent(t, r, "req_1")
	r.Stand(Halted, "OFFER_WITHDRAWN")
	if changed, err := r.Heard(given("req_1", fnr), identifier.Synthetic, now); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if changed, _ := r.Announce(now); changed {
		t.Fatal("announced although halted")
	}
	if _, numbered := r.Current(); numbered || r.State() != Requested {
		t.Error("the number is there already")
	}
	r.Stand(Active, "")
	later := now.Add(24 * time.Hour)
	if changed, _ := r.Announce(later); !changed {
		t.Fatal("not announced after the case was resumed")
	}
	if current, _ := r.Current(); current.Number != fnr || !current.AssignedAt.Equal(later) {
		t.Errorf("%+v", current)
	}
}

func TestRevokedPermitTakesTheCardAndLeavesTheNumber(t *testing.T) {
	r := numbered(t, identifier.BirthNumber, fnr)
	if err := r.IssueCard(1, 2026, source, now); err != nil {
		t.Fatal(err)
	}
	if changed, stopped := r.Stand(Halted, "OFFER_WITHDRAWN"); !changed || stopped || r.RevokeCard("OFFER_WITHDRAWN", now) {
		t.Error("a halted case loses its card, or says it stopped")
	}
	if changed, stopped := r.Stand(Revoked, "PERMIT_REVOKED"); !changed || stopped {
		t.Error(changed, stopped)
	}
	if !r.RevokeCard("PERMIT_REVOKED", now) || r.RevokeCard("PERMIT_REVOKED", now) {
		t.Error("the card is revoked once")
	}
	if current, _ := r.Current(); current.Number != fnr || r.State() != Assigned || r.WantsCard() {
		t.Errorf("%+v %s", current, r.State())
	}
	if changed, _ := r.Stand(Active, ""); changed {
		t.Error("a revoked permit came back")
	}
	if _, err := r.CardClaims("310000019"); fault.RuleOf(err) != "registration.no-card" {
		t.Error(err)
	}
	if err := r.IssueCard(2, 2026, source, now); fault.RuleOf(err) != "registration.standing" {
		t.Error(err)
	}
}

func TestCorrectedCaseGetsAnotherCard(t *testing.T) {
	r := numbered(t, identifier.BirthNumber, fnr)
	if !r.WantsCard() {
		t.Error("no card is wanted")
	}
	_ = r.IssueCard(1, 2026, source, now)
	if r.WantsCard() {
		t.Error("a second card is wanted")
	}
	if !r.Correct(2) || r.Correct(2) || r.Correct(1) || !r.WantsCard() {
		t.Error("a correction wants no card")
	}
	if err := r.IssueCard(1, 2026, source, now); fault.RuleOf(err) != "registration.card" {
		t.Error("the card's id was used again")
	}
	_ = r.IssueCard(2, 2026, source, now)
	if r.WantsCard() || r.Card().ID != 2 {
		t.Error("the new card does not count")
	}
}

func TestMisshapenEventsAreRefused(t *testing.T) {
	r := begun(t)
	for rule, err := range map[string]error{
		"registration.permit":   second(r.Grant(Permit{ValidFrom: now, ValidUntil: now}, identifier.DNumber)),
		"registration.identity": second(r.Identify(IdentityControl{PerformedAt: now})),
		"registration.card":     r.IssueCard(0, 2026, source, now),
		"registration.case":     second(Begin("")),
	} {
		if fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := r.Grant(year, "NUMBER"); fault.RuleOf(err) != "registration.permit" {
		t.Error(err)
	}
	if err := r.IssueCard(1, 2026, source, now); fault.RuleOf(err) != "registration.not-assigned" {
		t.Error(err)
	}
	r = ready(t, identifier.BirthNumber)
	if _, err := r.Request("", now); fault.RuleOf(err) != "registration.reference" {
		t.Error(err)
	}
	sent(t, r, "req_1")
	for _, a := range []Answer{
		{Reference: "req_1"},
		{Reference: "req_1", Refusal: Declined, Number: &Number{Number: fnr, How: New}},
		{Reference: "req_1", Queued: &Queue{}, Number: &Number{Number: fnr, How: New}},
	} {
		if _, err := r.Heard(a, identifier.Synthetic, now); fault.RuleOf(err) != "registration.answer" {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if changed, err := r.Heard(given("req_9", fnr), identifier.Synthetic, now); changed || err != nil {
		t.Error("another requisition's answer counts", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestResolutionSaysOneThing(t *testing.T) {
	for r, ok := range map[Resolution]bool{
		{}:                                true, // another person
		{SamePerson: true, Existing: fnr}: true,
		{Refuse: true}:                    true,
		{SamePerson: true}:                false,
		{Existing: fnr}:                   false,
		{SamePerson: true, Existing: fnr, Refuse: true}: false,
	} {
		if err := r.Check(); (err == nil) != ok {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func TestRegistrationClaimsFitTheSchema(t *testing.T) {
	if _, err := ready(t, identifier.DNumber).Claims(lisa); fault.RuleOf(err) != "registration.not-assigned" {
		t.Error(err)
	}
	for kind, number := range map[identifier.PersonNumberKind]string{identifier.BirthNumber: fnr, identifier.DNumber: dno} {
		claims, err := numbered(t, kind, number).Claims(lisa)
		if err != nil {
			t.Fatal(err)
		}
		if err := credtype.Validate(credtype.TaxRegistration, claims); err != nil {
			t.Error(err)
		}
		if _, resident := claims["resident_from"]; resident != (kind == identifier.BirthNumber) {
			t.Errorf("%s: resident %v", kind, resident)
		}
	}
}

func TestStoredRegistrationThatCannotBeIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Snapshot){
		"no case":                  func(s *Snapshot) { s.CaseRef = "" },
		"unknown standing":         func(s *Snapshot) { s.Standing = "LOST" },
		"halted for nothing":       func(s *Snapshot) { s.Standing = Halted },
		"active for a reason":      func(s *Snapshot) { s.Cause = "OFFICER" },
		"number before identity":   func(s *Snapshot) { s.Identified = IdentityControl{} },
		"permit without a kind":    func(s *Snapshot) { s.Kind = "" },
		"two current numbers":      func(s *Snapshot) { s.Numbers = append(s.Numbers, Number{Number: fnr}) },
		"no current number":        func(s *Snapshot) { s.Numbers[0].ReplacedAt = now },
		"card without a number":    func(s *Snapshot) { s.Numbers, s.Card.ID = nil, 1 },
		"kept without an answer":   func(s *Snapshot) { s.Order.Stage = StageKept },
		"order without reference":  func(s *Snapshot) { s.Order.Reference = "" },
		"edition before the first": func(s *Snapshot) { s.Edition = 0 },
	} {
		s := numbered(t, identifier.DNumber, dno).Snapshot()
		spoil(&s)
		if _, err := Restore(s); fault.RuleOf(err) != "registration.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever comes in whatever order and however often: one current number, never
// one that the register gave to another requisition, none while the case is
// halted or revoked, none without permit and identity; and what a restart finds
// is what was.
func TestRegistrationFollowsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := begun(t)
		var granted, identified, carded bool
		standing, current, former := Active, "", []string{}
		asked, fresh := map[string]identifier.PersonNumberKind{}, map[identifier.PersonNumberKind][]string{
			identifier.BirthNumber: {"01819020074", "01819020155", "01819020236"}, identifier.DNumber: {"41819020068", "41819020149", "41819020300"},
		}
		t.Repeat(map[string]func(*rapid.T){
			"grant short": func(t *rapid.T) { _, err := r.Grant(short, identifier.DNumber); granted = granted || err == nil },
			"grant long":  func(t *rapid.T) { _, err := r.Grant(year, identifier.BirthNumber); granted = granted || err == nil },
			"identify":    func(t *rapid.T) { _, err := r.Identify(control); identified = identified || err == nil },
			"halt": func(t *rapid.T) {
				if r.Stand(Halted, "OFFER_WITHDRAWN"); standing == Active {
					standing = Halted
				}
			},
			"resume": func(t *rapid.T) {
				if r.Stand(Active, ""); standing == Halted {
					standing = Active
				}
			},
			"revoke": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "seldom") == 0 {
					r.Stand(Revoked, "OFFICER")
					standing = Revoked
				}
			},
			"request": func(t *rapid.T) {
				reference := fmt.Sprintf("req_%d", len(asked))
				changed, err := r.Request(reference, now)
				if changed && (standing != Active || !granted || !identified) {
					t.Fatal("asked without leave")
				}
				if changed {
					asked[reference] = r.Order().Kind
				} else if err == nil && !r.Order().open() {
					t.Fatal("not asked, and no word why")
				}
			},
			"send": func(t *rapid.T) {
				reference := r.Order().Reference
				if r.Send(reference) && rapid.Bool().Draw(t, "reached") {
					r.Sent(reference, "fr")
				}
			},
			"answer": func(t *rapid.T) {
				if len(asked) == 0 {
					return
				}
				reference := fmt.Sprintf("req_%d", rapid.IntRange(0, len(asked)-1).Draw(t, "which"))
				kind := asked[reference]
				a := Answer{Reference: reference}
				switch rapid.IntRange(0, 3).Draw(t, "what") {
				case 0:
					a.Queued = &Queue{Deadline: now, Reason: PossibleDuplicate}
				case 1:
					a.Refusal = Declined
				default:
					a.Number = &Number{Number: rapid.SampledFrom(fresh[kind]).Draw(t, "number"), How: New}
				}
				if _, err := r.Heard(a, identifier.Synthetic, now); err != nil && a.Number != nil && a.Number.Number != current {
					t.Fatal(err)
				}
			},
			"announce": func(t *rapid.T) {
				kept := r.Order().Kept.Number
				changed, replaced := r.Announce(now)
				if changed != (standing == Active && kept != "") || changed && !(granted && identified) {
					t.Fatal(changed, standing, kept)
				}
				if !changed {
					return
				}
				if (replaced == nil) != (current == "") || replaced != nil && replaced.Number != current {
					t.Fatal("the replaced number is another", replaced, current)
				}
				if current != "" {
					former = append(former, current)
				}
				current = kept
			},
			"card": func(t *rapid.T) {
				err := r.IssueCard(r.Card().ID+1, 2026, source, now)
				if (err == nil) != (current != "" && standing == Active) {
					t.Fatal(err)
				}
				carded = carded || err == nil
			},
			"revoke card": func(t *rapid.T) {
				if changed := r.RevokeCard("OFFICER", now); changed != (carded && standing == Revoked) {
					t.Fatal(changed)
				} else if changed {
					carded = false
				}
			},
			"": func(t *rapid.T) {
				n, numbered := r.Current()
				if numbered != (current != "") || n.Number != current || len(r.Former()) != len(former) {
					t.Fatalf("%+v, want %s after %v", n, current, former)
				}
				if len(former) > 1 {
					t.Fatal("a person went through more than a D-number and a fødselsnummer")
				}
				if (r.State() == CardIssued) != carded {
					t.Fatal(r.State())
				}
				var err error
				if r, err = Restore(r.Snapshot()); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}
