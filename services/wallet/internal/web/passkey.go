package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
)

// ceremony is what is kept between the two halves of a passkey ceremony, under which
// names, and for how long.
const (
	keptNew      = "passkey-new"
	keptOpen     = "passkey-open"
	keptMore     = "passkey-more"
	ceremonyTime = 5 * time.Minute
)

// user is a holder as the library sees one. No name is asked for: the wallet's own
// is shown when the device asks which.
type user struct {
	id       string
	name     string
	passkeys []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return []byte(u.id) }
func (u user) WebAuthnName() string                       { return u.name }
func (u user) WebAuthnDisplayName() string                { return u.name }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.passkeys }

// relyingParty is us, by the name that the browser knows (Web Authentication, section
// 5.1.2): passkeys are bound to it.
func (p *Pages) relyingParty(c *page.Call) (*webauthn.WebAuthn, error) {
	at := c.Portal.At(c.R)
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	return webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: c.T("page.brand"), RPOrigins: []string{at}})
}

// selection asks for a passkey that the device finds by itself and unlocks by the
// person.
func selection() protocol.AuthenticatorSelection {
	needed := true
	return protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: &needed, UserVerification: protocol.VerificationRequired,
	}
}

// beginNew begins a new wallet: the wallet itself is made when the passkey is.
func (p *Pages) beginNew(c *page.Call) error {
	id, err := p.newUserID()
	if err != nil {
		return err
	}
	return p.beginMaking(c, keptNew, user{id: id, name: c.T("passkey.name")})
}

// beginMore begins a further passkey of the wallet that is open.
func (p *Pages) beginMore(c *page.Call) error {
	u, err := p.userOf(c, c.Who().Subject)
	if err != nil {
		return err
	}
	return p.beginMaking(c, keptMore, u)
}

func (p *Pages) beginMaking(c *page.Call, name string, u user) error {
	us, err := p.relyingParty(c)
	if err != nil {
		return err
	}
	options, kept, err := us.BeginRegistration(u, webauthn.WithAuthenticatorSelection(selection()),
		webauthn.WithExclusions(webauthn.Credentials(u.passkeys).CredentialDescriptors()), webauthn.WithConveyancePreference(protocol.PreferNoAttestation))
	if err != nil {
		return err
	}
	if err := c.Portal.Sessions.Keep(c.R.Context(), c.W, name, kept, ceremonyTime); err != nil {
		return err
	}
	return answer(c, options)
}

// finishNew makes the wallet and opens it.
func (p *Pages) finishNew(c *page.Call) error {
	made, id, err := p.made(c, keptNew, user{name: c.T("passkey.name")})
	if err != nil {
		return err
	}
	opened, err := p.Wallet.OpenWallet(rpc.WithPrincipal(c.R.Context(), p.App), &walletv1.OpenWalletRequest{Locale: string(c.Lang)})
	if err != nil {
		return err
	}
	holder := opened.GetHolderId()
	if err := p.keep(c, holder, id, made); err != nil {
		return err
	}
	if err := p.letIn(c, holder); err != nil {
		return err
	}
	return answer(c, map[string]string{"to": "/codes"})
}

// finishMore adds the passkey.
func (p *Pages) finishMore(c *page.Call) error {
	u, err := p.userOf(c, c.Who().Subject)
	if err != nil {
		return err
	}
	made, id, err := p.made(c, keptMore, u)
	if err != nil {
		return err
	}
	if err := p.keep(c, c.Who().Subject, id, made); err != nil {
		return err
	}
	return answer(c, map[string]string{"to": "/more"})
}

// made checks a new passkey against what was begun, once.
func (p *Pages) made(c *page.Call, name string, u user) (*webauthn.Credential, string, error) {
	var kept webauthn.SessionData
	if err := c.Portal.Sessions.Take(c.R.Context(), c.W, c.R, name, &kept); err != nil {
		return nil, "", err
	}
	us, err := p.relyingParty(c)
	if err != nil {
		return nil, "", err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(strings.NewReader(c.Form().Get("answer")))
	if err != nil {
		return nil, "", refused(err)
	}
	u.id = string(kept.UserID)
	made, err := us.CreateCredential(u, kept, parsed)
	if err != nil {
		return nil, "", refused(err)
	}
	return made, u.id, nil
}

// kept is what is stored of a passkey: the user that the device knows it by, and
// what the library needs.
type kept struct {
	UserID     string              `json:"user_id"`
	Credential webauthn.Credential `json:"credential"`
}

func (p *Pages) keep(c *page.Call, holder, userID string, made *webauthn.Credential) error {
	data, err := json.Marshal(kept{UserID: userID, Credential: *made})
	if err != nil {
		return err
	}
	return p.Accounts.AddPasskey(c.R.Context(), desk.Passkey{ID: made.ID, Holder: holder, Data: data})
}

// userOf is a holder with all passkeys.
func (p *Pages) userOf(c *page.Call, holder string) (u user, err error) {
	all, err := p.Accounts.Passkeys(c.R.Context(), holder)
	if err != nil {
		return u, err
	}
	u.name = c.T("passkey.name")
	for _, one := range all {
		var k kept
		if err := json.Unmarshal(one.Data, &k); err != nil {
			return u, err
		}
		u.id, u.passkeys = k.UserID, append(u.passkeys, k.Credential)
	}
	if u.id == "" { // opened by a code alone
		u.id, err = p.newUserID()
	}
	return u, err
}

// beginOpen asks for any passkey of ours.
func (p *Pages) beginOpen(c *page.Call) error {
	us, err := p.relyingParty(c)
	if err != nil {
		return err
	}
	options, begun, err := us.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return err
	}
	if err := c.Portal.Sessions.Keep(c.R.Context(), c.W, keptOpen, begun, ceremonyTime); err != nil {
		return err
	}
	return answer(c, options)
}

// finishOpen opens the wallet that the passkey belongs to.
func (p *Pages) finishOpen(c *page.Call) error {
	var begun webauthn.SessionData
	if err := c.Portal.Sessions.Take(c.R.Context(), c.W, c.R, keptOpen, &begun); err != nil {
		return err
	}
	us, err := p.relyingParty(c)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBody(strings.NewReader(c.Form().Get("answer")))
	if err != nil {
		return refused(err)
	}
	holder := ""
	used, err := us.ValidateDiscoverableLogin(func(rawID, _ []byte) (webauthn.User, error) {
		found, err := p.Accounts.HolderOf(c.R.Context(), rawID)
		if err != nil {
			return nil, err
		}
		holder = found
		return p.userOf(c, found)
	}, begun, parsed)
	if err != nil {
		return refused(err)
	}
	if used.Authenticator.CloneWarning {
		return refused(nil)
	}
	data, err := json.Marshal(kept{UserID: string(parsed.Response.UserHandle), Credential: *used})
	if err != nil {
		return err
	}
	if err := p.Accounts.SavePasskey(c.R.Context(), desk.Passkey{ID: used.ID, Holder: holder, Data: data}); err != nil {
		return err
	}
	if err := p.letIn(c, holder); err != nil {
		return err
	}
	return answer(c, map[string]string{"to": p.wanted(c)})
}

// letIn begins the holder's session.
func (p *Pages) letIn(c *page.Call, holder string) (err error) {
	c.Session, err = c.Portal.Sessions.Start(c.R.Context(), c.W, session.Session{Who: rpc.Principal{Role: Holder, Subject: holder}})
	return err
}

// wanted is where the person was going before the wallet had to be opened.
func (p *Pages) wanted(c *page.Call) string {
	return page.Local(c.Form().Get("to"))
}

func refused(cause error) error {
	return fault.Wrap(cause, fault.Denied, "passkey.refused", "this passkey opens no wallet here")
}

// answer is for the script.
func answer(c *page.Call, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "application/json")
	c.W.WriteHeader(http.StatusOK)
	_, _ = c.W.Write(raw)
	return nil
}
