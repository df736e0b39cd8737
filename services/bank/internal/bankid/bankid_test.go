package bankid

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestOrderGoesAsFarAsTheFactsAllow(t *testing.T) {
	all := Facts{Offered: true, FNR: true, Police: true, Open: true}
	for name, one := range map[string]struct {
		spoil func(*Facts)
		want  []State
	}{
		"everything":                  {func(*Facts) {}, []State{Ordered, IdentityConfirmed, Issued}},
		"the bank's own clerk":        {func(f *Facts) { f.Police = false }, []State{Ordered}},
		"D-number":                    {func(f *Facts) { f.FNR = false }, []State{NeedsFNR}},
		"not offered":                 {func(f *Facts) { f.Offered = false }, []State{NotOffered}},
		"not offered, nor a number":   {func(f *Facts) { f.Offered, f.FNR = false, false }, []State{NotOffered}},
		"account not open or not now": {func(f *Facts) { f.Open = false }, nil},
		"account closed":              {func(f *Facts) { f.Open, f.Closed = false, true }, nil},
	} {
		var o Order
		f := all
		one.spoil(&f)
		if got := o.Advance(f, now); !slices.Equal(got, one.want) {
			t.Errorf("%s: %v", name, got)
		}
		if got := o.Advance(f, now.Add(time.Hour)); got != nil {
			t.Errorf("%s: again: %v", name, got)
		}
	}
}

func TestOrderGoesOnWhenTheFødselsnummerComes(t *testing.T) {
	var o Order
	o.Advance(Facts{Offered: true, Open: true}, now)
	if got := o.Advance(Facts{Offered: true, Open: true, FNR: true}, now); !slices.Equal(got, []State{Ordered}) {
		t.Error(got)
	}
	if _, err := o.Confirm(" ", now); fault.RuleOf(err) != "bankid.by" {
		t.Error(err)
	}
	if changed, err := o.Confirm("clerk-1", now); !changed || err != nil {
		t.Error(changed, err)
	}
	if changed, err := o.Confirm("clerk-2", now); changed || err != nil || o.Snapshot().ConfirmedBy != "clerk-1" {
		t.Error(changed, err)
	}
	if got := o.Advance(Facts{Offered: true, Open: true, FNR: true}, now); !slices.Equal(got, []State{Issued}) {
		t.Error(got)
	}
	if got := o.Advance(Facts{Closed: true}, now); !slices.Equal(got, []State{Revoked}) {
		t.Error(got)
	}
	if got := o.Advance(Facts{Offered: true, Open: true, FNR: true, Police: true}, now); got != nil {
		t.Error("what was taken back came again:", got)
	}
}

func TestNobodyConfirmsWhatWasNotOrdered(t *testing.T) {
	var o Order
	if _, err := o.Confirm("clerk-1", now); fault.RuleOf(err) != "bankid.not-ordered" || fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	o.Advance(Facts{Offered: true, Open: true}, now)
	if _, err := o.Confirm("clerk-1", now); fault.RuleOf(err) != "bankid.not-ordered" {
		t.Error("a D-number was confirmed:", err)
	}
}

func TestStoredOrderThatCannotBeIsRefused(t *testing.T) {
	for name, s := range map[string]Snapshot{
		"unknown":                   {State: "LOST"},
		"ordered without a time":    {State: Ordered},
		"confirmed by nobody":       {State: IdentityConfirmed, OrderedAt: now, ConfirmedAt: now},
		"issued but not confirmed":  {State: Issued, OrderedAt: now, IssuedAt: now},
		"revoked without a reason":  {State: Revoked, OrderedAt: now, RevokedAt: now},
		"needs a number and issued": {State: NeedsFNR, OrderedAt: now},
	} {
		if _, err := Restore(s); fault.RuleOf(err) != "bankid.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever comes in whichever order: nobody has a BankID without a
// fødselsnummer, an open account, a bank that offers it and somebody who saw
// them; and what was taken back stays so.
func TestOrderFollowsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, now := &Order{}, now
		var f Facts
		var orderable, seen, revoked bool // has it ever been so
		count := map[State]int{}
		advance := func() {
			now = now.Add(time.Minute)
			for _, s := range o.Advance(f, now) {
				count[s]++
				if s == Ordered && !(f.Open && f.Offered && f.FNR) || s == IdentityConfirmed && !f.Police || s == Issued && (!f.Open || !seen && !f.Police) {
					t.Fatalf("%s with %+v", s, f)
				}
				orderable = orderable || s == Ordered
				seen = seen || s == IdentityConfirmed
				revoked = revoked || s == Revoked
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"offer":  func(t *rapid.T) { f.Offered = rapid.Bool().Draw(t, "offered"); advance() },
			"number": func(*rapid.T) { f.FNR = true; advance() },
			"police": func(t *rapid.T) { f.Police = rapid.Bool().Draw(t, "police"); advance() },
			"open":   func(t *rapid.T) { f.Open = !f.Closed && rapid.Bool().Draw(t, "open"); advance() },
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 5).Draw(t, "really") == 0 {
					f.Open, f.Closed = false, true
				}
				advance()
			},
			"confirm": func(t *rapid.T) {
				waits := o.State() == Ordered
				changed, err := o.Confirm("clerk", now)
				if changed != waits || (err != nil) != (!waits && o.State() != IdentityConfirmed && o.State() != Issued) {
					t.Fatal(changed, err, o.State())
				}
				seen = seen || changed
				advance()
			},
			"again": func(*rapid.T) { advance() },
			"": func(t *rapid.T) {
				for _, s := range []State{Ordered, Issued, Revoked} {
					if count[s] > 1 {
						t.Fatalf("%s %d times", s, count[s])
					}
				}
				if revoked && o.State() != Revoked || !orderable && o.State() == Issued || !seen && o.State() == Issued {
					t.Fatal(o.State())
				}
				var err error
				if o, err = Restore(o.Snapshot()); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}
