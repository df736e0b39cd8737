package api_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/api"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// twoCases is a store with two accepted applications of lisa's, and the
// authority that was asked who has read them.
type twoCases struct{ desk.Store }

func (twoCases) Applications(_ context.Context, _ sqldb.Querier, holder string) ([]holding.Exchange, error) {
	if holder != "lisa" {
		return nil, nil
	}
	return []holding.Exchange{{ID: "case_2"}, {ID: "case_1"}}, nil
}

func (twoCases) Secret(_ context.Context, _ sqldb.Querier, exchange string, into any) error {
	return json.Unmarshal([]byte(`{"CaseRef":"`+exchange+`","Capability":"opens `+exchange+`"}`), into)
}

func (twoCases) ListAccess(_ context.Context, caseRef, capability string) ([]desk.Access, error) {
	if capability != "opens "+caseRef {
		return nil, fault.New(fault.Denied, "access.capability", "no")
	}
	read := map[string][]int64{"case_1": {1, 3, 5}, "case_2": {2, 4}}
	var all []desk.Access
	for _, second := range read[caseRef] {
		all = append(all, desk.Access{At: time.Unix(second, 0), Agency: "police", CaseRef: caseRef})
	}
	return all, nil
}

func TestAccessLogComesInPagesOldestFirst(t *testing.T) {
	db, err := sqldb.Open(t.Context(), "sqlite", filepath.Join(t.TempDir(), "empty.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	wallet := &api.Wallet{Desk: desk.New(desk.Config{DB: db, Store: twoCases{}, AccessLog: twoCases{}})}
	lisa := rpc.WithPrincipal(t.Context(), rpc.Principal{Role: api.RoleHolder, Subject: "lisa"})

	var pages []string
	for token := ""; ; {
		page, err := wallet.ListAccessLog(lisa, &walletv1.ListAccessLogRequest{PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, row := range page.GetRows() {
			rows = append(rows, row.GetCaseRef()+"@"+row.GetAt().AsTime().Format("05"))
		}
		pages = append(pages, strings.Join(rows, " "))
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if want := []string{"case_1@01 case_2@02", "case_1@03 case_2@04", "case_1@05"}; !slices.Equal(pages, want) {
		t.Errorf("pages %q, want %q", pages, want)
	}
	whole, err := wallet.ListAccessLog(lisa, &walletv1.ListAccessLogRequest{})
	if err != nil || len(whole.GetRows()) != 5 || whole.GetNextPageToken() != "" {
		t.Errorf("without a size: %d rows, %v", len(whole.GetRows()), err)
	}
	for _, token := range []string{"zzzz", "-zz"} { // after the end, before the beginning
		if page, err := wallet.ListAccessLog(lisa, &walletv1.ListAccessLogRequest{PageToken: token}); err != nil || len(page.GetRows())%5 != 0 {
			t.Errorf("token %s: %d rows, %v", token, len(page.GetRows()), err)
		}
	}
	for _, bad := range []*walletv1.ListAccessLogRequest{{PageSize: 201}, {PageSize: -1}, {PageToken: "?"}} {
		if _, err := wallet.ListAccessLog(lisa, bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v: %v", bad, err)
		}
	}
	ola := rpc.WithPrincipal(t.Context(), rpc.Principal{Role: api.RoleHolder, Subject: "ola"})
	if page, err := wallet.ListAccessLog(ola, &walletv1.ListAccessLogRequest{}); err != nil || len(page.GetRows()) != 0 {
		t.Errorf("another holder sees %d rows, %v", len(page.GetRows()), err)
	}
}
