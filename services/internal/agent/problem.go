package agent

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// report tells the sender of a refused message why (DIDComm v2.1, Problem
// Reports): the code is e.p.msg.<rule>, the comment is for people, args name
// fields and rules. A problem report is never answered with one.
func (a *Agent) report(ctx context.Context, tx *sqldb.Tx, in Received, why *fault.Error) error {
	if in.Message == nil || in.Message.Type == didcomm.TypeProblemReport {
		return nil
	}
	args := make([]string, len(why.Violations))
	for i, v := range why.Violations {
		args[i] = v.Field + ": " + v.Rule
	}
	body, err := json.Marshal(problemBody{Code: codePrefix + why.Rule, Comment: why.Message, Args: args})
	if err != nil {
		return err
	}
	return a.Send(ctx, tx, in.Recipient, in.Sender, didcomm.Message{
		Type:  didcomm.TypeProblemReport,
		Pthid: in.Message.Thread(),
		Body:  body,
	})
}

// HandleProblem registers a handler of problem reports. Several parts of a
// service may each know threads of their own: they are asked in turn, and one
// that does not know the thread answers NotFound.
func (a *Agent) HandleProblem(h Handler) {
	if len(a.problems) == 0 {
		a.Handle(didcomm.TypeProblemReport, a.problem)
	}
	a.problems = append(a.problems, h)
}

func (a *Agent) problem(ctx context.Context, in Received) (Effect, error) {
	err := error(fault.New(fault.NotFound, "didcomm.no-such-thread", "there is no such exchange with you"))
	for _, h := range a.problems {
		var effect Effect
		if effect, err = h(ctx, in); fault.KindOf(err) != fault.NotFound || err == nil {
			return effect, err
		}
	}
	return nil, err
}

// Problem reads a received problem report: the rule that was broken, at most
// 128 printable ASCII characters, and the comment for people, cut at 500
// characters. What stands in them a stranger wrote.
func Problem(msg *didcomm.Message) (rule, comment string, err error) {
	var r problemBody
	if err := msg.DecodeBody(&r); err != nil {
		return "", "", err
	}
	if !codeForm.MatchString(r.Code) {
		return "", "", fault.New(fault.Invalid, "didcomm.problem-code", "a problem report has a code of 1 to 128 printable characters")
	}
	runes := []rune(r.Comment)
	return strings.TrimPrefix(r.Code, codePrefix), string(runes[:min(len(runes), maxComment)]), nil
}

var codeForm = regexp.MustCompile(`^[!-~]{1,128}$`)

const maxComment = 500

// codePrefix says: an error, of the protocol, about a message.
const codePrefix = "e.p.msg."

// problemBody is the body of a problem report.
type problemBody struct {
	Code    string   `json:"code"`
	Comment string   `json:"comment,omitempty"`
	Args    []string `json:"args,omitempty"`
}
