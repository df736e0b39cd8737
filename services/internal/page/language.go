package page

import (
	"net/http"
	"net/url"

	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// langCookie holds the language that a person has chosen. Nothing else does: it
// stays when the person signs out.
const langCookie = "__Host-language"

// keptYear is a year, in seconds.
const keptYear = 365 * 24 * 60 * 60

func (p *Portal) langOf(r *http.Request, one Page) texts.Lang {
	if chosen, err := r.Cookie(langCookie); err == nil {
		if lang, ok := texts.Parse(chosen.Value); ok {
			return lang
		}
	}
	usual := p.Usual
	if one.Usual != "" {
		usual = one.Usual
	}
	return texts.Wanted(r.Header.Get("Accept-Language"), usual)
}

// changeLanguage keeps the chosen language and goes back to the page.
func changeLanguage(c *Call) error {
	if lang, ok := texts.Parse(c.Query("to")); ok {
		http.SetCookie(c.W, &http.Cookie{
			Name: langCookie, Value: string(lang), Path: "/", MaxAge: keptYear, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	return c.Go(c.Query("back"))
}

// inLang is the address that shows this page in a language.
func (c *Call) inLang(lang texts.Lang) string {
	back := "/"
	if c.R.Method == http.MethodGet || c.R.Method == http.MethodHead {
		back = c.R.URL.RequestURI()
	}
	return "/language?" + url.Values{"to": {string(lang)}, "back": {back}}.Encode()
}
