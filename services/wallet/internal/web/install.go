package web

import (
	"encoding/json"

	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/webassets"
)

// manifest lets a phone put the wallet among its apps (W3C, Web Application
// Manifest).
func (p *Pages) manifest(c *page.Call) error {
	raw, err := json.Marshal(map[string]any{
		"name": c.T("page.brand") + " – " + c.T("portal.title"), "short_name": c.T("portal.title"), "lang": string(c.Lang), "start_url": "/", "scope": "/",
		"display": "standalone", "background_color": "#ffffff", "theme_color": "#0062ba",
		"icons": []map[string]string{{"src": webassets.URL("icon.svg"), "type": "image/svg+xml", "sizes": "any", "purpose": "any"}},
	})
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "application/manifest+json")
	_, _ = c.W.Write(raw) // the browser may be gone
	return nil
}

// worker is the service worker. Its scope is the whole wallet, so it stands at the
// root.
func (p *Pages) worker(c *page.Call) error {
	content, err := staticFiles.ReadFile("static/sw.js")
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = c.W.Write(content)
	return nil
}

func (p *Pages) offline(c *page.Call) error { return c.Show(offline(c)) }
