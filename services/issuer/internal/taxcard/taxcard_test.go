package taxcard

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var at = time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)

const (
	uio  = "310000019"
	lisa = "41019012345"
)

func ordered() Order {
	o := Order{OfferID: "off_1", CaseRef: "case_1", Year: 2026, State: Wanted}
	if err := o.Placed("ref-1", lisa, at); err != nil {
		panic(err)
	}
	return o
}

func answer(result Result, card *Card) Answer {
	return Answer{Organisation: uio, Persons: []Person{{Number: lisa, Result: result, Year: 2026, Card: card}}}
}

func TestEveryResultHasItsMeaning(t *testing.T) {
	card := &Card{ID: "1", Deductions: []Deduction{{Code: "loennFraHovedarbeidsgiver", Percentage: "25"}}}
	for result, want := range map[Result]struct {
		state State
		rule  string
	}{
		ResultOK: {Received, ""}, ResultNoCard: {NoCard, ""}, ResultNotLiable: {NotLiable, ""}, ResultCheckPermit: {CheckPermit, ""},
		ResultOrganisation: {Refused, "taxcard.organisation"}, ResultPerson: {Refused, "taxcard.person"}, ResultReplaced: {Wanted, "taxcard.number-replaced"},
	} {
		o := ordered()
		var came *Card
		if result == ResultOK {
			came = card
		}
		if err := o.Answered(answer(result, came), uio, at); err != nil {
			t.Fatalf("%s: %v", result, err)
		}
		if o.State != want.state || o.Rule != want.rule || (o.Card != nil) != (result == ResultOK) || o.AnsweredAt.IsZero() != (result == ResultReplaced) {
			t.Errorf("%s gives %+v", result, o)
		}
		if o.Done() == (result == ResultReplaced) {
			t.Errorf("%s: done is %v", result, o.Done())
		}
	}
}

func TestAnswerAboutSomethingElseIsNobodysTaxCard(t *testing.T) {
	card := &Card{ID: "1"}
	for name, c := range map[string]Answer{
		"another person":   {Organisation: uio, Persons: []Person{{Number: "41019054321", Result: ResultOK, Year: 2026, Card: card}}},
		"another employer": {Organisation: "310000027", Persons: answer(ResultOK, card).Persons},
		"another year":     {Organisation: uio, Persons: []Person{{Number: lisa, Result: ResultOK, Year: 2025, Card: card}}},
		"no card":          answer(ResultOK, nil),
		"nobody":           {Organisation: uio},
		"unknown result":   answer("kanskje", nil),
	} {
		o := ordered()
		if err := o.Answered(c, uio, at); fault.RuleOf(err) != "taxcard.another-answer" || fault.KindOf(err).Permanent() {
			t.Errorf("%s: %v", name, err)
		}
		if o.State != Ordered || o.Card != nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestReplacedNumberIsOrderedAnew(t *testing.T) {
	o := ordered()
	if err := o.Answered(answer(ResultReplaced, nil), uio, at); err != nil {
		t.Fatal(err)
	}
	if o.Person != lisa {
		t.Error("the number of before is forgotten: nobody can tell whether there is another one")
	}
	if err := o.Placed("ref-2", "01019012345", at); err != nil || o.Person != "01019012345" || o.Rule != "" {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestOrderIsPlacedOnceAndAnsweredOnce(t *testing.T) {
	o := ordered()
	if err := o.Placed("ref-2", lisa, at); fault.RuleOf(err) != "taxcard.state" {
		t.Error(err)
	}
	if o.Again() {
		t.Error("an order that waits was begun anew")
	}
	if err := o.Answered(answer(ResultNoCard, nil), uio, at); err != nil {
		t.Fatal(err)
	}
	if err := o.Answered(answer(ResultNoCard, nil), uio, at); fault.RuleOf(err) != "taxcard.state" {
		t.Error(err)
	}
	if !o.Again() || o.State != Wanted || !o.AnsweredAt.IsZero() {
		t.Errorf("%+v", o)
	}
}
