package credtype

import (
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Of finds the one type of ours among a credential's types: Invalid when
// there is none, or more than one.
func Of(types []string) (Type, error) {
	var found []Type
	for _, t := range table {
		if slices.Contains(types, t.Name) {
			found = append(found, t)
		}
	}
	if len(found) != 1 {
		return Type{}, fault.New(fault.Invalid, "credential.type-unknown", "the credential is not of exactly one type that is known here")
	}
	return found[0], nil
}
