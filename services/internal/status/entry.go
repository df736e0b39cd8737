package status

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
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
func ReadEntries(items []strictjson.Value) ([]Entry, error) {
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

func readEntry(item strictjson.Value) (Entry, error) {
	for name := range item.Members() {
		switch name {
		case "id", "type", "statusPurpose", "statusListIndex", "statusListCredential", "statusSize", "statusMessage", "statusReference":
		default:
			return Entry{}, invalid("a status entry has a member that is not known here")
		}
	}
	if !item.Get("type").Is(typeEntry) {
		return Entry{}, invalid("a status entry is not a %s", typeEntry)
	}
	list, _ := item.Get("statusListCredential").Text()
	if !isURL(list) {
		return Entry{}, invalid("statusListCredential is not a URL")
	}
	if item.Get("id").Is(list) {
		return Entry{}, invalid("the id of a status entry is the URL of its list")
	}
	text, _ := item.Get("statusListIndex").Text()
	index, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(index, 10) != text || index >= MaxEntries {
		return Entry{}, fault.New(fault.Invalid, "status.index", "statusListIndex is not the index of an entry")
	}
	purpose, ok := readPurpose(item.Get("statusPurpose"))
	if !ok {
		return Entry{}, unknownPurpose()
	}
	messages, err := readMessages(item)
	return Entry{List: list, Index: int(index), Purpose: purpose, Messages: messages}, err
}

func readPurpose(value strictjson.Value) (Purpose, bool) {
	text, _ := value.Text()
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
func readMessages(item strictjson.Value) (*Messages, error) {
	size := 1
	if value := item.Get("statusSize"); value.Exists() {
		number, _ := value.Number()
		var err error
		if size, err = strconv.Atoi(string(number)); err != nil || size < 1 || size > maxSize {
			return nil, invalid("statusSize is not a number of bits from 1 to %d", maxSize)
		}
	}
	references, err := readReferences(item.Get("statusReference"))
	if err != nil {
		return nil, err
	}
	value := item.Get("statusMessage")
	if !value.Exists() && size == 1 {
		return nil, nil
	}
	if value.Kind() != strictjson.Array || value.Len() != 1<<size {
		return nil, invalid("statusMessage does not have one message for each value of statusSize")
	}
	texts, filled := make([]string, value.Len()), make([]bool, value.Len())
	for item := range value.Items() {
		status, _ := item.Get("status").Text()
		digits, prefixed := strings.CutPrefix(status, "0x")
		of, err := strconv.ParseUint(digits, 16, maxSize)
		text, isText := item.Get("message").Text()
		if !prefixed || err != nil || of >= uint64(len(texts)) || filled[of] || !isText || len(text) > maxText {
			return nil, invalid("statusMessage does not have one short message for each value of statusSize")
		}
		texts[of], filled[of] = text, true
	}
	return &Messages{Texts: texts, References: references}, nil
}

func readReferences(value strictjson.Value) ([]string, error) {
	if value.Kind() == strictjson.Array && value.Len() > maxReferences {
		return nil, invalid("a status entry has at most %d references", maxReferences)
	}
	var references []string
	for item := range value.Items() {
		reference, _ := item.Text()
		if !isURL(reference) {
			return nil, invalid("statusReference is not a URL")
		}
		references = append(references, reference)
	}
	return references, nil
}
