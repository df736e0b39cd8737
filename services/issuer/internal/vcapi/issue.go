package vcapi

import (
	"context"
	"maps"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

// Issue signs a credential in the name of a tenant, who is put in as its issuer
// when it names none.
func (i *Issuer) Issue(ctx context.Context, order vcapi.Order) (signed []byte, err error) {
	ctx, end := telemetry.Span(ctx, "credential.Issue")
	defer func() { end(err) }()
	tenant, err := i.tenant(order.Tenant)
	if err != nil {
		return nil, err
	}
	document, err := inTheNameOf(tenant, order.Credential)
	if err != nil {
		return nil, err
	}
	form, err := vcdm.ReadDocument(document)
	if err != nil {
		return nil, err
	}
	if form.Version != vcdm.V2 {
		return nil, invalid("version", "credentials are issued in version 2.0 of the data model")
	}
	wanted := issuance.Order{
		Issuer: tenant.DID, Name: order.Name, Document: document, Status: order.Status, Format: order.Format, Suite: order.Suite,
	}
	if wanted.Name == "" {
		wanted.Name = form.ID
	}
	if wanted.Type, wanted.Terms, err = i.mayIssue(ctx, tenant, form); err != nil {
		return nil, err
	}
	return i.Issuance.IssueDocument(ctx, wanted)
}

// inTheNameOf gives the document with the tenant as its issuer. It refuses a
// document that somebody else is to issue, has signed, or says the status of.
func inTheNameOf(tenant desk.Tenant, document credential.Document) (credential.Document, error) {
	if _, has := document["proof"]; has {
		return nil, invalid("proof-supplied", "the credential has a proof already")
	}
	if _, has := document["credentialStatus"]; has {
		return nil, invalid("status-supplied", "ask for a status by options.credentialStatus: the list and the index are the issuer's to choose")
	}
	issuer, named := document["issuer"]
	if !named {
		document = maps.Clone(document)
		document["issuer"] = tenant.DID
		return document, nil
	}
	if object, ok := issuer.(map[string]any); ok {
		issuer = object["id"]
	}
	// What is no name at all breaks the data model, which says so itself.
	if name, ok := issuer.(string); ok && name != tenant.DID {
		return nil, invalid("another-issuer", "the credential names another issuer than the one that the token stands for")
	}
	return document, nil
}

// mayIssue says as what a credential is recorded, and with which contexts.
func (i *Issuer) mayIssue(ctx context.Context, tenant desk.Tenant, form *vcdm.Credential) (string, credential.Terms, error) {
	kind, err := credtype.Of(form.Types)
	if err != nil {
		if i.Examples == nil || slices.ContainsFunc(form.Types, ours) {
			return "", nil, err
		}
		return form.Types[len(form.Types)-1], i.Examples, nil
	}
	return kind.Name, nil, i.mayIssueOurs(ctx, tenant, kind, form)
}

func ours(name string) bool {
	_, known := credtype.Find(name)
	return known
}

// mayIssueOurs wants the claims of a type of ours to fit its schema, and the
// tenant to be accredited for it. An offer is of the tenant's own organisation.
func (i *Issuer) mayIssueOurs(ctx context.Context, tenant desk.Tenant, kind credtype.Type, form *vcdm.Credential) error {
	if len(form.Subjects) != 1 {
		return invalid("subjects", "a credential of this type is about one subject")
	}
	subject := form.Subjects[0]
	if subject.ID != "" && did.Check(subject.ID) != nil {
		return invalid("subject-id", "the subject of a credential of this type is a DID")
	}
	claims := subject.Claims()
	if err := credtype.Validate(kind.Name, claims); err != nil {
		return err
	}
	entity, err := i.Trust.Accredited(ctx, tenant.DID, kind.Name, i.Clock.Now())
	if err != nil {
		return err
	}
	named := entity.OrganisationNumber
	if kind.Name == credtype.OfferOfEmployment {
		employer, _ := claims["employer"].(map[string]any)
		named, _ = employer["organisation_number"].(string)
	}
	if entity.OrganisationNumber != tenant.OrganisationNumber || named != tenant.OrganisationNumber {
		return fault.New(fault.Denied, "issuer.another-organisation", "the credential, or the accreditation, is another organisation's")
	}
	return nil
}
