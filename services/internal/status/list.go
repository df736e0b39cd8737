package status

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

const (
	typeList           = "BitstringStatusList"
	typeListCredential = "BitstringStatusListCredential"
	maxPurposes        = 8
)

// List is a Bitstring Status List that somebody publishes.
type List struct {
	// ID is the URL of the list's credential.
	ID string
	// Issuer is the DID that signs the list, and the credentials it is about.
	Issuer string
	// Purposes are what a set entry means: one, in lists of ours.
	Purposes []Purpose
	// ValidFrom is now, ValidUntil when readers must have a newer list.
	ValidFrom, ValidUntil time.Time
	// TTL is how long readers may keep the list, 0 for unsaid.
	TTL  time.Duration
	Bits *Bitstring
}

// Document writes the list as a credential that is to be signed. It does not
// repeat statusSize and the messages of its entries, as section 2.2 has it for
// lists of messages: the context of that version has no such terms for a list,
// so that nobody could sign them.
func (l List) Document() vcdm.Document {
	purposes := make([]any, len(l.Purposes))
	for i, purpose := range l.Purposes {
		purposes[i] = string(purpose)
	}
	subject := vcdm.Document{
		"id":            l.ID + "#list",
		"type":          typeList,
		"statusPurpose": purposes,
		"encodedList":   l.Bits.Encode(),
	}
	if len(purposes) == 1 {
		subject["statusPurpose"] = purposes[0]
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
	if !slices.Contains(c.Types, typeListCredential) || len(c.Subjects) != 1 || !c.Subjects[0].Said().Get("type").Is(typeList) {
		return List{}, fault.New(fault.Invalid, "status.type", "the credential is not a status list")
	}
	said := c.Subjects[0].Said()
	list := List{ID: c.ID, Issuer: c.Issuer, ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil}
	var err error
	if list.Purposes, err = readPurposes(said.Get("statusPurpose")); err != nil {
		return List{}, err
	}
	if ttl := said.Get("ttl"); ttl.Exists() {
		number, _ := ttl.Number()
		ms, err := number.Int64()
		if err != nil || ms < 0 || ms > maxYear.Milliseconds() {
			return List{}, fault.New(fault.Invalid, "status.ttl", "ttl is not a number of milliseconds of at most a year")
		}
		list.TTL = time.Duration(ms) * time.Millisecond
	}
	encoded, _ := said.Get("encodedList").Text()
	if list.Bits, err = DecodeBitstring(encoded); err != nil {
		return List{}, err
	}
	return list, nil
}

// readPurposes reads one purpose or several. Those that are not known here
// count for nothing, but one must be.
func readPurposes(value strictjson.Value) ([]Purpose, error) {
	if value.Len() > maxPurposes {
		return nil, unknownPurpose()
	}
	var purposes []Purpose
	for item := range value.Items() {
		if purpose, ok := readPurpose(item); ok {
			purposes = append(purposes, purpose)
		}
	}
	if len(purposes) == 0 {
		return nil, unknownPurpose()
	}
	return purposes, nil
}

// Find looks the entries that name the list up in it, at an instant, for a
// credential of the issuer. The list must be valid then, be signed by the
// credential's own issuer, and be the list of one entry at least, for each
// entry's purpose. It fails with fault.Invalid when it is not.
func (l List) Find(issuer string, entries []Entry, now time.Time) ([]Finding, error) {
	if err := checkPublisher(l.Issuer, issuer); err != nil {
		return nil, err
	}
	if err := checkDates(l.ValidFrom, l.ValidUntil, now); err != nil {
		return nil, err
	}
	var findings []Finding
	for _, entry := range entries {
		if entry.Mechanism != BitstringList || entry.List != l.ID {
			continue
		}
		if !slices.Contains(l.Purposes, entry.Purpose) {
			return nil, wrongList()
		}
		value, err := l.Bits.Value(entry.Index, entry.Size())
		if err != nil {
			return nil, err
		}
		findings = append(findings, entry.finding(value))
	}
	if len(findings) == 0 {
		return nil, wrongList()
	}
	return findings, nil
}

// Until is when the list must be asked for anew: at the end of its validity or
// of its time to live from now, zero when it does not say.
func (l List) Until(now time.Time) time.Time { return until(l.ValidUntil, l.TTL, now) }

func until(end time.Time, ttl time.Duration, now time.Time) time.Time {
	if ttl > 0 && (end.IsZero() || now.Add(ttl).Before(end)) {
		return now.Add(ttl)
	}
	return end
}
