package page_test

import (
	"crypto/rand"
	"embed"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

//go:embed testdata/*.yaml
var ownTexts embed.FS

const officer rpc.Role = "officer"

// desk is a small portal: a list for officers, a button, and what fails.
type desk struct {
	*pagetest.Site
	clock   *testkit.Clock
	cache   *emptied
	decided int
}

// emptied is a cache that can be made to lose everything, as one that is flushed.
type emptied struct {
	cache.Cache
	clock clock.Clock
}

func (e *emptied) flush() { e.Cache = cache.NewMemory(e.clock, 0, 0) }

func open(t *testing.T) *desk {
	t.Helper()
	all, err := page.WithCommon(ownTexts)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	now := testkit.ClockAt(time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC))
	d := &desk{clock: now, cache: &emptied{Cache: cache.NewMemory(now, 0, 0), clock: now}}
	portal := &page.Portal{
		Title: "test.title", Home: "/cases", Texts: all, Usual: texts.English, Clock: now, Random: rand.Reader, Zone: zone,
		Menu:     []page.MenuItem{{Path: "/cases", Key: "test.title", Roles: []rpc.Role{officer}}},
		Sessions: &session.Sessions{Cache: d.cache, Clock: now, Random: rand.Reader},
		Doors:    &page.Doors{Provider: provider{}, Admit: admit},
	}
	name := func(c *page.Call) error {
		return c.Show(page.Layout(c, page.Head{Title: c.Query("name"), Lead: c.Query("name")}))
	}
	d.Site = pagetest.Serve(t, portal, page.Table{
		"GET /cases": {Roles: []rpc.Role{officer}, Do: func(c *page.Call) error {
			return c.Show(page.Ask(c, page.Question{Title: "Sak", Path: "/cases/1/decide", Do: "Avgjør", Back: page.Link{Path: "/cases", Text: "Saker"}}))
		}},
		"POST /cases/1/decide": {Roles: []rpc.Role{officer}, Do: func(c *page.Call) error {
			d.decided++
			return c.Done("/cases", "test.decided")
		}},
		"GET /name":   {Do: name},
		"GET /broken": {Do: func(*page.Call) error { return fault.New(fault.Internal, "internal", "secret of the inside") }},
		"GET /taken":  {Do: func(*page.Call) error { return fault.New(fault.Conflict, "test.taken", "taken") }},
	})
	return d
}

var kari = rpc.Principal{Role: officer, Subject: "kari"}

func TestRolesHoldOnEveryPage(t *testing.T) {
	open(t).WalkRoles(t, kari, rpc.Principal{Role: "clerk", Subject: "ola"})
}

func TestCommonTextsAreWholeAndUsed(t *testing.T) {
	all, err := page.WithCommon(ownTexts)
	if err != nil {
		t.Fatal(err)
	}
	delete(all, "test.title")
	delete(all, "test.decided")
	pagetest.CheckTexts(t, ".", all, all)
}

func TestFormIsSentOnceAndSaysWhatWasDone(t *testing.T) {
	d := open(t)
	b := d.As(t, kari)
	done := b.Get("/cases").Is(http.StatusOK).Submit("/cases/1/decide").Is(http.StatusOK).Wants("Saken er avgjort")
	if done.Path != "/cases" || d.decided != 1 {
		t.Errorf("decided %d times, ended at %s", d.decided, done.Path)
	}
	if strings.Contains(b.Get("/cases").Text, "Saken er avgjort") {
		t.Error("it is said a second time")
	}
}

func TestHostile39MarkupInAClaimIsEscaped(t *testing.T) {
	d := open(t)
	evil := `<script>alert(1)</script>`
	shown := d.Open(t).Get("/name?name=" + url.QueryEscape(evil)).Is(http.StatusOK)
	if strings.Contains(shown.Raw, "<script>alert") {
		t.Error("markup came through")
	}
	shown.Wants(evil)
	policy := shown.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("content security policy: %s", policy)
	}
}

func TestHostile46FormOfAnotherSiteIsRefused(t *testing.T) {
	d := open(t)
	b := d.As(t, kari)
	shown := b.Get("/cases")
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	shown.Submit("/cases/1/decide").Is(http.StatusForbidden)
	b.Header.Del("Sec-Fetch-Site")
	b.Header.Set("Origin", "https://elsewhere.example")
	shown.Submit("/cases/1/decide").Is(http.StatusForbidden)
	b.Header.Del("Origin")
	b.Post("/cases/1/decide", url.Values{}).Is(http.StatusForbidden)
	b.Post("/cases/1/decide", url.Values{"form_token": {"AAAA"}}).Is(http.StatusForbidden)
	// A token of another's session is none of this one.
	other := d.As(t, rpc.Principal{Role: officer, Subject: "ola"})
	stolen := other.Get("/cases")
	if got := stolen.Field("/cases/1/decide", "form_token"); b.Post("/cases/1/decide", url.Values{"form_token": {got}}).Status != http.StatusForbidden {
		t.Error("another session's token was taken")
	}
	if d.decided != 0 {
		t.Errorf("decided %d times", d.decided)
	}
}

func TestHostile59CacheLostInTheMiddleOfASignInFailsClosed(t *testing.T) {
	d := open(t)
	b := d.Open(t)
	b.Follow(false)
	if begun := b.Get("/sign-in?to=/cases"); begun.Status != http.StatusSeeOther {
		t.Fatalf("sign-in answers %d", begun.Status)
	}
	d.cache.flush()
	b.Get("/signed-in?code=1&state=s").Is(http.StatusForbidden).Wants("Begynn på nytt")
	b.Follow(true)
	// Signed in, then flushed: signed out.
	in := d.As(t, kari)
	in.Get("/cases").Is(http.StatusOK)
	d.cache.flush()
	in.Follow(false)
	if got := in.Get("/cases"); !strings.HasPrefix(got.Header.Get("Location"), "/sign-in") {
		t.Errorf("let in after the flush: %d", got.Status)
	}
}

func TestSignInLeadsBackAndRotates(t *testing.T) {
	d := open(t)
	b := d.Open(t)
	b.Follow(false)
	b.Get("/sign-in?to=" + url.QueryEscape("/cases?state=open"))
	first := b.Get("/signed-in?code=kari&state=s")
	if first.Header.Get("Location") != "/cases?state=open" {
		t.Fatalf("led to %q", first.Header.Get("Location"))
	}
	if again := b.Get("/signed-in?code=kari&state=s"); again.Status != http.StatusForbidden {
		t.Errorf("the same answer signs in twice: %d", again.Status)
	}
	id := b.Cookie("__Host-session")
	d.clock.Pass(16 * time.Minute)
	b.Get("/cases").Is(http.StatusOK)
	if b.Cookie("__Host-session") == id {
		t.Error("the session's id is never renewed")
	}
}

func TestSignInNeverLeadsElsewhere(t *testing.T) {
	d := open(t)
	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)"} {
		b := d.Open(t)
		b.Follow(false)
		b.Get("/sign-in?to=" + url.QueryEscape(to))
		if got := b.Get("/signed-in?code=kari&state=s").Header.Get("Location"); got != "/cases" {
			t.Errorf("%s leads to %q", to, got)
		}
	}
}

func TestStrangerIsNotLetIn(t *testing.T) {
	b := open(t).Open(t)
	b.Follow(false)
	b.Get("/sign-in")
	b.Get("/signed-in?code=stranger&state=s").Is(http.StatusForbidden).Wants("ikke registrert som bruker")
	if b.Cookie("__Host-session") != "" {
		t.Error("a stranger has a session")
	}
}

func TestSessionEndsWhenIdleAndAfterADay(t *testing.T) {
	d := open(t)
	b := d.As(t, kari)
	b.Follow(false)
	d.clock.Pass(session.Idle - time.Minute)
	b.Get("/cases").Is(http.StatusOK)
	d.clock.Pass(session.Idle)
	b.Get("/cases").Is(http.StatusSeeOther)

	b = d.As(t, kari)
	b.Follow(false)
	for range int(session.Longest / (20 * time.Minute)) {
		d.clock.Pass(20 * time.Minute)
		b.Get("/cases")
	}
	b.Get("/cases").Is(http.StatusSeeOther)
}

func TestSignOutEndsEverySessionOfThePerson(t *testing.T) {
	d := open(t)
	here, there, other := d.As(t, kari), d.As(t, kari), d.As(t, rpc.Principal{Role: officer, Subject: "ola"})
	shown := here.Get("/cases").Is(http.StatusOK)
	d.clock.Pass(time.Second)
	shown.Submit("/sign-out").Is(http.StatusOK).Wants("Du er logget ut")
	here.Follow(false)
	there.Follow(false)
	here.Get("/cases").Is(http.StatusSeeOther)
	there.Get("/cases").Is(http.StatusSeeOther)
	other.Get("/cases").Is(http.StatusOK)
	d.clock.Pass(time.Second)
	d.As(t, kari).Get("/cases").Is(http.StatusOK)
}

func TestErrorsAreSentencesAndHideTheInside(t *testing.T) {
	b := open(t).Open(t)
	broken := b.Get("/broken").Is(http.StatusInternalServerError).Wants("Noe gikk galt", "Prøv igjen")
	if strings.Contains(broken.Raw, "secret") {
		t.Error("the cause is shown")
	}
	b.Get("/taken").Is(http.StatusConflict).Wants("Den er tatt", "Last siden på nytt")
}

func TestChosenLanguageStays(t *testing.T) {
	d := open(t)
	b := d.Open(t)
	shown := b.Get("/name?name=x").Wants("Hopp til hovedinnhold")
	nynorsk := b.Get(shown.Link("Nynorsk"))
	if nynorsk.Path != "/name?name=x" {
		t.Errorf("led to %s", nynorsk.Path)
	}
	nynorsk.Wants("Hopp til hovudinnhald")
	b.Get("/accessibility").Wants("Tilgjengeerklæring")
	if b.Get("/language?to=en&back=//evil.example").Path != "/" {
		t.Error("the language switch leads elsewhere")
	}
}

func TestPartsShowWhatTheyAreGiven(t *testing.T) {
	d := open(t)
	f := page.NewForm("pay", "634 700", "day", "1.8.2023", "agree", "yes")
	f.Wrong = []page.Problem{{Field: "pay", Text: "For lavt"}}
	d.Table["GET /parts"] = page.Page{Do: func(c *page.Call) error {
		return c.Show(page.Layout(c, page.Head{Title: "Deler"}))
	}}
	s := pagetest.Serve(t, d.Portal, page.Table{"GET /parts": {Do: func(c *page.Call) error {
		n, day := f.Number(c, "pay"), f.Day(c, "day")
		return c.Show(templ.Join(
			page.Summary(c, f), page.Input(c, f, page.Field{Name: "pay", Label: "Lønn", Help: "Per år", Suffix: "kr"}),
			page.Facts([]page.Fact{{Name: "Lønn", Value: c.Number(n)}, {Name: "Dag", Value: c.Day(day)}, {Name: "Tom"}}),
			page.QR(c, "link", "https://issuer.example/x", "Åpne tilbudet"),
		))
	}}})
	shown := s.Open(t).Get("/parts").Wants("1 ting må rettes", "For lavt", "Per år", "01.08.2023", "634 700", "Åpne tilbudet")
	if strings.Contains(shown.Text, "Tom") {
		t.Error("a fact without a value is shown")
	}
	for _, want := range []string{`href="#f-pay"`, `aria-invalid="true"`, `aria-describedby="f-pay-help f-pay-wrong"`, "data:image/png;base64,"} {
		if !strings.Contains(shown.Raw, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestClaimsBeginWithThePerson(t *testing.T) {
	all, err := page.WithCommon(ownTexts)
	if err != nil {
		t.Fatal(err)
	}
	c := &page.Call{Portal: &page.Portal{Texts: all}, Lang: texts.English}
	facts := c.Claims(map[string]any{
		"accreditation_ref": "acc_1", "offer_id": "off_1", "permit_type": "skilled worker", "family_name": "Johnson", "given_name": "Lisa", "id": "did:key:z6Mk",
		"passport":   map[string]any{"date_of_expiry": "2033-01-01", "document_number": "123456789"},
		"employment": map[string]any{"job_title": "Researcher", "required_education_level": "master", "position_percentage": "100", "occupation": "2310"},
	})
	var values []string
	for _, f := range facts {
		values = append(values, f.Value)
	}
	want := "Lisa|Johnson|skilled worker|123456789|1\u00a0January\u00a02033|Researcher|100\u00a0%|Master's degree|2310|acc_1|off_1"
	if got := strings.Join(values, "|"); got != want {
		t.Errorf("claims stand as\n%+q, expected\n%+q", got, want)
	}
}
