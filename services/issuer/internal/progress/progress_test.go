package progress

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var at = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func happened(c *Case, all ...Happened) *Case {
	for _, h := range all {
		h.At = at
		c.Take(h)
	}
	return c
}

func TestCaseFollowsWhatHappened(t *testing.T) {
	submitted := Happened{Event: EventSubmitted, OfferID: "off_1"}
	granted := Happened{Event: EventDecided, Outcome: OutcomeGranted}
	refused := Happened{Event: EventDecided, Outcome: OutcomeRefused}
	halted := Happened{Event: EventHalted, Cause: "OFFER_WITHDRAWN"}
	resumed := Happened{Event: EventResumed, Cause: "OFFER_SUPERSEDED"}
	revoked := Happened{Event: EventRevoked, Cause: "OFFICER"}
	completed := Happened{Event: EventCompleted}
	for name, c := range map[string]struct {
		all   []Happened
		state State
		cause string
	}{
		"applied":                    {[]Happened{submitted}, Applied, ""},
		"granted":                    {[]Happened{submitted, granted}, Granted, ""},
		"granted on appeal":          {[]Happened{submitted, refused, granted}, Granted, ""},
		"halted":                     {[]Happened{submitted, granted, halted}, Halted, "OFFER_WITHDRAWN"},
		"resumed":                    {[]Happened{submitted, granted, halted, resumed}, Granted, ""},
		"revoked":                    {[]Happened{submitted, granted, halted, revoked}, Revoked, "OFFICER"},
		"completed":                  {[]Happened{submitted, granted, completed}, Completed, ""},
		"revoked after completion":   {[]Happened{submitted, granted, completed, revoked}, Revoked, "OFFICER"},
		"never granted, not halted":  {[]Happened{submitted, halted}, Applied, ""},
		"refused, not completed":     {[]Happened{submitted, refused, completed}, Refused, ""},
		"another outcome":            {[]Happened{submitted, {Event: EventDecided, Outcome: "MAYBE"}}, Applied, ""},
		"changed offer keeps state":  {[]Happened{submitted, granted, halted, {Event: EventSubmitted, OfferID: "off_2"}}, Halted, "OFFER_WITHDRAWN"},
		"an agency before UDI":       {[]Happened{{Event: EventCardIssued}, submitted, granted}, Granted, ""},
		"an agency alone":            {[]Happened{{Event: EventCardIssued}}, Seen, ""},
		"what is not known is noise": {[]Happened{submitted, {Event: "case.renamed"}}, Applied, ""},
	} {
		got := happened(&Case{State: Seen}, c.all...)
		if got.State != c.state || got.Cause != c.cause {
			t.Errorf("%s: %s %q, want %s %q", name, got.State, got.Cause, c.state, c.cause)
		}
	}
	got := happened(&Case{State: Seen}, submitted, Happened{Event: EventSubmitted, OfferID: "off_2"})
	if got.OfferID != "off_2" {
		t.Errorf("the case rests on %s", got.OfferID)
	}
	got = happened(&Case{State: Seen}, Happened{Event: EventCardIssued}, Happened{Event: EventAccountShared})
	if !got.CardIssued || !got.AccountShared {
		t.Errorf("%+v", got)
	}
	if happened(got, Happened{Event: EventCardRevoked}).CardIssued {
		t.Error("a revoked card can still be fetched")
	}
}

// Whatever comes, in whatever order: a repetition changes nothing, and a case
// that was never granted is never halted nor completed.
func TestRepeatedEventsChangeNothing(t *testing.T) {
	events := []string{EventSubmitted, EventDecided, EventHalted, EventResumed, EventRevoked, EventCompleted, EventCardIssued, EventCardRevoked, EventAccountShared}
	rapid.Check(t, func(t *rapid.T) {
		c, everGranted := &Case{State: Seen}, false
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			h := Happened{
				Event: rapid.SampledFrom(events).Draw(t, "event"), OfferID: "off_1",
				Outcome: rapid.SampledFrom([]string{OutcomeGranted, OutcomeRefused}).Draw(t, "outcome"),
				Cause:   rapid.SampledFrom([]string{"OFFICER", "OFFER_WITHDRAWN"}).Draw(t, "cause"), At: at,
			}
			c.Take(h)
			everGranted = everGranted || c.State == Granted
			if !everGranted && (c.State == Halted || c.State == Completed) {
				t.Fatalf("%s without a grant", c.State)
			}
			if (c.Cause != "") != (c.State == Halted || c.State == Revoked) {
				t.Fatalf("%s with cause %q", c.State, c.Cause)
			}
			was := *c
			h.At = at.Add(time.Hour)
			if c.Take(h) || *c != was {
				t.Fatalf("%s again: %+v, was %+v", h.Event, *c, was)
			}
		}
	})
}
