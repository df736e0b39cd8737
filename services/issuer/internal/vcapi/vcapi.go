// Package vcapi is what an employer can have issued over the W3C VC API: a
// credential of one of our types that the employer is accredited for, in its
// own name; and, where the specifications' examples are allowed, of theirs. It
// knows no wire: requests are read before it.
package vcapi

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

// Trust says who is accredited. Errors are faults.
type Trust interface {
	Accredited(ctx context.Context, issuer, credentialType string, at time.Time) (trustlist.Entity, error)
}

// Issuer is the VC API's issuer. It is safe for concurrent use.
type Issuer struct {
	Issuance *issuance.Issuer
	Trust    Trust
	Clock    clock.Clock
	Tenants  []desk.Tenant
	// Examples, when set, are the contexts that credentials of types that are
	// not ours may use. Nil: there are no such credentials. For development only.
	Examples credential.Terms
}

func (i *Issuer) tenant(subject string) (desk.Tenant, error) {
	for _, t := range i.Tenants {
		if t.OrganisationNumber == subject {
			return t, nil
		}
	}
	return desk.Tenant{}, fault.New(fault.Denied, "offer.no-such-employer", "this token stands for an employer that does not issue here")
}

func invalid(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "vcapi."+rule, format, args...)
}
