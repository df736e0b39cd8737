// Package didcomm knows DIDComm v2.1 plaintext messages, their types and
// out-of-band invitations. It reads what strangers wrote and writes what they
// can read.
//
// It never encrypts, sends or stores anything, and it does not say whether a
// message may be believed: package envelope does.
package didcomm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Media types (DIDComm v2.1 section "IANA Media Types").
const (
	PlainMediaType     = "application/didcomm-plain+json"
	EncryptedMediaType = "application/didcomm-encrypted+json"
)

// Limits of a message.
const (
	MaxMessage     = 1 << 20 // bytes
	maxID          = 128
	maxType        = 256
	maxRecipients  = 32
	maxAttachments = 16
	maxHeader      = 512
)

// Message is a plaintext message (DIDComm v2.1 section "Plaintext Message
// Structure"). ID and Type are always there; the rest may be zero.
type Message struct {
	ID          string
	Type        string            // a URI such as TypeOfferCredential
	From        string            // a DID
	To          []string          // DIDs
	Thid, Pthid string            // see Thread
	CreatedTime int64             // seconds since 1970, 0 for none
	ExpiresTime int64             // likewise
	Body        json.RawMessage   // an object, or nil
	Attachments []Attachment      // at most 16
	Headers     map[string]string // of HeaderNames only
}

// HeaderNames are the extra headers that a message keeps. All others are
// skipped, as the specification asks.
var HeaderNames = []string{"traceparent", "lang"}

// Thread is the id of the thread that the message belongs to: thid, or the id
// of the message that begins one.
func (m *Message) Thread() string {
	if m.Thid != "" {
		return m.Thid
	}
	return m.ID
}

// Expired reports whether the sender considers the message void at the time,
// in seconds since 1970.
func (m *Message) Expired(now int64) bool { return m.ExpiresTime != 0 && m.ExpiresTime <= now }

// DecodeBody reads the body into v, which must have a field for every member;
// a missing body reads as an empty one.
func (m *Message) DecodeBody(v any) error {
	body := m.Body
	if body == nil {
		body = json.RawMessage("{}")
	}
	return strictjson.UnmarshalOpen(body, v, limits)
}

// Attachment is a part of a message (DIDComm v2.1 section "Attachments").
// Exactly one of JSON and Base64 holds the content.
type Attachment struct {
	ID          string
	Description string
	MediaType   string
	Format      string
	JSON        json.RawMessage
	Base64      string          // base64url without padding
	JWS         json.RawMessage // detached, not checked here
}

// NewAttachment wraps data in base64, so that its bytes arrive as they are.
func NewAttachment(id, mediaType, format string, data []byte) Attachment {
	return Attachment{ID: id, MediaType: mediaType, Format: format, Base64: base64url.Encode(data)}
}

// Bytes is the attachment's content: the decoded base64, or the JSON text as
// it stood in the message.
func (a *Attachment) Bytes() ([]byte, error) {
	if a.JSON != nil {
		return a.JSON, nil
	}
	data, err := base64url.Decode(a.Base64)
	if err != nil {
		return nil, fault.New(fault.Invalid, "didcomm.attachment", "an attachment that is not base64url")
	}
	return data, nil
}

// AttachmentOf finds the first attachment of the format.
func (m *Message) AttachmentOf(format string) (*Attachment, bool) {
	for i := range m.Attachments {
		if m.Attachments[i].Format == format {
			return &m.Attachments[i], true
		}
	}
	return nil, false
}

var limits = strictjson.Limits{Bytes: MaxMessage, Depth: 64}

// wire is a message as it travels.
type wire struct {
	ID          string           `json:"id"`
	Typ         string           `json:"typ,omitempty"`
	Type        string           `json:"type"`
	From        string           `json:"from,omitempty"`
	To          []string         `json:"to,omitempty"`
	Thid        string           `json:"thid,omitempty"`
	Pthid       string           `json:"pthid,omitempty"`
	CreatedTime int64            `json:"created_time,omitempty"`
	ExpiresTime int64            `json:"expires_time,omitempty"`
	Body        json.RawMessage  `json:"body,omitempty"`
	Attachments []wireAttachment `json:"attachments,omitempty"`
	Traceparent json.RawMessage  `json:"traceparent,omitempty"`
	Lang        json.RawMessage  `json:"lang,omitempty"`
	FromPrior   json.RawMessage  `json:"from_prior,omitempty"`
}

type wireAttachment struct {
	ID          string   `json:"id,omitempty"`
	Description string   `json:"description,omitempty"`
	MediaType   string   `json:"media_type,omitempty"`
	Format      string   `json:"format,omitempty"`
	Data        wireData `json:"data"`
}

type wireData struct {
	JSON   json.RawMessage `json:"json,omitempty"`
	Base64 *string         `json:"base64,omitempty"`
	JWS    json.RawMessage `json:"jws,omitempty"`
	Links  json.RawMessage `json:"links,omitempty"`
}

// Parse reads a plaintext message of at most MaxMessage bytes. Members in
// another case, doubled members, a body that is no object, attachments by
// link and a changed DID (from_prior) are refused with a fault of kind
// Invalid. It does not check who sent the message.
func Parse(data []byte) (*Message, error) {
	var in wire
	if err := strictjson.UnmarshalOpen(data, &in, limits); err != nil {
		return nil, err
	}
	m := &Message{
		ID: in.ID, Type: in.Type, From: in.From, To: in.To, Thid: in.Thid, Pthid: in.Pthid,
		CreatedTime: in.CreatedTime, ExpiresTime: in.ExpiresTime, Body: in.Body,
	}
	switch {
	case in.Typ != "" && in.Typ != PlainMediaType:
		return nil, bad("typ", "is not %s", PlainMediaType)
	case in.FromPrior != nil:
		return nil, bad("from_prior", "is not supported: a connection keeps its DID")
	}
	// A header of ours is never a reason to drop a message.
	if value, ok := header(in.Traceparent); ok && len(value) <= maxHeader {
		m.Headers = map[string]string{"traceparent": value}
	}
	if value, ok := header(in.Lang); ok && IsLanguage(value) {
		if m.Headers == nil {
			m.Headers = map[string]string{}
		}
		m.Headers["lang"] = value
	}
	if len(in.Attachments) > maxAttachments {
		return nil, bad("attachments", "are more than %d", maxAttachments)
	}
	for _, a := range in.Attachments {
		out, err := a.attachment()
		if err != nil {
			return nil, err
		}
		m.Attachments = append(m.Attachments, out)
	}
	return m, m.check()
}

// language is the form of a tag of BCP 47.
var language = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$`)

// IsLanguage reports whether a text has the form of a language tag (BCP 47).
func IsLanguage(tag string) bool { return language.MatchString(tag) }

// header is the text of an extra header, false when it is none.
func header(raw json.RawMessage) (value string, ok bool) {
	ok = raw != nil && json.Unmarshal(raw, &value) == nil && value != ""
	return value, ok
}

func (a *wireAttachment) attachment() (Attachment, error) {
	out := Attachment{
		ID: a.ID, Description: a.Description, MediaType: a.MediaType, Format: a.Format, JSON: a.Data.JSON, JWS: a.Data.JWS,
	}
	if a.Data.Links != nil {
		return out, bad("attachments", "by link are not fetched")
	}
	if a.Data.Base64 != nil {
		out.Base64 = *a.Data.Base64
		if _, err := base64url.Decode(out.Base64); err != nil {
			return out, bad("attachments", "are not base64url")
		}
	}
	if (a.Data.Base64 != nil) == (a.Data.JSON != nil) {
		return out, bad("attachments", "hold either json or base64")
	}
	return out, nil
}

func (m *Message) check() error {
	switch {
	case !token(m.ID, maxID):
		return bad("id", "is missing, too long or holds odd characters")
	case !token(m.Type, maxType) || !strings.Contains(m.Type, ":"):
		return bad("type", "is not a message type URI")
	case m.Thid != "" && !token(m.Thid, maxID):
		return bad("thid", "is too long or holds odd characters")
	case m.Pthid != "" && !token(m.Pthid, maxID):
		return bad("pthid", "is too long or holds odd characters")
	case m.CreatedTime < 0 || m.ExpiresTime < 0:
		return bad("created_time", "lies before 1970")
	case len(m.To) > maxRecipients:
		return bad("to", "names more than %d recipients", maxRecipients)
	case m.From != "" && did.Check(m.From) != nil:
		return bad("from", "is not a DID")
	case slices.ContainsFunc(m.To, func(to string) bool { return did.Check(to) != nil }):
		return bad("to", "holds what is not a DID")
	case m.Body != nil && !bytes.HasPrefix(m.Body, []byte("{")):
		return bad("body", "is not an object")
	}
	return nil
}

// token accepts printable ASCII without spaces and quotes: what may stand in
// a log line and a header.
func token(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}

func bad(field, format string, args ...any) error {
	f := fault.New(fault.Invalid, "didcomm.message", "not a DIDComm message that we read")
	f.Violations = []fault.Violation{{Field: field, Rule: "didcomm." + field, Message: fmt.Sprintf(format, args...)}}
	return f
}

// Render writes the message, after the checks that Parse makes.
func (m *Message) Render() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	out := wire{
		ID: m.ID, Typ: PlainMediaType, Type: m.Type, From: m.From, To: m.To, Thid: m.Thid, Pthid: m.Pthid,
		CreatedTime: m.CreatedTime, ExpiresTime: m.ExpiresTime, Body: m.Body,
	}
	if out.Body == nil {
		out.Body = json.RawMessage("{}") // DIDComm v2.0 asks for one
	}
	for name, into := range map[string]*json.RawMessage{"traceparent": &out.Traceparent, "lang": &out.Lang} {
		if value := m.Headers[name]; value != "" {
			header, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("write message: %w", err)
			}
			*into = header
		}
	}
	for _, a := range m.Attachments {
		w := wireAttachment{ID: a.ID, Description: a.Description, MediaType: a.MediaType, Format: a.Format}
		w.Data = wireData{JSON: a.JSON, JWS: a.JWS}
		if a.JSON == nil {
			w.Data.Base64 = &a.Base64
		}
		out.Attachments = append(out.Attachments, w)
	}
	data, err := marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	if len(data) > MaxMessage {
		return nil, fault.New(fault.Invalid, "didcomm.size", "a message of more than %d bytes", MaxMessage)
	}
	return data, nil
}

// marshal is json.Marshal without HTML escapes.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
