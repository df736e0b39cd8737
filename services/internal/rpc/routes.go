package rpc

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// guard lets only those call a plain route that the policy names for it. A
// route that it does not name is left as it is.
func (p Policy) guard(a Authenticator, pattern string, next http.Handler) http.Handler {
	roles, named := p.Routes[pattern]
	if !named {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := AuthenticateRequest(r, a)
		if err == nil && !slices.Contains(roles, who.Role) && !slices.Contains(roles, AnyRole) {
			err = fault.New(fault.Denied, ruleRole, "this token may not call this path")
		}
		if err != nil {
			WriteProblem(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithPrincipal(r.Context(), who)))
	})
}

// checkRoutes refuses a policy for a route that is not there, so that a slip of
// the pen leaves nothing open.
func (p Policy) checkRoutes(routes map[string]http.Handler) error {
	for pattern := range p.Routes {
		if routes[pattern] == nil {
			return fmt.Errorf("policy: there is no route %s", pattern)
		}
	}
	return nil
}

// TooLarge is the fault of a body, or of a part of one, that has more bytes than
// a route takes: 413.
func TooLarge(limit int) error {
	return fault.New(fault.Invalid, ruleTooLarge, "send at most %d KiB", limit>>10)
}

// UnknownMediaType is the fault of a body in a form that a route does not read:
// 415.
func UnknownMediaType(known ...string) error {
	return fault.New(fault.Invalid, ruleMediaType, "send one of %s", strings.Join(known, ", "))
}
