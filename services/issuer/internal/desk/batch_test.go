package desk_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

const head = "given_name;family_name;email;phone_number;current_country;birthdate;place_of_birth.locality;place_of_birth.country;nationalities;sex;" +
	"passport.document_number;passport.issuing_authority;passport.issuing_country;passport.date_of_issuance;passport.date_of_expiry;" +
	"employment.job_title;employment.occupation;employment.start_date;employment.position_percentage;employment.annual_salary;employment.required_education_level"

// file writes so many people as HR does.
func file(n int) string {
	rows := []string{head}
	for i := range n {
		p := people[i]
		rows = append(rows, strings.Join([]string{
			p.GivenName, p.FamilyName, p.Email, p.PhoneNumber, p.CurrentCountry, p.Birthdate, p.PlaceOfBirth.Locality, p.PlaceOfBirth.Country,
			strings.Join(p.Nationalities, " "), fmt.Sprint(p.Sex), p.Passport.DocumentNumber, p.Passport.IssuingAuthority, p.Passport.IssuingCountry,
			p.Passport.DateOfIssuance, p.Passport.DateOfExpiry, p.Employment.JobTitle, p.Employment.Occupation, p.Employment.StartDate,
			p.Employment.PositionPercentage, p.Employment.AnnualSalary, p.Employment.RequiredEducationLevel,
		}, ";"))
	}
	return strings.Join(rows, "\r\n")
}

func importing(text string) desk.Import {
	return desk.Import{
		Tenant: uio, TokenHash: "token", IdempotencyKey: "import-key-1", File: []byte(text), CodeForm: offer.Words,
		Signatory:    offer.Signatory{Name: "Kari Nordmann", Role: "HR manager"},
		Declarations: offer.Declarations{QualificationsConfirmed: true, InformationVerified: true},
	}
}

func (w *world) offers(t *testing.T) int {
	t.Helper()
	all, err := w.desk.List(t.Context(), desk.Listing{Tenant: uio, After: w.Clock.Now().Add(time.Hour), Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestFileIsTakenWholeOrNotAtAll(t *testing.T) {
	w := open(t)
	bad := strings.Replace(file(5), people[3].Email, "nobody", 1)
	b, violations, err := w.desk.ImportOffers(t.Context(), importing(bad))
	if err != nil || b.ID != "" || len(violations) != 1 || violations[0].Line != 5 || violations[0].Column != 3 || violations[0].Rule != "offer.email-format" {
		t.Fatalf("%+v %+v %v", b, violations, err)
	}
	steps(t, w.desk.BatchStep)
	if n := w.offers(t); n != 0 {
		t.Errorf("%d offers were issued of a file with a fault", n)
	}
	unsigned := importing(file(2))
	unsigned.Declarations = offer.Declarations{}
	if _, violations, err := w.desk.ImportOffers(t.Context(), unsigned); err != nil || len(violations) != 4 {
		t.Errorf("without declarations: %v %v", violations, err)
	}
	w.unsigned = fault.New(fault.Denied, "signatory.unknown", "nobody of this name")
	_, _, err = w.desk.ImportOffers(t.Context(), importing(file(2)))
	rule(t, err, "signatory.unknown")
	w.unsigned, w.refuse = nil, fault.New(fault.Denied, "issuer.not-accredited", "no")
	_, _, err = w.desk.ImportOffers(t.Context(), importing(file(2)))
	rule(t, err, "issuer.not-accredited")
}

func TestBatchIsIssuedWithProgress(t *testing.T) {
	w := open(t)
	b, violations, err := w.desk.ImportOffers(t.Context(), importing(file(20)))
	if err != nil || len(violations) != 0 || b.Total != 20 || b.Done() {
		t.Fatalf("%+v %v %v", b, violations, err)
	}
	if again, _, err := w.desk.ImportOffers(t.Context(), importing(file(20))); err != nil || again.ID != b.ID {
		t.Errorf("the same file again: %s %v", again.ID, err)
	}
	_, _, err = w.desk.ImportOffers(t.Context(), importing(file(19)))
	rule(t, err, "batch.key-with-another-file")
	for range 7 {
		w.Clock.Pass(time.Millisecond)
		if more, err := w.desk.BatchStep(t.Context()); !more || err != nil {
			t.Fatal(more, err)
		}
	}
	if b, err = w.desk.BatchOf(t.Context(), uio, b.ID); err != nil || b.Issued != 7 || b.Failed != 0 || b.Done() || !b.DoneAt.IsZero() {
		t.Errorf("%+v %v", b.Progress, err)
	}
	steps(t, w.desk.BatchStep)
	if b, err = w.desk.BatchOf(t.Context(), uio, b.ID); err != nil || b.Issued != 20 || !b.Done() || b.DoneAt.IsZero() {
		t.Errorf("%+v %v", b.Progress, err)
	}
	if n := w.offers(t); n != 20 {
		t.Errorf("%d offers", n)
	}
	_, err = w.desk.BatchOf(t.Context(), second, b.ID)
	rule(t, err, "batch.unknown")
	_, err = w.desk.BatchReport(t.Context(), second, b.ID)
	rule(t, err, "batch.unknown")
	report, err := w.desk.BatchReport(t.Context(), uio, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(report)), "\r\n")
	if len(rows) != 21 || !strings.HasPrefix(rows[1], "2;"+people[0].GivenName+" "+people[0].FamilyName+";ISSUED;26-") {
		t.Errorf("the report: %q", rows[1])
	}
	cells := strings.Split(rows[1], ";")
	if _, err := w.desk.Find(t.Context(), cells[3], offer.CollectionCode(cells[4])); err != nil {
		t.Errorf("number and code of the report: %v", err)
	}
}

// A kill between the offer and its count leaves the line waiting: the next step
// finds the offer that is there.
func TestBatchGoesOnAfterAKillWithoutASecondOffer(t *testing.T) {
	w := open(t)
	b, _, err := w.desk.ImportOffers(t.Context(), importing(file(3)))
	if err != nil {
		t.Fatal(err)
	}
	killed := false
	w.desk.Store = dying{w.desk.Store, func() error {
		if !killed {
			killed = true
			return errors.New("killed")
		}
		return nil
	}}
	for range 10 {
		w.Clock.Pass(time.Second)
		_, _ = w.desk.BatchStep(t.Context())
	}
	if b, err = w.desk.BatchOf(t.Context(), uio, b.ID); err != nil || b.Issued != 3 || !killed {
		t.Errorf("%+v %v", b.Progress, err)
	}
	if n := w.offers(t); n != 3 {
		t.Errorf("%d offers of 3 lines", n)
	}
}

func TestLineThatFailsForGoodIsReportedAndOthersGoOn(t *testing.T) {
	w := open(t)
	b, _, err := w.desk.ImportOffers(t.Context(), importing(file(3)))
	if err != nil {
		t.Fatal(err)
	}
	w.refuse = fault.New(fault.Unavailable, "trustlist.unreachable", "nobody knows")
	for range 5 {
		w.Clock.Pass(time.Minute)
		if _, err := w.desk.BatchStep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if b, _ = w.desk.BatchOf(t.Context(), uio, b.ID); b.Issued+b.Failed != 0 {
		t.Errorf("what may still succeed was ended: %+v", b.Progress)
	}
	w.refuse = fault.New(fault.Denied, "issuer.not-accredited", "not any more")
	w.Clock.Pass(time.Minute)
	if _, err := w.desk.BatchStep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.refuse = nil
	w.Clock.Pass(time.Hour)
	steps(t, w.desk.BatchStep)
	if b, err = w.desk.BatchOf(t.Context(), uio, b.ID); err != nil || b.Issued != 2 || b.Failed != 1 || !b.Done() {
		t.Errorf("%+v %v", b.Progress, err)
	}
	report, err := w.desk.BatchReport(t.Context(), uio, b.ID)
	if err != nil || !slices.ContainsFunc(strings.Split(string(report), "\r\n"), func(row string) bool {
		return strings.Contains(row, ";FAILED;;;;issuer.not-accredited;not any more")
	}) {
		t.Errorf("%s %v", report, err)
	}
	var sealed int
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM batch_line WHERE state = 'ISSUED' AND sealed IS NOT NULL`).Scan(&sealed); err != nil || sealed != 0 {
		t.Errorf("%d forms of issued lines are kept twice, %v", sealed, err)
	}
}
