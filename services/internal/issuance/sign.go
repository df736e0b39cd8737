package issuance

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/binding"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// request is the attachment didcomm/w3c-di-vc-request@v0.1. For an SD-JWT VC it
// is the same without a data model.
type request struct {
	DataModelVersion string `json:"data_model_version"`
	BindingProof     struct {
		Signed struct {
			AttachmentID string `json:"attachment_id"`
		} `json:"didcomm_signed_attachment"`
	} `json:"binding_proof"`
}

// onRequest answers request-credential: the holder's key is proven, only then
// is the credential signed.
func (i *Issuer) onRequest(ctx context.Context, in agent.Received) (agent.Effect, error) {
	c, err := i.inThread(ctx, in, in.Message.Thread())
	if err != nil {
		return nil, err
	}
	switch c.State {
	case Offered:
	case Withdrawn:
		return nil, fault.New(fault.Conflict, "credential.withdrawn", "the credential has been withdrawn")
	case Declined:
		return nil, fault.New(fault.Conflict, "credential.declined", "you have refused this credential")
	default:
		return nil, fault.New(fault.Conflict, "credential.already-issued", "this credential has been issued, and is issued once")
	}
	format, holder, err := wanted(ctx, in.Message, c)
	if err != nil {
		return nil, err
	}
	signed, err := i.sign(ctx, c, format, holder)
	if err != nil {
		return nil, err
	}
	attachment := didcomm.FormatCredential
	if format == credential.SDJWT {
		attachment = didcomm.FormatSDJWT
	}
	delivery := didcomm.NewAttachment("credential", format.MediaType(), attachment, signed)
	return func(ctx context.Context, tx *sqldb.Tx) error {
		if err := i.issued(ctx, tx, c, format, holder, signed); err != nil {
			return err
		}
		return i.Agent.Send(ctx, tx, in.Recipient, in.Sender, didcomm.Message{
			Type: didcomm.TypeIssueCredential, Thid: c.Thread, Attachments: []didcomm.Attachment{delivery},
		})
	}, nil
}

// inThread finds the credential of the thread that a message is about; a thread
// of somebody else's does not exist for the sender.
func (i *Issuer) inThread(ctx context.Context, in agent.Received, thread string) (Credential, error) {
	c, err := find(ctx, i.DB.Read(), `SELECT `+columns+` FROM issuance WHERE thread = $1 AND theirs = $2 AND ours = $3`,
		thread, in.Sender, in.Recipient)
	if fault.KindOf(err) == fault.NotFound {
		return c, fault.New(fault.NotFound, "credential.no-such-thread", "there is no such exchange with you")
	}
	return c, err
}

// wanted reads the request: the format, and the holder's did:key, which it
// proves.
func wanted(ctx context.Context, msg *didcomm.Message, c Credential) (credential.Format, string, error) {
	format, attachment, model := credential.DataIntegrity, didcomm.FormatCredentialRequest, "2.0"
	if _, asSDJWT := msg.AttachmentOf(didcomm.FormatSDJWT); asSDJWT {
		format, attachment, model = credential.SDJWT, didcomm.FormatSDJWT, ""
	}
	raw, err := msg.ContentOf(attachment)
	if err != nil {
		return "", "", err
	}
	var r request
	if err := strictjson.Unmarshal(raw, &r, strictjson.Limits{}); err != nil || r.DataModelVersion != model {
		return "", "", fault.New(fault.Invalid, "credential.request-format", "the request is not of the form %s", attachment)
	}
	proof, err := msg.ContentWithID(r.BindingProof.Signed.AttachmentID)
	if err != nil {
		return "", "", err
	}
	holder, err := binding.Verify(ctx, string(proof), binding.Statement{Nonce: c.nonce, Thread: c.Thread, Audience: c.Issuer})
	return format, holder, err
}

// sign signs a reserved credential for a subject, in a format.
func (i *Issuer) sign(ctx context.Context, c Credential, format credential.Format, subject string) ([]byte, error) {
	claims, err := i.open(ctx, c)
	if err != nil {
		return nil, err
	}
	key, err := i.Book.AssertionKey(ctx, c.Issuer)
	if err != nil {
		return nil, err
	}
	by := signing{signer: i.Book, key: key, at: i.Clock.Now(), random: i.Random}
	return by.sign(ctx, format, c, claims, subject)
}

// issued marks the credential as signed for the subject, once.
func (i *Issuer) issued(ctx context.Context, tx *sqldb.Tx, c Credential, format credential.Format, subject string, signed []byte) error {
	sealed, err := i.Book.KeyStore().Seal(ctx, signed, []byte(c.ID))
	if err != nil {
		return err
	}
	now := i.Clock.Now()
	n, err := sqldb.Changed(ctx, tx, `UPDATE issuance SET state = 'issued', format = $1, subject = $2, credential = $3, issued_at = $4 WHERE credential_id = $5 AND state = $6`,
		string(format), subject, sealed, clock.Micros(now), c.ID, string(c.State))
	if err != nil {
		return fmt.Errorf("record credential: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "credential.already-issued", "this credential has been issued or withdrawn meanwhile")
	}
	c.State, c.Format, c.Subject, c.IssuedAt = Issued, format, subject, now
	if i.OnIssued == nil {
		return nil
	}
	return i.OnIssued(ctx, tx, c)
}

// IssueTo signs a reserved credential for a subject that is known by its DID,
// without a thread: an organisation, not a person.
func (i *Issuer) IssueTo(ctx context.Context, tx *sqldb.Tx, id, subject string) ([]byte, error) {
	c, err := i.Find(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if c.State != Reserved {
		return i.Signed(ctx, tx, id)
	}
	signed, err := i.sign(ctx, c, credential.DataIntegrity, subject)
	if err != nil {
		return nil, err
	}
	return signed, i.issued(ctx, tx, c, credential.DataIntegrity, subject, signed)
}

// Signed gives the bytes of a credential that has been issued.
func (i *Issuer) Signed(ctx context.Context, q sqldb.Querier, id string) ([]byte, error) {
	var sealed []byte
	err := q.QueryRowContext(ctx, `SELECT credential FROM issuance WHERE credential_id = $1`, id).Scan(&sealed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read credential: %w", err)
	}
	if sealed == nil {
		return nil, fault.New(fault.NotFound, "credential.not-issued", "the credential has not been issued yet")
	}
	return i.Book.KeyStore().Open(ctx, sealed, []byte(id))
}

// onAck marks the credential as delivered.
func (i *Issuer) onAck(ctx context.Context, in agent.Received) (agent.Effect, error) {
	c, err := i.inThread(ctx, in, in.Message.Thread())
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		now := i.Clock.Now()
		n, err := sqldb.Changed(ctx, tx, `UPDATE issuance SET state = 'delivered', delivered_at = $1 WHERE credential_id = $2 AND state = 'issued'`,
			clock.Micros(now), c.ID)
		if err != nil || n == 0 || i.OnDelivered == nil {
			return err
		}
		c.State, c.DeliveredAt = Delivered, now
		return i.OnDelivered(ctx, tx, c)
	}, nil
}

// onProblem ends a thread in which the holder has refused the credential.
func (i *Issuer) onProblem(ctx context.Context, in agent.Received) (agent.Effect, error) {
	c, err := i.inThread(ctx, in, in.Message.Pthid)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE issuance SET state = 'declined' WHERE credential_id = $1 AND state IN ('offered', 'issued')`, c.ID)
		return err
	}, nil
}

func (i *Issuer) open(ctx context.Context, c Credential) (map[string]any, error) {
	plain, err := i.Book.KeyStore().Open(ctx, c.claims, []byte(c.ID))
	if err != nil {
		return nil, fmt.Errorf("unseal claims: %w", err)
	}
	var claims map[string]any
	return claims, json.Unmarshal(plain, &claims)
}
