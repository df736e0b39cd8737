package verifier

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// supports gives the worker a credential of a type beside the offer.
func (w *worker) supports(kind, file string, change func(claims map[string]any)) {
	w.Helper()
	raw, err := os.ReadFile("../internal/credtype/testdata/" + file)
	w.must(err)
	var claims map[string]any
	w.must(json.Unmarshal(raw, &claims))
	if change != nil {
		change(claims)
	}
	key, err := w.book.AssertionKey(w.Context(), university)
	w.must(err)
	signed, err := credential.Issue(w.Context(), w.book, credential.Draft{
		ID: "urn:uuid:8c7a4e9a-6f43-4b1d-9f0e-2f3bb7a4c0" + kind[:1] + "1", Type: kind, Issuer: university, Subject: w.subject, Claims: claims,
		ValidFrom: w.Now().Add(-time.Hour), ValidUntil: w.Now().AddDate(1, 0, 0),
		Status: []status.Entry{{List: "https://issuer.kompetansespor.example/status/2", Index: 7, Purpose: status.Revocation}},
	}.Document(), credential.Securing{Key: key, Created: w.Now()})
	w.must(err)
	w.supporting = append(w.supporting, signed)
}

func TestSupportingCredentialsAreTakenAndReferredTo(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	w.supports(credtype.EducationRecognition, "education-recognition.json", nil)
	w.supports(credtype.PoliceCertificate, "police-certificate.json", nil)
	caseRef, _, err := w.paid()
	r.must(err)
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	if len(record.File.Supporting) != 2 || len(record.File.Basis.Credentials) != 3 || record.File.Supporting[0].Type != credtype.EducationRecognition {
		t.Errorf("%d supporting, based on %v", len(record.File.Supporting), record.File.Basis.Credentials)
	}
	// Each of them must still stand when the case is granted.
	r.Verification.Status = checkStatus(func(v *credential.Verified) error {
		if v.HasType(credtype.PoliceCertificate) {
			return fault.New(fault.Denied, "status.revoked", "revoked")
		}
		return nil
	})
	_, err = r.decide(caseRef, casefile.Granted, "")
	r.refused(err, fault.Denied, "status.revoked")
}

func TestWhatSupportsNothingIsNoApplication(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	w.supports(credtype.ResidenceCard, "residence-card.json", nil)
	_, _, err := w.apply()
	r.refused(err, fault.Invalid, "application.one-offer")
	r.trusted, r.entity = nil, trustlist.Entity{OrganisationNumber: orgNumber}
	two := r.newWorker("off_2", nil)
	two.supporting = append(two.supporting, two.offer)
	_, _, err = two.apply()
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("two offers: %v", err)
	}
}

func TestSignatoryIsAskedForBeforeTheApplicationCounts(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	var asked desk.Signing
	r.signatory = func(s desk.Signing) (bool, error) {
		asked = s
		return false, fault.New(fault.Unavailable, "registry.unreachable", "down")
	}
	r.must(w.propose())
	document := w.present(w.asked(), udi)
	r.refused(w.answer(document), fault.Unavailable, "registry.unreachable")
	if asked.OrganisationNumber != orgNumber || asked.Name == "" || asked.Role == "" || asked.At.IsZero() || r.count(`SELECT COUNT(*) FROM case_file`) != 0 {
		t.Errorf("asked about %+v", asked)
	}
	r.signatory = func(desk.Signing) (bool, error) { return false, nil }
	r.must(w.answer(document))
	records, err := r.List(t.Context(), desk.Listing{Limit: 10})
	r.must(err)
	if len(records) != 1 || records[0].File.Signatory != (ruleset.Signatory{Checked: true, Authorised: false}) {
		t.Errorf("kept %+v", records)
	}
}

// grantsByThemselves has the rules grant whatever they proposed.
func grantsByThemselves(r *rig, caseRef string) {
	r.Helper()
	r.exec(`UPDATE case_file SET automatic_at = 1 WHERE ref = '` + caseRef + `'`)
}

func TestRulesGrantByThemselvesOnlyWhereThatIsOnAndTheyDo(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	for _, on := range []bool{false, true} {
		r.Automation = on
		grantsByThemselves(r, caseRef)
		_, err := r.AutomaticStep(t.Context())
		r.must(err)
		// The rules proposed; nobody but an officer makes that a grant.
		if r.state(caseRef) != casefile.Proposed || r.count(`SELECT COUNT(*) FROM decision`) != 0 {
			t.Errorf("automation %v: %s", on, r.state(caseRef))
		}
	}
}

// answered is an application whose credentials answer every condition that takes
// judgement.
func (r *rig) answered(offerID string) *worker {
	r.Helper()
	w := r.newWorker(offerID, func(claims map[string]any) { claims["current_country"] = "US" })
	w.supports(credtype.EducationRecognition, "education-recognition.json", func(c map[string]any) { c["field_of_study"] = "0613 Software and applications development" })
	w.supports(credtype.PoliceCertificate, "police-certificate.json", func(c map[string]any) { c["certificate_kind"] = "ORDINAER" })
	w.supports(credtype.LanguageTestResult, "language-test-result.json", nil)
	return w
}

func TestRulesGrantWhenCredentialsAnswerEverything(t *testing.T) {
	r := newRig(t)
	r.Automation = true
	caseRef, _, err := r.answered("off_1").apply()
	r.must(err)
	_, err = r.AutomaticStep(t.Context())
	r.must(err)
	if r.state(caseRef) != casefile.FeeDue {
		t.Fatalf("%s before the fee", r.state(caseRef))
	}
	r.pay(caseRef)
	// What cannot be checked now is tried again; nothing is refused.
	r.status = fault.New(fault.Unavailable, "status.unreachable", "down")
	_, err = r.AutomaticStep(t.Context())
	r.must(err)
	if r.state(caseRef) != casefile.Proposed {
		t.Fatalf("%s while nobody could tell", r.state(caseRef))
	}
	r.status = nil
	r.later(time.Minute)
	for range 2 {
		_, err = r.AutomaticStep(t.Context())
		r.must(err)
	}
	record, err := r.Get(t.Context(), caseRef)
	r.must(err)
	decision := record.Case.Decision()
	if record.Case.State() != casefile.Granted || decision.Officer != casefile.RuleSetOfficer+r.Rules.Version() || r.events("decision.made", caseRef) != 1 {
		t.Errorf("%s by %q: %v", record.Case.State(), decision.Officer, record.Case.Evaluation())
	}
	var payload []byte
	r.must(r.DB.Read().QueryRowContext(t.Context(), `SELECT payload FROM event_outbox WHERE type = 'no.kompetansespor.decision.made.v1'`).Scan(&payload))
	if !strings.Contains(string(payload), `"machine"`) {
		t.Error("the event does not say that a machine decided")
	}
	if _, same, err := r.Replay(t.Context(), caseRef); !same || err != nil {
		t.Errorf("the decision does not replay: %v", err)
	}
}

func TestRulesLeaveAnOfferThatFellToAnOfficer(t *testing.T) {
	r := newRig(t)
	r.Automation = true
	caseRef, _, err := r.answered("off_1").paid()
	r.must(err)
	r.status = fault.New(fault.Denied, "status.revoked", "revoked")
	_, err = r.AutomaticStep(t.Context())
	r.must(err)
	r.status = nil
	r.later(24 * time.Hour)
	_, err = r.AutomaticStep(t.Context())
	r.must(err)
	if r.state(caseRef) != casefile.Proposed || r.count(`SELECT COUNT(*) FROM decision`) != 0 {
		t.Errorf("%s", r.state(caseRef))
	}
}

func TestFamilyIsNeverDecidedByRules(t *testing.T) {
	r := newRig(t)
	r.Automation = true
	caseRef, _, err := r.answered("off_1").apply()
	r.must(err)
	other, _, err := r.newWorker("off_2", nil).apply()
	r.must(err)
	_, _, err = r.LinkFamily(t.Context(), "officer-1", []desk.Member{{CaseRef: caseRef, Relation: desk.ReferencePerson}, {CaseRef: other, Relation: desk.Spouse}})
	r.must(err)
	r.pay(caseRef)
	_, err = r.AutomaticStep(t.Context())
	r.must(err)
	if r.state(caseRef) != casefile.Proposed {
		t.Errorf("%s", r.state(caseRef))
	}
}
