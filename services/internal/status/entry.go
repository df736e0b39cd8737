package status

import (
	"encoding/json"
	"math/bits"
	"strconv"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

const (
	typeEntry     = "BitstringStatusListEntry"
	maxEntries    = 4 // of one credential
	maxSize       = 8 // bits of one entry
	maxText       = 256
	maxReferences = 8
)

// Messages are what the values of an entry mean, and where to read about them
// (Bitstring Status List 1.0, section 2.1, statusMessage and statusReference).
// An issuer commits to them in the credential.
type Messages struct {
	// Texts has the message of value i at i: 2, 4, 8, ... or 256 of them, for
	// entries of 1, 2, 3, ... or 8 bits.
	Texts []string
	// References are URLs.
	References []string `json:",omitempty"`
}

// Size is how many bits the entry has.
func (e Entry) Size() int {
	if e.Messages == nil {
		return 1
	}
	return bits.Len(uint(len(e.Messages.Texts))) - 1
}

// finding is what the entry's value means.
func (e Entry) finding(value int) Finding {
	f := Finding{Entry: e, Value: value}
	if e.Messages != nil {
		f.Message = e.Messages.Texts[value]
	}
	return f
}

// Document writes the entry as an item of credentialStatus; that of a Token
// Status List as the status claim of a JWT.
func (e Entry) Document() vcdm.Document {
	if e.Mechanism == TokenList {
		return vcdm.Document{"status_list": vcdm.Document{"uri": e.List, "idx": e.Index}}
	}
	index := strconv.Itoa(e.Index)
	doc := vcdm.Document{
		"id":                   e.List + "#" + index,
		"type":                 typeEntry,
		"statusPurpose":        string(e.Purpose),
		"statusListIndex":      index,
		"statusListCredential": e.List,
	}
	if e.Messages == nil {
		return doc
	}
	texts := make([]any, len(e.Messages.Texts))
	for value, text := range e.Messages.Texts {
		texts[value] = vcdm.Document{"status": "0x" + strconv.FormatInt(int64(value), 16), "message": text}
	}
	doc["statusSize"], doc["statusMessage"] = e.Size(), texts
	references := make([]any, len(e.Messages.References))
	for i, reference := range e.Messages.References {
		references[i] = reference
	}
	vcdm.SetItems(doc, "statusReference", references)
	return doc
}

// ReadEntries reads the items of credentialStatus. Statuses of other kinds and
// purposes are refused, since nobody here could check them.
func ReadEntries(items []vcdm.Document) ([]Entry, error) {
	if len(items) > maxEntries {
		return nil, invalid("a credential has at most %d status entries", maxEntries)
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
		case "id", "type", "statusPurpose", "statusListIndex", "statusListCredential", "statusSize", "statusMessage", "statusReference":
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
	if item["id"] == any(list) {
		return Entry{}, invalid("the id of a status entry is the URL of its list")
	}
	text, _ := item["statusListIndex"].(string)
	index, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(index, 10) != text || index >= MaxEntries {
		return Entry{}, fault.New(fault.Invalid, "status.index", "statusListIndex is not the index of an entry")
	}
	purpose, ok := readPurpose(item["statusPurpose"])
	if !ok {
		return Entry{}, unknownPurpose()
	}
	messages, err := readMessages(item)
	return Entry{List: list, Index: int(index), Purpose: purpose, Messages: messages}, err
}

func readPurpose(value any) (Purpose, bool) {
	text, _ := value.(string)
	switch purpose := Purpose(text); purpose {
	case Revocation, Suspension, Message:
		return purpose, true
	}
	return "", false
}

func unknownPurpose() error {
	return fault.New(fault.Invalid, "status.purpose", "statusPurpose is none of revocation, suspension and message")
}

// readMessages reads what the values mean, nil when the entry does not say. A
// message for each value must be there, once, when there is more than one bit.
func readMessages(item vcdm.Document) (*Messages, error) {
	size := 1
	if value, has := item["statusSize"]; has {
		number, _ := value.(json.Number)
		var err error
		if size, err = strconv.Atoi(string(number)); err != nil || size < 1 || size > maxSize {
			return nil, invalid("statusSize is not a number of bits from 1 to %d", maxSize)
		}
	}
	references, err := readReferences(item["statusReference"])
	if err != nil {
		return nil, err
	}
	value, has := item["statusMessage"]
	if !has && size == 1 {
		return nil, nil
	}
	items, _ := value.([]any)
	if len(items) != 1<<size {
		return nil, invalid("statusMessage does not have one message for each value of statusSize")
	}
	texts, filled := make([]string, len(items)), make([]bool, len(items))
	for _, item := range items {
		object, _ := item.(vcdm.Document)
		status, _ := object["status"].(string)
		digits, prefixed := strings.CutPrefix(status, "0x")
		of, err := strconv.ParseUint(digits, 16, maxSize)
		text, isText := object["message"].(string)
		if !prefixed || err != nil || of >= uint64(len(items)) || filled[of] || !isText || len(text) > maxText {
			return nil, invalid("statusMessage does not have one short message for each value of statusSize")
		}
		texts[of], filled[of] = text, true
	}
	return &Messages{Texts: texts, References: references}, nil
}

func readReferences(value any) ([]string, error) {
	var items []any
	switch value := value.(type) {
	case nil:
		return nil, nil
	case []any:
		items = value
	default:
		items = []any{value}
	}
	if len(items) > maxReferences {
		return nil, invalid("a status entry has at most %d references", maxReferences)
	}
	var references []string
	for _, item := range items {
		reference, _ := item.(string)
		if !isURL(reference) {
			return nil, invalid("statusReference is not a URL")
		}
		references = append(references, reference)
	}
	return references, nil
}
