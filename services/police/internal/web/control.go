package web

import (
	"google.golang.org/protobuf/types/known/structpb"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// comparing are the claims of the passport that an officer may correct, in the
// order of the passport's page, and how they are typed.
var comparing = []struct{ Path, Kind string }{
	{"family_name", "text"}, {"given_name", "text"}, {"birthdate", "day"}, {"passport.document_number", "text"}, {"passport.date_of_expiry", "day"},
}

// control shows what to compare with the passport, field by field.
func (p *Pages) control(c *page.Call) error {
	v, err := p.read(c)
	if err != nil {
		return err
	}
	return c.Show(control(c, v, p.prefilled(c, v)))
}

// prefilled has what the application says: a field that the officer changes is a
// correction.
func (p *Pages) prefilled(c *page.Call, v visit) *page.Form {
	f := page.NewForm()
	for _, one := range comparing {
		f.Values.Set(one.Path, c.ClaimValue(one.Path, v.Identity[one.Path]))
	}
	return f
}

// attend records who came: the person of the passport, perhaps with corrections, or
// somebody else.
func (p *Pages) attend(c *page.Call) error {
	v, err := p.read(c)
	if err != nil {
		return err
	}
	f := c.Form()
	request := &policev1.RecordAttendanceRequest{CaseRef: v.Ref}
	switch f.Get("identity") {
	case "confirmed":
		request.IdentityConfirmed = true
		request.Biometrics = takenOf(f)
		request.Corrected = p.corrections(c, v, f)
	case "refused":
	default:
		f.Refuse(c, "identity", "control.choose")
	}
	if len(f.Wrong) == 0 {
		_, err = p.Appointments.RecordAttendance(c.Context(), request)
		if err == nil {
			return c.Done(v.path(""), "control.done."+f.Get("identity"))
		}
		if !f.Refused(c, err) {
			return err
		}
	}
	return c.ShowWith(422, control(c, v, f))
}

func takenOf(f *page.Form) *policev1.BiometricsTaken {
	return &policev1.BiometricsTaken{
		Fingerprints: f.Has("biometrics", "fingerprints"), Photo: f.Has("biometrics", "photo"), Signature: f.Has("biometrics", "signature"),
	}
}

// corrections are the fields that differ from what the application says.
func (p *Pages) corrections(c *page.Call, v visit, f *page.Form) (all []*policev1.CorrectedField) {
	before := p.prefilled(c, v)
	for _, one := range comparing {
		if f.Get(one.Path) == before.Get(one.Path) {
			continue
		}
		value := f.Get(one.Path)
		if one.Kind == "day" {
			value = f.Day(c, one.Path)
		}
		all = append(all, &policev1.CorrectedField{Path: one.Path, Value: structpb.NewStringValue(value)})
	}
	return all
}

// biometrics records what was taken later.
func (p *Pages) biometrics(c *page.Call) error {
	ref := c.Path("case")
	if _, err := p.Appointments.RecordBiometrics(c.Context(), &policev1.RecordBiometricsRequest{CaseRef: ref, Biometrics: takenOf(c.Form())}); err != nil {
		return err
	}
	return c.Done("/visits/"+ref, "biometrics.done")
}
