package verifier

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

func keyOf(subject string) credential.Key {
	return credential.Key{ID: did.KeyIDOf(subject), Curve: did.Ed25519}
}

func anyDocument(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	document, err := strictjson.DecodeObject(raw, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func pathsOf(v desk.View) map[string]bool {
	paths := map[string]bool{}
	for _, c := range v.Claims {
		paths[c.Path] = true
	}
	return paths
}

func TestAgencySeesOnlyItsAllowListWithLineage(t *testing.T) {
	r := newRig(t)
	caseRef, _, w := r.granted("off_1")
	for caller, purpose := range map[string]string{policeCall: "identity-control", taxCall: "identifier-assignment", bankCall: "account-opening"} {
		view, err := r.View(t.Context(), caller, caseRef, purpose)
		r.must(err)
		agency := r.Agencies[0]
		for _, a := range r.Agencies {
			if a.Caller == caller {
				agency = a
			}
		}
		paths := pathsOf(view)
		want := slices.DeleteFunc(slices.Clone(agency.Claims), func(c string) bool {
			return c == "residence_municipality" || c == "duf_number" // the offer does not say
		})
		if len(paths) != len(want) {
			t.Errorf("%s got %d claims of %d", caller, len(paths), len(want))
		}
		for _, c := range view.Claims {
			if c.From.Issuer != university || c.From.Type != "OfferOfEmployment" || c.From.CredentialID == "" || c.Value == nil {
				t.Errorf("%s has no lineage", c.Path)
			}
		}
		for path := range paths {
			if caller == bankCall && strings.HasPrefix(path, "passport") || path == "email" || path == "phone_number" {
				t.Errorf("%s sees %s", caller, path)
			}
		}
		if !strings.HasPrefix(view.Delivery, "did:peer:2") || view.Delivery == w.connection || view.Decision.ID == "" || view.Permit.ValidUntil.IsZero() {
			t.Errorf("%s got %+v", caller, view)
		}
	}
}

func TestConsentNarrowsTheView(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	parties := w.consent["agencies"].([]any)
	parties[0].(map[string]any)["claims"] = []any{"given_name", "passport.*", "email", "employment.annual_salary"}
	parties[2].(map[string]any)["claims"] = []any{"*", "passport.*", "family_name"}
	caseRef, _, err := w.paid()
	r.must(err)
	_, err = r.decide(caseRef, "GRANTED", "")
	r.must(err)
	police, err := r.View(t.Context(), policeCall, caseRef, "identity-control")
	r.must(err)
	want := map[string]bool{"given_name": true, "passport.document_number": true, "passport.issuing_country": true, "passport.date_of_expiry": true}
	if got := pathsOf(police); len(got) != len(want) || !got["passport.document_number"] || got["email"] || got["employment.annual_salary"] {
		t.Errorf("police got %v", got)
	}
	bank, err := r.View(t.Context(), bankCall, caseRef, "account-opening")
	r.must(err)
	if got := pathsOf(bank); len(got) != 1 || !got["family_name"] {
		t.Errorf("the bank got %v", got)
	}
}

func TestAbsentClaimIsLeftOut(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", func(claims map[string]any) { delete(claims["employment"].(map[string]any), "end_date") })
	caseRef, _, err := w.paid()
	r.must(err)
	_, err = r.decide(caseRef, "GRANTED", "")
	r.must(err)
	tax, err := r.View(t.Context(), taxCall, caseRef, "identifier-assignment")
	r.must(err)
	if got := pathsOf(tax); got["employment.end_date"] || !got["employment.start_date"] {
		t.Errorf("got %v", got)
	}
}

func TestViewIsForTheAgencysOwnPurposeOfAGrantedCase(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).apply()
	r.must(err)
	_, err = r.View(t.Context(), policeCall, caseRef, "identity-control")
	r.refused(err, fault.Conflict, "case.not-granted")
	_, err = r.View(t.Context(), bankCall, caseRef, "identity-control")
	r.refused(err, fault.Denied, "view.purpose")
	_, err = r.View(t.Context(), "wallet.internal.kompetansespor.example", caseRef, "identity-control")
	r.refused(err, fault.Denied, "view.caller")
	_, err = r.View(t.Context(), policeCall, "case_unknown", "identity-control")
	r.refused(err, fault.NotFound, "case.unknown")
	if r.count(`SELECT COUNT(*) FROM access_log`) != 0 {
		t.Error("a refused reading is in the log as one that was made")
	}
}

func TestWorkerSeesWhoHasReadWhat(t *testing.T) {
	r := newRig(t)
	caseRef, capability, _ := r.granted("off_1")
	other, otherCapability, _ := r.granted("off_2")
	_, err := r.View(t.Context(), policeCall, caseRef, "identity-control")
	r.must(err)
	_, err = r.View(t.Context(), bankCall, other, "account-opening")
	r.must(err)
	rows, err := r.ListAccess(t.Context(), caseRef, capability, 0, 10)
	r.must(err)
	if len(rows) != 1 || rows[0].Agency != "police" || rows[0].Purpose != "identity-control" || len(rows[0].Claims) != 9 {
		t.Errorf("got %+v", rows)
	}
	for name, ask := range map[string][2]string{
		"another's capability": {caseRef, otherCapability}, "none": {caseRef, ""}, "unknown case": {"case_unknown", capability}, "nothing": {"", ""},
	} {
		if _, err := r.ListAccess(t.Context(), ask[0], ask[1], 0, 10); fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMeddlingWithTheStoredAccessLogIsFound(t *testing.T) {
	for name, meddle := range map[string]string{
		"changed":     `UPDATE access_log SET agency = 'nobody' WHERE position = 2`,
		"removed":     `DELETE FROM access_log WHERE position = 2`,
		"removed end": `DELETE FROM access_log WHERE position = 3`,
		"swapped":     `UPDATE access_log SET position = CASE position WHEN 1 THEN -2 WHEN 2 THEN -1 ELSE position END`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			caseRef, _, _ := r.granted("off_1")
			for range 3 {
				_, err := r.View(t.Context(), policeCall, caseRef, "identity-control")
				r.must(err)
			}
			if n, err := VerifyAccessLog(t.Context(), r.DB.Read()); n != 3 || err != nil {
				t.Fatal(n, err)
			}
			r.exec(meddle)
			r.exec(`UPDATE access_log SET position = -position WHERE position < 0`)
			if _, err := VerifyAccessLog(t.Context(), r.DB.Read()); fault.RuleOf(err) != "accesslog.broken" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// No row, no answer; and half a row is none.
func TestViewThatCannotBeLoggedIsNotGiven(t *testing.T) {
	for name, failing := range map[string]string{
		"the row":              `BEFORE INSERT ON access_log`,
		"the head's place":     `BEFORE UPDATE OF position ON access_log_head`,
		"the head's last hash": `BEFORE UPDATE OF row_hash ON access_log_head`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			caseRef, capability, _ := r.granted("off_1")
			r.diskFull(failing)
			view, err := r.View(t.Context(), policeCall, caseRef, "identity-control")
			if err == nil || view.CaseRef != "" || len(view.Claims) != 0 {
				t.Errorf("answered %d claims, %v", len(view.Claims), err)
			}
			if n, err := VerifyAccessLog(t.Context(), r.DB.Read()); n != 0 || err != nil {
				t.Errorf("the log has %d rows, %v", n, err)
			}
			r.diskEmpties()
			_, err = r.View(t.Context(), policeCall, caseRef, "identity-control")
			r.must(err)
			if rows, err := r.ListAccess(t.Context(), caseRef, capability, 0, 10); len(rows) != 1 || err != nil {
				t.Errorf("afterwards the log has %d rows, %v", len(rows), err)
			}
		})
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestViewNamesTheBankThatWasChosenAndWhatItMayShare(t *testing.T) {
	r := newRig(t)
	second := r.Agencies[2]
	second.Name, second.DID = "otherbank", "did:web:otherbank.kompetansespor.example"
	r.Agencies = append(r.Agencies, second)
	both := r.newWorker("off_0", nil)
	_, _, err := both.apply()
	r.refused(err, fault.Invalid, "consent.incomplete")

	w := r.newWorker("off_1", nil)
	parties := w.consent["agencies"].([]any)
	w.consent["agencies"] = []any{parties[0], parties[1], parties[3]}
	caseRef, _, err := w.paid()
	r.must(err)
	_, err = r.decide(caseRef, "GRANTED", "")
	r.must(err)
	bank, err := r.View(t.Context(), bankCall, caseRef, "account-opening")
	r.must(err)
	if bank.Agency != second.DID || bank.Delivery != parties[3].(map[string]any)["delivery"] || !slices.Equal(bank.Shares, []string{"payroll_account"}) || bank.Employer != university {
		t.Errorf("the bank got %+v", bank)
	}
	tax, err := r.View(t.Context(), taxCall, caseRef, "identifier-assignment")
	r.must(err)
	if len(tax.Shares) != 0 || tax.Agency != r.Agencies[1].DID {
		t.Errorf("tax got %v as %s", tax.Shares, tax.Agency)
	}
	rows, err := r.DB.Read().QueryContext(t.Context(), `SELECT agency FROM access_log WHERE caller = $1`, bankCall)
	r.must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		r.must(rows.Scan(&name))
		if name != "otherbank" {
			t.Errorf("the log says %s", name)
		}
	}
	r.must(rows.Err())
}

func TestPoliceReadForAnEarlyStartOnlyBeforeTheDecision(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	caseRef, _, err := w.apply()
	r.must(err)
	_, err = r.View(t.Context(), policeCall, caseRef, "early-start")
	r.refused(err, fault.Conflict, "case.fee-due")
	r.pay(caseRef)
	view, err := r.View(t.Context(), policeCall, caseRef, "early-start")
	r.must(err)
	if view.Permit != nil || view.Decision.ID != "" || len(view.Shares) != 0 || !pathsOf(view)["given_name"] || pathsOf(view)["passport.document_number"] {
		t.Errorf("got %+v", view)
	}
	for _, caller := range []string{taxCall, bankCall} {
		_, err := r.View(t.Context(), caller, caseRef, "early-start")
		r.refused(err, fault.Denied, "view.purpose")
	}
	r.must(r.tell("police", "earlystart.confirmed", caseRef, r.Now()))
	r.employer("employer.suspended", "", r.Now())
	_, err = r.View(t.Context(), policeCall, caseRef, "early-start")
	r.refused(err, fault.Conflict, "case.employer-suspended")
	r.later(1)
	r.employer("employer.reinstated", "", r.Now().Add(1000))
	_, err = r.decide(caseRef, "GRANTED", "")
	r.must(err)
	_, err = r.View(t.Context(), policeCall, caseRef, "early-start")
	r.refused(err, fault.Conflict, "case.already-decided")
}
