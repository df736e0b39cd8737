package didcomm

import (
	"net/url"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// InvitationBody is the body of an out-of-band 2.0 invitation.
type InvitationBody struct {
	GoalCode string   `json:"goal_code,omitempty"` // issue-vc, request-proof, ...
	Goal     string   `json:"goal,omitempty"`      // for people
	Accept   []string `json:"accept,omitempty"`    // didcomm/v2
}

// MaxInvitationURL is longer than any invitation that fits a QR code.
const MaxInvitationURL = 8 << 10

// InvitationURL puts an invitation into the _oob parameter of a page's URL
// (DIDComm v2.1 section "Out Of Band Messages"). The page must be an absolute
// URL without _oob.
func InvitationURL(page string, m *Message) (string, error) {
	if m.Type != TypeInvitation || m.From == "" {
		return "", fault.New(fault.Invalid, "didcomm.invitation", "an invitation has its type and a sender")
	}
	u, err := url.Parse(page)
	if err != nil || u.Host == "" || u.Fragment != "" {
		return "", fault.New(fault.Invalid, "didcomm.invitation-page", "the page is not an absolute URL")
	}
	data, err := m.Render()
	if err != nil {
		return "", err
	}
	q := u.Query()
	if q.Has("_oob") {
		return "", fault.New(fault.Invalid, "didcomm.invitation-page", "the page has an invitation already")
	}
	q.Set("_oob", base64url.Encode(data))
	u.RawQuery = q.Encode()
	if len(u.String()) > MaxInvitationURL {
		return "", fault.New(fault.Invalid, "didcomm.invitation-size", "an invitation of more than %d bytes", MaxInvitationURL)
	}
	return u.String(), nil
}

// ParseInvitationURL takes the invitation out of a URL. Who receives it knows
// neither that From sent it nor that nobody altered it.
func ParseInvitationURL(link string) (*Message, error) {
	if len(link) > MaxInvitationURL {
		return nil, fault.New(fault.Invalid, "didcomm.invitation-size", "an invitation of more than %d bytes", MaxInvitationURL)
	}
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil {
		return nil, fault.New(fault.Invalid, "didcomm.invitation", "not an invitation link")
	}
	values := u.Query()["_oob"]
	if len(values) != 1 {
		return nil, fault.New(fault.Invalid, "didcomm.invitation", "not an invitation link")
	}
	data, err := base64url.Decode(values[0])
	if err != nil {
		return nil, fault.New(fault.Invalid, "didcomm.invitation", "the invitation is not base64url")
	}
	return ParseInvitation(data)
}

// ParseInvitation reads an invitation as a page gives it, with the same
// caution.
func ParseInvitation(data []byte) (*Message, error) {
	m, err := Parse(data)
	if err != nil {
		return nil, err
	}
	if m.Type != TypeInvitation || m.From == "" {
		return nil, fault.New(fault.Invalid, "didcomm.invitation", "an invitation has its type and a sender")
	}
	return m, nil
}
