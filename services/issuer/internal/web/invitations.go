// Package web serves what a worker opens before there is a wallet: the
// invitation as a DIDComm message, and as a QR code.
package web

import (
	"context"
	"io"
	"net"
	"net/http"

	"rsc.io/qr"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Routes are the public pages; they need no token and hold no personal data.
// often limits how often one address may look for an offer by its number.
func Routes(d *desk.Desk, often Limiter) map[string]http.Handler {
	return map[string]http.Handler{
		"GET /invitations/{offer}/qr.png": code(d),
		"POST /invitations":               find(d, often),
	}
}

// Limiter says whether key may do it again now; Throttled when not.
type Limiter interface {
	Allow(ctx context.Context, key string) error
}

// mostFind is the size of the largest body that looks for an offer, in bytes.
const mostFind = 1 << 10

// find answers the invitation of an offer to who knows its number and its code:
// {"offer_number", "collection_code"}. 404 otherwise, whatever is wrong.
func find(d *desk.Desk, often Limiter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		message, err := look(w, r, d, often)
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		send(w, r, message)
	})
}

func look(w http.ResponseWriter, r *http.Request, d *desk.Desk, often Limiter) (*didcomm.Message, error) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if err := often.Allow(r.Context(), host); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostFind))
	if err != nil {
		return nil, rpc.TooLarge(mostFind)
	}
	var body struct {
		Number string `json:"offer_number"`
		Code   string `json:"collection_code"`
	}
	if err := strictjson.Unmarshal(raw, &body, strictjson.Limits{Bytes: mostFind, Depth: 4}); err != nil {
		return nil, err
	}
	return d.Find(r.Context(), body.Number, offer.CollectionCode(body.Code))
}

func send(w http.ResponseWriter, r *http.Request, message *didcomm.Message) {
	raw, err := message.Render()
	if err != nil {
		rpc.WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", didcomm.PlainMediaType)
	_, _ = w.Write(raw)
}

func invitation(d *desk.Desk) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		message, err := d.Invitation(r.Context(), r.PathValue("offer"))
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		send(w, r, message)
	})
}

// code draws the link as a QR code (ISO/IEC 18004), level M.
func code(d *desk.Desk) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		link, err := d.InvitationURL(r.Context(), r.PathValue("offer"))
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		drawn, err := qr.Encode(link, qr.M)
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(drawn.PNG())
	})
}
