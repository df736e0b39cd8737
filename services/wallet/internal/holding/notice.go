package holding

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// NoticeKind is what a notice is about, in the sender's words; empty when it did not say.
type NoticeKind string

// What UDI writes of an application, as far as a wallet goes by it.
const (
	NoticeFeeDue  NoticeKind = "fee-due"
	NoticeRefused NoticeKind = "refused"
)

// Valid says whether it is one that can be kept: at most 40 letters a to z and hyphens.
func (k NoticeKind) Valid() bool {
	return len(k) <= 40 && !strings.ContainsFunc(string(k), func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' })
}

// Notice is a text that an organisation wrote to the holder.
type Notice struct {
	ID         string
	Holder     string
	Sender     string // its DID, as the envelope proved it
	Language   string // a tag of BCP 47, empty when the sender did not say
	Kind       NoticeKind
	Content    string
	ReceivedAt time.Time
	ReadAt     time.Time // zero before
	Position   int64     // counts the holder's notices from 1
}

// maxNotice is how long a notice may be, in characters.
const maxNotice = 4000

// Check refuses what is no text for a person: nothing, too much, or characters
// that turn the writing direction or show nothing.
func (n Notice) Check() error {
	switch {
	case strings.TrimSpace(n.Content) == "":
		return fault.New(fault.Invalid, "notice.empty", "the message says nothing")
	case !utf8.ValidString(n.Content) || utf8.RuneCountInString(n.Content) > maxNotice:
		return fault.New(fault.Invalid, "notice.length", "a message has at most 4,000 characters")
	case strings.ContainsFunc(n.Content, hidden):
		return fault.New(fault.Invalid, "notice.characters", "the message holds characters that no person sees")
	}
	return nil
}

func hidden(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co)
}

// Read marks the notice as read; the first time counts.
func (n *Notice) Read(at time.Time) (changed bool) {
	if !n.ReadAt.IsZero() {
		return false
	}
	n.ReadAt = at.UTC()
	return true
}
