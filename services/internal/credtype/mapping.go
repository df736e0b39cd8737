package credtype

import (
	"maps"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// The two forms of a credential say the same: every claim keeps its name and
// its value, and one schema is for both. What else a credential states stands
// beside its claims under the names of its form:
//
//	W3C                       SD-JWT VC
//	type                      vct, vct#integrity
//	id                        jti
//	issuer                    iss
//	credentialSubject.id      sub, and the key in cnf
//	validFrom                 nbf
//	validUntil                exp
//	proof's created           iat
//	credentialStatus          status
//	                          aud
//
// Only a claim whose name is among those of SD-JWT VC has another name there.

// renamed are such claims: by type, the name in the schema and in W3C
// credentials, then the name in SD-JWT VC.
var renamed = map[string]map[string]string{
	// SD-JWT VC, section "Registered JWT Claims": status tells where a
	// credential's revocation is to be read.
	Appointment: {"status": "appointment_status"},
}

// outside are the members of an SD-JWT VC's payload that stand beside the
// claims (RFC 7519, section 4.1; RFC 7800, section 3.1; SD-JWT VC, section
// "Registered JWT Claims"). Other names that are registered for JWT are claims
// like any other: the type says what they mean, such as scope.
var outside = []string{"aud", "cnf", "exp", "iat", "iss", "jti", "nbf", "status", "sub", "vct", "vct#integrity"}

// unusable are names that no claim may have in SD-JWT VC: those that SD-JWT
// itself takes (RFC 9901, section 4.1), and that of the subject, which would
// be taken for the holder.
var unusable = []string{"...", "_sd", "_sd_alg", subjectID}

// ToSDJWT gives the claims (credentialSubject without its id) of a credential
// under their names in SD-JWT VC, to be put beside iss, vct and the others.
// Values are shared, not copied. It fails with Invalid (credential.claim-name)
// for a claim that could not be told from what else stands there.
func ToSDJWT(t Type, claims map[string]any) (map[string]any, error) {
	taken := slices.Concat(outside, unusable, slices.Collect(maps.Values(renamed[t.Name])))
	payload := make(map[string]any, len(claims))
	for name, value := range claims {
		as, other := renamed[t.Name][name]
		if !other {
			as = name
			if slices.Contains(taken, as) {
				return nil, claimName()
			}
		}
		payload[as] = value
	}
	return payload, nil
}

// FromSDJWT gives the claims of an SD-JWT VC's payload, after its disclosures
// have been put in, under their names in the schema: what Validate takes. What
// stands beside the claims is left out. Values are shared, not copied. It
// fails with Invalid (credential.claim-name) for a member that no claim can
// be.
func FromSDJWT(t Type, payload map[string]any) (map[string]any, error) {
	claims := make(map[string]any, len(payload))
	for name, value := range payload {
		switch {
		case slices.Contains(outside, name):
		case slices.Contains(unusable, name):
			return nil, claimName()
		default:
			claims[t.fromSDJWT(name)] = value
		}
	}
	return claims, nil
}

func claimName() error {
	return fault.New(fault.Invalid, "credential.claim-name", "a claim has a name that means something else in an SD-JWT VC")
}

func (t Type) fromSDJWT(name string) string {
	for is, as := range renamed[t.Name] {
		if as == name {
			return is
		}
	}
	return name
}

// inSDJWT is a claim's path in SD-JWT VC. Only claims at the root are renamed.
func (t Type) inSDJWT(path []any) []any {
	root, _ := path[0].(string)
	as, other := renamed[t.Name][root]
	if !other {
		return path
	}
	return append([]any{as}, path[1:]...)
}
