package account

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// restored is the account as it is after a night in the store.
func restored(t *rapid.T, a *Account) *Account {
	s := a.Snapshot()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back Snapshot
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	again, err := Restore(back)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Snapshot(), s) {
		t.Fatalf("%+v became %+v", s, again.Snapshot())
	}
	return again
}

// Whatever comes in whichever order, as often as it likes: an account is opened
// by a granted, identified, assessed customer of a case that stands, once, with
// one number; who is found on a list is opened by a clerk's word alone; what is
// closed or declined stays so; and a revoked permit leaves no account to be paid
// to that no clerk has looked at.
func TestAccountFollowsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, at := started(t), now
		var granted, identified, number, approved, declined, closed, revokedUnseen bool
		var kind identifier.PersonNumberKind
		var needsFNR bool
		var standing = Active
		assessed := map[string]bool{}
		var last diligence.Assessment
		bban, opened, stopped := "", 0, 0
		take := func(notices []Notice) {
			for _, n := range notices {
				switch n.Name {
				case "bankaccount.opened":
					opened++
				case "onboarding.stopped":
					stopped++
					if bban != "" {
						t.Fatal("stopped what was open")
					}
				case "bankaccount.frozen":
					if bban == "" {
						t.Fatal("froze what was not open")
					}
				}
			}
		}
		assess := func(found diligence.Assessment) func(*rapid.T) {
			return func(t *rapid.T) {
				subject := rapid.SampledFrom([]string{"lisa", "liza"}).Draw(t, "subject")
				if approved && !found.Within(last) {
					approved = false
				}
				take(a.Assess(found, subject, at))
				assessed[subject] = true
				if !approved || !found.Within(last) {
					last = found
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"grant":    func(*rapid.T) { granted = a.Grant() || granted },
			"identify": func(*rapid.T) { identified = a.Identify() || identified },
			"replaced": func(*rapid.T) { a.Replace(); identified = true },
			"rule":     func(t *rapid.T) { needsFNR = rapid.Bool().Draw(t, "needs"); a.Require(needsFNR) },
			"learn": func(t *rapid.T) {
				if a.AsksNumber() {
					kind = rapid.SampledFrom([]identifier.PersonNumberKind{identifier.BirthNumber, identifier.DNumber}).Draw(t, "kind")
					number = true
					a.Learn(kind)
				}
			},
			"nothing found": assess(clear),
			"listed":        assess(listed),
			"risk":          assess(risky),
			"stand": func(t *rapid.T) {
				to := rapid.SampledFrom([]Standing{Active, Halted, Revoked}).Draw(t, "standing")
				cause := rapid.SampledFrom([]string{"OFFER_WITHDRAWN", "EMPLOYER_SUSPENDED"}).Draw(t, "cause")
				if to == Revoked && standing != Revoked && bban != "" && !closed {
					revokedUnseen = true
				}
				standing = to
				take(a.Stand(to, cause, at))
				if n := a.Stand(to, cause, at); n != nil {
					t.Fatal("told twice", n)
				}
			},
			"approve": func(t *rapid.T) {
				was := a.State()
				code := CodeMeasuresDone
				if a.assessment != nil && a.assessment.Listed() {
					code = CodeNotListed
				}
				err := a.Approve(word(code))
				if (err == nil) != (was == Queued) {
					t.Fatal(was, err)
				}
				if err == nil {
					approved, last = true, *a.assessment
				}
			},
			"decline": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "really") > 0 {
					return
				}
				was := a.State()
				n, err := a.Decline(word("RISK"))
				if (err == nil) != (was == Queued) {
					t.Fatal(was, err)
				}
				take(n)
				declined = declined || err == nil
			},
			"open": func(t *rapid.T) {
				number2 := rapid.SampledFrom([]string{"99991234566", "99997777774"}).Draw(t, "bban")
				clean := a.assessment != nil && (a.assessment.ByMachine() || approved)
				may := granted && identified && number && standing == Active && !declined && clean && !(needsFNR && kind == identifier.DNumber)
				n, err := a.Open(opening(number2))
				if bban == "" && (err == nil) != may {
					t.Fatal(may, err, a.State())
				}
				take(n)
				if err == nil && bban == "" {
					bban = number2
				}
			},
			"rename": func(t *rapid.T) { a.Rename(rapid.SampledFrom([]string{"A B", "C D"}).Draw(t, "holder")) },
			"release": func(t *rapid.T) {
				was := a.State()
				n, err := a.Release(word(""))
				if (err == nil) != (was == Frozen) {
					t.Fatal(was, err)
				}
				take(n)
				if err == nil {
					revokedUnseen = false
					if !a.assessment.ByMachine() {
						approved, last = true, *a.assessment
					}
				}
			},
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 6).Draw(t, "really") > 0 {
					return
				}
				_, err := a.Close(word(""))
				closed = closed || err == nil
			},
			"employer": func(t *rapid.T) { take(a.ShareWithEmployer(consent)) },
			"": func(t *rapid.T) {
				state := a.State()
				switch {
				case a.BBAN() != bban || (bban != "") != (opened == 1) || opened > 1:
					t.Fatal("another number, or told of another time:", bban, a.BBAN(), opened)
				case closed != (state == Closed):
					t.Fatal("closed", closed, state)
				case declined && bban == "" && state != Declined:
					t.Fatal("declined and", state)
				case revokedUnseen && state == Opened:
					t.Fatal("a revoked permit, and pay goes in before anybody looked")
				case a.Payroll(consent, consent.Employer) == nil && (bban == "" || revokedUnseen || closed || standing == Halted):
					t.Fatal("the employer is told")
				case bban == "" && standing != Active && !declined && state != Stopped:
					t.Fatal(standing, state)
				}
				a = restored(t, a)
				at = at.Add(time.Minute)
			},
		})
	})
}

// The order in which the first events of a case come makes no difference, nor
// how often they do.
func TestOrderAndRepetitionOfEventsMakeNoDifference(t *testing.T) {
	events := map[string]func(*Account){
		"granted":    func(a *Account) { a.Grant() },
		"assigned":   func(a *Account) { a.Identify() },
		"rule":       func(a *Account) { a.Require(true) },
		"replaced":   func(a *Account) { a.Replace() },
		"bank":       func(a *Account) { _ = a.At(bank.DID) },
		"suspended":  func(a *Account) { a.Stand(Halted, "EMPLOYER_SUSPENDED", now) },
		"assessment": func(a *Account) { a.Assess(risky, "lisa", now) },
	}
	var all []string
	for name := range events {
		all = append(all, name)
	}
	slices.Sort(all)
	plain, _ := New("case_1")
	for _, name := range all {
		events[name](plain)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, _ := New("case_1")
		order := append(rapid.Permutation(all).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(all)).Draw(t, "again")...)
		for _, name := range order {
			events[name](a)
		}
		if !reflect.DeepEqual(a.Snapshot(), plain.Snapshot()) {
			t.Fatalf("%+v, want %+v", a.Snapshot(), plain.Snapshot())
		}
	})
}
