package vcapi

import (
	"net/http"

	"github.com/kompetansespor/kompetansespor/services/internal/didresolution"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// ResolutionsPerMinute is how often one token may ask what a DID resolves to.
const ResolutionsPerMinute = 120

// Resolving answers what a DID resolves to. Whoever a token stands for may ask
// as often as the limiter says: each question may make us ask a stranger.
func Resolving(documents didresolution.Documents, often Limiter) Routes {
	resolve := didresolution.Handler(documents)
	return Routes{"GET " + didresolution.Path + "{did...}": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := rpc.PrincipalFrom(r.Context())
		if err := often.Allow(r.Context(), string(who.Role)+" "+who.Subject); err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		resolve.ServeHTTP(w, r)
	})}
}
