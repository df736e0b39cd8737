package credtype

import (
	"slices"
	"strings"
)

// Names reports whether a path names something that a credential of the type
// may say: one of its claims, or with "passport.*" every claim below passport.
func (t Type) Names(path string) bool {
	claims := slices.Concat(t.Required, t.Optional)
	above, all := strings.CutSuffix(path, ".*")
	if !all {
		return slices.Contains(claims, path)
	}
	return slices.ContainsFunc(claims, func(claim string) bool { return strings.HasPrefix(claim, above+".") })
}
