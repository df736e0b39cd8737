package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Notice keeps what an organisation wrote to the holder. It counts only at a
// DID that was made for that organisation: of a connection, or for deliveries.
func (d *Desk) Notice(ctx context.Context, in agent.Received, language string, kind holding.NoticeKind, content string) (agent.Effect, error) {
	owner, onlyFrom, err := d.Book.Owner(ctx, in.Recipient)
	if err != nil {
		return nil, err
	}
	if onlyFrom == "" || onlyFrom != in.Sender {
		return nil, fault.New(fault.Denied, "notice.stranger", "nobody here takes messages from you at this address")
	}
	id, err := d.newID("notice_")
	if err != nil {
		return nil, err
	}
	if !kind.Valid() { // no reason to lose the text
		kind = ""
	}
	notice := holding.Notice{ID: id, Holder: owner, Sender: in.Sender, Language: language, Kind: kind, Content: content, ReceivedAt: in.At}
	if err := notice.Check(); err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error { return d.Store.AddNotice(ctx, tx, notice) }, nil
}

// Notices lists the holder's notices before a position, newest first, and how
// many are not read.
func (d *Desk) Notices(ctx context.Context, holder string, before int64, limit int) (all []holding.Notice, unread int64, err error) {
	err = d.DB.Snapshot(ctx, func(q sqldb.Querier) error {
		if all, err = d.Store.Notices(ctx, q, holder, before, limit); err != nil {
			return err
		}
		unread, err = d.Store.Unread(ctx, q, holder)
		return err
	})
	return all, unread, err
}

// Read marks one of the holder's notices as read.
func (d *Desk) Read(ctx context.Context, holder, id string) (notice holding.Notice, err error) {
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if notice, err = d.Store.Notice(ctx, tx, holder, id); err != nil || !notice.Read(d.Clock.Now()) {
			return err
		}
		return d.Store.SaveNotice(ctx, tx, notice)
	})
	return notice, err
}
