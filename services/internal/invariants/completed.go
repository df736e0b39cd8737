package invariants

import (
	"database/sql"
	"maps"
	"slices"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// outcome is what a case brings the worker from one agency, and the three
// places that tell of it.
type outcome struct {
	service string
	what    string
	rows    string // query of the case references of the agency's own rows
	kind    string // of the credential
	event   string
}

var outcomes = []outcome{
	{
		service: "police", what: "attended appointments", kind: "Appointment", event: "appointment.attended",
		rows: `SELECT case_ref FROM appointment WHERE state IN ('ATTENDED', 'CARD_ISSUED')`,
	},
	{
		service: "tax", what: "person identifiers", kind: "TaxRegistration", event: "identifier.assigned",
		rows: `SELECT case_ref FROM person_number WHERE replaced_at = 0`,
	},
	{
		service: "bank", what: "accounts", kind: "BankAccountConfirmation", event: "bankaccount.opened",
		rows: `SELECT case_ref FROM account WHERE state IN ('OPENED', 'FROZEN', 'CLOSED')`,
	},
}

// numbers are the claims that belong to one case alone, by credential type.
var numbers = map[string]string{"TaxRegistration": "identifier", "BankAccountConfirmation": "bban"}

// completed checks I1: a completed case has one current identifier, one attended
// appointment and one account; no case has two; one that was never granted has
// none; no current number belongs to two cases.
func (c *checker) completed() error {
	if !c.has("verifier") {
		return nil
	}
	cases, err := c.cases()
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if !c.has(o.service) {
			continue
		}
		if err := c.reached(o, cases); err != nil {
			return err
		}
	}
	return c.numbersOnce()
}

// standing is where a case stands at UDI.
type standing struct {
	ref, state string
	granted    bool // by a decision, be it after an appeal
}

func (c *checker) cases() (map[string]standing, error) {
	all, err := list(c, "verifier", `
		SELECT f.ref, f.state, EXISTS (SELECT 1 FROM decision AS d WHERE d.case_ref = f.ref AND d.outcome = 'GRANTED') FROM case_file AS f`,
		func(r *sql.Rows, into *standing) error { return r.Scan(&into.ref, &into.state, &into.granted) })
	cases := map[string]standing{}
	for _, one := range all {
		cases[one.ref] = one
		if slices.Contains([]string{"GRANTED", "HALTED", "REVOKED", "COMPLETED"}, one.state) && !one.granted {
			c.breach("verifier: "+one.ref, "the case is %s without a decision to grant it", one.state)
		}
	}
	return cases, err
}

// reached compares what the agency has for each case with what it may have.
func (c *checker) reached(o outcome, cases map[string]standing) error {
	rows, err := texts(c, o.service, o.rows)
	if err != nil {
		return err
	}
	var credentials, events []string
	for _, one := range c.records {
		if one.service != o.service || one.kind != o.kind {
			continue
		}
		if one.state != "withdrawn" {
			credentials = append(credentials, one.reference)
			continue
		}
		// It may have been replaced: then its reference goes on after the case's.
		ref, _, _ := strings.Cut(one.reference, "/")
		if !cases[ref].granted {
			c.breach(one.where(), "the case %s was never granted and had %s credentials", ref, o.kind)
		}
	}
	for _, one := range c.outboxes[o.service] {
		if one.kind == eventbus.TypeOf(o.event) {
			events = append(events, one.caseRef)
		}
	}
	for _, evidence := range []struct {
		what string
		refs []string
	}{{o.what, rows}, {o.kind + " credentials", credentials}, {o.event + " events", events}} {
		count := map[string]int{}
		for _, ref := range evidence.refs {
			count[ref]++
		}
		for ref, one := range cases {
			if one.state == "COMPLETED" && count[ref] == 0 {
				c.breach(o.service+": "+ref, "the case is completed and has no %s", evidence.what)
			}
		}
		for _, ref := range slices.Sorted(maps.Keys(count)) {
			if count[ref] > 1 {
				c.breach(o.service+": "+ref, "the case has %d %s", count[ref], evidence.what)
			}
			if !cases[ref].granted {
				c.breach(o.service+": "+ref, "the case was never granted and has %s", evidence.what)
			}
		}
	}
	return nil
}

// sharedNumbers are queries of the cases whose person had the number before: another
// case of the same person may have it too.
var sharedNumbers = map[string]string{
	"tax":  `SELECT case_ref FROM person_number WHERE how = 'EXISTING'`,
	"bank": `SELECT case_ref FROM account WHERE same_as <> ''`,
}

// numbersOnce looks for a number that two people have, ever, and for a tax card
// with another number than the registration.
func (c *checker) numbersOnce() error {
	type number struct{ kind, value string }
	known := map[string]bool{}
	for service, query := range sharedNumbers {
		if !c.has(service) {
			continue
		}
		refs, err := texts(c, service, query)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			known[service+ref] = true
		}
	}
	owner := map[number]string{}
	registered := map[string]any{}
	for _, one := range c.records {
		claim, ok := numbers[one.kind]
		if !ok || one.claims == nil {
			continue
		}
		value, _ := one.claims[claim].(string)
		if value == "" {
			c.breach(one.where(), "the %s has no %s", one.kind, claim)
			continue
		}
		// What was replaced goes on after the case's reference.
		ref, _, _ := strings.Cut(one.reference, "/")
		if one.kind == "TaxRegistration" && one.state != "withdrawn" {
			registered[one.reference] = value
		}
		key := number{one.kind, value}
		if other, taken := owner[key]; taken && other != ref && !known[one.service+ref] && !known[one.service+other] {
			c.breach(one.where(), "the %s of %s has the same %s as that of %s", one.kind, ref, claim, other)
		}
		owner[key] = ref
	}
	for _, one := range c.records {
		if one.kind == "TaxCard" && one.claims != nil && one.state != "withdrawn" && one.claims["identifier"] != registered[one.reference] {
			c.breach(one.where(), "the tax card of %s has another identifier than the registration", one.reference)
		}
	}
	return nil
}
