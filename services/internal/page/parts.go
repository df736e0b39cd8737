package page

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"rsc.io/qr"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Looks of a portal.
const (
	LookDesk  = "ks-desk"  // wide: employers and officers
	LookPhone = "ks-phone" // narrow: workers
)

var notInID = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// ID is a field's id in the document, made of its name.
func ID(name string) string { return "f-" + notInID.ReplaceAllString(name, "-") }

func optionID(name string, i int) string { return ID(name) + "-" + strconv.Itoa(i) }

func orText(kind string) string {
	if kind == "" {
		return "text"
	}
	return kind
}

// described ties a field to its help and to what is wrong with it.
func described(f *Form, field Field) templ.Attributes {
	var by []string
	if field.Help != "" {
		by = append(by, ID(field.Name)+"-help")
	}
	attributes := templ.Attributes{}
	if len(f.Problems(field.Name)) > 0 {
		by = append(by, ID(field.Name)+"-wrong")
		attributes["aria-invalid"] = "true"
	}
	if len(by) > 0 {
		attributes["aria-describedby"] = strings.Join(by, " ")
	}
	return attributes
}

// qrCode draws a link (ISO/IEC 18004, level M) as a data URL.
func qrCode(link string) string {
	drawn, err := qr.Encode(link, qr.M)
	if err != nil { // longer than a code can be: the link stands beside it
		return "data:,"
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(drawn.PNG())
}

// menu is what the reader is offered.
func (c *Call) menu() (items []MenuItem) {
	for _, item := range c.Portal.Menu {
		if item.Roles == nil || (c.Session != nil && slices.Contains(item.Roles, c.Session.Who.Role)) {
			items = append(items, item)
		}
	}
	return items
}

// here reports whether the page belongs to a place in the menu: the longest that
// the path begins with.
func (c *Call) here(path string) bool {
	best := ""
	for _, item := range c.menu() {
		if c.R.URL.Path == item.Path || (item.Path != "/" && strings.HasPrefix(c.R.URL.Path, item.Path+"/")) {
			if len(item.Path) > len(best) {
				best = item.Path
			}
		}
	}
	return best == path
}

// failed is an error as its page shows it.
type failed struct{ kind, text, trace string }

func (c *Call) failedBy(f *fault.Error) failed {
	text := c.T("fault." + f.Kind.String())
	if c.Portal.Texts.Has("rule." + f.Rule) {
		text = c.Rule(f.Rule)
	}
	return failed{kind: f.Kind.String(), text: text, trace: telemetry.TraceID(c.R.Context())}
}

func showStatement(c *Call) error { return c.Show(statement(c)) }
