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
	body, err := json.Marshal(problem{Code: codePrefix + why.Rule, Comment: why.Message, Args: args})
	if err != nil {
		return err
	}
	return a.Send(ctx, tx, in.Recipient, in.Sender, didcomm.Message{
		Type:  didcomm.TypeProblemReport,
		Pthid: in.Message.Thread(),
		Body:  body,
	})
}

// Problem reads a received problem report: the rule that was broken, at most
// 128 printable ASCII characters, and the comment for people, cut at 500
// characters. What stands in them a stranger wrote.
func Problem(msg *didcomm.Message) (rule, comment string, err error) {
	var r problem
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

// problem is the body of a problem report.
type problem struct {
	Code    string   `json:"code"`
	Comment string   `json:"comment,omitempty"`
	Args    []string `json:"args,omitempty"`
}
