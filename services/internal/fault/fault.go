// Package fault is the one error type from the store to the wire. A Fault
// says what happened (Kind), which rule was broken (Rule), where (Violations)
// and what to do (Message). It never carries a personal value: rules and field
// names only, never what stood in the field.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind sorts faults by what the caller can do about them. The api package
// of each service never maps kinds itself: one interceptor turns them into
// gRPC status, one writer into RFC 9457 problem documents, the DIDComm agent
// into report-problem/2.0.
type Kind int

const (
	// Internal is a failure of ours. Its cause is logged and never shown.
	Internal Kind = iota
	// Invalid is input that can never succeed unchanged.
	Invalid
	// Denied is a caller that may not do this.
	Denied
	// NotFound is a thing that is not there, or not the caller's to see.
	NotFound
	// Conflict is a thing in another state than the verb needs.
	Conflict
	// Throttled is a caller that must wait.
	Throttled
	// Unavailable is something needed that did not answer: try again.
	Unavailable
)

var kindNames = [...]string{"internal", "invalid", "denied", "not-found", "conflict", "throttled", "unavailable"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return kindNames[Internal]
	}
	return kindNames[k]
}

// Permanent reports whether the same request can never succeed later.
func (k Kind) Permanent() bool {
	switch k {
	case Invalid, Denied, NotFound, Conflict:
		return true
	}
	return false
}

// Violation is one broken rule at one field. Field is a path such as
// "employment.start_date"; Rule a stable id such as "offer.end-after-start".
type Violation struct {
	Field   string
	Rule    string
	Message string
}

// Error is a fault. Rule is stable and machine-readable, lower case with
// dots and dashes ("credential.status-unreachable"); Message is for people.
type Error struct {
	Kind       Kind
	Rule       string
	Message    string
	Violations []Violation
	cause      error
}

// New makes a fault without a cause.
func New(kind Kind, rule, format string, args ...any) *Error {
	return &Error{Kind: kind, Rule: rule, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes a fault around a cause. The cause is logged, never shown.
func Wrap(cause error, kind Kind, rule, format string, args ...any) *Error {
	return &Error{Kind: kind, Rule: rule, Message: fmt.Sprintf(format, args...), cause: cause}
}

// Violated makes one Invalid fault of all violations at once, or nil when
// there are none.
func Violated(rule, message string, violations []Violation) error {
	if len(violations) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Rule: rule, Message: message, Violations: violations}
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Rule, e.Message)
	for _, v := range e.Violations {
		fmt.Fprintf(&b, "; %s: %s (%s)", v.Field, v.Message, v.Rule)
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.cause }

// From finds the fault in err. An error that carries none is Internal: its
// text may hold anything, so From gives a bare message in its place.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(err, Internal, "internal", "something went wrong on our side")
}

// KindOf is From(err).Kind.
func KindOf(err error) Kind { return From(err).Kind }

// RuleOf is From(err).Rule.
func RuleOf(err error) string { return From(err).Rule }
