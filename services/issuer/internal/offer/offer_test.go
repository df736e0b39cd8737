package offer

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func random() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }

func issued(t interface{ Fatal(...any) }) (*Offer, CollectionCode) {
	terms, err := checkSlide(nil)
	if err != nil {
		t.Fatal(err)
	}
	o, code, err := Issue(Issuing{ID: "off_1", Terms: terms, AccreditationRef: "acc_7", At: slideToday}, random())
	if err != nil {
		t.Fatal(err)
	}
	return o, code
}

const openFor = 90 * 24 * time.Hour

func snapshot(t interface{ Fatal(...any) }, o *Offer) Snapshot {
	s, err := o.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustBe(t *testing.T, o *Offer, state State) {
	t.Helper()
	if o.State() != state {
		t.Errorf("the offer is %s, want %s", o.State(), state)
	}
}

func TestCollectionCodeIsReadableAndNeverStored(t *testing.T) {
	o, code := issued(t)
	if len(code) != 9 || code[4] != '-' || strings.ContainsAny(string(code), "ILOU") {
		t.Errorf("code is %q", code)
	}
	s := snapshot(t, o)
	if bytes.Contains(s.CodeSum, []byte(code.canonical())) || len(s.CodeSalt) != 16 || len(s.CodeSum) != 32 {
		t.Error("the code is kept, or kept without salt")
	}
	if _, _, err := Issue(Issuing{ID: "off_1", Terms: o.terms, At: slideToday}, strings.NewReader("short")); err == nil {
		t.Error("an offer was issued without randomness")
	}
}

func TestEveryOfferHasItsOwnSalt(t *testing.T) {
	source := random()
	a, _ := hashCode("7K3M-Q9TX", source)
	b, _ := hashCode("7K3M-Q9TX", source)
	if bytes.Equal(a.sum, b.sum) {
		t.Error("two offers with one code have one hash")
	}
}

func TestCodeIsAcceptedHoweverItIsTyped(t *testing.T) {
	h, _ := hashCode("10KM-Q9TX", random())
	for typed, want := range map[CollectionCode]bool{
		"10KM-Q9TX": true, "10kmq9tx": true, " IOKM q9tx ": true, "loKM-Q9TX": true,
		"10KM-Q9TY": false, "": false, "10KM-Q9T": false, "10KM-Q9TXX": false,
		CollectionCode(strings.Repeat(" ", 40)) + "10KM-Q9TX": false,
	} {
		if h.matches(typed) != want {
			t.Errorf("%q matches is %v", typed, !want)
		}
	}
}

func TestOfferIsCollectedOnceByOneConnection(t *testing.T) {
	o, code := issued(t)
	if changed, err := o.Collect("c1", code, slideToday); !changed || err != nil {
		t.Fatal(changed, err)
	}
	mustBe(t, o, Collecting)
	if changed, err := o.Collect("c1", code, slideToday); changed || err != nil {
		t.Errorf("the same connection again: %v %v", changed, err)
	}
	if changed, err := o.Collect("c2", code, slideToday); changed || fault.RuleOf(err) != "offer.already-collected" {
		t.Errorf("another connection: %v %v", changed, err)
	}
	if changed, err := o.Delivered(slideToday); !changed || err != nil {
		t.Fatal(changed, err)
	}
	mustBe(t, o, Collected)
	if changed, err := o.Delivered(slideToday); changed || err != nil {
		t.Errorf("delivered again: %v %v", changed, err)
	}
	if _, err := o.Collect("c2", code, slideToday); fault.RuleOf(err) != "offer.already-collected" {
		t.Error(err)
	}
	if o.Connection() != "c1" {
		t.Errorf("collected by %q", o.Connection())
	}
}

func TestFiveWrongCodesLockTheOffer(t *testing.T) {
	o, code := issued(t)
	for left := 5; left > 0; left-- {
		if o.AttemptsLeft() != left {
			t.Fatalf("%d attempts left, want %d", o.AttemptsLeft(), left)
		}
		if changed, err := o.Collect("c1", "WRONG", slideToday); !changed || fault.RuleOf(err) != "offer.wrong-code" || fault.KindOf(err) != fault.Denied {
			t.Fatal(changed, err)
		}
	}
	for _, typed := range []CollectionCode{code, "WRONG"} {
		if changed, err := o.Collect("c1", typed, slideToday); changed || fault.RuleOf(err) != "offer.code-attempts" {
			t.Errorf("sixth attempt: %v %v", changed, err)
		}
	}
	mustBe(t, o, Issued)
}

func TestRightCodeAtTheFifthAttemptCollects(t *testing.T) {
	o, code := issued(t)
	for range 4 {
		_, _ = o.Collect("c1", "WRONG", slideToday)
	}
	if _, err := o.Collect("c1", code, slideToday); err != nil {
		t.Error(err)
	}
}

func TestWithdrawnOfferIsNeverCollected(t *testing.T) {
	o, code := issued(t)
	if _, err := o.Withdraw(" ", slideToday); fault.RuleOf(err) != "offer.withdraw-reason" {
		t.Error(err)
	}
	mustBe(t, o, Issued)
	if changed, err := o.Withdraw("The position was cut", slideToday); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if _, err := o.Collect("c1", code, slideToday); fault.RuleOf(err) != "offer.withdrawn" {
		t.Error(err)
	}
	if _, err := o.Delivered(slideToday); fault.RuleOf(err) != "offer.withdrawn" {
		t.Error(err)
	}
	if changed, err := o.Withdraw("again", slideToday); changed || err != nil {
		t.Errorf("withdrawn again: %v %v", changed, err)
	}
	if snapshot(t, o).WithdrawReason != "The position was cut" {
		t.Error("the second reason replaced the first")
	}
}

func TestOfferExpiresAfterNinetyDays(t *testing.T) {
	o, code := issued(t)
	deadline := slideToday.Add(openFor)
	if o.Expire(deadline.Add(-time.Second)) {
		t.Error("expired early")
	}
	if changed, err := o.Collect("c1", code, deadline); !changed || fault.RuleOf(err) != "offer.expired" {
		t.Errorf("collected at the deadline: %v %v", changed, err)
	}
	mustBe(t, o, Expired)
	if changed, err := o.Withdraw("too late anyway", deadline); !changed || err != nil {
		t.Errorf("an expired offer cannot be withdrawn: %v", err)
	}
}

func TestCollectedOfferDoesNotExpire(t *testing.T) {
	o, code := issued(t)
	_, _ = o.Collect("c1", code, slideToday)
	_, _ = o.Delivered(slideToday)
	if o.Expire(slideToday.Add(2 * openFor)) {
		t.Error("the credential's own validity says when it ends")
	}
}

func TestDeliveryNeedsACollection(t *testing.T) {
	o, code := issued(t)
	if _, err := o.Delivered(slideToday); fault.RuleOf(err) != "offer.not-collecting" {
		t.Error(err)
	}
	if _, err := o.Collect("", code, slideToday); fault.RuleOf(err) != "offer.connection" {
		t.Error(err)
	}
}

func TestOfferNeedsCheckedTerms(t *testing.T) {
	if _, _, err := Issue(Issuing{ID: "off_1", At: slideToday}, random()); fault.RuleOf(err) != "offer.issuing" {
		t.Error(err)
	}
}

func TestOfferClaimsNameTheOffer(t *testing.T) {
	o, _ := issued(t)
	claims := o.Claims()
	if claims["offer_id"] != "off_1" || claims["accreditation_ref"] != "acc_7" || claims["issued_at"] != "2023-06-01T12:00:00Z" {
		t.Errorf("got %v", claims)
	}
	if err := credtype.Validate(credtype.OfferOfEmployment, claims); err != nil {
		t.Error(err)
	}
}

func TestStoredOfferThatCannotBeIsRefused(t *testing.T) {
	o, _ := issued(t)
	for name, spoil := range map[string]func(*Snapshot){
		"unknown state":            func(s *Snapshot) { s.State = "LOST" },
		"no id":                    func(s *Snapshot) { s.ID = "" },
		"no time":                  func(s *Snapshot) { s.IssuedAt = time.Time{} },
		"no time of its making":    func(s *Snapshot) { s.CreatedAt = time.Time{} },
		"no end":                   func(s *Snapshot) { s.ExpiresAt = time.Time{} },
		"superseded by nothing":    func(s *Snapshot) { s.State = Superseded },
		"a draft with a code":      func(s *Snapshot) { s.State = Drafted },
		"no terms":                 func(s *Snapshot) { s.Text = nil },
		"six wrong codes":          func(s *Snapshot) { s.WrongCodes = 6 },
		"no hash":                  func(s *Snapshot) { s.CodeSum = nil },
		"collecting by nobody":     func(s *Snapshot) { s.State = Collecting },
		"open but already claimed": func(s *Snapshot) { s.Connection = "c1" },
	} {
		s := snapshot(t, o)
		spoil(&s)
		if _, err := Restore(s); fault.RuleOf(err) != "offer.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRandomnessThatFailsIsAnError(t *testing.T) {
	if _, err := NewCollectionCode(Characters, failing{}); err == nil {
		t.Error("a code without randomness")
	}
	if _, err := hashCode("x", failing{}); err == nil {
		t.Error("a salt without randomness")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no entropy") }
