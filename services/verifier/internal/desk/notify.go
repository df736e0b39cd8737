package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// notify writes to the worker that something happened (basicmessage 2.0), in the
// language of the consent and in a thread of its own: a notice that cannot be
// delivered holds nothing else up. It says nothing that the worker does not know; kind in
// the body tells a wallet that knows it what the text is about; others show the text.
func (d *Desk) notify(ctx context.Context, tx *sqldb.Tx, record Record, kind casefile.NoticeKind, values map[string]string) error {
	all := map[string]string{"number": record.Case.Number()}
	for name, value := range values {
		all[name] = value
	}
	text, language := d.Notices.Text(kind, record.File.Consent.Lang, all)
	return d.Agent.Send(ctx, tx, d.DID, record.Applicant, didcomm.Message{
		Type:    didcomm.TypeBasicMessage,
		Headers: map[string]string{"lang": language},
		Body:    object(map[string]string{"content": text, "kind": string(kind)}),
	})
}
