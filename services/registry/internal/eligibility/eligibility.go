// Package eligibility answers "is this for me?": whether the programme is for a
// worker or an employer, and why. It is a guide that decides nothing.
//
// It is pure, and it keeps nothing: the question has no name and no number of a
// person, and is forgotten with the answer.
package eligibility

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// Verdict is yes, no, or that it depends.
type Verdict string

// The verdicts.
const (
	Yes   Verdict = "YES"
	No    Verdict = "NO"
	Maybe Verdict = "MAYBE"
)

// Reason is one thing that an answer rests on.
type Reason struct {
	About   string // such as "nationality" or "EMP-2"
	Verdict Verdict
	Code    string
	Text    accreditation.Texts
}

// Answer is what somebody is told.
type Answer struct {
	Verdict Verdict
	Summary accreditation.Texts
	Reasons []Reason
	// Version names the data that it is by.
	Version string
}

func reason(about string, v Verdict, code string, values ...string) Reason {
	return Reason{About: about, Verdict: v, Code: code, Text: text(code, values...)}
}

// text is a text with its values, given as name and value in turn.
func text(code string, values ...string) accreditation.Texts {
	t := texts[code]
	for i := 0; i+1 < len(values); i += 2 {
		fill := strings.NewReplacer("{"+values[i]+"}", values[i+1])
		t = accreditation.Texts{NB: fill.Replace(t.NB), NN: fill.Replace(t.NN), EN: fill.Replace(t.EN)}
	}
	return t
}

// worst is no before maybe before yes.
func worst(reasons []Reason) Verdict {
	out := Yes
	for _, r := range reasons {
		if r.Verdict == No {
			return No
		}
		if r.Verdict == Maybe {
			out = Maybe
		}
	}
	return out
}
