package api

import (
	"context"
	"math"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// ListNotices gives a page of what organisations wrote, newest first.
func (s *Wallet) ListNotices(ctx context.Context, req *walletv1.ListNoticesRequest) (*walletv1.ListNoticesResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	if page.Cursor == wire.First {
		page.Cursor = math.MaxInt64
	}
	all, unread, err := s.Desk.Notices(ctx, who.Subject, page.Cursor, page.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &walletv1.ListNoticesResponse{Unread: unread}
	if len(all) > page.Limit {
		all = all[:page.Limit]
		out.NextPageToken = wire.Token(all[page.Limit-1].Position)
	}
	for _, n := range all {
		out.Notices = append(out.Notices, notice(n))
	}
	return out, nil
}

// ReadNotice marks a notice as read.
func (s *Wallet) ReadNotice(ctx context.Context, req *walletv1.ReadNoticeRequest) (*walletv1.ReadNoticeResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	n, err := s.Desk.Read(ctx, who.Subject, req.GetNoticeId())
	if err != nil {
		return nil, err
	}
	return &walletv1.ReadNoticeResponse{Notice: notice(n)}, nil
}

func notice(n holding.Notice) *walletv1.Notice {
	return &walletv1.Notice{
		NoticeId: n.ID, Sender: n.Sender, Language: n.Language, Kind: string(n.Kind), Content: n.Content,
		ReceivedAt: wire.Instant(n.ReceivedAt), ReadAt: wire.Instant(n.ReadAt),
	}
}
