package onboarding

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// View is what one agency may know of a case, each claim with where it came
// from.
type View struct {
	CaseRef     string  `json:"case_ref"`
	Claims      []Claim `json:"claims"`
	DeliveryDID string  `json:"delivery_did"` // accepts this agency alone
	Permit      Permit  `json:"permit"`
	// AgencyDID is which of the agency's DIDs the worker chose.
	AgencyDID string `json:"agency_did,omitempty"`
	// Shares are what else the worker agreed to, such as SharePayroll.
	Shares []string `json:"shares,omitempty"`
	// EmployerDID is the issuer of the offer.
	EmployerDID string `json:"employer_did,omitempty"`
}

// SharePayroll lets the bank tell the employer the account.
const SharePayroll = "payroll_account"

// Claim is one claim and its lineage. Value is as encoding/json reads it.
type Claim struct {
	Path           string `json:"path"`
	Value          any    `json:"value"`
	CredentialID   string `json:"credential_id"`
	CredentialType string `json:"credential_type"`
	Issuer         string `json:"issuer"`
}

// Permit is the permit that the agency acts on. Its days are midnights UTC.
type Permit struct {
	DecisionID string    `json:"decision_id"`
	ValidFrom  time.Time `json:"valid_from"`
	ValidUntil time.Time `json:"valid_until"` // the last day
}

// check refuses a view that no agency can act on.
func (v View) check(caseRef string) error {
	switch {
	case v.CaseRef != caseRef:
		return fault.New(fault.Invalid, "view.another-case", "the view is of another case")
	case v.DeliveryDID == "":
		return fault.New(fault.Invalid, "view.delivery-missing", "the view names nowhere to deliver to")
	case v.Permit.DecisionID == "" || v.Permit.ValidFrom.IsZero() || v.Permit.ValidUntil.IsZero():
		return fault.New(fault.Invalid, "view.permit-missing", "the view has no permit")
	}
	return nil
}

// find gives the value at a dotted path, which may lie within a claim.
func (v View) find(path string) (any, bool) {
	for _, claim := range v.Claims {
		if claim.Path == path {
			return claim.Value, true
		}
	}
	for _, claim := range v.Claims {
		rest, within := strings.CutPrefix(path, claim.Path+".")
		value := claim.Value
		for within && rest != "" {
			var name string
			name, rest, _ = strings.Cut(rest, ".")
			members, object := value.(map[string]any)
			value, within = members[name]
			within = within && object
		}
		if within {
			return value, true
		}
	}
	return nil, false
}

// Reading reads the claims that an agency cannot do without: what is missing
// or of another kind is named by Err, all at once.
type Reading struct {
	view    View
	missing []fault.Violation
}

// Read begins to read a view.
func (v View) Read() *Reading { return &Reading{view: v} }

// OptionalText reads a text that may be missing.
func (r *Reading) OptionalText(path string) string {
	value, there := r.view.find(path)
	text, ok := value.(string)
	if there && !ok {
		r.lack(path)
	}
	return text
}

// Text reads a text that is not empty.
func (r *Reading) Text(path string) string {
	value, _ := r.view.find(path)
	text, _ := value.(string)
	if text == "" {
		r.lack(path)
	}
	return text
}

// Texts reads a list of texts that is not empty.
func (r *Reading) Texts(path string) []string {
	value, _ := r.view.find(path)
	list, _ := value.([]any)
	all := make([]string, 0, len(list))
	for _, one := range list {
		if text, ok := one.(string); ok && text != "" {
			all = append(all, text)
		}
	}
	if len(all) == 0 || len(all) != len(list) {
		r.lack(path)
	}
	return all
}

// Number reads a whole number.
func (r *Reading) Number(path string) int64 {
	value, _ := r.view.find(path)
	number, ok := value.(float64)
	if !ok || number != math.Trunc(number) || math.Abs(number) > 1<<53 {
		r.lack(path)
		return 0
	}
	return int64(number)
}

// Day reads a date, yyyy-mm-dd, as midnight UTC.
func (r *Reading) Day(path string) time.Time {
	value, _ := r.view.find(path)
	text, _ := value.(string)
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.lack(path)
	}
	return day
}

func (r *Reading) lack(path string) {
	r.missing = append(r.missing, fault.Violation{Field: path, Rule: "view.claim-missing", Message: "the view does not have this claim, or not in this form"})
}

// Err names every claim that could not be read.
func (r *Reading) Err() error {
	return fault.Violated("view.claims", "the view lacks what is needed", r.missing)
}

func (c *Cases) seal(ctx context.Context, caseRef string, view View) ([]byte, error) {
	plain, err := json.Marshal(view)
	if err != nil {
		return nil, fmt.Errorf("write view: %w", err)
	}
	return c.Sealer.Seal(ctx, plain, []byte(caseRef))
}

func (c *Cases) unseal(ctx context.Context, caseRef string, sealed []byte) (View, error) {
	var view View
	plain, err := c.Sealer.Open(ctx, sealed, []byte(caseRef))
	if err != nil {
		return view, fmt.Errorf("unseal view: %w", err)
	}
	return view, json.Unmarshal(plain, &view)
}
