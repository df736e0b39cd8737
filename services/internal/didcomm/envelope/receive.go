package envelope

import (
	"context"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
)

// maxForwards is how many forwards to ourselves may lie around a message.
const maxForwards = 2

// Received is a message and the envelope it came in. The message's From is
// the envelope's Sender, always.
type Received struct {
	Message *didcomm.Message
	Opened
}

// Receive opens an envelope and reads the message in it. It drops, with a
// fault of kind Invalid: a message from another than who sealed it
// ("envelope.from"), one that names recipients but not us ("envelope.to"), one
// that expired before now, in seconds since 1970 ("envelope.expired"), and a
// message that is not encrypted at all ("envelope.json"). A forward to
// ourselves is opened, nested at most twice ("envelope.forward").
//
// Whether the message was there before is the caller's to find out.
func Receive(ctx context.Context, keys Keys, resolver did.Resolver, data []byte, now int64) (Received, error) {
	for range maxForwards + 1 {
		opened, err := Open(ctx, keys, resolver, data)
		if err != nil {
			return Received{}, err
		}
		m, err := didcomm.Parse(opened.Plaintext)
		if err != nil {
			return Received{}, err
		}
		if m.Expired(now) {
			return Received{}, bad("expired", "the message has expired")
		}
		if m.Type == didcomm.TypeForward {
			if data, err = forwarded(m); err != nil {
				return Received{}, err
			}
			continue
		}
		if m.From != opened.Sender {
			return Received{}, bad("from", "the message is not from who sealed it")
		}
		if len(m.To) > 0 && !slices.Contains(m.To, opened.RecipientDID) {
			return Received{}, bad("to", "the message is for somebody else")
		}
		return Received{Message: m, Opened: opened}, nil
	}
	return Received{}, bad("forward", "forwards nested too deep")
}

// forwarded is the envelope in a forward. Whom it is for shows when it opens
// or not: we relay nothing.
func forwarded(m *didcomm.Message) ([]byte, error) {
	if len(m.Attachments) != 1 {
		return nil, bad("forward", "a forward holds one envelope")
	}
	return m.Attachments[0].Bytes()
}
