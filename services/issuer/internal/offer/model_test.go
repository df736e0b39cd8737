package offer

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// life is a model of an offer that knows only who may do what, and shares no
// code with it: for each state, the verbs that do something or nothing, all
// others are refused by the rule.
type life struct {
	state   State
	holder  string
	wrong   int
	by      string // what superseded it
	form    string // a draft's given name
	now     time.Time
	expires time.Time
}

func (l *life) late() bool { return !l.now.Before(l.expires) }

// refusal is what every verb but those for drafts answers in a state that ends
// the life.
func (l *life) refusal() string {
	return map[State]string{
		Drafted: "offer.draft", Discarded: "offer.discarded", Withdrawn: "offer.withdrawn", Superseded: "offer.superseded", Expired: "offer.expired",
	}[l.state]
}

func (l *life) lapse() bool {
	if (l.state == Issued || l.state == Collecting) && l.late() {
		l.state = Expired
		return true
	}
	return false
}

func (l *life) collect(who string, right bool) string {
	l.lapse()
	switch {
	case l.refusal() != "":
		return l.refusal()
	case l.holder == who:
		return ""
	case l.holder != "":
		return "offer.already-collected"
	case l.wrong == 5:
		return "offer.code-attempts"
	case !right:
		l.wrong++
		return "offer.wrong-code"
	}
	l.state, l.holder = Collecting, who
	return ""
}

func ruleOf(err error) string {
	if err == nil {
		return ""
	}
	return fault.RuleOf(err)
}

// TestOfferFollowsItsModel drives an offer from its draft, stored and restored
// between all verbs, against the model.
func TestOfferFollowsItsModel(t *testing.T) {
	terms, err := checkSlide(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := &life{state: Drafted, form: "a", now: slideToday}
		o, err := Draft("off_1", Form{GivenName: "a"}, m.now)
		if err != nil {
			t.Fatal(err)
		}
		var code CollectionCode
		seldom := func(t *rapid.T, what string) {
			if rapid.IntRange(0, 5).Draw(t, "seldom") > 0 {
				t.Skip(what)
			}
		}
		same := func(t *rapid.T, verb string, err error, want string) {
			t.Helper()
			if ruleOf(err) != want {
				t.Fatalf("%s of a %s: got %v, want %q", verb, m.state, err, want)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				name := rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "name")
				want := map[State]string{Drafted: "", Discarded: "offer.discarded"}
				rule, ok := want[m.state]
				if !ok {
					rule = "offer.signed"
				}
				_, err := o.Change(Form{GivenName: name})
				same(t, "change", err, rule)
				if rule == "" {
					m.form = name
				}
			},
			"discard": func(t *rapid.T) {
				seldom(t, "most drafts are signed")
				changed, err := o.Discard()
				switch m.state {
				case Drafted, Discarded:
					same(t, "discard", err, "")
					if changed != (m.state == Drafted) {
						t.Fatalf("discarded a %s: %v", m.state, changed)
					}
					m.state, m.form = Discarded, ""
				default:
					same(t, "discard", err, "offer.signed")
				}
			},
			"sign": func(t *rapid.T) {
				form := rapid.SampledFrom([]CodeForm{Characters, Words}).Draw(t, "code")
				given, changed, err := o.Sign(Signing{Terms: terms, Number: "26-000001-A", At: m.now, CodeForm: form}, random())
				if m.state == Discarded {
					same(t, "sign", err, "offer.discarded")
					return
				}
				same(t, "sign", err, "")
				if changed != (m.state == Drafted) || (given == "") == changed {
					t.Fatalf("signed a %s: %v, code %q", m.state, changed, given)
				}
				if m.state == Drafted {
					code, m.state, m.form, m.expires = given, Issued, "", m.now.Add(openFor)
				}
			},
			"collect": func(t *rapid.T) {
				who := rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "who")
				right := rapid.Bool().Draw(t, "right")
				typed := code
				if !right {
					typed = "WRONG"
				}
				want := m.collect(who, right)
				_, err := o.Collect(who, typed, m.now)
				same(t, "collect", err, want)
			},
			"deliver": func(t *rapid.T) {
				want := m.refusal()
				if m.state == Issued {
					want = "offer.not-collecting"
				}
				_, err := o.Delivered(m.now)
				same(t, "deliver", err, want)
				if want == "" {
					m.state = Collected
				}
			},
			"withdraw": func(t *rapid.T) {
				seldom(t, "most offers are not withdrawn")
				changed, err := o.Withdraw("cut", m.now)
				switch m.state {
				case Drafted, Discarded, Superseded:
					same(t, "withdraw", err, m.refusal())
				default:
					same(t, "withdraw", err, "")
					if changed == (m.state == Withdrawn) {
						t.Fatalf("withdrew a %s: %v", m.state, changed)
					}
					m.state = Withdrawn
				}
			},
			"supersede": func(t *rapid.T) {
				seldom(t, "most offers are not changed")
				by := rapid.SampledFrom([]string{"off_2", "off_3"}).Draw(t, "by")
				want := m.refusal()
				if m.by == by {
					want = ""
				}
				changed, err := o.Supersede(by, m.now)
				same(t, "supersede", err, want)
				if want == "" {
					if changed == (m.by == by) {
						t.Fatalf("superseded a %s: %v", m.state, changed)
					}
					m.state, m.by = Superseded, by
				}
			},
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "days")) * 24 * time.Hour)
			},
			"expire": func(t *rapid.T) {
				if got, want := o.Expire(m.now), m.lapse(); got != want {
					t.Fatalf("expired: %v, want %v", got, want)
				}
			},
			"": func(t *rapid.T) {
				left := 5 - m.wrong
				if o.State() != m.state || o.Connection() != m.holder || o.AttemptsLeft() != left || o.Form().GivenName != m.form {
					t.Fatalf("offer %s %q %d %q, model %s %q %d %q", o.State(), o.Connection(), o.AttemptsLeft(), o.Form().GivenName, m.state, m.holder, left, m.form)
				}
				if m.by != "" && snapshot(t, o).SupersededBy != m.by {
					t.Fatalf("superseded by %q, model %q", snapshot(t, o).SupersededBy, m.by)
				}
				restored, err := Restore(snapshot(t, o))
				if err != nil {
					t.Fatal(err)
				}
				o = restored
			},
		})
	})
}

func TestDiscardedDraftHoldsNothingOfTheWorker(t *testing.T) {
	o, err := Draft("off_1", Form{GivenName: "Lisa", Email: "lisa@example.com"}, slideToday)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Discard(); err != nil {
		t.Fatal(err)
	}
	if s := snapshot(t, o); len(s.Text) != 0 {
		t.Errorf("left is %s", s.Text)
	}
}

func TestDraftHasASize(t *testing.T) {
	huge := Form{Employment: Employment{JobDescription: string(make([]byte, maxDraft))}}
	if _, err := Draft("off_1", huge, slideToday); fault.RuleOf(err) != "offer.draft-size" {
		t.Error(err)
	}
	o, _ := Draft("off_1", Form{}, slideToday)
	if _, err := o.Change(huge); fault.RuleOf(err) != "offer.draft-size" {
		t.Error(err)
	}
}

func TestChangedOfferNamesTheOneItReplaces(t *testing.T) {
	terms, err := checkSlide(nil)
	if err != nil {
		t.Fatal(err)
	}
	o, _, err := Issue(Issuing{ID: "off_2", Terms: terms, Supersedes: "off_1", At: slideToday}, random())
	if err != nil {
		t.Fatal(err)
	}
	if o.Claims()["supersedes"] != "off_1" {
		t.Errorf("claims %v", o.Claims()["supersedes"])
	}
	if _, err := o.Supersede("off_2", slideToday); fault.RuleOf(err) != "offer.superseding" {
		t.Errorf("an offer takes its own place: %v", err)
	}
}
