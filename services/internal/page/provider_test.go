package page_test

import (
	"context"
	"net/url"

	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
)

// provider signs in whoever the code names; signin has tests of its own with a
// real one.
type provider struct{}

func (provider) Begin(context.Context, string, string) (string, signin.Pending, error) {
	return "https://provider.example/authorize", signin.Pending{State: "s"}, nil
}

func (provider) Finish(_ context.Context, _ signin.Pending, _ string, query url.Values) (signin.Person, error) {
	return signin.Person{Subject: query.Get("code"), Name: "Kari Nordmann"}, nil
}

func (provider) EndSession(context.Context, string) string { return "https://provider.example/end" }

func admit(p signin.Person) []session.Choice {
	if p.Subject != "kari" {
		return nil
	}
	return []session.Choice{{Who: kari}}
}
