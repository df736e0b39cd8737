package web

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/batch"
)

// fileField is the file's field in the form.
const fileField = "file"

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
		f.Refuse(c, fileField, "import.file.missing")
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
		atFile(c, f)
		return c.ShowWith(422, importing(c, f, answer.GetViolations()))
	}
	if err != nil {
		return err
	}
	return c.Go("/imports/" + answer.GetBatch().GetBatchId())
}

// fileOf is the file that was sent; the form is limited as every request is.
func fileOf(c *page.Call) ([]byte, error) {
	file, _, err := c.R.FormFile(fileField)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "import.file", "choose a file")
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(file)
}

// atFile puts what is wrong with the file itself at its field. The API names a column
// of the first line as "line 1, column 3".
func atFile(c *page.Call, f *page.Form) {
	for i, one := range f.Wrong {
		if one.Field == "" {
			f.Wrong[i].Field = fileField
		} else if column, ok := strings.CutPrefix(one.Field, "line 1, column "); ok {
			f.Wrong[i] = page.Problem{Field: fileField, Text: c.T("import.column") + " " + column + ": " + one.Text}
		}
	}
}

// importTemplate gives a file with a first line, and nothing below it.
func importTemplate(c *page.Call) error {
	return c.File("template.csv", "text/csv; charset=utf-8", batch.Template())
}

// imported shows how far a file has come.
func (p *Pages) imported(c *page.Call) error {
	answer, err := p.Offers.GetBatch(c.Context(), &issuerv1.GetBatchRequest{BatchId: c.Path("batch")})
	if err != nil {
		return err
	}
	return c.Show(importedFile(c, answer.GetBatch()))
}

// importedLive streams how far a file has come.
func (p *Pages) importedLive(c *page.Call) error {
	id := c.Path("batch")
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		answer, err := p.Offers.GetBatch(ctx, &issuerv1.GetBatchRequest{BatchId: id})
		if err != nil {
			return nil, err
		}
		return batchProgress(c, answer.GetBatch()), nil
	})
}

// importReport gives the report, with the codes that workers need.
func (p *Pages) importReport(c *page.Call) error {
	answer, err := p.Offers.GetBatchReport(c.Context(), &issuerv1.GetBatchReportRequest{BatchId: c.Path("batch")})
	if err != nil {
		return err
	}
	return c.File("offers.csv", "text/csv; charset=utf-8", answer.GetCsv())
}
