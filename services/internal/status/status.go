// Package status knows what says whether a credential still stands: the
// entries that credentials carry, and the lists that issuers publish (W3C
// Bitstring Status List 1.0).
//
// It signs, verifies and fetches nothing: a list counts only when whoever
// fetched it has verified who signed it.
package status

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// Purpose says what a set bit of a list means.
type Purpose string

// The purposes of Bitstring Status List 1.0, section 2.1, that we know.
const (
	// Revocation is for good.
	Revocation Purpose = "revocation"
	// Suspension can be lifted.
	Suspension Purpose = "suspension"
)

const (
	typeEntry          = "BitstringStatusListEntry"
	typeList           = "BitstringStatusList"
	typeListCredential = "BitstringStatusListCredential"
	maxEntries         = 4 // of one credential
)

// Entry is where a credential's status stands (Bitstring Status List 1.0,
// section 2.1).
type Entry struct {
	// List is the URL of the status list credential.
	List string
	// Index is the entry in the list, from 0.
	Index   int
	Purpose Purpose
}

// Document writes the entry as an item of credentialStatus.
func (e Entry) Document() vcdm.Document {
	index := strconv.Itoa(e.Index)
	return vcdm.Document{
		"id":                   e.List + "#" + index,
		"type":                 typeEntry,
		"statusPurpose":        string(e.Purpose),
		"statusListIndex":      index,
		"statusListCredential": e.List,
	}
}

// ReadEntries reads the items of credentialStatus. Statuses of other kinds are
// refused, since nobody here could check them.
func ReadEntries(items []vcdm.Document) ([]Entry, error) {
	if len(items) > maxEntries {
		return nil, fault.New(fault.Invalid, "credential.status", "a credential has at most %d status entries", maxEntries)
	}
	var entries []Entry
	for _, item := range items {
		entry, err := readEntry(item)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func invalid(format string, args ...any) error {
	return fault.New(fault.Invalid, "credential.status", format, args...)
}

func readEntry(item vcdm.Document) (Entry, error) {
	for name := range item {
		switch name {
		case "id", "type", "statusPurpose", "statusListIndex", "statusListCredential":
		default:
			return Entry{}, invalid("a status entry has a member that is not known here")
		}
	}
	if item["type"] != any(typeEntry) {
		return Entry{}, invalid("a status entry is not a %s", typeEntry)
	}
	list, _ := item["statusListCredential"].(string)
	if !isURL(list) {
		return Entry{}, invalid("statusListCredential is not a URL")
	}
	text, _ := item["statusListIndex"].(string)
	index, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(index, 10) != text || index >= MaxEntries {
		return Entry{}, fault.New(fault.Invalid, "status.index", "statusListIndex is not the index of an entry")
	}
	purpose, err := readPurpose(item)
	return Entry{List: list, Index: int(index), Purpose: purpose}, err
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && len(s) <= 2048
}

func readPurpose(object vcdm.Document) (Purpose, error) {
	text, _ := object["statusPurpose"].(string)
	purpose := Purpose(text)
	if purpose != Revocation && purpose != Suspension {
		return "", fault.New(fault.Invalid, "status.purpose", "statusPurpose is neither revocation nor suspension")
	}
	return purpose, nil
}

// List is a list that somebody publishes.
type List struct {
	// ID is the URL of the list's credential.
	ID string
	// Issuer is the DID that signs the list, and the credentials it is about.
	Issuer  string
	Purpose Purpose
	// ValidFrom is now, ValidUntil when readers must have a newer list.
	ValidFrom, ValidUntil time.Time
	// TTL is how long readers may keep the list, 0 for unsaid.
	TTL  time.Duration
	Bits *Bitstring
}

// Document writes the list as a credential that is to be signed.
func (l List) Document() vcdm.Document {
	subject := vcdm.Document{
		"id":            l.ID + "#list",
		"type":          typeList,
		"statusPurpose": string(l.Purpose),
		"encodedList":   l.Bits.Encode(),
	}
	if l.TTL > 0 {
		subject["ttl"] = l.TTL.Milliseconds()
	}
	return vcdm.Document{
		"@context":          []any{vcdm.ContextV2},
		"id":                l.ID,
		"type":              []any{vcdm.TypeCredential, typeListCredential},
		"issuer":            l.Issuer,
		"validFrom":         vcdm.FormatInstant(l.ValidFrom),
		"validUntil":        vcdm.FormatInstant(l.ValidUntil),
		"credentialSubject": subject,
	}
}

// ReadList reads the list of a status list credential (Bitstring Status List
// 1.0, section 2.2). It fails with fault.Invalid.
func ReadList(c *vcdm.Credential) (List, error) {
	if !slices.Contains(c.Types, typeListCredential) || len(c.Subjects) != 1 || c.Subjects[0].Claims["type"] != any(typeList) {
		return List{}, fault.New(fault.Invalid, "status.type", "the credential is not a status list")
	}
	claims := c.Subjects[0].Claims
	list := List{ID: c.ID, Issuer: c.Issuer, ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil}
	var err error
	if list.Purpose, err = readPurpose(claims); err != nil {
		return List{}, err
	}
	if ttl, has := claims["ttl"]; has {
		number, _ := ttl.(json.Number)
		ms, err := number.Int64()
		if err != nil || ms < 0 || ms > int64(365*24*time.Hour/time.Millisecond) {
			return List{}, fault.New(fault.Invalid, "status.ttl", "ttl is not a number of milliseconds below a year")
		}
		list.TTL = time.Duration(ms) * time.Millisecond
	}
	encoded, _ := claims["encodedList"].(string)
	if list.Bits, err = DecodeBitstring(encoded); err != nil {
		return List{}, err
	}
	return list, nil
}

// Check looks an issuer's credential up in a list, at an instant: the list must
// be valid then, be signed by the credential's own issuer, and be the list of
// one of the credential's entries, for the same purpose. It fails with
// fault.Denied (status.revoked, status.suspended) when the bit is set and with
// fault.Invalid when the list is not the right one. Callers ask once for each
// list that the credential names.
func (l List) Check(issuer string, entries []Entry, now time.Time) error {
	if l.Issuer != issuer {
		return fault.New(fault.Invalid, "status.issuer", "the status list is signed by another than the credential's issuer")
	}
	if !l.ValidFrom.IsZero() && now.Before(l.ValidFrom) || !l.ValidUntil.IsZero() && !now.Before(l.ValidUntil) {
		return fault.New(fault.Invalid, "status.dates", "the status list is not valid at this time")
	}
	named := false
	for _, entry := range entries {
		if entry.List != l.ID || entry.Purpose != l.Purpose {
			continue
		}
		named = true
		set, err := l.Bits.Get(entry.Index)
		switch {
		case err != nil:
			return err
		case set && l.Purpose == Suspension:
			return fault.New(fault.Denied, "status.suspended", "the credential is suspended")
		case set:
			return fault.New(fault.Denied, "status.revoked", "the credential is revoked")
		}
	}
	if !named {
		return fault.New(fault.Invalid, "status.wrong-list", "the status list is not the one that the credential names")
	}
	return nil
}
