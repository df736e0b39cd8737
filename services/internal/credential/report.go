package credential

import (
	"encoding/json"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Outcome is how a check ended.
type Outcome string

// The outcomes. A check that could not be made is unfinished, never passed.
const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	Unfinished Outcome = "unfinished"
)

// The names of checks.
const (
	// CheckForm: size, JSON, contexts, required members, proof members.
	CheckForm = "form"
	// CheckDates: the proof's date, validFrom and validUntil against now.
	CheckDates = "dates"
	// CheckSigner: the proof's key belongs to the issuer, or to the holder.
	CheckSigner = "signer"
	// CheckKey: the key stands in the signer's DID document for the purpose.
	CheckKey = "key"
	// CheckProof: the signature over the canonical document.
	CheckProof = "proof"
	// CheckDisclosures: what an SD-JWT VC discloses is what its issuer signed.
	CheckDisclosures = "disclosures"
	// CheckStatusLists: the lists of a credential that carries status entries.
	CheckStatusLists = "status"
	// CheckIssuer: the issuer is on the trust list for this type.
	CheckIssuer = "issuer-trusted"
	// CheckSchema: the claims fit the schema of the credential's type.
	CheckSchema = "schema"
	// CheckChallenge: a presentation answers this challenge for this domain.
	CheckChallenge = "challenge"
	// CheckHolder: the holder is the subject of every credential.
	CheckHolder = "subject-binding"
	// CheckCredentials: every presented credential is verified.
	CheckCredentials = "credentials"
)

// ruleUnchecked is the rule of a check that was not made.
const ruleUnchecked = "credential.unchecked"

// Check is one thing that was looked at.
type Check struct {
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	// Rule is the fault's rule when the check did not pass.
	Rule string `json:"rule,omitempty"`
	// Detail says it to a person. It holds no personal value.
	Detail string `json:"detail,omitempty"`

	err error
}

// Report is what was checked of a credential or presentation, in order. A
// presentation's report has one report for each credential in it.
type Report struct {
	Checks      []Check
	Credentials []*Report
}

// NewReport lists checks that have not been made.
func NewReport(names ...string) *Report {
	r := &Report{}
	r.Expect(names...)
	return r
}

// Expect adds checks that are still to be made. Until they are, the report is
// not Verified.
func (r *Report) Expect(names ...string) {
	if r.Checks == nil {
		r.Checks = make([]Check, 0, len(names)+1) // status comes last
	}
	for _, name := range names {
		r.Checks = append(r.Checks, Check{Name: name, Outcome: Unfinished, Rule: ruleUnchecked, Detail: "the check was not made"})
	}
}

// Verified reports whether every check was made and passed. It is false for an
// empty report, and for one with an empty part.
func (r *Report) Verified() bool { return r.worst() == nil }

// Answer is the report in one line: what holds, or the first thing that does
// not.
func (r *Report) Answer() string {
	worst := r.worst()
	switch {
	case worst == nil:
		return "verified: every check was made and passed"
	case worst.Outcome == Failed || len(r.Checks) == 0:
		return "not verified: " + fault.From(worst.fault()).Message
	default:
		return "cannot be verified now: " + fault.From(worst.fault()).Message
	}
}

// MarshalJSON writes {"verified", "answer", "checks", "credentials"}.
func (r *Report) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Verified    bool      `json:"verified"`
		Answer      string    `json:"answer"`
		Checks      []Check   `json:"checks"`
		Credentials []*Report `json:"credentials,omitempty"`
	}{r.Verified(), r.Answer(), r.Checks, r.Credentials})
}

// Err is nil for a report that is Verified, else the fault of the first check
// that failed, or else of the first that was begun and could not be finished, or
// else of the first that was not made.
func (r *Report) Err() error {
	worst := r.worst()
	if worst == nil {
		return nil
	}
	return worst.fault()
}

// worst is the check whose fault Err gives, nil when all passed. A report
// without checks is a mistake of ours.
func (r *Report) worst() *Check {
	if len(r.Checks) == 0 {
		return &Check{Outcome: Unfinished, err: fault.New(fault.Internal, "internal", "nothing was checked")}
	}
	var worst *Check
	for i := range r.Checks {
		worst = graver(worst, &r.Checks[i])
	}
	return graver(worst, r.worstPart())
}

func (r *Report) worstPart() *Check {
	var worst *Check
	for _, part := range r.Credentials {
		worst = graver(worst, part.worst())
	}
	return worst
}

// graver is the graver of two checks, the first when they weigh the same.
func graver(a, b *Check) *Check {
	if b.gravity() > a.gravity() {
		return b
	}
	return a
}

func (c *Check) gravity() int {
	switch {
	case c == nil || c.Outcome == Passed:
		return 0
	case c.Outcome == Failed:
		return 3
	case c.err != nil:
		return 2
	}
	return 1
}

func (c *Check) fault() error {
	if c.err != nil {
		return c.err
	}
	return fault.New(fault.Unavailable, c.Rule, "%s: %s", c.Name, c.Detail)
}

// Passed reports whether a check was made and passed.
func (r *Report) Passed(name string) bool {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.Outcome == Passed
		}
	}
	return false
}

// Record notes how a check ended and reports whether it passed. An error that
// trying again might mend leaves the check unfinished.
func (r *Report) Record(name string, err error) bool {
	check := Check{Name: name, Outcome: Passed}
	if err != nil {
		f := fault.From(err)
		check = Check{Name: name, Outcome: Failed, Rule: f.Rule, Detail: f.Message, err: err}
		if !f.Kind.Permanent() {
			check.Outcome = Unfinished
		}
	}
	for i := range r.Checks {
		if r.Checks[i].Name == name {
			r.Checks[i] = check
			return err == nil
		}
	}
	r.Checks = append(r.Checks, check)
	return err == nil
}

// RecordCredentials notes under CheckCredentials whether every credential of a
// presentation is verified, by what their own reports say so far.
func (r *Report) RecordCredentials() {
	var err error
	if worst := r.worstPart(); worst != nil {
		err = worst.fault()
	}
	r.Record(CheckCredentials, err)
}
