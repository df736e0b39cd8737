package skattekort_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/peers/skattekort"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
	standin "github.com/kompetansespor/kompetansespor/services/standins/skattekort"
)

// tokens are good until one is forgotten.
type tokens struct {
	mu  sync.Mutex // guards now
	now string
}

func (k *tokens) Token(_ context.Context, scope string) (string, error) {
	if scope != skattekort.Scope {
		return "", errors.New("another scope")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now, nil
}

func (k *tokens) Forget(_, token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now == token {
		k.now = "good"
	}
}

const (
	uio  = "310000019"
	lisa = "41019012345"
)

func wish(person string) taxcard.Wish {
	return taxcard.Wish{Year: 2026, Organisation: uio, Person: person, Contact: "hr@example.com"}
}

type world struct {
	*skattekort.Client
	standin *standin.Server
	clock   *testkit.Clock
	tokens  *tokens
}

func open(t *testing.T) world {
	t.Helper()
	w := world{clock: testkit.ClockAt(time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)), tokens: &tokens{now: "good"}}
	s, err := standin.New(standin.Config{Clock: w.clock, Random: rand.Reader, Authorize: func(r *http.Request, scope string) (string, error) {
		if r.Header.Get("Authorization") != "Bearer good" || scope != skattekort.Scope {
			return "", errors.New("no such token")
		}
		return uio, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(http.StripPrefix("/skattekort", s))
	t.Cleanup(served.Close)
	w.standin = s
	w.Client = &skattekort.Client{URL: served.URL + "/skattekort", Tokens: w.tokens, HTTP: served.Client()}
	return w
}

func (w world) answer(t *testing.T, person string) taxcard.Answer {
	t.Helper()
	reference, err := w.Order(t.Context(), wish(person))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Answer(t.Context(), reference); fault.RuleOf(err) != "taxcard.not-ready" || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("at once: %v", err)
	}
	w.clock.Pass(time.Second)
	answer, err := w.Answer(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Organisation != uio || len(answer.Persons) != 1 || answer.Persons[0].Year != 2026 {
		t.Fatalf("%+v", answer)
	}
	return answer
}

func TestEveryKindOfCardIsRead(t *testing.T) {
	w := open(t)
	err := w.standin.Tell(lisa, standin.Told{
		Result: "skattekortopplysningerOK", Additional: []string{"kildeskattPaaLoenn", "oppholdITiltakssone"},
		Deductions: []map[string]any{
			{"trekkode": "loennFraHovedarbeidsgiver", "trekktabell": map[string]any{"tabellnummer": "8120", "prosentsats": 31.5, "antallMaanederForTrekk": 10.5}},
			{"trekkode": "loennFraBiarbeidsgiver", "trekkprosent": map[string]any{"prosentsats": 25}},
			{"trekkode": "pensjon", "frikort": map[string]any{"frikortbeloep": 100000}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := w.answer(t, lisa).Persons[0]
	if p.Number != lisa || p.Result != taxcard.ResultOK || p.Card == nil || p.Card.ID == "" || p.Card.IssuedOn != "2026-12-07" || len(p.Card.Additional) != 2 {
		t.Fatalf("%+v %+v", p, p.Card)
	}
	want := []taxcard.Deduction{
		{Code: "loennFraHovedarbeidsgiver", Table: "8120", Percentage: "31.5", Months: "10.5"},
		{Code: "loennFraBiarbeidsgiver", Percentage: "25"},
		{Code: "pensjon", Free: 100000},
	}
	for i, d := range want {
		if p.Card.Deductions[i] != d {
			t.Errorf("deduction %d is %+v, want %+v", i, p.Card.Deductions[i], d)
		}
	}
}

func TestEveryResultComesThrough(t *testing.T) {
	w := open(t)
	for _, result := range []taxcard.Result{
		taxcard.ResultNoCard, taxcard.ResultNotLiable, taxcard.ResultCheckPermit, taxcard.ResultOrganisation, taxcard.ResultPerson, taxcard.ResultReplaced,
	} {
		if err := w.standin.Tell(lisa, standin.Told{Result: string(result)}); err != nil {
			t.Fatal(err)
		}
		if p := w.answer(t, lisa).Persons[0]; p.Result != result || p.Card != nil {
			t.Errorf("%s came as %+v", result, p)
		}
	}
	if p := w.answer(t, "12345678901").Persons[0]; p.Result != taxcard.ResultPerson {
		t.Errorf("a number that nobody has: %+v", p)
	}
}

func TestTokenThatIsRefusedIsForgotten(t *testing.T) {
	w := open(t)
	w.tokens.now = "stale"
	_, err := w.Order(t.Context(), wish(lisa))
	if fault.RuleOf(err) != "taxcard.token" || fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
	if _, err := w.Order(t.Context(), wish(lisa)); err != nil {
		t.Error(err)
	}
}

func TestBadDaysOfTheRegister(t *testing.T) {
	w := open(t)
	reference, err := w.Order(t.Context(), wish(lisa))
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Pass(time.Second)
	mode := func(to string) {
		t.Helper()
		if err := w.standin.SetMode(to); err != nil {
			t.Fatal(err)
		}
	}
	mode("down")
	if _, err := w.Order(t.Context(), wish(lisa)); fault.RuleOf(err) != "taxcard.unreachable" || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("down: %v", err)
	}
	if _, err := w.Answer(t.Context(), reference); fault.RuleOf(err) != "taxcard.unreachable" {
		t.Errorf("down: %v", err)
	}
	mode("wrong")
	answer, err := w.Answer(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	order := taxcard.Order{State: taxcard.Ordered, Person: lisa, Year: 2026}
	if err := order.Answered(answer, uio, w.clock.Now()); fault.RuleOf(err) != "taxcard.another-answer" || order.State != taxcard.Ordered {
		t.Errorf("an answer about somebody else: %v", err)
	}
	mode("slow")
	w.standin.Slowness = time.Minute
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.Answer(short, reference); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("slow: %v", err)
	}
	mode("ok")
	if _, err := w.Answer(t.Context(), reference); err != nil {
		t.Errorf("better: %v", err)
	}
}

func TestAnswerThatCannotBeReadIsNoCardAndNamesNobody(t *testing.T) {
	ok := `{"status":"FORESPOERSEL_OK","arbeidsgiver":[{"arbeidsgiveridentifikator":{"organisasjonsnummer":"310000019"},"arbeidstaker":[{"arbeidstakeridentifikator":"` + lisa +
		`","resultatForSkattekort":"skattekortopplysningerOK","inntektsaar":2026,"skattekort":{"utstedtDato":"2026-12-07","skattekortidentifikator":5,"forskuddstrekk":[{"trekkode":"pensjon","trekkprosent":{"prosentsats":25.0}}]}}]}]}`
	for name, c := range map[string]struct {
		status int
		body   string
		rule   string
	}{
		"as it should be":     {200, ok, ""},
		"no JSON":             {200, "<html>" + lisa, "taxcard.unreadable"},
		"another status":      {200, strings.Replace(ok, "FORESPOERSEL_OK", "UGYLDIG", 1), "taxcard.unreadable"},
		"no employer":         {200, `{"status":"FORESPOERSEL_OK","arbeidsgiver":[]}`, "taxcard.unreadable"},
		"a card without date": {200, strings.Replace(ok, "2026-12-07", "i fjor", 1), "taxcard.unreadable"},
		"a year of letters":   {200, strings.Replace(ok, "2026,", `"i fjor",`, 1), "taxcard.unreadable"},
		"nothing withheld":    {200, strings.Replace(ok, `"trekkprosent":{"prosentsats":25.0}`, `"trekk":1`, 1), "taxcard.unreadable"},
		"a member twice":      {200, strings.Replace(ok, `"status"`, `"status":"x","status"`, 1), "taxcard.unreadable"},
		"too much":            {200, strings.Repeat(" ", 300<<10) + ok, "taxcard.unreadable"},
		"forgotten":           {404, "no such order", "taxcard.refused"},
		"a redirect":          {302, "", "taxcard.refused"},
		"busy":                {429, "", "taxcard.unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer served.Close()
			client := &skattekort.Client{URL: served.URL, Tokens: &tokens{now: "good"}, HTTP: served.Client()}
			_, err := client.Answer(t.Context(), "ref")
			if err == nil && c.rule != "" || err != nil && fault.RuleOf(err) != c.rule {
				t.Errorf("got %v, want %q", err, c.rule)
			}
			if err != nil && strings.Contains(err.Error(), lisa) {
				t.Errorf("the error names the worker's number: %v", err)
			}
		})
	}
}

func TestOrderHasTheShapeThatTheRegisterReads(t *testing.T) {
	var path, contentType string
	var body map[string]any
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, contentType = r.URL.Path, r.Header.Get("Content-Type")
		_ = json.NewDecoder(r.Body).Decode(&body)
		_, _ = w.Write([]byte(`{"dialogreferanse":"d","bestillingsreferanse":"../../other"}`))
	}))
	defer served.Close()
	client := &skattekort.Client{URL: served.URL, Tokens: &tokens{now: "good"}, HTTP: served.Client()}
	if _, err := client.Order(t.Context(), wish(lisa)); fault.RuleOf(err) != "taxcard.unreadable" {
		t.Errorf("a reference that leads elsewhere: %v", err)
	}
	contact, _ := body["kontaktinformasjon"].(map[string]any)
	if _, has := contact["mobiltelefonummer"]; !has || path != "/api/forskudd/bestillSkattekort/" || contentType != "application/json" || body["inntektsaar"] != "2026" {
		t.Errorf("%s %s %v", path, contentType, body)
	}
}
