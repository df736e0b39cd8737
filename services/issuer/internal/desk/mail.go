package desk

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"text/template"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// mailGuide leaves the worker's mail in the outbox: the three steps and the
// link. The collection code is not in it; it travels another way.
func (d *Desk) mailGuide(ctx context.Context, tx *sqldb.Tx, r Record, t Tenant) error {
	raw, err := guide(r.Offer.Terms().Email(), t, d.PublicURL+"/invitations/"+r.Offer.ID(), r.Offer.IssuedAt())
	if err != nil {
		return fmt.Errorf("write guide: %w", err)
	}
	tx.OnCommit(d.mail.Ring)
	return d.Store.AddMail(ctx, tx, "mail_"+r.Offer.ID(), raw, d.Clock.Now())
}

//go:embed texts/guide.*.txt
var texts embed.FS

// languages are those of the guide, in the order in which they stand in the
// mail: the worker's own is not known, English is the likeliest.
var languages = []string{"en", "nb", "nn"}

// guide writes the mail (RFC 5322), in every language.
func guide(to string, t Tenant, link string, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: <%s>\r\nDate: %s\r\n", mime.QEncoding.Encode("utf-8", t.LegalName), t.ContactEmail, to, at.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", "Offer of employment / Tilbud om arbeid / Tilbod om arbeid: "+t.LegalName))
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	parsed, err := template.ParseFS(texts, "texts/guide.*.txt")
	if err != nil {
		return nil, err
	}
	for i, language := range languages {
		if i > 0 {
			if _, err := io.WriteString(w, "\n----\n\n"); err != nil {
				return nil, err
			}
		}
		if err := parsed.ExecuteTemplate(w, "guide."+language+".txt", map[string]string{"Employer": t.LegalName, "Link": link}); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
}

// MailStep sends the next mail that is due.
func (d *Desk) MailStep(ctx context.Context) (bool, error) {
	id, raw, attempts, err := d.Store.NextMail(ctx, d.DB.Read(), d.Clock.Now())
	if err != nil || id == "" {
		return false, err
	}
	if failed := d.Mailer.Deliver(ctx, id, raw); failed != nil {
		due := d.Clock.Now().Add(time.Second << min(attempts, 10))
		return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.MailLater(ctx, tx, id, due) })
	}
	return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.MailSent(ctx, tx, id) })
}
