package desk

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/quotedprintable"
	"text/template"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
)

// mailGuide leaves the worker's mail in the outbox: the three steps and the
// link. The collection code is not in it; it travels another way.
func (d *Desk) mailGuide(ctx context.Context, tx *sqldb.Tx, r Record, t Tenant) error {
	raw, err := letter{
		from: t.LegalName, address: t.ContactEmail, to: r.Offer.Terms().Email(), at: r.Offer.IssuedAt(),
		subject: "Offer of employment / Tilbud om arbeid / Tilbod om arbeid: " + t.LegalName,
		text:    "guide", with: map[string]string{"Employer": t.LegalName, "Link": d.PublicURL + "/invitations/" + r.Offer.ID(), "Number": string(r.Offer.Number())},
	}.write()
	if err != nil {
		return fmt.Errorf("write guide: %w", err)
	}
	tx.OnCommit(d.mail.Ring)
	return d.Store.AddMail(ctx, tx, "mail_"+r.Offer.ID(), raw, d.Clock.Now())
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

// write makes a message (RFC 5322) of it.
func (l letter) write() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: <%s>\r\nDate: %s\r\n", mime.QEncoding.Encode("utf-8", l.from), l.address, l.to, l.at.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", l.subject))
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	parsed, err := template.ParseFS(texts, "texts/"+l.text+".*.txt")
	if err != nil {
		return nil, err
	}
	for i, language := range languages {
		if i > 0 {
			if _, err := io.WriteString(w, "\n----\n\n"); err != nil {
				return nil, err
			}
		}
		with := l.with
		if l.causes {
			with = maps.Clone(with)
			with["Why"] = causes[with["Cause"]][language]
		}
		if err := parsed.ExecuteTemplate(w, l.text+"."+language+".txt", with); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
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
			"Event": event.Name(), "Number": string(record.Offer.Number()), "Cause": c.Cause, "Link": d.PublicURL + "/v1/offers/" + record.Offer.ID(),
		},
	}.write()
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	tx.OnCommit(d.mail.Ring)
	return d.Store.AddMail(ctx, tx, "mail_"+event.ID, raw, d.Clock.Now())
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
