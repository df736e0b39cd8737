package web

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

func (p *Pages) newUserID() (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(p.Random, raw); err != nil {
		return "", fmt.Errorf("make user id: %w", err)
	}
	return hex.EncodeToString(raw), nil
}

// door is where a wallet is made or opened.
func (p *Pages) door(c *page.Call) error {
	to := page.Local(c.Query("to"))
	if c.Is(Holder) {
		return c.Go(to)
	}
	return c.Show(door(c, to))
}

// recoverForm asks for a recovery code; it works without scripts.
func (p *Pages) recoverForm(c *page.Call) error { return c.Show(recovering(c, page.NewForm())) }

// recover opens the wallet by a code, which is used up.
func (p *Pages) recover(c *page.Call) error {
	f := c.Form()
	from, _, err := net.SplitHostPort(c.R.RemoteAddr)
	if err != nil {
		from = c.R.RemoteAddr
	}
	holder, err := p.Accounts.Recover(c.R.Context(), from, f.Get("code"))
	if err != nil && fault.KindOf(err) == fault.NotFound {
		f.Values.Del("code")
		f.Refuse(c, "code", "rule.recovery.unknown")
		return c.ShowWith(422, recovering(c, f))
	}
	if err != nil {
		return err
	}
	if err := p.letIn(c, holder); err != nil {
		return err
	}
	return c.Done("/more", "recover.done")
}

// codes says how many recovery codes are left, and offers to make new ones.
func (p *Pages) codes(c *page.Call) error {
	left, err := p.Accounts.CodesLeft(c.R.Context(), c.Who().Subject)
	if err != nil {
		return err
	}
	return c.Show(codes(c, int(left)))
}

// newCodes shows new codes, once.
func (p *Pages) newCodes(c *page.Call) error {
	made, err := p.Accounts.NewCodes(c.R.Context(), c.Who().Subject)
	if err != nil {
		return err
	}
	return c.Show(madeCodes(c, made))
}
