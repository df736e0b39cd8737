package issuance

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Party is a thread and its two ends: a DID of ours and the holder's.
type Party struct {
	Thread string // empty begins a new thread, named after the credential
	Ours   string
	Theirs string
}

// Offer sends offer-credential for a reserved credential, in both formats, in
// the caller's transaction. The holder asks for one of them. Offering again to the same party changes nothing; to another it
// is a Conflict, and so is a thread of the party's in which another credential
// has been offered: the party may have named it.
func (i *Issuer) Offer(ctx context.Context, tx *sqldb.Tx, id string, to Party) error {
	c, err := i.Find(ctx, tx, id)
	if err != nil {
		return err
	}
	if to.Thread == "" {
		to.Thread = id
	}
	switch {
	case c.State == Withdrawn:
		return fault.New(fault.Conflict, "credential.withdrawn", "the credential has been withdrawn")
	case c.State != Reserved && c.Theirs == to.Theirs:
		return nil
	case c.State != Reserved:
		return fault.New(fault.Conflict, "credential.already-offered", "the credential has been offered to another holder")
	}
	_, err = find(ctx, tx, `SELECT `+columns+` FROM issuance WHERE thread = $1 AND theirs = $2 AND ours = $3`, to.Thread, to.Theirs, to.Ours)
	switch {
	case err == nil:
		return fault.New(fault.Conflict, "credential.thread-taken", "another credential has been offered in this thread")
	case fault.KindOf(err) != fault.NotFound:
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE issuance SET state = 'offered', thread = $1, ours = $2, theirs = $3 WHERE credential_id = $4`,
		to.Thread, to.Ours, to.Theirs, id)
	if err != nil {
		return fmt.Errorf("offer credential: %w", err)
	}
	claims, err := i.open(ctx, c)
	if err != nil {
		return err
	}
	kind, err := typeOf(c)
	if err != nil {
		return err
	}
	binding := map[string]any{"didcomm_signed_attachment": map[string]any{
		"algs_supported":        []string{"EdDSA"},
		"did_methods_supported": []string{"key"},
		"nonce":                 c.nonce,
	}}
	w3c, err := json.Marshal(map[string]any{
		"data_model_versions_supported": []string{"2.0"},
		"binding_required":              true,
		"binding_method":                binding,
		"credential":                    preview(c, claims),
	})
	if err != nil {
		return fmt.Errorf("write offer: %w", err)
	}
	sdjwt, err := json.Marshal(map[string]any{"vct": kind.VCT, "binding_required": true, "binding_method": binding})
	if err != nil {
		return fmt.Errorf("write offer: %w", err)
	}
	return i.Agent.Send(ctx, tx, to.Ours, to.Theirs, didcomm.Message{
		Type: didcomm.TypeOfferCredential,
		Thid: to.Thread,
		Attachments: []didcomm.Attachment{
			{ID: "offer", MediaType: "application/json", Format: didcomm.FormatCredentialOffer, JSON: w3c},
			{ID: "offer-sd-jwt", MediaType: "application/json", Format: didcomm.FormatSDJWT, JSON: sdjwt},
		},
	})
}
