package credential

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// StatusPurpose says what a set bit of a list means.
type StatusPurpose string

// The purposes of Bitstring Status List 1.0, section 2.1, that we know.
const (
	// Revocation is for good.
	Revocation StatusPurpose = "revocation"
	// Suspension can be lifted.
	Suspension StatusPurpose = "suspension"
)

const (
	typeStatusEntry = "BitstringStatusListEntry"
	typeStatusList  = "BitstringStatusList"
)

// StatusEntry is where a credential's status stands (Bitstring Status List
// 1.0, section 2.1).
type StatusEntry struct {
	// List is the URL of the status list credential.
	List string
	// Index is the entry in the list, from 0.
	Index   int
	Purpose StatusPurpose
}

func (e StatusEntry) document() Document {
	index := strconv.Itoa(e.Index)
	return Document{
		"id":                   e.List + "#" + index,
		"type":                 typeStatusEntry,
		"statusPurpose":        string(e.Purpose),
		"statusListIndex":      index,
		"statusListCredential": e.List,
	}
}

// readStatusEntries reads credentialStatus: nothing, one entry or several.
// Statuses of other kinds are refused, since nobody here could check them.
func readStatusEntries(doc Document) ([]StatusEntry, error) {
	value, has := doc["credentialStatus"]
	if !has {
		return nil, nil
	}
	items, isArray := value.([]any)
	if !isArray {
		items = []any{value}
	}
	if len(items) == 0 || len(items) > maxStatusEntries {
		return nil, invalid("status", "a credential has 1 to %d status entries", maxStatusEntries)
	}
	entries := make([]StatusEntry, len(items))
	for i, item := range items {
		var err error
		if entries[i], err = readStatusEntry(item); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func readStatusEntry(value any) (StatusEntry, error) {
	object, _ := value.(map[string]any)
	for name := range object {
		switch name {
		case "id", "type", "statusPurpose", "statusListIndex", "statusListCredential":
		default:
			return StatusEntry{}, invalid("status", "a status entry has a member that is not known here")
		}
	}
	if object["type"] != any(typeStatusEntry) {
		return StatusEntry{}, invalid("status", "a status entry is not a %s", typeStatusEntry)
	}
	list, err := optionalURL(object, "statusListCredential")
	if err != nil || list == "" {
		return StatusEntry{}, invalid("status", "statusListCredential is not a URL")
	}
	text, _ := object["statusListIndex"].(string)
	index, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(index, 10) != text || index >= MaxStatusEntries {
		return StatusEntry{}, fault.New(fault.Invalid, "status.index", "statusListIndex is not the index of an entry")
	}
	purpose, err := readPurpose(object)
	return StatusEntry{List: list, Index: int(index), Purpose: purpose}, err
}

func readPurpose(object Document) (StatusPurpose, error) {
	text, _ := object["statusPurpose"].(string)
	purpose := StatusPurpose(text)
	if purpose != Revocation && purpose != Suspension {
		return "", fault.New(fault.Invalid, "status.purpose", "statusPurpose is neither revocation nor suspension")
	}
	return purpose, nil
}

// StatusList is a list that somebody publishes.
type StatusList struct {
	// ID is the URL of the list's credential.
	ID string
	// Issuer is the DID that signs the list, and the credentials it is about.
	Issuer  string
	Purpose StatusPurpose
	// ValidFrom is now, ValidUntil when readers must have a newer list.
	ValidFrom, ValidUntil time.Time
	// TTL is how long readers may keep the list, 0 for unsaid.
	TTL  time.Duration
	Bits *Bitstring
}

// Document writes the list as an unsigned credential for Issue.
func (l StatusList) Document() Document {
	subject := Document{
		"id":            l.ID + "#list",
		"type":          typeStatusList,
		"statusPurpose": string(l.Purpose),
		"encodedList":   l.Bits.Encode(),
	}
	if l.TTL > 0 {
		subject["ttl"] = l.TTL.Milliseconds()
	}
	return Document{
		"@context":          []any{contextV2},
		"id":                l.ID,
		"type":              []any{typeCredential, typeStatusListCredential},
		"issuer":            l.Issuer,
		"validFrom":         writeInstant(l.ValidFrom),
		"validUntil":        writeInstant(l.ValidUntil),
		"credentialSubject": subject,
	}
}

// ReadStatusList reads the list of a verified status list credential
// (Bitstring Status List 1.0, section 2.2). It fails with fault.Invalid.
func ReadStatusList(v *Verified) (StatusList, error) {
	if !v.HasType(typeStatusListCredential) || v.Claims["type"] != any(typeStatusList) {
		return StatusList{}, fault.New(fault.Invalid, "status.type", "the credential is not a status list")
	}
	list := StatusList{ID: v.ID, Issuer: v.Issuer, ValidFrom: v.ValidFrom, ValidUntil: v.ValidUntil}
	var err error
	if list.Purpose, err = readPurpose(v.Claims); err != nil {
		return StatusList{}, err
	}
	if ttl, has := v.Claims["ttl"]; has {
		number, _ := ttl.(json.Number)
		ms, err := number.Int64()
		if err != nil || ms < 0 || ms > int64(365*24*time.Hour/time.Millisecond) {
			return StatusList{}, fault.New(fault.Invalid, "status.ttl", "ttl is not a number of milliseconds below a year")
		}
		list.TTL = time.Duration(ms) * time.Millisecond
	}
	encoded, _ := v.Claims["encodedList"].(string)
	if list.Bits, err = DecodeBitstring(encoded); err != nil {
		return StatusList{}, err
	}
	return list, nil
}

// CheckStatus looks a credential up in one status list credential that Verify
// accepted (with LeaveStatus), at an instant: the list must still be valid then,
// be signed by the credential's own issuer, and be the list of one of the
// credential's entries, for the same purpose. It fails with fault.Denied
// (status.revoked, status.suspended) when the bit is set and with fault.Invalid
// when the list is not the right one. Callers ask once for each list that the
// credential names.
func CheckStatus(list, of *Verified, now time.Time) error {
	read, err := ReadStatusList(list)
	if err != nil {
		return err
	}
	if list.Issuer != of.Issuer {
		return fault.New(fault.Invalid, "status.issuer", "the status list is signed by another than the credential's issuer")
	}
	if err := checkDates(list, now); err != nil {
		return fault.Wrap(err, fault.Invalid, "status.dates", "the status list is not valid at this time")
	}
	named := false
	for _, entry := range of.Status {
		if entry.List != list.ID || entry.Purpose != read.Purpose {
			continue
		}
		named = true
		set, err := read.Bits.Get(entry.Index)
		switch {
		case err != nil:
			return err
		case set && read.Purpose == Suspension:
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
