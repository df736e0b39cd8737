package rpc

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"google.golang.org/grpc/status"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Problem is a problem document, RFC 9457 section 3, with our members: rule,
// violations and trace_id.
type Problem struct {
	Type       string             `json:"type"`
	Title      string             `json:"title"`
	Status     int                `json:"status"`
	Detail     string             `json:"detail,omitempty"`
	Rule       string             `json:"rule"`
	Violations []ProblemViolation `json:"violations,omitempty"`
	TraceID    string             `json:"trace_id,omitempty"`
}

// ProblemViolation is one broken rule at one field.
type ProblemViolation struct {
	Field   string `json:"field"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

var titles = map[fault.Kind]string{
	fault.Internal:    "Something went wrong on our side",
	fault.Invalid:     "The request is not valid",
	fault.Denied:      "Not allowed",
	fault.NotFound:    "Not found",
	fault.Conflict:    "Not possible in the present state",
	fault.Throttled:   "Too many requests",
	fault.Unavailable: "Not available right now",
}

// WriteProblem answers r with err as application/problem+json. It is the only
// writer of errors over HTTP. Like ToStatus it shows a fault's message and
// never a cause.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	WriteProblemWith(w, r, err, nil)
}

// WriteProblemWith is WriteProblem with further members (RFC 9457, section
// 3.2), which stand instead of those of the same name.
func WriteProblemWith(w http.ResponseWriter, r *http.Request, err error, members map[string]any) {
	f := faultOf(err)
	if f.Kind == fault.Internal {
		// The cause of a failed call stands in that call's access line.
		if _, called := status.FromError(errors.Unwrap(f)); !called || errors.Unwrap(f) == nil {
			telemetry.Log(r.Context()).ErrorContext(r.Context(), "internal fault", "rule", f.Rule, "err", err)
		}
		f = fault.New(fault.Internal, "internal", "%s", titles[fault.Internal])
	}
	if recorded, ok := w.(*recorder); ok {
		recorded.rule = f.Rule
	}
	p := Problem{
		Type:    ProblemType(f.Rule),
		Title:   titles[f.Kind],
		Status:  httpStatus(f),
		Detail:  f.Message,
		Rule:    f.Rule,
		TraceID: telemetry.TraceID(r.Context()),
	}
	for _, v := range f.Violations {
		p.Violations = append(p.Violations, ProblemViolation(v))
	}
	body, err := p.with(members)
	if err != nil { // what our own handlers add can be written
		http.Error(w, titles[fault.Internal], http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the caller may be gone; there is nobody to tell
}

// ProblemType is the type of a problem that breaks a rule.
func ProblemType(rule string) string { return "https://" + Domain + "/problems/" + rule }

// with writes the document with further members.
func (p Problem) with(members map[string]any) ([]byte, error) {
	body, err := json.Marshal(p)
	if err != nil || len(members) == 0 {
		return body, err
	}
	all := map[string]any{}
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, members)
	return json.Marshal(all)
}

func httpStatus(f *fault.Error) int {
	switch f.Rule {
	case ruleTokenMissing, ruleTokenUnknown:
		return http.StatusUnauthorized
	case ruleTooLarge, ruleEncoding:
		return http.StatusRequestEntityTooLarge
	case ruleMediaType:
		return http.StatusUnsupportedMediaType
	case ruleMethod:
		return http.StatusMethodNotAllowed
	case ruleUnknownCall:
		return http.StatusNotImplemented
	case ruleDeadline:
		return http.StatusGatewayTimeout
	}
	switch f.Kind {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Denied:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Throttled:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
