// Package peers is whom the wallet asks: the page behind an invitation's link,
// and the authority's access log.
package peers

import (
	"context"
	"net/http"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
)

// Invitations opens the links of out-of-band invitations (DIDComm v2.1, Out Of
// Band Messages): the message stands in the link, or the page that the link
// names gives it.
type Invitations struct {
	Get interface {
		Get(ctx context.Context, url string, limit int64) ([]byte, http.Header, error)
	}
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
	var body didcomm.InvitationBody
	if err := message.DecodeBody(&body); err != nil {
		return "", "", "", err
	}
	return message.ID, message.From, body.Goal, nil
}
