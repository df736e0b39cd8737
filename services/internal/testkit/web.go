package testkit

import (
	"context"
	"net/http"
	"net/http/httptest"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Web answers what is fetched by the handler of a test, without a network. A
// test with several hosts makes it an http.ServeMux whose patterns name them.
type Web struct{ http.Handler }

// Get is fetch.Client.Get: what is not answered 200 is NotFound.
func (w Web) Get(ctx context.Context, url string, _ int64) ([]byte, http.Header, error) {
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, url, nil))
	if answer.Code != http.StatusOK {
		return nil, nil, fault.New(fault.NotFound, "fetch.not-found", "status %d", answer.Code)
	}
	return answer.Body.Bytes(), answer.Header(), nil
}
