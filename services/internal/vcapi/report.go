package vcapi

import (
	"encoding/json"
	"maps"
	"net/http"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// writeReport answers 200 with a report that is Verified, else 400 with a
// problem document that holds it, its rule that of the first check that did not
// pass. A check that failed by our own fault is answered as one.
func writeReport(w http.ResponseWriter, r *http.Request, report *credential.Report, returned map[string]any) {
	members, err := membersOf(report)
	if err == nil && report.Verified() {
		maps.Copy(members, returned)
		answer(w, r, http.StatusOK, members)
		return
	}
	why := fault.From(report.Err())
	if err != nil || why.Kind == fault.Internal {
		rpc.WriteProblem(w, r, report.Err())
		return
	}
	members["title"], members["problemDetails"] = "Not verified", problems(report)
	if !why.Kind.Permanent() {
		members["title"] = "Cannot be verified now"
	}
	rpc.WriteProblemWith(w, r, &fault.Error{Kind: fault.Invalid, Rule: why.Rule, Message: why.Message, Violations: why.Violations}, members)
}

// membersOf gives what the report says of itself: verified, answer, checks and
// credentials.
func membersOf(report *credential.Report) (map[string]any, error) {
	text, err := json.Marshal(report)
	if err != nil {
		return nil, err
	}
	members := map[string]any{}
	return members, json.Unmarshal(text, &members)
}

// problem is an entry of problemDetails (VC API, section "Error Handling").
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
}

// problems lists every check that did not pass, of a presentation and of all
// credentials in it.
func problems(report *credential.Report) []problem {
	found := []problem{}
	for _, check := range report.Checks {
		if check.Outcome != credential.Passed {
			found = append(found, problem{Type: rpc.ProblemType(check.Rule), Title: check.Name + ": " + string(check.Outcome), Detail: check.Detail})
		}
	}
	for _, part := range report.Credentials {
		found = append(found, problems(part)...)
	}
	return found
}
