package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/batch"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Batch is a file of offers that is being issued.
type Batch struct {
	ID             string
	Tenant         string
	IdempotencyKey string
	FileHash       string // of the file and who signed it
	TokenHash      string
	CodeForm       offer.CodeForm
	Traceparent    string
	batch.Progress
}

// Import is a file, and who signs every offer in it.
type Import struct {
	Tenant         string
	TokenHash      string
	IdempotencyKey string
	File           []byte
	Signatory      offer.Signatory
	Declarations   offer.Declarations
	CodeForm       offer.CodeForm
}

// ImportOffers takes a file whole or not at all: when any line breaks a rule,
// all violations are given and nothing is kept. The same key and file give the
// same batch; the same key with another file is a Conflict.
func (d *Desk) ImportOffers(ctx context.Context, in Import) (_ Batch, violations []batch.Violation, err error) {
	ctx, end := telemetry.Span(ctx, "offer.Import")
	defer func() { end(err) }()
	tenant, err := d.tenant(in.Tenant)
	if err != nil {
		return Batch{}, nil, err
	}
	hash := hashFile(in)
	if have, err := d.importedBefore(ctx, d.DB.Read(), in, hash); fault.KindOf(err) != fault.NotFound || err == nil {
		return have, nil, err
	}
	file, err := batch.Read(in.File)
	if err != nil {
		return Batch{}, nil, err
	}
	for i := range file.Lines {
		file.Lines[i].Form.Employer = employer(tenant)
		file.Lines[i].Form.Signatory = in.Signatory
		file.Lines[i].Form.Declarations = in.Declarations
	}
	now := d.Clock.Now()
	if violations := file.Check(now.In(d.Zone), d.Rules); len(violations) > 0 {
		return Batch{}, violations, nil
	}
	// Each line asks again when it is signed: a file may take its time.
	if _, err := d.accredited(ctx, tenant, now); err != nil {
		return Batch{}, nil, err
	}
	if _, err := d.signatory(ctx, tenant, in.Signatory, now); err != nil {
		return Batch{}, nil, err
	}
	id, err := d.newID("bat_")
	if err != nil {
		return Batch{}, nil, err
	}
	made := Batch{
		ID: id, Tenant: in.Tenant, IdempotencyKey: in.IdempotencyKey, FileHash: hash, TokenHash: in.TokenHash, CodeForm: in.CodeForm,
		Traceparent: telemetry.Traceparent(ctx), Progress: batch.Progress{Total: len(file.Lines), ImportedAt: now},
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		have, err := d.importedBefore(ctx, tx, in, hash)
		if err == nil {
			made = have
			return nil
		}
		if fault.KindOf(err) != fault.NotFound {
			return err
		}
		tx.OnCommit(d.batch.Ring)
		return d.Store.AddBatch(ctx, tx, made, file.Lines)
	})
	return made, nil, err
}

func (d *Desk) importedBefore(ctx context.Context, q sqldb.Querier, in Import, hash string) (Batch, error) {
	have, err := d.Store.BatchByKey(ctx, q, in.Tenant, in.IdempotencyKey)
	if err == nil && have.FileHash != hash {
		err = fault.New(fault.Conflict, "batch.key-with-another-file", "this idempotency key was used for another file: use a new one")
	}
	return have, err
}

func hashFile(in Import) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %v %v %s\n", in.Signatory.Name, in.Signatory.Role, in.Declarations, in.Signatory.AuthorisedBy, in.CodeForm)
	h.Write(in.File)
	return hex.EncodeToString(h.Sum(nil))
}

// BatchStep issues the next offer of a batch. A line has one idempotency key:
// whatever stops it between the offer and the count, the next step finds the
// offer and only counts it.
func (d *Desk) BatchStep(ctx context.Context) (bool, error) {
	b, line, attempts, err := d.Store.NextLine(ctx, d.DB.Read(), d.Clock.Now())
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return false, nil
		}
		return false, err
	}
	ctx = telemetry.Continue(ctx, b.Traceparent)
	record, _, err := d.Issue(ctx, Signing{
		Tenant: b.Tenant, TokenHash: b.TokenHash, IdempotencyKey: b.ID + "-" + strconv.Itoa(line.Number), Form: line.Form, CodeForm: b.CodeForm,
	})
	switch f := fault.From(err); {
	case err == nil:
		line.State, line.OfferID = batch.Issued, record.Offer.ID()
	case ctx.Err() != nil:
		return false, ctx.Err()
	case f.Kind.Permanent():
		line.State, line.Rule, line.Message = batch.Failed, f.Rule, f.Message
		if len(f.Violations) > 0 { // a date that has passed since the file was checked
			line.Rule, line.Message = f.Violations[0].Rule, f.Violations[0].Message
		}
	default:
		due := d.Clock.Now().Add(min(time.Second<<min(attempts, 6), time.Minute))
		return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.LineLater(ctx, tx, b.ID, line.Number, due) })
	}
	return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		ended, err := d.Store.EndLine(ctx, tx, b.ID, line)
		if err != nil || !ended {
			return err
		}
		return d.Store.BatchDone(ctx, tx, b.ID, d.Clock.Now())
	})
}

// BatchOf gives one of a tenant's batches.
func (d *Desk) BatchOf(ctx context.Context, tenant, id string) (Batch, error) {
	return d.Store.Batch(ctx, d.DB.Read(), tenant, id)
}

// BatchReport writes a batch's lines as CSV, with the codes that nobody has
// used yet.
func (d *Desk) BatchReport(ctx context.Context, tenant, id string) ([]byte, error) {
	b, err := d.Store.Batch(ctx, d.DB.Read(), tenant, id)
	if err != nil {
		return nil, err
	}
	lines, err := d.Store.Lines(ctx, d.DB.Read(), b.ID)
	if err != nil {
		return nil, err
	}
	reported := make([]batch.Reported, len(lines))
	for i, line := range lines {
		reported[i] = batch.Reported{Line: line, Name: line.Form.GivenName + " " + line.Form.FamilyName}
		if line.OfferID == "" {
			continue
		}
		record, err := d.Store.ByID(ctx, d.DB.Read(), line.OfferID)
		if err != nil {
			return nil, err
		}
		code, err := d.Store.Code(ctx, d.DB.Read(), line.OfferID)
		if err != nil {
			return nil, err
		}
		form := record.Offer.Terms().Form()
		reported[i].Name = form.GivenName + " " + form.FamilyName
		reported[i].Number, reported[i].Code, reported[i].Stands = string(record.Offer.Number()), string(code), string(record.Offer.State())
	}
	return batch.Report(reported)
}
