package skattekort

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

const number = "41019012345"

func do(t *testing.T, h http.Handler, method, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, bytes.NewReader(raw)))
	return w
}

func order(person string) map[string]any {
	return map[string]any{
		"inntektsaar": "2026", "bestillingstype": "HENT_ALLE_OPPGITTE", "varslingstype": "VARSEL_VED_FOERSTE_ENDRING",
		"kontaktinformasjon": map[string]any{"epostadresse": "hr@example.com", "mobiltelefonummer": ""},
		"forespoerselOmSkattekortTilArbeidsgiver": map[string]any{"arbeidsgiver": []any{map[string]any{
			"arbeidsgiveridentifikator": map[string]any{"organisasjonsnummer": "310000019"}, "arbeidstakeridentifikator": []string{person},
		}}},
	}
}

func TestOrderIsAnsweredAfterAWhileAndAfterARestart(t *testing.T) {
	clock := testkit.ClockAt(time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC))
	dir := t.TempDir()
	s, err := New(Config{Dir: dir, Clock: clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tell(number, Told{Result: "ikkeTrekkplikt"}); err != nil {
		t.Fatal(err)
	}
	w := do(t, s, http.MethodPost, "/api/forskudd/bestillSkattekort/", order(number))
	var placed map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &placed); err != nil || placed["bestillingsreferanse"] == "" || placed["dialogreferanse"] == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	path := "/api/forskudd/skattekortTilArbeidsgiver/svar/" + placed["bestillingsreferanse"]
	if w := do(t, s, http.MethodGet, path, nil); w.Code != http.StatusNoContent {
		t.Errorf("at once: %d", w.Code)
	}
	clock.Pass(time.Second)
	if s, err = New(Config{Dir: dir, Clock: clock, Random: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	if w := do(t, s, http.MethodGet, path, nil); w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte("ikkeTrekkplikt")) {
		t.Errorf("later: %d %s", w.Code, w.Body)
	}
	if w := do(t, s, http.MethodGet, "/api/forskudd/skattekortTilArbeidsgiver/svar/other", nil); w.Code != http.StatusNotFound {
		t.Errorf("another order: %d", w.Code)
	}
}

func TestOrderMustHaveTheRealShape(t *testing.T) {
	s, err := New(Config{Clock: testkit.ClockAt(time.Time{}), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(map[string]any){
		"no year":        func(o map[string]any) { delete(o, "inntektsaar") },
		"another kind":   func(o map[string]any) { o["bestillingstype"] = "ALT" },
		"no contact":     func(o map[string]any) { delete(o, "kontaktinformasjon") },
		"another member": func(o map[string]any) { o["mer"] = 1 },
		"nobody":         func(o map[string]any) { o["forespoerselOmSkattekortTilArbeidsgiver"] = map[string]any{} },
		"phone with two n": func(o map[string]any) {
			o["kontaktinformasjon"] = map[string]any{"epostadresse": "a@b", "mobiltelefonnummer": ""}
		},
	} {
		o := order(number)
		spoil(o)
		if w := do(t, s, http.MethodPost, "/api/forskudd/bestillSkattekort/", o); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

func TestNobodyOrdersWithoutAToken(t *testing.T) {
	s, err := New(Config{Clock: testkit.ClockAt(time.Time{}), Random: rand.Reader, Authorize: func(*http.Request, string) (string, error) { return "", errors.New("no token") }})
	if err != nil {
		t.Fatal(err)
	}
	if w := do(t, s, http.MethodPost, "/api/forskudd/bestillSkattekort/", order(number)); w.Code != http.StatusUnauthorized {
		t.Errorf("order: %d", w.Code)
	}
	if w := do(t, s, http.MethodGet, "/api/forskudd/skattekortTilArbeidsgiver/svar/x", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("answer: %d", w.Code)
	}
}
