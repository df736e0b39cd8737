package verifier

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/web"
)

const feePaid = `SELECT COUNT(*) FROM event_outbox WHERE type = 'no.kompetansespor.application.feepaid.v1'`

func (r *rig) state(caseRef string) casefile.State {
	r.Helper()
	record, err := r.Get(r.Context(), caseRef)
	r.must(err)
	return record.Case.State()
}

func (r *rig) dueIn() time.Duration {
	r.Helper()
	var at int64
	r.must(r.DB.Read().QueryRowContext(r.Context(), `SELECT next_at FROM fee_payment`).Scan(&at))
	return time.UnixMicro(at).Sub(r.now)
}

func TestApplicationWaitsUntilExactlyItsFeeIsPaid(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	caseRef, _, err := w.apply()
	r.must(err)
	if len(r.ordered) != 1 || r.ordered[0].Amount != 630000 || r.ordered[0].Currency != "NOK" || r.ordered[0].Reference != caseRef || !strings.HasPrefix(w.paymentURL, "https://pay.example/") {
		t.Errorf("ordered %+v, told %q", r.ordered, w.paymentURL)
	}
	for name, said := range map[string]casefile.Payment{
		"nothing":             {Reference: caseRef, Currency: "NOK"},
		"less":                {Reference: caseRef, Currency: "NOK", Amount: 629999},
		"in another currency": {Reference: caseRef, Currency: "SEK", Amount: 630000},
		"for another case":    {Reference: "case_other", Currency: "NOK", Amount: 630000},
	} {
		for id := range r.payments {
			r.payments[id] = &said
		}
		r.later(time.Hour)
		r.look()
		if r.state(caseRef) != casefile.FeeDue || r.count(feePaid) != 0 {
			t.Errorf("%s was paid, and the case is %s", name, r.state(caseRef))
		}
	}
	for _, outcome := range []casefile.State{casefile.Granted, casefile.Refused} {
		reason := map[casefile.State]string{casefile.Refused: "NOT_SKILLED"}[outcome]
		_, err := r.decide(caseRef, outcome, reason)
		r.refused(err, fault.Conflict, "case.fee-due")
	}
	for id := range r.payments {
		r.payments[id] = &casefile.Payment{Reference: caseRef, Currency: "NOK", Amount: 630000}
	}
	for range 2 {
		r.later(time.Hour)
		r.look()
	}
	if r.state(caseRef) != casefile.Proposed || r.count(feePaid) != 1 {
		t.Errorf("paid, and the case is %s with %d events", r.state(caseRef), r.count(feePaid))
	}
	if notices := r.sent(w.connection, didcomm.TypeBasicMessage); len(notices) != 2 || notices[0].Headers["lang"] != "nb" || notices[0].Thread() == w.thread {
		t.Errorf("%d notices", len(notices))
	}
	for i, kind := range []casefile.NoticeKind{casefile.NoticeFeeDue, casefile.NoticeFeePaid} { // by which the wallet knows what is left to do
		if body := string(r.sent(w.connection, didcomm.TypeBasicMessage)[i].Body); !strings.Contains(body, `"kind":"`+string(kind)+`"`) {
			t.Errorf("the notice of %s says %s", kind, body)
		}
	}
}

func TestFeeNotPaidClosesACaseByAnOfficerAlone(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).apply()
	r.must(err)
	_, err = r.decide(caseRef, casefile.Refused, casefile.ReasonFeeNotPaid)
	r.must(err)
	r.look()
	if r.state(caseRef) != casefile.Refused || r.count(`SELECT COUNT(*) FROM fee_payment WHERE state = 'due'`) != 0 {
		t.Errorf("the case is %s, and somebody waits for the fee", r.state(caseRef))
	}
}

func TestProviderThatIsDownIsAskedAgainForTheSamePayment(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	r.must(w.propose())
	document := w.present(w.asked(), udi)
	r.paying = fault.New(fault.Unavailable, "payments.unreachable", "down")
	r.refused(w.answer(document), fault.Unavailable, "payments.unreachable")
	r.paying = nil
	// The answer is lost after the payment was ordered: the effect never ran.
	_, err := r.Receive(t.Context(), w.received(didcomm.TypePresentation), document)
	r.must(err)
	r.must(w.answer(document))
	if len(r.ordered) != 1 || r.count(`SELECT COUNT(*) FROM case_file`) != 1 {
		t.Errorf("ordered %d times", len(r.ordered))
	}
	r.paying = fault.New(fault.Unavailable, "payments.unreachable", "down")
	for want := time.Second; want < 30*time.Second; want *= 2 {
		if got := r.dueIn(); got != want {
			t.Fatalf("looked at again in %s, want %s", got, want)
		}
		r.later(want)
		_, err := r.PayStep(t.Context())
		r.must(err)
	}
	for range 12 {
		r.later(time.Hour)
		_, err := r.PayStep(t.Context())
		r.must(err)
	}
	if r.dueIn() != time.Hour {
		t.Errorf("looked at again in %s", r.dueIn())
	}
}

func TestPayersWordHastensTheLookAndProvesNothing(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	caseRef, _, err := w.apply()
	r.must(err)
	r.look()
	if r.dueIn() <= 0 {
		t.Fatal("looked at twice in a row")
	}
	r.must(r.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return r.Paid(t.Context(), tx, w.connection, caseRef) }))
	if r.dueIn() != 0 {
		t.Errorf("after the wallet's word: in %s", r.dueIn())
	}
	r.look()
	if r.state(caseRef) != casefile.FeeDue {
		t.Error("a word is a payment")
	}
	r.refused(r.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return r.Paid(t.Context(), tx, r.newDID(), caseRef) }), fault.NotFound, "case.unknown")
	browser := portalOf(r).Open(t)
	for address, hastens := range map[string]bool{"?paymentid=nobodys": false, "?paymentid=%27%20OR%201": false, "": false, "?paymentid=pay-" + strings.TrimPrefix(caseRef, "case_"): true} {
		r.exec(`UPDATE fee_payment SET next_at = next_at + 3600000000`)
		browser.Get(web.FeePaidPath + address).Is(http.StatusOK)
		if (r.dueIn() <= 0) != hastens {
			t.Errorf("%q: due in %s", address, r.dueIn())
		}
	}
}
