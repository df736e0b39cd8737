package verifier

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/front"
	"github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/api"
)

type object = map[string]any

// serveTools serves what officers' and agencies' tools call.
func (r *rig) serveTools() *front.Front {
	r.Helper()
	examiner := &verification.Verifier{Keys: r, Status: r, Trust: r, Clock: r}
	often := cache.NewLimiter(cache.NewMemory(r, 0, 0), r, "resolve-did", 10, time.Minute)
	routes := vcapi.Join(vcapi.Verifying(examiner), vcapi.Resolving(&resolver.Resolver{Cache: cache.NewMemory(r, 0, 0), Clock: r}, often))
	return front.Serve(r, front.Tokens{
		"officer": {Role: api.RoleOfficer, Subject: "officer-1"}, "agency": {Role: api.RoleAgency, Subject: "police"}, "auditor": {Role: "auditor", Subject: "auditor-1"},
	}, routes, routes.For(api.RoleOfficer, api.RoleAgency))
}

func TestToolsVerifyWithATokenOfAnOfficerOrAnAgency(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	f := r.serveTools()
	request := object{"verifiableCredential": json.RawMessage(w.offer)}
	for token, status := range map[string]int{"officer": 200, "agency": 200, "auditor": 403, "": 401, "guess": 401} {
		if a := f.JSON("/credentials/verify", token, request); a.Status != status {
			t.Errorf("%q: %d %s", token, a.Status, a.Body)
		}
		if a := f.JSON("/presentations/verify", token, object{}); (a.Status == 400) != (status == 200) {
			t.Errorf("%q: %d %s", token, a.Status, a.Body)
		}
		if a := f.Get("/1.0/identifiers/"+w.subject, token); a.Status != status {
			t.Errorf("%q: %d %s", token, a.Status, a.Body)
		}
	}
}

func TestToolsVerifyAPresentationAsAWhole(t *testing.T) {
	r := newRig(t)
	w := r.newWorker("off_1", nil)
	f := r.serveTools()
	document := w.present("c-1", udi)
	ask := func(challenge, domain string) front.Answer {
		return f.JSON("/presentations/verify", "officer", object{
			"verifiablePresentation": json.RawMessage(document), "options": object{"challenge": challenge, "domain": domain},
		})
	}
	type report struct {
		Verified    bool
		Answer      string
		Checks      []struct{ Name, Outcome, Rule string }
		Credentials []report
	}
	read := func(a front.Answer) (got report) {
		r.must(json.Unmarshal(a.Body, &got))
		return got
	}
	a := ask("c-1", udi)
	if got := read(a); a.Status != 200 || !got.Verified || len(got.Credentials) != 1 || !got.Credentials[0].Verified {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for name, c := range map[string]struct {
		challenge, domain string
		before            func()
		rule              string
	}{
		"22 wrong challenge":             {"c-2", udi, nil, "credential.challenge"},
		"22 wrong domain":                {"c-1", "did:web:police.kompetansespor.example", nil, "credential.domain"},
		"20 a credential is revoked":     {"c-1", udi, func() { r.status = fault.New(fault.Denied, "status.revoked", "revoked") }, "status.revoked"},
		"29 an issuer that is not known": {"c-1", udi, func() { r.status, r.trusted = nil, fault.New(fault.Denied, "issuer.unknown", "unknown") }, "issuer.unknown"},
		"35 nobody can tell":             {"c-1", udi, func() { r.status, r.trusted = fault.New(fault.Unavailable, "status.unreachable", "down"), nil }, "status.unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			r.status, r.trusted = nil, nil
			if c.before != nil {
				c.before()
			}
			a := ask(c.challenge, c.domain)
			if got := read(a); a.Status != 400 || a.Rule != c.rule || got.Verified || len(got.Checks) == 0 {
				t.Errorf("%d %s %s", a.Status, a.Rule, a.Body)
			}
		})
	}
}
