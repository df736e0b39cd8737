package issuance

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"github.com/kompetansespor/kompetansespor/services/internal/status"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/binding"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// request is the attachment didcomm/w3c-di-vc-request@v0.1.
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
	holder, err := holderOf(ctx, in.Message, c)
	if err != nil {
		return nil, err
	}
	signed, err := i.sign(ctx, c, holder)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		if err := i.issued(ctx, tx, &c, holder, signed); err != nil {
			return err
		}
		return i.Agent.Send(ctx, tx, in.Recipient, in.Sender, didcomm.Message{
			Type:        didcomm.TypeIssueCredential,
			Thid:        c.Thread,
			Attachments: []didcomm.Attachment{didcomm.NewAttachment("credential", "application/vc", didcomm.FormatCredential, signed)},
		})
	}, nil
}

// inThread finds the credential of a thread that a message is about; a thread of somebody
// else's does not exist for the sender.
func (i *Issuer) inThread(ctx context.Context, in agent.Received, thread string) (Credential, error) {
	c, err := find(ctx, i.DB.Read(), `SELECT `+columns+` FROM issuance WHERE thread = $1 AND theirs = $2 AND ours = $3`,
		thread, in.Sender, in.Recipient)
	if fault.KindOf(err) == fault.NotFound {
		return c, fault.New(fault.NotFound, "credential.no-such-thread", "there is no such exchange with you")
	}
	return c, err
}

// holderOf proves the key in the request and returns its did:key.
func holderOf(ctx context.Context, msg *didcomm.Message, c Credential) (string, error) {
	raw, err := msg.ContentOf(didcomm.FormatCredentialRequest)
	if err != nil {
		return "", err
	}
	var r request
	if err := strictjson.Unmarshal(raw, &r, strictjson.Limits{}); err != nil || r.DataModelVersion != "2.0" {
		return "", fault.New(fault.Invalid, "credential.request-format", "the request is not of the form didcomm/w3c-di-vc-request@v0.1 with data model 2.0")
	}
	proof, err := msg.ContentWithID(r.BindingProof.Signed.AttachmentID)
	if err != nil {
		return "", err
	}
	return binding.Verify(ctx, string(proof), binding.Statement{Nonce: c.nonce, Thread: c.Thread, Audience: c.Issuer})
}

func (i *Issuer) sign(ctx context.Context, c Credential, subject string) ([]byte, error) {
	claims, err := i.open(ctx, c)
	if err != nil {
		return nil, err
	}
	key, err := i.Book.AssertionKey(ctx, c.Issuer)
	if err != nil {
		return nil, err
	}
	return credential.Issue(ctx, i.Book, unsigned(c, claims, subject), credential.Securing{Key: key, Created: i.Clock.Now()})
}

// issued marks the credential as signed for the subject, once.
func (i *Issuer) issued(ctx context.Context, tx *sqldb.Tx, c *Credential, subject string, signed []byte) error {
	sealed, err := i.Book.KeyStore().Seal(ctx, signed, []byte(c.ID))
	if err != nil {
		return err
	}
	now := i.Clock.Now()
	n, err := sqldb.Changed(ctx, tx, `UPDATE issuance SET state = 'issued', subject = $1, credential = $2, issued_at = $3 WHERE credential_id = $4 AND state = $5`,
		subject, sealed, clock.Micros(now), c.ID, string(c.State))
	if err != nil {
		return fmt.Errorf("record credential: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "credential.already-issued", "this credential has been issued or withdrawn meanwhile")
	}
	c.State, c.Subject, c.IssuedAt = Issued, subject, now
	if i.OnIssued == nil {
		return nil
	}
	return i.OnIssued(ctx, tx, *c)
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
	signed, err := i.sign(ctx, c, subject)
	if err != nil {
		return nil, err
	}
	return signed, i.issued(ctx, tx, &c, subject, signed)
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

// unsigned is the credential as it will be signed.
func unsigned(c Credential, claims map[string]any, subject string) credential.Document {
	document := credential.Draft{
		ID: c.ID, Type: c.Type, Issuer: c.Issuer, Subject: subject, Claims: claims,
		ValidFrom: c.validFrom, ValidUntil: c.validUntil, Status: []status.Entry{c.status},
	}.Document()
	if kind, ok := credtype.Find(c.Type); ok {
		document["credentialSchema"] = map[string]any{"id": kind.SchemaID(), "type": "JsonSchema"}
	}
	return document
}

// preview is the credential as it is offered: nobody's yet, without status.
func preview(c Credential, claims map[string]any) credential.Document {
	document := unsigned(c, claims, "")
	delete(document, "credentialStatus")
	document["credentialSubject"] = claims
	return document
}
