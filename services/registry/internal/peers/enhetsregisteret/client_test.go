package enhetsregisteret

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
	standin "github.com/kompetansespor/kompetansespor/services/standins/enhetsregisteret"
	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

// open is a client of the stand-in.
func open(t *testing.T) (*Client, *standin.Register, *testkit.Clock) {
	t.Helper()
	clock := testkit.ClockAt(harness.Start)
	register := standin.New(standin.Config{Clock: clock})
	register.Slowness = time.Hour
	server := httptest.NewServer(register)
	t.Cleanup(server.Close)
	return New(server.URL+"/api/", fetch.Registers(nil)), register, clock
}

func TestOrganisationIsReadAsTheRegisterHasIt(t *testing.T) {
	c, _, _ := open(t)
	e, err := c.Entity(t.Context(), "310000019")
	if err != nil {
		t.Fatal(err)
	}
	if e.Existence != accreditation.Exists || e.Name != "University of Oslo" || e.Form != "ORGL" || e.SectorCode != "6100" || e.Municipality != "0301" ||
		*e.Employees != 7000 || *e.InBusinessRegister || *e.InVATRegister || *e.Bankrupt || *e.Dissolving || *e.ForcedDissolution {
		t.Errorf("%+v", e)
	}
	for number, is := range map[string]func(accreditation.Entity) bool{
		"310000051": func(e accreditation.Entity) bool { return *e.InBusinessRegister && *e.InVATRegister },
		"310000140": func(e accreditation.Entity) bool { return *e.Bankrupt },
		"310000159": func(e accreditation.Entity) bool { return *e.Dissolving },
		"310000167": func(e accreditation.Entity) bool { return *e.ForcedDissolution },
		"310000175": func(e accreditation.Entity) bool { return *e.Employees == 9 },
		"310000183": func(e accreditation.Entity) bool { return e.Employees == nil }, // the register hides 1 to 4
		"310000191": func(e accreditation.Entity) bool { return *e.Employees == 0 },
		"310000221": func(e accreditation.Entity) bool {
			return e.Existence == accreditation.Deleted && e.Name == "Slettet AS"
		},
		"310000248": func(e accreditation.Entity) bool { return e.Existence == accreditation.Deleted },
		"310000299": func(e accreditation.Entity) bool { return e.Existence == accreditation.Nowhere },
	} {
		if e, err := c.Entity(t.Context(), number); err != nil || !is(e) {
			t.Errorf("%s: %+v %v", number, e, err)
		}
	}
}

func TestRoleHoldersAreThoseWhoHoldTheRoleNow(t *testing.T) {
	c, register, _ := open(t)
	register.Set(standin.Entity{OrganisationNumber: "310000051", Name: "Fjordtek AS", Roles: []standin.Holder{
		{Role: "DAGL", Given: "Per", Middle: "Olav", Family: "Direktør", Changed: "2020-01-15"},
		{Role: "DAGL", Given: "Gamle", Family: "Direktør", Changed: "2010-01-15", Left: true},
		{Role: "LEDE", Given: "Salig", Family: "Leder", Changed: "2010-01-15", Dead: true},
	}})
	got, err := c.RoleHolders(t.Context(), "310000051")
	want := []accreditation.RoleHolder{{Role: "DAGL", Name: "Per Olav Direktør", Changed: time.Date(2020, 1, 15, 0, 0, 0, 0, time.UTC)}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	for _, none := range []string{"310000299", "310000248"} {
		if got, err := c.RoleHolders(t.Context(), none); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v %v", none, got, err)
		}
	}
}

func TestFeedTellsEachChangeOnceInOrder(t *testing.T) {
	c, register, clock := open(t)
	pointer := desk.Pointer{Began: clock.Now()}
	if got, err := c.Updates(t.Context(), pointer); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
	clock.Pass(-time.Hour)
	register.Set(standin.Entity{OrganisationNumber: "310000094", Name: "Before"})
	clock.Pass(time.Hour)
	register.Set(standin.Entity{OrganisationNumber: "310000035", Name: "First"})
	register.Set(standin.Entity{OrganisationNumber: "310000043", Name: "Second"})
	first, err := c.Updates(t.Context(), pointer)
	if err != nil || len(first) != 2 || first[0].OrganisationNumber != "310000035" || first[1].OrganisationNumber != "310000043" || first[1].Number <= first[0].Number {
		t.Fatal(first, err)
	}
	pointer.Last = first[0].Number
	if again, err := c.Updates(t.Context(), pointer); err != nil || !slices.Equal(again, first[1:]) {
		t.Error(again, err)
	}
	pointer.Last = first[1].Number
	if none, err := c.Updates(t.Context(), pointer); err != nil || len(none) != 0 {
		t.Error(none, err)
	}
}

// all are the three questions, by name.
func all(c *Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"entity": func(ctx context.Context) error { _, err := c.Entity(ctx, "310000019"); return err },
		"roles":  func(ctx context.Context) error { _, err := c.RoleHolders(ctx, "310000019"); return err },
		"feed": func(ctx context.Context) error {
			_, err := c.Updates(ctx, desk.Pointer{Began: harness.Start})
			return err
		},
	}
}

func TestRegisterThatIsSlowDownOrWrongIsAsGoodAsNone(t *testing.T) {
	c, register, _ := open(t)
	register.Set(standin.Entity{OrganisationNumber: "310000035", Name: "First"})
	register.Set(standin.Entity{OrganisationNumber: "310000043", Name: "Second"})
	c.deadline = 50 * time.Millisecond
	for to, rule := range map[string]string{
		mode.Slow: "enhetsregisteret.unreachable", mode.Down: "enhetsregisteret.unreachable", mode.Wrong: "enhetsregisteret.wrong",
	} {
		if err := register.SetMode(to); err != nil {
			t.Fatal(err)
		}
		for name, ask := range all(c) {
			if err := ask(t.Context()); fault.KindOf(err) != fault.Unavailable || fault.RuleOf(err) != rule {
				t.Errorf("%s, %s: %v", to, name, err)
			}
		}
	}
	if err := register.SetMode(mode.OK); err != nil {
		t.Fatal(err)
	}
	c.deadline = deadline
	for name, ask := range all(c) {
		if err := ask(t.Context()); err != nil {
			t.Errorf("ok again, %s: %v", name, err)
		}
	}
	for name, ask := range all(New("", fetch.Registers(nil))) {
		if err := ask(t.Context()); fault.RuleOf(err) != "enhetsregisteret.not-configured" {
			t.Errorf("not configured, %s: %v", name, err)
		}
	}
}

func TestAnswerThatCannotBeTrustedIsNone(t *testing.T) {
	const good = `"organisasjonsnummer":"310000019","navn":"U"`
	var answer atomic.Value
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(server.Close)
	c := New(server.URL, fetch.Registers(nil))
	body := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, c2 := range map[string]struct {
		handler http.HandlerFunc
		times   int64
	}{
		"no JSON":               {body(`<html>`), 1},
		"another organisation":  {body(`{"organisasjonsnummer":"310000027","navn":"U"}`), 1},
		"no name":               {body(`{"organisasjonsnummer":"310000019"}`), 1},
		"a member twice":        {body(`{` + good + `,"konkurs":false,"konkurs":true}`), 1},
		"another letter case":   {body(`{` + good + `,"Konkurs":true}`), 1},
		"konkurs is a text":     {body(`{` + good + `,"konkurs":"false"}`), 1},
		"negative employees":    {body(`{` + good + `,"antallAnsatte":-1}`), 1},
		"larger than it may be": {body(`{` + good + `,"x":"` + strings.Repeat("x", maxEntity) + `"}`), 1},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		}, 1},
		"refused":        {status(http.StatusForbidden), 1},
		"too many times": {status(http.StatusTooManyRequests), 1},
		"failing":        {status(http.StatusBadGateway), attempts},
	} {
		asked.Store(0)
		answer.Store(c2.handler)
		if e, err := c.Entity(t.Context(), "310000019"); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %+v %v", name, e, err)
		}
		if asked.Load() != c2.times {
			t.Errorf("%s: asked %d times, want %d", name, asked.Load(), c2.times)
		}
	}
	answer.Store(body(`{` + good + `}`))
	e, err := c.Entity(t.Context(), "310000019")
	if err != nil || e.Bankrupt != nil || e.Employees != nil {
		t.Errorf("what is not said is known: %+v %v", e, err)
	}
	for name, feed := range map[string]string{
		"no page":          `{}`,
		"backwards":        `{"page":{},"_embedded":{"oppdaterteEnheter":[{"oppdateringsid":9,"organisasjonsnummer":"310000019"},{"oppdateringsid":8,"organisasjonsnummer":"310000019"}]}}`,
		"of before":        `{"page":{},"_embedded":{"oppdaterteEnheter":[{"oppdateringsid":5,"organisasjonsnummer":"310000019"}]}}`,
		"of nobody":        `{"page":{},"_embedded":{"oppdaterteEnheter":[{"oppdateringsid":9,"organisasjonsnummer":""}]}}`,
		"number is a text": `{"page":{},"_embedded":{"oppdaterteEnheter":[{"oppdateringsid":"9","organisasjonsnummer":"310000019"}]}}`,
	} {
		answer.Store(body(feed))
		if got, err := c.Updates(t.Context(), desk.Pointer{Last: 5}); fault.RuleOf(err) != "enhetsregisteret.wrong" {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	for name, roles := range map[string]string{
		"no groups": `{}`, "date": `{"rollegrupper":[{"type":{"kode":"DAGL"},"sistEndret":"yesterday","roller":[]}]}`,
	} {
		answer.Store(body(roles))
		if got, err := c.RoleHolders(t.Context(), "310000019"); fault.RuleOf(err) != "enhetsregisteret.wrong" {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestFailureThatPassesIsNotNoticed(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < attempts {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"organisasjonsnummer": "310000019", "navn": "U"})
	}))
	t.Cleanup(server.Close)
	if e, err := New(server.URL, fetch.Registers(nil)).Entity(t.Context(), "310000019"); err != nil || e.Name != "U" || asked.Load() != attempts {
		t.Errorf("%+v %v after %d", e, err, asked.Load())
	}
}

func TestAddressOfTheRegisterIsChecked(t *testing.T) {
	for base, want := range map[string][2]bool{ // in production, in development
		Production:                               {true, true},
		"http://127.0.0.1:8080/enhetsregisteret": {false, true},
		"http://[::1]:8080":                      {false, true},
		"http://data.brreg.no":                   {false, false},
		"https://user:word@data.brreg.no":        {false, false},
		"https://data.brreg.no?x=1":              {false, false},
		"https://":                               {false, false},
		"ftp://127.0.0.1":                        {false, false},
		"":                                       {false, false},
	} {
		for i, development := range []bool{false, true} {
			if err := CheckBase(base, development); (err == nil) != want[i] {
				t.Errorf("%q, development %v: %v", base, development, err)
			}
		}
	}
}
