// Package peers is whom the wallet asks: the page behind an invitation's link,
// and the authority's access log.
package peers

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Invitations opens the links of out-of-band invitations (DIDComm v2.1, Out Of
// Band Messages): the message stands in the link, or the page that the link
// names gives it.
type Invitations struct {
	Get interface {
		Get(ctx context.Context, url string, limit int64) ([]byte, http.Header, error)
		Post(ctx context.Context, url, contentType string, body []byte) ([]byte, http.Header, error)
	}
	// Issuer is the public URL of the service that knows offers by number; empty
	// when there is none.
	Issuer string
}

// ByNumber asks the issuer for the invitation of an offer. Number and code
// travel in the body, over TLS: a URL may end in a log.
func (i Invitations) ByNumber(ctx context.Context, number, code string) (id, from, goal string, err error) {
	if i.Issuer == "" {
		return "", "", "", fault.New(fault.Conflict, "invitation.no-issuer", "this wallet knows no issuer to ask for an offer by its number: open the link")
	}
	body, err := json.Marshal(map[string]string{"offer_number": number, "collection_code": code})
	if err != nil {
		return "", "", "", err
	}
	raw, _, err := i.Get.Post(ctx, i.Issuer+"/invitations", "application/json", body)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return "", "", "", fault.New(fault.NotFound, "invitation.number-or-code", "there is no offer with this number and this code: look at both again, or ask the employer")
	case err != nil:
		return "", "", "", err
	}
	message, err := didcomm.ParseInvitation(raw)
	if err != nil {
		return "", "", "", err
	}
	return read(message)
}

// Invitation gives the invitation's id, its sender's DID and its goal.
func (i Invitations) Invitation(ctx context.Context, link string) (id, from, goal string, err error) {
	message, err := didcomm.ParseInvitationURL(link)
	if err != nil {
		raw, _, fetchErr := i.Get.Get(ctx, link, didcomm.MaxInvitationURL)
		if fetchErr != nil {
			return "", "", "", fetchErr
		}
		if message, err = didcomm.ParseInvitation(raw); err != nil {
			return "", "", "", err
		}
	}
	return read(message)
}

func read(message *didcomm.Message) (id, from, goal string, err error) {
	var body didcomm.InvitationBody
	if err := message.DecodeBody(&body); err != nil {
		return "", "", "", err
	}
	return message.ID, message.From, body.Goal, nil
}
