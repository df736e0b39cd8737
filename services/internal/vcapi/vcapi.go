// Package vcapi serves the W3C VC API (W3C Credentials Community Group, draft
// of 2025) to other people's tools: credentials are issued, verified, derived
// and given another status over plain JSON. It reads requests and writes
// answers; what may be issued, what holds and what is held lie behind small
// ports.
//
// Routes want a token: see rpc.Policy. What a request holds that is not known
// here is refused, as the specification has it (section "Handling Unknown
// Options and Data"). Three things differ from the draft:
//
//   - Who is not verified is answered 400 with a problem document that holds
//     the report, also where the draft would answer 200 with verified false.
//   - A presentation is verified for a challenge and a domain, which must be
//     given. Of an instance the draft allows that.
//   - Every check is always made: options.checks of earlier drafts is read and
//     changes nothing.
//
// Extensions of ours: options.format and options.cryptosuite at issuing,
// options.credentialStatus, which asks for a status that the issuer adds,
// options.reason of a change of status, and derivation from an SD-JWT VC.
package vcapi

import (
	"context"
	"maps"
	"net/http"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

// Issuer issues credentials in the name of tenants. Errors are faults. It must
// be safe for concurrent use.
type Issuer interface {
	// Issue signs a credential, which it has recorded before, and gives it as it
	// is: JSON, or the compact form of the order's format. The same order gives
	// the same credential; another under the same name is a Conflict.
	Issue(ctx context.Context, order Order) ([]byte, error)
	// ChangeStatus changes the status of a credential of the tenant's. NotFound
	// for all others.
	ChangeStatus(ctx context.Context, change Change) error
}

// Order is a credential that a tenant wants signed.
type Order struct {
	// Tenant is the subject of the token.
	Tenant string
	// Credential is what is to be signed, as the tenant wrote it.
	Credential credential.Document
	// Name is what the tenant calls the credential by from now on
	// (options.credentialId), empty for the credential's own id.
	Name string
	// Format is that of the answer, Suite that of the proof, empty for the
	// issuer's usual one.
	Format credential.Format
	Suite  credential.Cryptosuite
	// Status are the purposes of the status entries to add.
	Status []status.Purpose
}

// Change is another status for a credential.
type Change struct {
	// Tenant is the subject of the token, By its hash.
	Tenant, By string
	// Name is what the tenant calls the credential by.
	Name string
	// Entries are what to change, at least one.
	Entries []EntryChange
	// Reason is why, for the record.
	Reason string
}

// EntryChange sets or clears one entry of a credential's status.
type EntryChange struct {
	Purpose status.Purpose
	Set     bool
	// ID, List and Index name the entry as the credential does. Those that are
	// empty name none.
	ID, List, Index string
}

// Verifier looks at credentials and presentations from every side. It must be
// safe for concurrent use. See verification.Verifier.
type Verifier interface {
	Credential(ctx context.Context, data []byte) (*verification.Credential, *credential.Report)
	Presentation(ctx context.Context, data []byte, challenge, domain string) (*verification.Presentation, *credential.Report)
}

// Deriver shows parts of what a holder has. Errors are faults. It must be safe
// for concurrent use.
type Deriver interface {
	// Derive gives the SD-JWT VC with those disclosures alone that the JSON
	// pointers (RFC 6901) into its claims lead to.
	Derive(ctx context.Context, want Derivation) ([]byte, error)
}

// Derivation says what to show of a credential.
type Derivation struct {
	// Holder is the subject of the token.
	Holder string
	// ID names a credential in the wallet; SDJWT is one that came along. One of
	// them is given.
	ID    string
	SDJWT []byte
	// Pointers lead to what is to be shown.
	Pointers []string
}

// Limiter says whether key may do it again now; Throttled when not.
type Limiter interface {
	Allow(ctx context.Context, key string) error
}

// Routes are handlers by http.ServeMux pattern.
type Routes map[string]http.Handler

// For names the roles that may call each of the routes.
func (r Routes) For(roles ...rpc.Role) map[string][]rpc.Role {
	named := map[string][]rpc.Role{}
	for pattern := range r {
		named[pattern] = roles
	}
	return named
}

// Join gives the routes of several parts.
func Join(parts ...Routes) Routes {
	all := Routes{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// Examiner gives a verifier for other people's tools: it also takes what was
// derived from an SD-JWT VC, and where the specifications' examples are allowed,
// their types and contexts.
func Examiner(v *verification.Verifier, examples bool) (*verification.Verifier, error) {
	wider := *v
	wider.Partial = true
	if examples {
		terms, err := jsonld.Development()
		if err != nil {
			return nil, err
		}
		wider.Foreign, wider.Terms = true, terms
	}
	return &wider, nil
}

func invalid(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "vcapi."+rule, format, args...)
}
