// Package web serves what a worker opens before there is a wallet: the
// invitation as a DIDComm message, and as a QR code.
package web

import (
	"net/http"

	"rsc.io/qr"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

// Routes are the public pages; they need no token and hold no personal data.
func Routes(d *desk.Desk) map[string]http.Handler {
	return map[string]http.Handler{
		"GET /invitations/{offer}":        invitation(d),
		"GET /invitations/{offer}/qr.png": code(d),
	}
}

func invitation(d *desk.Desk) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		message, err := d.Invitation(r.Context(), r.PathValue("offer"))
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		raw, err := message.Render()
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", didcomm.PlainMediaType)
		_, _ = w.Write(raw)
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
