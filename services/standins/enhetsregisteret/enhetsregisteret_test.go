package enhetsregisteret_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/standins"
	"github.com/kompetansespor/kompetansespor/services/standins/enhetsregisteret"
)

func ask(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestOrganisationsOfTheStandInAreNobodys(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range enhetsregisteret.Seed() {
		if err := identifier.CheckOrganisationNumber(e.OrganisationNumber, identifier.Synthetic); err != nil || seen[e.OrganisationNumber] {
			t.Errorf("%s: %v", e.OrganisationNumber, err)
		}
		seen[e.OrganisationNumber] = true
	}
}

func TestOrganisationIsMadeBankruptAndTheFeedTells(t *testing.T) {
	h := standins.Server(map[string]standins.Register{"enhetsregisteret": enhetsregisteret.New(enhetsregisteret.Config{})})
	const entity, feed = "/enhetsregisteret/api/enheter/310000051", "/enhetsregisteret/api/oppdateringer/enheter"
	if got := ask(h, "GET", entity, "").Body.String(); !strings.Contains(got, `"konkurs":false`) || !strings.Contains(got, `"antallAnsatte":120`) {
		t.Error(got)
	}
	if got := ask(h, "GET", feed, "").Body.String(); strings.Contains(got, "310000051") {
		t.Error(got)
	}
	if got := ask(h, "PATCH", "/enhetsregisteret/control/enheter/310000051", `{"bankrupt":true}`); got.Code != http.StatusNoContent {
		t.Fatal(got.Code, got.Body)
	}
	if got := ask(h, "GET", entity, "").Body.String(); !strings.Contains(got, `"konkurs":true`) || !strings.Contains(got, `"antallAnsatte":120`) {
		t.Error(got)
	}
	if got := ask(h, "GET", feed, "").Body.String(); !strings.Contains(got, `"organisasjonsnummer":"310000051"`) || !strings.Contains(got, `"endringstype":"Endring"`) {
		t.Error(got)
	}
	for _, wrong := range [][3]string{
		{"PATCH", "310000299", `{"bankrupt":true}`}, {"PUT", "310000299", `{}`}, {"PUT", "310000299", `{`}, {"PUT", "310000299", `{"name":5}`},
	} {
		if got := ask(h, wrong[0], "/enhetsregisteret/control/enheter/"+wrong[1], wrong[2]); got.Code < 400 {
			t.Errorf("%v: %d", wrong, got.Code)
		}
	}
	if got := ask(h, "PUT", "/enhetsregisteret/control/enheter/310000299", `{"name":"New AS"}`); got.Code != http.StatusNoContent {
		t.Error(got.Code)
	}
	if got := ask(h, "GET", "/enhetsregisteret/api/enheter/310000299", ""); got.Code != http.StatusOK {
		t.Error(got.Code)
	}
	if got := ask(h, "PUT", "/control/enhetsregisteret", `{"mode":"down"}`); got.Code != http.StatusNoContent {
		t.Fatal(got.Code)
	}
	if got := ask(h, "GET", entity, ""); got.Code != http.StatusServiceUnavailable {
		t.Error(got.Code)
	}
	if got := ask(h, "PATCH", "/enhetsregisteret/control/enheter/310000051", `{"bankrupt":false}`); got.Code != http.StatusNoContent {
		t.Error("a register that is down takes no orders", got.Code)
	}
}
