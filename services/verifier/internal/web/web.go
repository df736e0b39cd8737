// Package web serves the page to which the payment provider sends a payer back.
package web

import (
	"net/http"
	"regexp"

	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// FeePaidPath is where a payer comes back to. It needs no token and tells
// nothing: whoever knows a payment's id has it looked at sooner.
const FeePaidPath = "/fee/paid"

// Routes are the public pages.
func Routes(d *desk.Desk) map[string]http.Handler {
	return map[string]http.Handler{"GET " + FeePaidPath: feePaid(d)}
}

var paymentID = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

const thanks = `<!doctype html>
<html lang="nb"><meta charset="utf-8"><title>UDI</title>
<p>Takk. UDI spør nå betalingsleverandøren om gebyret er betalt. Du får beskjed i lommeboken.</p>
<p lang="nn">Takk. UDI spør no betalingsleverandøren om gebyret er betalt. Du får beskjed i lommeboka.</p>
<p lang="en">Thank you. UDI now asks the payment provider whether the fee is paid. You are told in your wallet.</p>
</html>
`

func feePaid(d *desk.Desk) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.URL.Query().Get("paymentid"); paymentID.MatchString(id) {
			if err := d.LookAt(r.Context(), id); err != nil {
				rpc.WriteProblem(w, r, err)
				return
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(thanks))
	})
}
