package peers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/peers"
)

// registry answers as it is told.
type registry struct {
	asked  *registryv1.CheckSignatoryRequest
	answer *registryv1.CheckSignatoryResponse
	err    error
}

func (r *registry) CheckSignatory(_ context.Context, in *registryv1.CheckSignatoryRequest, _ ...grpc.CallOption) (*registryv1.CheckSignatoryResponse, error) {
	r.asked = in
	return r.answer, r.err
}

func TestNobodySignsUnlessTheRegistrySaysSo(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	who := desk.Signature{OrganisationNumber: "310000019", Name: "Kari Nordmann", Role: "HR manager", AuthorisedBy: "urn:x", At: at}
	for name, c := range map[string]struct {
		registry registry
		right    string
		kind     fault.Kind
		rule     string
	}{
		"registered":          {registry{answer: &registryv1.CheckSignatoryResponse{Authorised: true, Right: "DAGL"}}, "DAGL", 0, ""},
		"unknown":             {registry{answer: &registryv1.CheckSignatoryResponse{Rule: "signatory.unknown"}}, "", fault.Denied, "signatory.unknown"},
		"refused without why": {registry{answer: &registryv1.CheckSignatoryResponse{Right: "DAGL"}}, "", fault.Denied, "signatory.refused"},
		"no answer":           {registry{err: errors.New("down")}, "", fault.Unavailable, "signatory.unchecked"},
		"not served":          {registry{err: fault.New(fault.Invalid, "rpc.unimplemented", "no such method")}, "", fault.Unavailable, "signatory.unchecked"},
		"nothing":             {registry{}, "", fault.Denied, "signatory.refused"},
	} {
		right, err := peers.Signatories{Client: &c.registry}.Check(t.Context(), who)
		if right != c.right || (err == nil) != (c.rule == "") || err != nil && (fault.RuleOf(err) != c.rule || fault.KindOf(err) != c.kind) {
			t.Errorf("%s: %q, %v", name, right, err)
		}
		if got := c.registry.asked; got.GetOrganisationNumber() != "310000019" || got.GetName() != "Kari Nordmann" || got.GetRole() != "HR manager" ||
			got.GetAuthorisedBy() != "urn:x" || !got.GetSignedAt().AsTime().Equal(at) {
			t.Errorf("%s: asked %v", name, got)
		}
	}
}
