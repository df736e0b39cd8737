package page

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
)

// Provider signs people in with OpenID Connect; signin.Client is one.
type Provider interface {
	Begin(ctx context.Context, redirectURI, locale string) (where string, pending signin.Pending, err error)
	Finish(ctx context.Context, pending signin.Pending, redirectURI string, query url.Values) (signin.Person, error)
	EndSession(ctx context.Context, returnTo string) string
}

// Doors let people in: who signs in at the provider and has a role here.
type Doors struct {
	Provider Provider
	// Admit are the roles that a person may take. None: a stranger.
	Admit func(signin.Person) []session.Choice
}

const (
	// signInKept is the name under which a sign-in that has begun is kept, and how
	// long the person may be away.
	signInKept = "sign-in"
	signInTime = 10 * time.Minute
)

// begun is a sign-in that has begun, as it waits for the person to come back.
type begun struct {
	Pending signin.Pending
	To      string
}

// begin sends the person to the provider.
func (d *Doors) begin(c *Call) error {
	if c.Session != nil {
		return c.Go(orHome(c, c.Query("to")))
	}
	where, pending, err := d.Provider.Begin(c.R.Context(), c.Portal.At(c.R)+"/signed-in", string(c.Lang))
	if err != nil {
		return err
	}
	kept := begun{Pending: pending, To: Local(c.Query("to"))}
	if err := c.Portal.Sessions.Keep(c.R.Context(), c.W, signInKept, kept, signInTime); err != nil {
		return err
	}
	http.Redirect(c.W, c.R, where, http.StatusSeeOther)
	return nil
}

// finish takes the person in who comes back from the provider.
func (d *Doors) finish(c *Call) error {
	var kept begun
	if err := c.Portal.Sessions.Take(c.R.Context(), c.W, c.R, signInKept, &kept); err != nil {
		return err
	}
	person, err := d.Provider.Finish(c.R.Context(), kept.Pending, c.Portal.At(c.R)+"/signed-in", c.R.URL.Query())
	if err != nil {
		return err
	}
	choices := d.Admit(person)
	if len(choices) == 0 {
		return fault.New(fault.Denied, "signin.stranger", "you are not registered as a user here")
	}
	one := session.Session{Who: choices[0].Who, For: choices[0].Label, Name: person.Name, Choices: choices}
	if c.Session, err = c.Portal.Sessions.Start(c.R.Context(), c.W, one); err != nil {
		return err
	}
	if len(choices) > 1 {
		return c.Go("/act-as")
	}
	return c.Go(orHome(c, kept.To))
}

// leave ends the person's sessions everywhere, here and at the provider.
func leave(c *Call) error {
	if c.Session == nil {
		return c.Go("/signed-out")
	}
	if err := c.Portal.Sessions.EndEverywhere(c.R.Context(), c.W, c.Session); err != nil {
		return err
	}
	return c.Go("/signed-out")
}

// showSignedOut says so, and leads to where the provider forgets the person too.
func showSignedOut(c *Call) error {
	atProvider := ""
	if d := c.Portal.Doors; d != nil {
		atProvider = d.Provider.EndSession(c.R.Context(), c.Portal.At(c.R)+"/signed-out")
	}
	return c.Show(signedOut(c, atProvider))
}

// chooseRole asks whom a person acts for.
func chooseRole(c *Call) error {
	if c.Session == nil {
		return c.signInFirst()
	}
	return c.Show(actAs(c))
}

// takeRole begins a fresh session for whom the person has chosen.
func takeRole(c *Call) error {
	if c.Session == nil {
		return c.signInFirst()
	}
	i, err := strconv.Atoi(c.R.PostFormValue("choice"))
	if err != nil || i < 0 || i >= len(c.Session.Choices) {
		return fault.New(fault.Invalid, "page.choice", "choose one of those that are offered")
	}
	chosen := c.Session.Choices[i]
	one := session.Session{Who: chosen.Who, For: chosen.Label, Name: c.Session.Name, Choices: c.Session.Choices}
	if c.Session, err = c.Portal.Sessions.Start(c.R.Context(), c.W, one); err != nil {
		return err
	}
	return c.Go(c.Portal.Home)
}

// keepSession is asked by the warning before a session ends: that it was asked is
// enough. The page that it leads to says when the session ends now.
func keepSession(c *Call) error {
	if c.Session == nil {
		return fault.New(fault.Denied, "page.signed-out", "sign in again")
	}
	return c.Go(c.Portal.Home)
}

func orHome(c *Call, path string) string {
	if path == "" || path == "/" {
		return c.Portal.Home
	}
	return Local(path)
}

// Staff admits those whom the configuration lists. as says who one is to the
// service's calls; nil takes role, subject and office as they are listed.
func Staff(people []config.Person, as func(config.Person) rpc.Principal) func(signin.Person) []session.Choice {
	if as == nil {
		as = func(p config.Person) rpc.Principal {
			return rpc.Principal{Role: rpc.Role(p.Role), Subject: p.Subject, Office: p.Office}
		}
	}
	return func(one signin.Person) (choices []session.Choice) {
		for _, p := range people {
			if p.Subject == one.Subject {
				choices = append(choices, session.Choice{Who: as(p)})
			}
		}
		return choices
	}
}

// standsFor says whom or what a person acts for: an employer by its name, an
// officer by role and office.
func (c *Call) standsFor(who rpc.Principal, label string) string {
	if label != "" {
		return label
	}
	role := c.T("role." + string(who.Role))
	if who.Office == "" {
		return role
	}
	return role + " · " + who.Office
}
