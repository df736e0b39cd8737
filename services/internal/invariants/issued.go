package invariants

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
)

// record is what a service keeps of a credential.
type record struct {
	service, id, kind, reference, issuer string
	state, theirs, subject, status       string
	createdAt, issuedAt, deliveredAt     int64

	sealedClaims, sealedDocument []byte

	claims   map[string]any // nil when they do not open
	document map[string]any // nil when nothing is signed, or it does not open

	ordered *order // nil for what the service wrote itself
}

func (i record) where() string { return i.service + ": " + i.id }

func (i record) signed() bool { return i.sealedDocument != nil }

func (c *checker) recordsOf(service string) ([]record, error) {
	all, err := list(c, service, `
		SELECT i.credential_id, type, reference, i.issuer, state, theirs, subject, status, created_at, issued_at, delivered_at, claims, credential,
			format, d.credential_id IS NOT NULL
		FROM issuance i LEFT JOIN issuance_document d ON d.credential_id = i.credential_id ORDER BY created_at, i.credential_id`,
		func(r *sql.Rows, i *record) error {
			i.service = service
			var format string
			var ordered bool
			err := r.Scan(&i.id, &i.kind, &i.reference, &i.issuer, &i.state, &i.theirs, &i.subject, &i.status,
				&i.createdAt, &i.issuedAt, &i.deliveredAt, &i.sealedClaims, &i.sealedDocument, &format, &ordered)
			if ordered {
				i.ordered = &order{format: credential.Format(format)}
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	for n := range all {
		one := &all[n]
		// What does not open stays nil, and is a breach of I2.
		one.claims, _ = c.databases[service].unseal(c.ctx, one.sealedClaims, one.id)
		if one.ordered != nil {
			one.openOrder(c.ctx, c.databases[service])
		} else if one.signed() {
			one.document, _ = c.databases[service].unsealSigned(c.ctx, one.sealedDocument, one.id)
		}
	}
	return all, nil
}

// held is a credential in the wallet.
type held struct {
	row, kind, issuer, subject string
	sealed                     []byte
	document                   map[string]any
}

func (c *checker) holdings() ([]held, error) {
	all, err := list(c, "wallet", `SELECT id, type, issuer, subject, sealed FROM held_credential ORDER BY received_at, id`,
		func(r *sql.Rows, h *held) error { return r.Scan(&h.row, &h.kind, &h.issuer, &h.subject, &h.sealed) })
	if err != nil {
		return nil, err
	}
	for n := range all {
		if all[n].document, err = c.databases["wallet"].unsealSigned(c.ctx, all[n].sealed, all[n].row); err != nil {
			return nil, fmt.Errorf("unseal %s: %w", all[n].row, err)
		}
	}
	return all, nil
}

// issued checks I2: every signed credential was recorded before, its status
// index is its alone, it names no communication DID, and what wallets hold is
// what was issued.
func (c *checker) issued() error {
	type index struct {
		list     string
		position int
	}
	owner := map[index]string{}
	for _, one := range c.records {
		if one.claims == nil {
			c.breach(one.where(), "its claims do not open")
		}
		var status statuslist.Reservation
		if err := json.Unmarshal([]byte(one.status), &status); err != nil {
			c.breach(one.where(), "its status index cannot be read")
			continue
		}
		at := index{status.List, status.Index}
		if other, taken := owner[at]; taken && !one.hasNoStatus(status) {
			c.breach(one.where(), "it has the status index of %s", other)
		}
		owner[at] = one.id
		if fault := one.fault(status, c.apart()); fault != nil {
			c.breach(one.where(), "%v", fault)
		}
	}
	for _, service := range c.sources.Services {
		if err := c.statusEntries(service); err != nil {
			return err
		}
	}
	if !c.has("wallet") {
		return nil
	}
	return c.holdingsWereIssued()
}

// apart is how far clocks may be apart, in microseconds.
func (c *checker) apart() int64 { return c.sources.ClocksApart.Microseconds() }

// fault says what is wrong with one record, or nil. The times in it may be of
// clocks that are apart.
func (i record) fault(status statuslist.Reservation, apart int64) error {
	// A holder declines what has been suspended or withdrawn when it comes.
	recorded := slices.Contains([]string{"issued", "delivered", "declined", "withdrawn"}, i.state)
	switch {
	case !recorded && !slices.Contains([]string{"reserved", "offered"}, i.state):
		return fmt.Errorf("its state is %q", i.state)
	case !i.signed():
		if i.state == "issued" || i.state == "delivered" {
			return fmt.Errorf("it is %s, and what was signed is not kept", i.state)
		}
		return nil
	case !recorded:
		return fmt.Errorf("it is signed, and its state is %s", i.state)
	case i.createdAt <= 0 || i.issuedAt+apart < i.createdAt:
		return errors.New("it was signed before it was recorded")
	case i.deliveredAt != 0 && i.deliveredAt+apart < i.issuedAt:
		return errors.New("it was delivered before it was signed")
	case i.document == nil:
		return errors.New("what was signed does not open")
	}
	if i.ordered != nil {
		return i.differsFromOrder(status)
	}
	return i.differs(status)
}

// differs compares the signed credential with its record.
func (i record) differs(status statuslist.Reservation) error {
	subject, _ := i.document["credentialSubject"].(map[string]any)
	kinds, _ := i.document["type"].([]any)
	switch {
	case i.document["id"] != i.id:
		return errors.New("what was signed has another id")
	case i.document["issuer"] != i.issuer:
		return errors.New("what was signed has another issuer")
	case !slices.Contains(kinds, any(i.kind)):
		return errors.New("what was signed is of another type")
	case i.subject == "" || subject["id"] != i.subject:
		return errors.New("what was signed has another subject")
	case !carries(i.document, status):
		return errors.New("what was signed has another status index")
	case tellsWhereToWrite(i.document):
		return errors.New("what was signed names a DID that is for messages only")
	}
	return nil
}

// tellsWhereToWrite reports whether a signed document names a communication
// DID anywhere: whoever is shown the credential could write there, and two who
// are shown two could tell that they are one person's.
func tellsWhereToWrite(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, "did:peer:")
	case []any:
		return slices.ContainsFunc(v, tellsWhereToWrite)
	case map[string]any:
		for name, member := range v {
			if tellsWhereToWrite(name) || tellsWhereToWrite(member) {
				return true
			}
		}
	}
	return false
}

// statusEntries compares the service's status indices with its records.
func (c *checker) statusEntries(service string) error {
	type entry struct {
		list, position int64
		credential     string
	}
	entries, err := list(c, service, `SELECT list, position, credential_id FROM status_entry ORDER BY list, position`,
		func(r *sql.Rows, e *entry) error { return r.Scan(&e.list, &e.position, &e.credential) })
	if err != nil {
		return err
	}
	of := map[string]entry{}
	for _, e := range entries {
		of[e.credential] = e
	}
	base := c.sources.Layout.Services[service].PublicURL + "/status/"
	for _, one := range c.records {
		if one.service != service {
			continue
		}
		e, ok := of[one.id]
		delete(of, one.id)
		var status statuslist.Reservation
		_ = json.Unmarshal([]byte(one.status), &status) // reported before
		switch {
		case !ok && one.hasNoStatus(status):
		case !ok:
			c.breach(one.where(), "no status index is reserved for it")
		case status.List != base+strconv.FormatInt(e.list, 10) || int64(status.Index) != e.position:
			c.breach(one.where(), "another status index is reserved for it than its record says")
		}
	}
	for _, e := range entries {
		if _, left := of[e.credential]; left {
			c.breach(fmt.Sprintf("%s: status list %d", service, e.list), "index %d belongs to a credential that is not recorded", e.position)
		}
	}
	return nil
}

// holdingsWereIssued compares the wallet with the services that issue.
func (c *checker) holdingsWereIssued() error {
	ours, err := texts(c, "wallet", `SELECT did FROM identity`)
	if err != nil {
		return err
	}
	signed := map[string]record{}
	for _, one := range c.records {
		signed[one.id] = one
	}
	copies := map[string]int{}
	for _, h := range c.held {
		where := "wallet: " + h.row
		id, _ := h.document["id"].(string)
		known, ok := signed[id]
		copies[id]++
		switch {
		case !ok || !known.signed():
			c.breach(where, "nobody has recorded that this %s was issued", h.kind)
		case copies[id] > 1:
			c.breach(where, "the wallet holds %s again", id)
		case h.kind != known.kind || h.issuer != known.issuer || h.subject != known.subject || !reflect.DeepEqual(h.document, known.document):
			c.breach(where, "the wallet holds another %s than its issuer signed", h.kind)
		}
	}
	wallets := map[string]bool{}
	for _, did := range ours {
		wallets[did] = true
	}
	for _, one := range c.records {
		if one.state == "delivered" && wallets[one.theirs] && copies[one.id] == 0 {
			c.breach(one.where(), "it was delivered, and the wallet does not hold it")
		}
	}
	return nil
}
