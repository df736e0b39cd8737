package casefile

import (
	"bytes"
	_ "embed" // texts are a data file
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// NoticeKind is what UDI tells a worker about.
type NoticeKind string

// What a worker is told of.
const (
	NoticeFeeDue        NoticeKind = "fee-due"
	NoticeFeePaid       NoticeKind = "fee-paid"
	NoticeNewOffer      NoticeKind = "new-offer-needed"
	NoticeGranted       NoticeKind = "granted"
	NoticeRefused       NoticeKind = "refused"
	NoticeHalted        NoticeKind = "halted"
	NoticeResumed       NoticeKind = "resumed"
	NoticeRevoked       NoticeKind = "revoked"
	NoticeMissed        NoticeKind = "appointment-missed"
	NoticeCorrected     NoticeKind = "corrected"
	NoticeAppealLodged  NoticeKind = "appeal-received"
	NoticeAppealLate    NoticeKind = "appeal-rejected-late"
	NoticeAppealForward NoticeKind = "appeal-forwarded"
	NoticeAppealUpheld  NoticeKind = "appeal-upheld"
)

var noticeKinds = []NoticeKind{
	NoticeFeeDue, NoticeFeePaid, NoticeNewOffer, NoticeGranted, NoticeRefused, NoticeHalted, NoticeResumed, NoticeRevoked,
	NoticeMissed, NoticeCorrected, NoticeAppealLodged, NoticeAppealLate, NoticeAppealForward, NoticeAppealUpheld,
}

// Languages are those in which a worker is told; the first is the default.
var Languages = []string{"en", "nb", "nn"}

//go:embed notices.yaml
var noticesYAML []byte

// Notices are the texts. They never change.
type Notices struct {
	texts map[NoticeKind]map[string]string
}

// LoadNotices reads the texts that are built in.
func LoadNotices() (*Notices, error) {
	n := &Notices{}
	if err := yaml.NewDecoder(bytes.NewReader(noticesYAML)).Decode(&n.texts); err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	for _, kind := range noticeKinds {
		for _, language := range Languages {
			if n.texts[kind][language] == "" {
				return nil, fmt.Errorf("read notices: %s has no text in %s", kind, language)
			}
		}
	}
	return n, nil
}

// Text is a notice in a language, the default one for a language that is none.
// values are put in for {name}.
func (n *Notices) Text(kind NoticeKind, language string, values map[string]string) (text, in string) {
	in = language
	if n.texts[kind][in] == "" {
		in = Languages[0]
	}
	pairs := make([]string, 0, 2*len(values))
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(n.texts[kind][in]), in
}
