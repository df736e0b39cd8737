package tax

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	client "github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/standins"
	register "github.com/kompetansespor/kompetansespor/services/standins/folkeregisteret"
	"github.com/kompetansespor/kompetansespor/services/standins/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/peers/folkeregisteret"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/store"
)

var today = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// adapter is a population register under test, and its clerks.
type adapter struct {
	desk.Register
	resolve func(reference string, r registration.Resolution) error
}

// adapters are all there are: the tax administration's own register, and the
// client of the public shape against the stand-in, with its tokens.
var adapters = map[string]func(*testing.T) adapter{
	"own": func(t *testing.T) adapter {
		own := ownRegister(t)
		return adapter{own, func(reference string, r registration.Resolution) error { return own.Resolve(t.Context(), reference, r) }}
	},
	"folkeregisteret": func(t *testing.T) adapter {
		w := openStandins(t)
		return adapter{w.client, func(reference string, r registration.Resolution) error {
			decision := "another-person"
			switch {
			case r.Refuse:
				decision = "refuse"
			case r.SamePerson:
				decision = "same-person"
			}
			return w.register.Decide(t.Context(), reference, decision, r.Existing)
		}}
	},
}

func ownRegister(t *testing.T) *store.Population {
	t.Helper()
	h := harness.Open(t, "tax", onboarding.Migrations(), store.Migrations())
	parameters, err := registration.LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := onboarding.OpenFingerprint(t.Context(), h.DB, h.Book.KeyStore(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &store.Population{DB: h.DB, Store: store.Store{Sealer: h.Book.KeyStore(), Fingerprint: fingerprint}, Clock: clock.Fixed(today), Parameters: parameters}
}

// standinWorld is the stand-ins as the service meets them: below their prefixes
// on one server.
type standinWorld struct {
	client   *folkeregisteret.Client
	tokens   *maskinporten.Server
	register *register.Server
	web      *httptest.Server
	file     string
	clock    clock.Clock
}

func openStandins(t *testing.T) *standinWorld {
	t.Helper()
	dir := t.TempDir()
	w := &standinWorld{file: filepath.Join(dir, "register.db"), clock: clock.Fixed(today)}
	keyFile := filepath.Join(dir, "tax.pem")
	err := maskinporten.Enrol(dir, rand.Reader, maskinporten.Client{ID: "tax", OrganisationNumber: "310000019", Scopes: []string{folkeregisteret.Scope}}, "key-1", keyFile)
	if err != nil {
		t.Fatal(err)
	}
	clients, key, err := maskinporten.Load(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const issuer = "https://maskinporten.example/"
	w.tokens = maskinporten.New(maskinporten.Config{Issuer: issuer, Clients: clients, Key: key, Clock: w.clock, Random: rand.Reader})
	w.openRegister(t)
	w.web = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		standins.Server(map[string]standins.Register{"maskinporten": w.tokens, "folkeregisteret": w.register}).ServeHTTP(rw, r)
	}))
	t.Cleanup(w.web.Close)
	tokens, err := client.Open(client.Settings{URL: w.web.URL + "/maskinporten", Audience: issuer, ClientID: "tax", KeyID: "key-1", KeyFile: keyFile}, fetch.Registers(nil), w.clock, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.client = folkeregisteret.New(w.web.URL+"/folkeregisteret", tokens, fetch.Registers(nil), w.clock, identifier.Synthetic)
	return w
}

func (w *standinWorld) openRegister(t *testing.T) {
	t.Helper()
	var err error
	if w.register, err = register.New(context.Background(), register.Config{File: w.file, Clock: w.clock, Authorize: w.tokens.Authorize}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.register.Close() })
}

var serial atomic.Int64

// somebody is a person nobody else is.
func somebody() registration.Requisition {
	n := serial.Add(1) % 2500 // a name has an end
	var random [8]byte
	_, _ = rand.Read(random[:])
	return registration.Requisition{
		Reference: "req_" + hex.EncodeToString(random[:]), Case: fmt.Sprintf("case_%d", n), Kind: identifier.BirthNumber,
		GivenName: "Łucja Anna", FamilyName: "O’Hara-Świątek " + strings.Repeat("a", int(n%7)+1) + strings.Repeat("b", int(n/7)+1),
		Birth: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), Sex: identifier.SexOther, Nationalities: []string{"US", "XK"}, Residence: "GB",
		Passport: registration.Passport{Number: fmt.Sprintf("P%08d", n), Country: "US", Until: today.AddDate(5, 0, 0)}, RequestedAt: today,
	}
}

// next is the answer to a requisition that comes after a place.
func next(t *testing.T, a adapter, after int64, reference string) registration.Answer {
	t.Helper()
	for range 20 {
		page, err := a.Answers(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range page {
			if one.Sequence <= after {
				t.Fatalf("the feed does not rise: %d after %d", one.Sequence, after)
			}
			after = one.Sequence
			if one.Reference == reference {
				return one
			}
		}
		if len(page) == 0 {
			break
		}
	}
	t.Fatalf("no answer to %s", reference)
	return registration.Answer{}
}

func ask(t *testing.T, a adapter, r registration.Requisition) registration.Answer {
	t.Helper()
	receipt, err := a.Requisition(t.Context(), r)
	if err != nil || receipt == "" {
		t.Fatalf("%q %v", receipt, err)
	}
	return next(t, a, 0, r.Reference)
}

func eachAdapter(t *testing.T, f func(t *testing.T, a adapter)) {
	for name, open := range adapters {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
}

func TestRegisterGivesANewcomerANumberOfTheKindAskedFor(t *testing.T) {
	eachAdapter(t, func(t *testing.T, a adapter) {
		if a.Name() == "" {
			t.Error("the register has no name")
		}
		given := map[string]bool{}
		for _, kind := range []identifier.PersonNumberKind{identifier.BirthNumber, identifier.DNumber, identifier.DNumber} {
			r := somebody()
			r.Kind = kind
			answer := ask(t, a, r)
			if answer.Number == nil || answer.Number.How != registration.New || answer.Number.DateDeviates || given[answer.Number.Number] {
				t.Fatalf("%+v", answer)
			}
			given[answer.Number.Number] = true
			if got, err := identifier.CheckPersonNumber(answer.Number.Number, identifier.Synthetic, identifier.ControlUntil2032); err != nil || got != kind {
				t.Errorf("%s: %s %v", kind, got, err)
			}
		}
	})
}

func TestRepeatedRequisitionIsTheSame(t *testing.T) {
	eachAdapter(t, func(t *testing.T, a adapter) {
		r := somebody()
		first, err := a.Requisition(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		answer := next(t, a, 0, r.Reference)
		for range 3 {
			if again, err := a.Requisition(t.Context(), r); err != nil || again != first {
				t.Errorf("%q, first %q: %v", again, first, err)
			}
		}
		if more, err := a.Answers(t.Context(), answer.Sequence); err != nil || len(more) != 0 {
			t.Errorf("answered again: %+v %v", more, err)
		}
	})
}

func TestKnownPersonGetsTheNumberThatExists(t *testing.T) {
	eachAdapter(t, func(t *testing.T, a adapter) {
		r := somebody()
		first := ask(t, a, r)
		again := r
		again.Reference, again.Case = r.Reference+"b", "case_b"
		if answer := ask(t, a, again); answer.Number == nil || answer.Number.How != registration.Existing || answer.Number.Number != first.Number.Number {
			t.Errorf("%+v", answer)
		}
		// A resident who is asked a D-number for has a number already.
		again.Reference, again.Kind = r.Reference+"c", identifier.DNumber
		if answer := ask(t, a, again); answer.Number == nil || answer.Number.How != registration.Existing || answer.Number.Number != first.Number.Number {
			t.Errorf("%+v", answer)
		}
	})
}

func TestDNumberIsFollowedByAFødselsnummer(t *testing.T) {
	eachAdapter(t, func(t *testing.T, a adapter) {
		r := somebody()
		r.Kind = identifier.DNumber
		first := ask(t, a, r)
		later := r
		later.Reference, later.Kind, later.Replaces = r.Reference+"b", identifier.BirthNumber, first.Number.Number
		later.Passport.Number += "X" // another passport, the number that is replaced says who
		second := ask(t, a, later)
		if second.Number == nil || second.Number.How != registration.New || second.Number.Number == first.Number.Number {
			t.Fatalf("%+v", second)
		}
		if kind, _ := identifier.CheckPersonNumber(second.Number.Number, identifier.Synthetic, identifier.ControlUntil2032); kind != identifier.BirthNumber {
			t.Error(kind)
		}
		// From now on the register knows the person by the new one.
		again := later
		again.Reference = r.Reference + "c"
		if third := ask(t, a, again); third.Number == nil || third.Number.How != registration.Existing || third.Number.Number != second.Number.Number {
			t.Errorf("%+v", third)
		}
	})
}

func TestPossibleDuplicateIsQueuedAndDecidedByAClerk(t *testing.T) {
	eachAdapter(t, func(t *testing.T, a adapter) {
		r := somebody()
		first := ask(t, a, r)
		for decision, resolution := range map[string]registration.Resolution{
			"another": {}, "same": {SamePerson: true, Existing: first.Number.Number}, "refuse": {Refuse: true},
		} {
			twin := r
			twin.Reference, twin.Passport.Number = r.Reference+decision, "Q"+decision
			queued := ask(t, a, twin)
			if queued.Queued == nil || queued.Queued.Reason != registration.PossibleDuplicate || !queued.Queued.Deadline.After(today) {
				t.Fatalf("%s: %+v", decision, queued)
			}
			if err := a.resolve(twin.Reference, resolution); err != nil {
				t.Fatal(decision, err)
			}
			answer := next(t, a, queued.Sequence, twin.Reference)
			switch decision {
			case "another":
				if answer.Number == nil || answer.Number.How != registration.New || answer.Number.Number == first.Number.Number {
					t.Errorf("another: %+v", answer)
				}
			case "same":
				if answer.Number == nil || answer.Number.How != registration.Existing || answer.Number.Number != first.Number.Number {
					t.Errorf("same: %+v", answer)
				}
			case "refuse":
				if answer.Refusal == "" || answer.Number != nil {
					t.Errorf("refuse: %+v", answer)
				}
			}
			if err := a.resolve(twin.Reference, resolution); err == nil {
				t.Errorf("%s: resolved twice", decision)
			}
		}
	})
}

func TestDUFNumberOfAnotherIsForAClerk(t *testing.T) {
	eachAdapter(t, func(t *testing.T, a adapter) {
		r, other := somebody(), somebody()
		r.DUF, other.DUF = "202312345608", "202312345608"
		ask(t, a, r)
		if answer := ask(t, a, other); answer.Queued == nil || answer.Queued.Reason != registration.DUFInUse {
			t.Errorf("%+v", answer)
		}
	})
}

func TestRegisterRefusesWhatItCannotWrite(t *testing.T) {
	eachAdapter(t, func(t *testing.T, a adapter) {
		r := somebody()
		r.FamilyName = "Иванов"
		if _, err := a.Requisition(t.Context(), r); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v", err)
		}
	})
}

// A thousand people of one birth date: no number twice, and when the day is used
// up the date deviates.
func TestNoNumberIsGivenTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand requisitions")
	}
	eachAdapter(t, func(t *testing.T, a adapter) {
		const people = 1000
		references := map[string]bool{}
		for range people {
			r := somebody()
			references[r.Reference] = true
			if _, err := a.Requisition(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		seen, deviating, after := map[string]bool{}, 0, int64(0)
		for {
			page, err := a.Answers(t.Context(), after)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, one := range page {
				after = one.Sequence
				if !references[one.Reference] || one.Number == nil || seen[one.Number.Number] {
					t.Fatalf("%+v", one)
				}
				seen[one.Number.Number] = true
				if one.Number.DateDeviates == identifier.DatePartIs(one.Number.Number, "1990-01-01") {
					t.Fatalf("says deviates %v of %s", one.Number.DateDeviates, one.Number.Number)
				}
				if one.Number.DateDeviates {
					deviating++
				}
			}
		}
		if len(seen) != people || deviating < 300 {
			t.Errorf("%d people, %d with a deviating date", len(seen), deviating)
		}
	})
}

func TestStandInForgetsNothingOverARestart(t *testing.T) {
	w := openStandins(t)
	a := adapter{w.client, nil}
	r := somebody()
	first := ask(t, a, r)
	if err := w.register.Close(); err != nil {
		t.Fatal(err)
	}
	w.openRegister(t)
	again := r
	again.Reference = r.Reference + "b"
	answer := ask(t, a, again)
	if answer.Sequence != first.Sequence+1 || answer.Number.Number != first.Number.Number {
		t.Errorf("%+v after %+v", answer, first)
	}
}

func TestStandInDoesWhatItsControlOrders(t *testing.T) {
	w := openStandins(t)
	a := adapter{w.client, nil}
	for outcome, check := range map[string]func(registration.Answer) bool{
		"duplicate": func(a registration.Answer) bool {
			return a.Queued != nil && a.Queued.Reason == registration.PossibleDuplicate
		},
		"duf":       func(a registration.Answer) bool { return a.Queued != nil && a.Queued.Reason == registration.DUFInUse },
		"existing":  func(a registration.Answer) bool { return a.Number != nil && a.Number.How == registration.Existing },
		"rejected":  func(a registration.Answer) bool { return a.Refusal == registration.Declined },
		"deviating": func(a registration.Answer) bool { return a.Number != nil && a.Number.DateDeviates },
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.web.URL+"/folkeregisteret/control/next", strings.NewReader(`{"outcome":"`+outcome+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusNoContent {
			t.Fatal(resp, err)
		}
		_ = resp.Body.Close()
		if answer := ask(t, a, somebody()); !check(answer) {
			t.Errorf("%s: %+v", outcome, answer)
		}
		if answer := ask(t, a, somebody()); answer.Number == nil || answer.Number.How != registration.New || answer.Number.DateDeviates {
			t.Errorf("after %s: %+v", outcome, answer)
		}
	}
}

func TestRegisterOnABadDayLosesNothing(t *testing.T) {
	w := openStandins(t)
	a := adapter{w.client, nil}
	control := func(name, mode string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.web.URL+"/control/"+name, strings.NewReader(`{"mode":"`+mode+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusNoContent {
			t.Fatal(resp, err)
		}
		_ = resp.Body.Close()
	}
	w.register.Slowness = 200 * time.Millisecond
	before := somebody()
	if _, err := a.Requisition(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	for mode, rule := range map[string]string{"down": "register.unreachable", "wrong": "register.answer", "slow": "register.unreachable"} {
		control("folkeregisteret", mode)
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if mode == "slow" {
			ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
		}
		if _, err := a.Requisition(ctx, somebody()); fault.RuleOf(err) != rule || fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: requisition: %v", mode, err)
		}
		if _, err := a.Answers(ctx, 0); fault.RuleOf(err) != rule || fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: feedback: %v", mode, err)
		}
		cancel()
		control("folkeregisteret", "ok")
		if answer := next(t, a, 0, before.Reference); answer.Number == nil {
			t.Errorf("%s: %+v", mode, answer)
		}
	}
	// Without a token nothing is asked, and nothing is refused for good.
	fresh := openStandins(t)
	_ = fresh.tokens.SetMode("down")
	if _, err := fresh.client.Requisition(t.Context(), somebody()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("no token: %v", err)
	}
}

func TestRequisitionHasTheRegistersShape(t *testing.T) {
	var body bytes.Buffer
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/folkeregisteret/mottak/api/rekvisisjon_av_dnummer_v5" || r.Header.Get("Authorization") != "Bearer token" || r.Header.Get("Content-Type") != "application/xml; charset=UTF-8" {
			t.Errorf("%s %v", r.URL.Path, r.Header)
		}
		_, _ = body.ReadFrom(r.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"folkeregisterReferanse":"fr-1","avsendersMeldingsidentifikator":"req_1","later":true}`))
	}))
	defer web.Close()
	c := folkeregisteret.New(web.URL+"/", token{}, fetch.Registers(nil), clock.Fixed(today), identifier.Synthetic)
	r := somebody()
	r.Reference, r.Case, r.Kind, r.FamilyName, r.DUF = "req_1", "case_1", identifier.DNumber, "Wałęsa", "202312345608"
	r.Passport = registration.Passport{Number: "123456789", Country: "US", Until: today}
	if receipt, err := c.Requisition(t.Context(), r); err != nil || receipt != "fr-1" {
		t.Fatal(receipt, err)
	}
	const want = `<?xml version="1.0" encoding="UTF-8"?>
<rekvisisjonAvDNummer><innsending><avsendersMeldingsidentifikator>req_1</avsendersMeldingsidentifikator><avsendersInnsendingstidspunkt>2026-11-23T08:00:00Z</avsendersInnsendingstidspunkt><kildesystem>kompetansespor</kildesystem></innsending><forespoersel><kandidat><navn><fornavn>Lucja</fornavn><mellomnavn>Anna</mellomnavn><etternavn>Walesa</etternavn></navn><foedselsdatoErKjent>true</foedselsdatoErKjent><foedselsdato>1990-01-01</foedselsdato><kjoenn>ukjent</kjoenn><statsborgerskap>USA</statsborgerskap><statsborgerskap>XKX</statsborgerskap><harUkjentOppholdsadresse>true</harUkjentOppholdsadresse><skalFaaUtskrift>false</skalFaaUtskrift></kandidat><kilde>skatteetaten</kilde><rekvireringsdato>2026-11-23</rekvireringsdato><identifikasjon><personidentifikasjon><identifikasjonsnummer>202312345608</identifikasjonsnummer><identifikasjonsnummertype>utlendingsmyndighetenesIdentifikasjonsnummer</identifikasjonsnummertype><utstederland>NOR</utstederland></personidentifikasjon></identifikasjon><identifikasjon><dokumentgrunnlag><identifikasjonsdokumentnummer>123456789</identifikasjonsdokumentnummer><identifikasjonsdokumenttype>pass</identifikasjonsdokumenttype><utstederland>USA</utstederland><gyldigTil>2026-11-23</gyldigTil></dokumentgrunnlag></identifikasjon><avsendersSaksreferanse>case_1</avsendersSaksreferanse><avsendersSaksbehandler>kompetansespor</avsendersSaksbehandler><identitetskontrollKreves>false</identitetskontrollKreves></forespoersel></rekvisisjonAvDNummer>`
	if got := body.String(); got != want {
		t.Errorf("got\n%s", got)
	}
	for sex, want := range map[int]string{identifier.SexMale: "mann", identifier.SexFemale: "kvinne", identifier.SexOther: "ukjent", 0: "ukjent", 9: "ukjent"} {
		body.Reset()
		r.Sex = sex
		if _, err := c.Requisition(t.Context(), r); err != nil || !strings.Contains(body.String(), "<kjoenn>"+want+"</kjoenn>") {
			t.Errorf("sex %d: %v", sex, err)
		}
	}
}

type token struct{}

func (token) Token(context.Context, string) (string, error) { return "token", nil }
func (token) Forget(string, string)                         {}

// What the feed may say, and what no page may.
func TestFeedbackIsReadStrictly(t *testing.T) {
	page, status := "", http.StatusOK
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/folkeregisteret/tilbakemelding/api/v2/hendelser?seq=7&direction=nyere&pageSize=100" {
			t.Error(r.URL.RequestURI())
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(page))
	}))
	defer web.Close()
	c := folkeregisteret.New(web.URL, token{}, fetch.Registers(nil), clock.Fixed(today), identifier.Synthetic)
	decision := func(members string) string {
		return `[{"sekvensnummer":8,"hendelse":{"folkeregisterReferanse":"fr-1","avsendersMeldingsidentifikator":"req_1","saksbeslutning":{` + members + `}}}]`
	}
	for name, c2 := range map[string]struct {
		page string
		ok   func(registration.Answer) bool // nil: refused
	}{
		"assigned": {decision(`"beslutning":"registrert","skalTildeleDNummer":{"dNummer":"41819020068","registreringstidspunkt":"2026-11-23T08:00:00Z","gyldighetstidspunkt":"2026-11-23T08:00:00Z","tildeltDnummerAvvikerFraFoedselsdato":true}`),
			func(a registration.Answer) bool { return a.Number.DateDeviates && a.Number.How == registration.New }},
		"existing":           {decision(`"beslutning":"avvist","skalIkkeTildeleDNummer":{"eksisterendeIdNummer":"01819020074"}`), func(a registration.Answer) bool { return a.Number.How == registration.Existing }},
		"avslaatt":           {decision(`"beslutning":"avslaatt"`), func(a registration.Answer) bool { return a.Refusal == registration.Declined }},
		"avvist":             {decision(`"beslutning":"avvist"`), func(a registration.Answer) bool { return a.Refusal == registration.Dismissed }},
		"avbrutt":            {decision(`"beslutning":"avbrutt","skalIkkeTildeleDNummer":{}`), func(a registration.Answer) bool { return a.Refusal == registration.Cancelled }},
		"of another kind":    {`[{"sekvensnummer":9,"hendelse":{"hendelsetype":"personErDoed","avsendersMeldingsidentifikator":"req_1"}}]`, func(a registration.Answer) bool { return a.Reference == "" && a.Sequence == 9 }},
		"nothing new":        {`[]`, func(a registration.Answer) bool { return a.Sequence == 0 }},
		"wrong digit":        {decision(`"beslutning":"registrert","skalTildeleDNummer":{"dNummer":"41819020069"}`), nil},
		"real number":        {decision(`"beslutning":"registrert","skalTildeleDNummer":{"dNummer":"02013299997"}`), nil},
		"contradiction":      {decision(`"beslutning":"avslaatt","skalTildeleDNummer":{"dNummer":"41819020068"}`), nil},
		"two numbers":        {decision(`"beslutning":"godkjent","skalTildeleDNummer":{"dNummer":"41819020068"},"skalIkkeTildeleDNummer":{"eksisterendeIdNummer":"01819020074"}`), nil},
		"granted nothing":    {decision(`"beslutning":"godkjent"`), nil},
		"unknown decision":   {decision(`"beslutning":"utsatt"`), nil},
		"queued for what":    {`[{"sekvensnummer":8,"hendelse":{"sakTilManuellBehandling":{"saksfrist":"2026-12-01","begrunnelse":"annet"}}}]`, nil},
		"queued for ever":    {`[{"sekvensnummer":8,"hendelse":{"sakTilManuellBehandling":{"saksfrist":"","begrunnelse":"muligDublett"}}}]`, nil},
		"from before":        {`[{"sekvensnummer":7,"hendelse":{}}]`, nil},
		"not rising":         {`[{"sekvensnummer":9,"hendelse":{}},{"sekvensnummer":8,"hendelse":{}}]`, nil},
		"no JSON":            {`<html>`, nil},
		"member named twice": {`[{"sekvensnummer":8,"sekvensnummer":9,"hendelse":{}}]`, nil},
	} {
		page = c2.page
		answers, err := c.Answers(t.Context(), 7)
		if c2.ok == nil {
			if fault.RuleOf(err) != "register.answer" || fault.KindOf(err) != fault.Unavailable || len(answers) != 0 {
				t.Errorf("%s: %+v %v", name, answers, err)
			}
			continue
		}
		answers = append(answers, registration.Answer{})
		if err != nil || !c2.ok(answers[0]) {
			t.Errorf("%s: %+v %v", name, answers, err)
		}
	}
	for _, status = range []int{302, 401, 403, 404, 429, 500, 503} {
		if _, err := c.Answers(t.Context(), 7); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("status %d: %v", status, err)
		}
	}
}
