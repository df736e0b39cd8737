// Package web is the worker's wallet in a browser: opened by a passkey or a recovery
// code, it receives offers, applies, and shows what is held, what was shown to whom,
// and who has read it.
package web

import (
	"context"
	"embed"
	"io"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/webassets"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
)

// Texts are what the portal's readers read.
//
//go:embed texts/*.yaml
var Texts embed.FS

//go:embed static
var staticFiles embed.FS

// files are the wallet's own scripts.
var files = webassets.Open(staticFiles, "static")

const filesAt = "/wallet-static/"

// Title is the key of the portal's name; Door is where a wallet is opened.
const (
	Title = "portal.title"
	Door  = "/open"
)

// Holder is the role of whose wallet is open.
const Holder rpc.Role = "holder"

// Accounts are how wallets are opened here. No token is involved.
type Accounts interface {
	AddPasskey(ctx context.Context, p desk.Passkey) error
	SavePasskey(ctx context.Context, p desk.Passkey) error
	Passkeys(ctx context.Context, holder string) ([]desk.Passkey, error)
	// HolderOf is whose passkey it is; NotFound for nobody's.
	HolderOf(ctx context.Context, passkeyID []byte) (string, error)
	NewCodes(ctx context.Context, holder string) ([]string, error)
	CodesLeft(ctx context.Context, holder string) (int64, error)
	Recover(ctx context.Context, from, code string) (holder string, err error)
}

// Recipient is an agency that may be let read an offer's claims.
type Recipient struct {
	// DID is the agency's, Name what people call it.
	DID, Name string
	// Kind says why it reads, by the text consent.why.<kind>: police, tax or bank. Of
	// several of one kind the holder chooses one.
	Kind string
	// Claims are what it cannot do without, Optional what helps.
	Claims, Optional []string
}

// Pages are the wallet.
type Pages struct {
	Wallet     walletv1.WalletServiceClient
	Accounts   Accounts
	Recipients []Recipient
	// Authority is the DID that applications go to.
	Authority string
	Random    io.Reader
	// App is who opens wallets for the pages, in the words of the tokens file.
	App rpc.Principal
}

// Menu is the portal's.
func Menu() []page.MenuItem {
	holder := []rpc.Role{Holder}
	return []page.MenuItem{
		{Path: "/", Key: "menu.cards", Roles: holder},
		{Path: "/steps", Key: "menu.steps", Roles: holder},
		{Path: "/notices", Key: "menu.notices", Roles: holder},
		{Path: "/more", Key: "menu.more", Roles: holder},
	}
}

// Table is every page.
func (p *Pages) Table() page.Table {
	holder := []rpc.Role{Holder}
	return page.Table{
		"GET /{$}":                           {Do: p.home},
		"GET " + Door:                        {Do: p.door},
		"POST /passkey/new":                  {Do: p.beginNew},
		"POST /passkey/new/done":             {Do: p.finishNew},
		"POST /passkey/open":                 {Do: p.beginOpen},
		"POST /passkey/open/done":            {Do: p.finishOpen},
		"POST /passkey/more":                 {Roles: holder, Do: p.beginMore},
		"POST /passkey/more/done":            {Roles: holder, Do: p.finishMore},
		"GET /recover":                       {Do: p.recoverForm},
		"POST /recover":                      {Do: p.recover},
		"GET /codes":                         {Roles: holder, Do: p.codes},
		"POST /codes":                        {Roles: holder, Do: p.newCodes},
		"GET /cards/{credential}":            {Roles: holder, Do: p.card},
		"GET /receive":                       {Roles: holder, Do: p.receiveForm},
		"POST /receive":                      {Roles: holder, Do: p.receive},
		"GET /exchanges/{exchange}":          {Roles: holder, Do: p.exchange},
		"GET /exchanges/{exchange}/live":     {Roles: holder, Do: p.exchangeLive, Live: true},
		"GET /exchanges/{exchange}/offer":    {Roles: holder, Do: p.offered},
		"POST /exchanges/{exchange}/offer":   {Roles: holder, Do: p.keepOffer},
		"GET /exchanges/{exchange}/decline":  {Roles: holder, Do: p.askDecline},
		"POST /exchanges/{exchange}/decline": {Roles: holder, Do: p.decline},
		"POST /exchanges/{exchange}/paid":    {Roles: holder, Do: p.paid},
		"GET /exchanges/{exchange}/appeal":   {Roles: holder, Do: p.appealForm},
		"POST /exchanges/{exchange}/appeal":  {Roles: holder, Do: p.appeal},
		"GET /apply":                         {Roles: holder, Do: p.applyForm},
		"POST /apply":                        {Roles: holder, Do: p.apply},
		"GET /steps":                         {Roles: holder, Do: p.steps},
		"GET /steps/live":                    {Roles: holder, Do: p.stepsLive, Live: true},
		"GET /notices":                       {Roles: holder, Do: p.notices},
		"POST /notices/{notice}/read":        {Roles: holder, Do: p.read},
		"GET /more":                          {Roles: holder, Do: p.more},
		"GET /history":                       {Roles: holder, Do: p.history},
		"GET /reads":                         {Roles: holder, Do: p.reads},
		"GET /export":                        {Roles: holder, Do: p.export},
		"GET /delete":                        {Roles: holder, Do: p.askDelete},
		"POST /delete":                       {Roles: holder, Do: p.delete},
		"GET /offline":                       {Do: p.offline},
		"GET /manifest.webmanifest":          {Do: p.manifest},
		"GET /sw.js":                         {Do: p.worker},
		"GET " + filesAt + "{file}":          {Do: func(c *page.Call) error { files.ServeHTTP(c.W, c.R); return nil }},
	}
}

// home shows the cards to whose wallet is open, and the way in to others.
func (p *Pages) home(c *page.Call) error {
	if !c.Is(Holder) {
		return c.Go(Door)
	}
	return p.cards(c)
}
