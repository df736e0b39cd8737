package desk

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"mime/quotedprintable"
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

// guide writes the mail (RFC 5322).
func guide(to string, t Tenant, link string, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: <%s>\r\nDate: %s\r\n", mime.QEncoding.Encode("utf-8", t.LegalName), t.ContactEmail, to, at.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", "Your offer of employment from "+t.LegalName))
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	fmt.Fprintf(w, `%s has signed an offer of employment for you.

Three steps take you to work in Norway:

1. Download the offer of employment to your wallet. Open this link on your phone:
   %s
   The wallet asks for a code. Your employer gives you the code another way than by this mail.
2. Apply for a residence permit from your wallet. You type nothing again.
3. Receive the decision and an appointment in your wallet.

Nobody needs your passport number or identity number by mail. If you did not expect this offer, do not open the link.
`, t.LegalName, link)
	return b.Bytes(), w.Close()
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
