package web

import (
	"encoding/json"

	"google.golang.org/protobuf/encoding/protojson"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

const onePage = 50

// more leads to what is needed seldom.
func (p *Pages) more(c *page.Call) error {
	left, err := p.Accounts.CodesLeft(c.R.Context(), c.Who().Subject)
	if err != nil {
		return err
	}
	keys, err := p.Accounts.Passkeys(c.R.Context(), c.Who().Subject)
	if err != nil {
		return err
	}
	return c.Show(more(c, int(left), len(keys)))
}

// history is what was received from and shown to whom, newest first.
func (p *Pages) history(c *page.Call) error {
	answer, err := p.Wallet.ListExchanges(c.Context(), &walletv1.ListExchangesRequest{PageSize: onePage, PageToken: c.Query("page")})
	if err != nil {
		return err
	}
	return c.Show(history(c, p.who(c), answer.GetExchanges(), nextOf("/history", answer.GetNextPageToken()), c.Query("page") != ""))
}

// reads is who has read what, as UDI's access log has it.
func (p *Pages) reads(c *page.Call) error {
	answer, err := p.Wallet.ListAccessLog(c.Context(), &walletv1.ListAccessLogRequest{PageSize: onePage, PageToken: c.Query("page")})
	if err != nil {
		return err
	}
	return c.Show(reads(c, answer.GetRows(), nextOf("/reads", answer.GetNextPageToken()), c.Query("page") != ""))
}

func nextOf(path, token string) string {
	if token == "" {
		return ""
	}
	return path + "?page=" + token
}

func firstOf(path string, later bool) string {
	if later {
		return path
	}
	return ""
}

// notices are what the authority has written, newest first.
func (p *Pages) notices(c *page.Call) error {
	answer, err := p.Wallet.ListNotices(c.Context(), &walletv1.ListNoticesRequest{PageSize: onePage, PageToken: c.Query("page")})
	if err != nil {
		return err
	}
	return c.Show(notices(c, p.who(c), answer.GetNotices(), nextOf("/notices", answer.GetNextPageToken()), c.Query("page") != ""))
}

func (p *Pages) read(c *page.Call) error {
	if _, err := p.Wallet.ReadNotice(c.Context(), &walletv1.ReadNoticeRequest{NoticeId: c.Path("notice")}); err != nil {
		return err
	}
	return c.Go("/notices")
}

// export gives everything that the wallet has of the person, as JSON.
func (p *Pages) export(c *page.Call) error {
	out := map[string][]json.RawMessage{"credentials": {}, "exchanges": {}, "notices": {}}
	add := func(name string, raw []byte, err error) error {
		out[name] = append(out[name], raw)
		return err
	}
	for token, more := "", true; more; more = token != "" {
		answer, err := p.Wallet.ListCredentials(c.Context(), &walletv1.ListCredentialsRequest{PageSize: mostCards, PageToken: token})
		if err != nil {
			return err
		}
		for _, one := range answer.GetCredentials() {
			whole, err := p.Wallet.GetCredential(c.Context(), &walletv1.GetCredentialRequest{CredentialId: one.GetCredentialId()})
			if err != nil {
				return err
			}
			raw, err := protojson.Marshal(whole.GetCredential())
			if err := add("credentials", raw, err); err != nil {
				return err
			}
		}
		token = answer.GetNextPageToken()
	}
	for token, more := "", true; more; more = token != "" {
		answer, err := p.Wallet.ListExchanges(c.Context(), &walletv1.ListExchangesRequest{PageSize: mostCards, PageToken: token})
		if err != nil {
			return err
		}
		for _, one := range answer.GetExchanges() {
			raw, err := protojson.Marshal(one)
			if err := add("exchanges", raw, err); err != nil {
				return err
			}
		}
		token = answer.GetNextPageToken()
	}
	for token, more := "", true; more; more = token != "" {
		answer, err := p.Wallet.ListNotices(c.Context(), &walletv1.ListNoticesRequest{PageSize: mostCards, PageToken: token})
		if err != nil {
			return err
		}
		for _, one := range answer.GetNotices() {
			raw, err := protojson.Marshal(one)
			if err := add("notices", raw, err); err != nil {
				return err
			}
		}
		token = answer.GetNextPageToken()
	}
	content, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return c.File("wallet.json", "application/json", content)
}

// askDelete asks once, and says what it means.
func (p *Pages) askDelete(c *page.Call) error {
	return c.Show(page.Ask(c, page.Question{
		Title: c.T("delete.title"), Text: c.T("delete.text"), Do: c.T("delete.do"), Path: "/delete", Back: page.Link{Path: "/more", Text: c.T("menu.more")},
	}))
}

// delete erases the wallet and ends every session of it.
func (p *Pages) delete(c *page.Call) error {
	if _, err := p.Wallet.DeleteWallet(c.Context(), &walletv1.DeleteWalletRequest{}); err != nil {
		return err
	}
	if err := c.Portal.Sessions.EndEverywhere(c.R.Context(), c.W, c.Session); err != nil {
		return err
	}
	return c.Go("/signed-out")
}
