package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
)

// mailGuide leaves the worker's mail in the outbox: the three steps and the
// link. The collection code is not in it; it travels another way.
func (d *Desk) mailGuide(ctx context.Context, tx *sqldb.Tx, r Record, t Tenant) error {
	return d.mailGuideAs(ctx, tx, "mail_"+r.Offer.ID(), r, t)
}

// Resend sends the guide of an offer that waits for its worker again, as often as
// Resending allows.
func (d *Desk) Resend(ctx context.Context, tenantNumber, id string) error {
	tenant, err := d.tenant(tenantNumber)
	if err != nil {
		return err
	}
	record, err := d.ofTenant(ctx, d.DB.Read(), tenantNumber, id)
	if err != nil {
		return err
	}
	if record.Offer.State() != offer.Issued {
		return fault.New(fault.Conflict, "offer.not-waiting", "this offer does not wait for its worker")
	}
	if err := d.Resending.Allow(ctx, id); err != nil {
		return err
	}
	mailID, err := d.newID("mail_" + id + "_")
	if err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.mailGuideAs(ctx, tx, mailID, record, tenant) })
}

func (d *Desk) mailGuideAs(ctx context.Context, tx *sqldb.Tx, mailID string, r Record, t Tenant) error {
	raw, err := letter{
		from: t.LegalName, address: t.ContactEmail, to: r.Offer.Terms().Email(), at: r.Offer.IssuedAt(),
		subject: "Offer of employment / Tilbud om arbeid / Tilbod om arbeid: " + t.LegalName,
		text:    "guide", with: map[string]string{"Employer": t.LegalName, "Link": d.PublicURL + "/invitations/" + r.Offer.ID(), "Number": string(r.Offer.Number())},
	}.write()
	if err != nil {
		return fmt.Errorf("write guide: %w", err)
	}
	tx.OnCommit(d.mail.Ring)
	return d.Store.AddMail(ctx, tx, mailID, raw, d.Clock.Now())
}

//go:embed texts/*.txt
var texts embed.FS

// languages are those of a mail, in their order: the reader's own is not known,
// English is the likeliest of a worker's.
var languages = []string{"en", "nb", "nn"}

// letter is a mail in every language.
type letter struct {
	from, address, to, subject string
	at                         time.Time
	text                       string // which of texts
	with                       map[string]string
	causes                     bool // whether Why is looked up by language
}

// write makes a message (RFC 5322) of it: the text, and the same as HTML that asks
// for nothing from elsewhere (RFC 2046, multipart/alternative).
func (l letter) write() ([]byte, error) {
	parts := map[string]string{}
	var plain, marked strings.Builder
	for i, language := range languages {
		text, err := l.in(language)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			plain.WriteString("\n----\n\n")
			marked.WriteString("<hr>\n")
		}
		plain.WriteString(text)
		fmt.Fprintf(&marked, "<div lang=%q>\n%s</div>\n", language, markUp(text, l.with["Link"]))
	}
	parts["text/plain"] = plain.String()
	parts["text/html"] = "<!doctype html>\n<meta charset=\"utf-8\">\n<title>" + html.EscapeString(l.subject) + "</title>\n" + marked.String()

	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	sum := sha256.Sum256([]byte(parts["text/plain"]))
	if err := w.SetBoundary("part-" + hex.EncodeToString(sum[:12])); err != nil {
		return nil, err
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "From: %s <%s>\r\nTo: <%s>\r\nDate: %s\r\n", mime.QEncoding.Encode("utf-8", l.from), l.address, l.to, l.at.Format(time.RFC1123Z))
	fmt.Fprintf(&head, "Subject: %s\r\nMIME-Version: 1.0\r\n", mime.QEncoding.Encode("utf-8", l.subject))
	fmt.Fprintf(&head, "Content-Type: multipart/alternative; boundary=%s\r\n\r\n", w.Boundary())
	for _, kind := range []string{"text/plain", "text/html"} {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Type": {kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
		})
		if err != nil {
			return nil, err
		}
		encoded := quotedprintable.NewWriter(part)
		if _, err := io.WriteString(encoded, parts[kind]); err != nil {
			return nil, err
		}
		if err := encoded.Close(); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return append(head.Bytes(), b.Bytes()...), err
}

// letters are the texts, read once.
var letters = sync.OnceValues(func() (*template.Template, error) { return template.ParseFS(texts, "texts/*.txt") })

// in is the letter's text in a language.
func (l letter) in(language string) (string, error) {
	parsed, err := letters()
	if err != nil {
		return "", err
	}
	with := l.with
	if l.causes {
		with = maps.Clone(with)
		with["Why"] = causes[with["Cause"]][language]
	}
	var text strings.Builder
	err = parsed.ExecuteTemplate(&text, l.text+"."+language+".txt", with)
	return text.String(), err
}

// markUp is a plain text as paragraphs, with the one link that it has.
func markUp(text, link string) string {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		marked := strings.ReplaceAll(html.EscapeString(paragraph), "\n", "<br>\n")
		if safe := html.EscapeString(link); safe != "" {
			marked = strings.ReplaceAll(marked, safe, `<a href="`+safe+`">`+safe+`</a>`)
		}
		b.WriteString("<p>" + marked + "</p>\n")
	}
	return b.String()
}

// causes are the codes of causes in words. One that is not here is left out.
var causes = map[string]map[string]string{
	"OFFER_WITHDRAWN":    {"en": "the offer was withdrawn.", "nb": "tilbudet er trukket.", "nn": "tilbodet er trekt."},
	"OFFER_SUPERSEDED":   {"en": "the offer was changed; the worker has to show the new one.", "nb": "tilbudet er endret; arbeidstakeren må vise det nye.", "nn": "tilbodet er endra; arbeidstakaren må vise det nye."},
	"EMPLOYER_SUSPENDED": {"en": "your accreditation is suspended.", "nb": "akkrediteringen deres er suspendert.", "nn": "akkrediteringa dykkar er suspendert."},
	"EMPLOYER_REVOKED":   {"en": "your accreditation is revoked.", "nb": "akkrediteringen deres er trukket tilbake.", "nn": "akkrediteringa dykkar er trekt tilbake."},
	"EMPLOYER_BANKRUPT":  {"en": "the register says that you are bankrupt.", "nb": "registeret sier at dere er konkurs.", "nn": "registeret seier at de er konkurs."},
	"PERMIT_REVOKED":     {"en": "UDI has revoked the permit.", "nb": "UDI har tilbakekalt tillatelsen.", "nn": "UDI har kalla tilbake løyvet."},
	"IDENTITY_CORRECTED": {"en": "the police have corrected the identity.", "nb": "politiet har rettet identiteten.", "nn": "politiet har retta identiteten."},
	"APPOINTMENT_MISSED": {"en": "the worker did not come to the police.", "nb": "arbeidstakeren møtte ikke hos politiet.", "nn": "arbeidstakaren møtte ikkje hos politiet."},
	"OFFICER":            {"en": "an officer at UDI has decided so.", "nb": "en saksbehandler i UDI har bestemt det.", "nn": "ein saksbehandlar i UDI har bestemt det."},
}

// mailEmployer tells the employer's contact that a case is halted, revoked or
// over. The mail names the offer by its number, and nobody.
func (d *Desk) mailEmployer(ctx context.Context, tx *sqldb.Tx, c progress.Case, event *eventbus.Event) error {
	record, err := d.Store.ByID(ctx, tx, c.OfferID)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil // an offer of another issuer
		}
		return err
	}
	tenant, err := d.tenant(record.Tenant)
	if err != nil {
		return nil // the employer does not issue here any more
	}
	raw, err := letter{
		from: "Kompetansespor", address: tenant.ContactEmail, to: tenant.ContactEmail, at: event.Time,
		subject: "Offer / Tilbud / Tilbod " + string(record.Offer.Number()),
		text:    "told", causes: true,
		with: map[string]string{
			"Event": event.Name(), "Number": string(record.Offer.Number()), "Cause": c.Cause, "Link": d.PublicURL + "/offers/" + record.Offer.ID(),
		},
	}.write()
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	tx.OnCommit(d.mail.Ring)
	return d.Store.AddMail(ctx, tx, "mail_"+event.ID, raw, d.Clock.Now())
}

// Mail is one that must leave, as it is sent (RFC 5322).
type Mail struct {
	ID       string
	Raw      []byte
	Attempts int64
}

const (
	// mostMails is how many mails one step sends, mailsAtOnce how many of them side by
	// side.
	mostMails, mailsAtOnce = 64, 8
	// gatherMail is how long a mail waits for others, to be noted together as sent.
	gatherMail = 50 * time.Millisecond
)

// MailStep sends mails that are due, and notes in one transaction what became of them.
func (d *Desk) MailStep(ctx context.Context) (bool, error) {
	due, err := d.Store.DueMail(ctx, d.DB.Read(), d.Clock.Now(), mostMails)
	if err != nil || len(due) == 0 {
		return false, err
	}
	var mu sync.Mutex // guards sent
	sent := map[string]bool{}
	_ = runner.Each(ctx, mailsAtOnce, due, func(ctx context.Context, m Mail) error { // none fails, some are put off
		if d.Mailer.Deliver(ctx, m.ID, m.Raw) == nil {
			mu.Lock()
			defer mu.Unlock()
			sent[m.ID] = true
		}
		return nil
	})
	ctx = context.WithoutCancel(ctx) // what has left is not sent again after a restart
	return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		for _, m := range due {
			var err error
			if sent[m.ID] {
				err = d.Store.MailSent(ctx, tx, m.ID)
			} else {
				err = d.Store.MailLater(ctx, tx, m.ID, d.Clock.Now().Add(time.Second<<min(m.Attempts, 10)))
			}
			if err != nil {
				return fmt.Errorf("note what became of mail: %w", err)
			}
		}
		return nil
	})
}
