// Package vcapi is what a holder can do with its credentials over the W3C VC
// API: show a part of one. It knows no wire: requests are read before it.
package vcapi

import (
	"context"
	"strconv"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Store finds a holder's credential; another holder's is NotFound.
type Store interface {
	Credential(ctx context.Context, q sqldb.Querier, holder, id string) (holding.Credential, error)
}

// Deriver is the VC API's deriver. It is safe for concurrent use.
type Deriver struct {
	DB    *sqldb.DB
	Store Store
}

// Derive shows a part of a credential that the holder has, or that came along.
// One that came along is not verified: whoever gets it sees to that.
func (d *Deriver) Derive(ctx context.Context, want vcapi.Derivation) ([]byte, error) {
	raw := want.SDJWT
	if raw == nil {
		held, err := d.Store.Credential(ctx, d.DB.Read(), want.Holder, want.ID)
		if err != nil {
			return nil, err
		}
		if held.Format != credential.SDJWT {
			return nil, vcapi.NotDerivable()
		}
		raw = held.Document
	}
	token, err := sdjwt.Parse(raw)
	if err != nil {
		return nil, err
	}
	said, err := token.Unverified()
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(want.Pointers))
	for n, pointer := range want.Pointers {
		if paths[n], err = pathOf(pointer, said.Claims); err != nil {
			return nil, err
		}
	}
	return token.Select(paths)
}

// pathOf writes a JSON pointer (RFC 6901) into claims as a path of SD-JWT: what
// it goes through says whether a number is an index or a name.
func pathOf(pointer string, claims map[string]any) (string, error) {
	if !strings.HasPrefix(pointer, "/") {
		return "", badPointer()
	}
	var path strings.Builder
	var at any = claims
	for n, step := range strings.Split(pointer[1:], "/") {
		switch inside := at.(type) {
		case map[string]any:
			name, ok := unescape(step)
			if ok {
				at, ok = inside[name]
			}
			if !ok {
				return "", badPointer()
			}
			if n > 0 {
				path.WriteByte('.')
			}
			path.WriteString(special.Replace(name))
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || strconv.Itoa(index) != step || index < 0 || index >= len(inside) {
				return "", badPointer()
			}
			at = inside[index]
			path.WriteString("[" + step + "]")
		default:
			return "", badPointer()
		}
	}
	return path.String(), nil
}

// unescape reads a step of a pointer (RFC 6901, section 4).
func unescape(step string) (string, bool) {
	name := strings.NewReplacer("~0", "~", "~1", "/").Replace(step)
	bad := strings.NewReplacer("~0", "", "~1", "").Replace(step)
	return name, !strings.Contains(bad, "~")
}

// special escapes what has a meaning in a path.
var special = strings.NewReplacer(`\`, `\\`, `.`, `\.`, `*`, `\*`, `[`, `\[`, `]`, `\]`)

func badPointer() error {
	return fault.New(fault.Invalid, "vcapi.pointer", "a pointer leads to no claim of the credential")
}
