package holding

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Credential is a credential in a wallet.
type Credential struct {
	ID         string
	Holder     string
	Exchange   string
	Type       string
	Issuer     string
	Subject    string // the did:key it is bound to
	Format     credential.Format
	ReceivedAt time.Time
	Document   []byte // the signed bytes as they came
	Claims     map[string]any
}

// Agency is an authority that the holder lets write to the wallet.
type Agency struct {
	DID      string   // its did:web
	Delivery string   // the DID of ours made for it
	Claims   []string // what the holder agrees that it may read
}

// Consent is what the holder agreed to when applying.
type Consent struct {
	Purpose  string
	Agencies []Agency
	// Shares are what an agency may tell somebody else besides.
	Shares []string `json:",omitempty"`
}

// SharePayrollAccount lets the bank tell the employer the account for pay.
const SharePayrollAccount = "payroll_account"

// deliverable says which authority's credentials a worker's wallet takes, by
// the service that issues them.
var deliverable = []string{
	"ResidencePermit", "Appointment", "ResidenceCard", "TaxRegistration", "TaxCard", "BankAccountConfirmation",
}

// Deliverable lists the types that a delivery may bring.
func Deliverable() []string { return slices.Clone(deliverable) }

// maxClaims is how many claims a consent lets one agency read at most.
const maxClaims = 100

// Check refuses a consent that names nobody, or somebody twice, or for an
// agency no claim, or one that the credential that is shown does not have.
func (c Consent) Check(shown credtype.Type) error {
	var v []fault.Violation
	if c.Purpose == "" {
		v = append(v, fault.Violation{Field: "consent.purpose", Rule: "consent.purpose-required", Message: "say what the consent is for"})
	}
	seen := map[string]bool{}
	for i, a := range c.Agencies {
		if seen[a.DID] {
			v = append(v, fault.Violation{Field: "consent.agencies", Rule: "consent.agency-once", Message: "name each agency once"})
		}
		if !strings.HasPrefix(a.DID, "did:web:") {
			v = append(v, fault.Violation{Field: "consent.agencies", Rule: "consent.agency-did", Message: "name each agency by its did:web"})
		}
		seen[a.DID] = true
		field := fmt.Sprintf("consent.agencies.%d.claims", i)
		if len(a.Claims) == 0 || len(a.Claims) > maxClaims {
			v = append(v, fault.Violation{Field: field, Rule: "consent.claims-count", Message: "name 1 to 100 claims that the agency may read"})
		} else if slices.ContainsFunc(a.Claims, func(path string) bool { return !shown.Names(path) }) {
			v = append(v, fault.Violation{Field: field, Rule: "consent.claim-unknown", Message: "name claims of the credential by their paths, such as employment.start_date or passport.*"})
		}
	}
	if len(c.Agencies) == 0 || len(c.Agencies) > 8 {
		v = append(v, fault.Violation{Field: "consent.agencies", Rule: "consent.agencies-count", Message: "name one to eight agencies"})
	}
	shared := map[string]bool{}
	for _, share := range c.Shares {
		if share != SharePayrollAccount || shared[share] {
			v = append(v, fault.Violation{Field: "consent.shares", Rule: "consent.share", Message: "name payroll_account, once, or nothing"})
		}
		shared[share] = true
	}
	return fault.Violated("consent.incomplete", "the consent cannot be used as it is", v)
}
