package enhetsregisteret

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// enhet is an organisation as /enheter/{orgnr} gives it; we read what the
// criteria ask for. One that is deleted is given with slettedato, one that was
// taken out for legal reasons as 410.
type enhet struct {
	OrganisationNumber string `json:"organisasjonsnummer"`
	Name               string `json:"navn"`
	Form               code   `json:"organisasjonsform"`
	Deleted            string `json:"slettedato"`
	Bankrupt           *bool  `json:"konkurs"`
	Dissolving         *bool  `json:"underAvvikling"`
	ForcedDissolution  *bool  `json:"underTvangsavviklingEllerTvangsopplosning"`
	InBusinessRegister *bool  `json:"registrertIForetaksregisteret"`
	InVATRegister      *bool  `json:"registrertIMvaregisteret"`
	Employees          *int   `json:"antallAnsatte"`
	Sector             code   `json:"institusjonellSektorkode"`
	BusinessAddress    struct {
		Municipality string `json:"kommunenummer"`
	} `json:"forretningsadresse"`
}

type code struct {
	Code string `json:"kode"`
}

// Entity asks for an organisation.
func (c *Client) Entity(ctx context.Context, organisationNumber string) (accreditation.Entity, error) {
	e := accreditation.Entity{OrganisationNumber: organisationNumber}
	var answer enhet
	gone, err := c.get(ctx, "/enheter/"+organisationNumber, nil, maxEntity, &answer)
	switch {
	case err != nil:
		return e, err
	case gone == http.StatusGone:
		e.Existence = accreditation.Deleted
		return e, nil
	case gone != 0:
		e.Existence = accreditation.Nowhere
		return e, nil
	case answer.OrganisationNumber != organisationNumber:
		return e, wrong()
	case answer.Deleted != "":
		e.Existence, e.Name = accreditation.Deleted, answer.Name
		return e, nil
	case strings.TrimSpace(answer.Name) == "" || answer.Employees != nil && *answer.Employees < 0:
		return e, wrong()
	}
	return accreditation.Entity{
		OrganisationNumber: organisationNumber, Existence: accreditation.Exists, Name: answer.Name, Form: answer.Form.Code,
		Bankrupt: answer.Bankrupt, Dissolving: answer.Dissolving, ForcedDissolution: answer.ForcedDissolution,
		InBusinessRegister: answer.InBusinessRegister, InVATRegister: answer.InVATRegister, Employees: answer.Employees,
		SectorCode: answer.Sector.Code, Municipality: answer.BusinessAddress.Municipality,
	}, nil
}

// roller are the roles of an organisation, in groups.
type roller struct {
	Groups []struct {
		Type    code   `json:"type"`
		Changed string `json:"sistEndret"` // a date
		Roles   []struct {
			Type    code  `json:"type"`
			Left    *bool `json:"fratraadt"`
			Removed *bool `json:"avregistrert"`
			Person  *struct {
				Name struct {
					Given  string `json:"fornavn"`
					Middle string `json:"mellomnavn"`
					Family string `json:"etternavn"`
				} `json:"navn"`
				Dead *bool `json:"erDoed"`
			} `json:"person"`
		} `json:"roller"`
	} `json:"rollegrupper"`
}

// RoleHolders asks who holds a role in an organisation now: persons who have not
// left and live. An organisation that the register does not have has none.
// Birth dates are neither read nor kept.
func (c *Client) RoleHolders(ctx context.Context, organisationNumber string) ([]accreditation.RoleHolder, error) {
	var answer roller
	gone, err := c.get(ctx, "/enheter/"+organisationNumber+"/roller", nil, maxRoles, &answer)
	if err != nil || gone != 0 {
		return nil, err
	}
	if answer.Groups == nil {
		return nil, wrong()
	}
	is := func(b *bool) bool { return b != nil && *b }
	var all []accreditation.RoleHolder
	for _, group := range answer.Groups {
		var changed time.Time
		if group.Changed != "" {
			if changed, err = time.Parse(time.DateOnly, group.Changed); err != nil {
				return nil, wrong()
			}
		}
		for _, role := range group.Roles {
			if role.Person == nil || is(role.Left) || is(role.Removed) || is(role.Person.Dead) {
				continue
			}
			name := strings.Join(strings.Fields(role.Person.Name.Given+" "+role.Person.Name.Middle+" "+role.Person.Name.Family), " ")
			all = append(all, accreditation.RoleHolder{Role: role.Type.Code, Name: name, Changed: changed})
		}
	}
	return all, nil
}
