package web

import (
	"io"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// importForm asks for a file of offers.
func (p *Pages) importForm(c *page.Call) error {
	key, err := p.newKey()
	if err != nil {
		return err
	}
	return c.Show(importing(c, page.NewForm(keyField, key, "signatory.role", c.T("form.signatory.role.usual")), nil))
}

// importFile takes the file whole, or says what is wrong with which line of it and
// takes nothing.
func (p *Pages) importFile(c *page.Call) error {
	f := c.Form()
	content, err := fileOf(c)
	if err != nil {
		f.Refuse(c, "file", "import.file.missing")
		return c.ShowWith(422, importing(c, f, nil))
	}
	answer, err := p.Offers.ImportOffers(c.Context(), &issuerv1.ImportOffersRequest{
		Csv: content, IdempotencyKey: f.Get(keyField), WordCodes: true,
		Signatory: &issuerv1.Signatory{Name: c.Session.Name, Role: f.Get("signatory.role"), AuthorisedBy: signingRight},
		Declarations: &issuerv1.Declarations{
			QualificationsConfirmed: f.Has("declarations.qualifications_confirmed", "yes"), InformationVerified: f.Has("declarations.information_verified", "yes"),
		},
	})
	if f.Refused(c, err) || len(answer.GetViolations()) > 0 {
		key, made := p.newKey()
		if made != nil {
			return made
		}
		f.Values.Set(keyField, key)
		return c.ShowWith(422, importing(c, f, answer.GetViolations()))
	}
	if err != nil {
		return err
	}
	return c.Go("/imports/" + answer.GetBatch().GetBatchId())
}

// fileOf is the file that was sent; the form is limited as every request is.
func fileOf(c *page.Call) ([]byte, error) {
	file, _, err := c.R.FormFile("file")
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "import.file", "choose a file")
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(file)
}

// imported shows how far a file has come.
func (p *Pages) imported(c *page.Call) error {
	answer, err := p.Offers.GetBatch(c.Context(), &issuerv1.GetBatchRequest{BatchId: c.Path("batch")})
	if err != nil {
		return err
	}
	return c.Show(batch(c, answer.GetBatch()))
}

// importReport gives the report, with the codes that workers need.
func (p *Pages) importReport(c *page.Call) error {
	answer, err := p.Offers.GetBatchReport(c.Context(), &issuerv1.GetBatchReportRequest{BatchId: c.Path("batch")})
	if err != nil {
		return err
	}
	return c.File("offers.csv", "text/csv; charset=utf-8", answer.GetCsv())
}
