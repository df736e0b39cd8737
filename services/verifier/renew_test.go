package verifier

import (
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// changed is the worker's new offer in the place of an old one, with more pay.
func (r *rig) changed(offerID, supersedes string, also func(claims map[string]any)) *worker {
	r.Helper()
	return r.newWorker(offerID, func(claims map[string]any) {
		claims["supersedes"] = supersedes
		claims["employment"].(map[string]any)["annual_salary"].(map[string]any)["amount"] = 700000
		if also != nil {
			also(claims)
		}
	})
}

func TestChangedOfferGoesOnWithTheSameCaseAndTheFeeIsKept(t *testing.T) {
	r := newRig(t)
	old := r.newWorker("off_1", nil)
	caseRef, capability, err := old.paid()
	r.must(err)
	before, err := r.Get(t.Context(), caseRef)
	r.must(err)
	for range 2 {
		r.must(r.tell("issuer", "offer.superseded", "off_1", r.Now()))
	}
	if r.state(caseRef) != casefile.AwaitingNewOffer || r.notices(old) != 3 {
		t.Errorf("%s, %d notices", r.state(caseRef), r.notices(old))
	}
	_, err = r.decide(caseRef, casefile.Granted, "")
	r.refused(err, fault.Conflict, "case.offer-superseded")

	w := r.changed("off_2", "off_1", nil)
	again, another, err := w.apply()
	r.must(err)
	after, err := r.Get(t.Context(), caseRef)
	r.must(err)
	if again != caseRef || after.Case.State() != casefile.Proposed || after.OfferID != "off_2" || len(r.ordered) != 1 || w.paymentURL != "" || r.count(`SELECT COUNT(*) FROM case_file`) != 1 {
		t.Errorf("case %s is %s on %s, %d payments", again, after.Case.State(), after.OfferID, len(r.ordered))
	}
	if after.Case.Evaluation().InputsHash == before.Case.Evaluation().InputsHash || after.File.Facts.AnnualSalary != 700000 || after.Case.DUF() != before.Case.DUF() {
		t.Error("the rules were not held against the new offer")
	}
	// News of the old offer are news of nothing; both wallets' secrets open the log.
	r.must(r.tell("issuer", "offer.withdrawn", "off_1", r.Now()))
	_, err = r.decide(caseRef, casefile.Granted, "")
	r.must(err)
	view, err := r.View(t.Context(), taxCall, caseRef, "identifier-assignment")
	r.must(err)
	for _, c := range view.Claims {
		if c.Path == "employment.annual_salary" && string(mustJSON(t, c.Value)) != `{"amount":700000,"currency":"NOK","period":"YEAR"}` {
			t.Errorf("tax reads %s", mustJSON(t, c.Value))
		}
	}
	for _, secret := range []string{capability, another} {
		if rows, err := r.ListAccess(t.Context(), caseRef, secret, 0, 10); err != nil || len(rows) != 1 {
			t.Errorf("%d rows, %v", len(rows), err)
		}
	}
	// An employer can make a changed offer and show it itself: that brings nobody
	// what is the worker's who applied.
	first, last := r.sent(old.connection, didcomm.TypeOfferCredential), r.sent(w.connection, didcomm.TypeOfferCredential)
	if len(first) != 1 || len(last) != 0 || view.Delivery != before.File.Consent.Agencies[1].Delivery {
		t.Errorf("%d permits to the wallet that applied, %d to who showed the changed offer; tax delivers to %s", len(first), len(last), view.Delivery)
	}
	if evaluations := after.Evaluations(); len(evaluations) != 2 || evaluations[0].Facts.AnnualSalary != 634700 {
		t.Errorf("%d evaluations are kept", len(evaluations))
	}
	if _, same, err := r.Replay(t.Context(), caseRef); !same || err != nil {
		t.Errorf("the case does not replay: %v", err)
	}
	again2 := r.changed("off_2", "off_1", nil)
	again2.thread = "yet-another"
	_, _, err = again2.apply()
	r.refused(err, fault.Conflict, "application.offer-already-used")
}

// The new offer may come before the news of the old one.
func TestChangedOfferBeforeTheNewsOfTheOldOne(t *testing.T) {
	r := newRig(t)
	old := r.newWorker("off_1", nil)
	caseRef, _, err := old.apply()
	r.must(err)
	w := r.changed("off_2", "off_1", nil)
	again, _, err := w.apply()
	r.must(err)
	if again != caseRef || r.state(caseRef) != casefile.FeeDue || w.paymentURL == "" || len(r.ordered) != 1 {
		t.Errorf("%s, pay at %q", r.state(caseRef), w.paymentURL)
	}
	r.must(r.tell("issuer", "offer.superseded", "off_1", r.Now()))
	// Either of the worker's connections may say that it has paid; a session that
	// only asked is nobody's.
	stranger := r.newWorker("off_3", nil)
	r.must(stranger.propose())
	for sender, rule := range map[string]string{old.connection: "", w.connection: "", stranger.connection: "case.unknown"} {
		err := r.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return r.Paid(t.Context(), tx, sender, caseRef) })
		if err == nil && rule != "" || err != nil && fault.RuleOf(err) != rule {
			t.Errorf("got %v, want %q", err, rule)
		}
	}
	r.pay(caseRef)
	if r.state(caseRef) != casefile.Proposed {
		t.Errorf("%s", r.state(caseRef))
	}
}

func TestChangedOfferToSomebodyElseTakesNoCase(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	w := r.changed("off_2", "off_1", func(claims map[string]any) { claims["passport"].(map[string]any)["document_number"] = "X7654321" })
	_, _, err = w.apply()
	r.refused(err, fault.Conflict, "application.another-person")
	if record, err := r.Get(t.Context(), caseRef); err != nil || record.OfferID != "off_1" {
		t.Errorf("the case rests on %s, %v", record.OfferID, err)
	}
}

func TestOfferThatSupersedesWhatNobodyPresentedOpensACase(t *testing.T) {
	r := newRig(t)
	w := r.changed("off_2", "off_1", nil)
	_, _, err := w.apply()
	r.must(err)
	if len(r.ordered) != 1 {
		t.Error("no fee was ordered")
	}
}

func TestChangedOfferOfAGrantedCaseWaitsForAnOfficer(t *testing.T) {
	r := newRig(t)
	caseRef, _, _ := r.granted("off_1")
	r.must(r.tell("issuer", "offer.superseded", "off_1", r.Now()))
	if r.state(caseRef) != casefile.Halted {
		t.Fatalf("%s", r.state(caseRef))
	}
	w := r.changed("off_2", "off_1", nil)
	_, _, err := w.apply()
	r.must(err)
	if r.state(caseRef) != casefile.Halted {
		t.Errorf("%s without an officer", r.state(caseRef))
	}
	_, err = r.Resume(t.Context(), caseRef)
	r.must(err)
	if _, same, err := r.Replay(t.Context(), caseRef); !same || err != nil {
		t.Errorf("the decision on the old offer does not replay: %v", err)
	}
	if r.state(caseRef) != casefile.Granted || r.events("case.resumed", caseRef) != 1 || r.events("case.corrected", caseRef) != 1 || r.permit(caseRef) != "stands" {
		t.Errorf("%s, permit %s", r.state(caseRef), r.permit(caseRef))
	}
}

// Both presentations are examined before either has opened a case.
func TestOldOfferThatOpensACaseMeanwhileIsGoneOnWith(t *testing.T) {
	r := newRig(t)
	old, w := r.newWorker("off_1", nil), r.changed("off_2", "off_1", nil)
	r.must(w.propose())
	document := w.present(w.asked(), udi)
	early, err := r.Receive(t.Context(), w.received(didcomm.TypePresentation), document)
	r.must(err)
	caseRef, _, err := old.apply()
	r.must(err)
	r.refused(r.act(early, nil), fault.Unavailable, "application.changed-meanwhile")
	r.must(w.answer(document)) // the agent tries again
	if record, err := r.Get(t.Context(), caseRef); err != nil || record.OfferID != "off_2" || r.count(`SELECT COUNT(*) FROM case_file`) != 1 {
		t.Errorf("the case rests on %s, %v", record.OfferID, err)
	}
}
