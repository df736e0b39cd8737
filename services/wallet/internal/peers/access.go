package peers

import (
	"context"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
)

// AccessLog asks the authority over mTLS who has read an application.
type AccessLog struct {
	Client verifierv1.AccessLogServiceClient
}

// ListAccess gives every reading of a case, oldest first.
func (a AccessLog) ListAccess(ctx context.Context, caseRef, capability string) ([]desk.Access, error) {
	var all []desk.Access
	token := ""
	for {
		page, err := a.Client.ListAccess(ctx, &verifierv1.ListAccessRequest{
			CaseRef: caseRef, AccessCapability: capability, PageSize: 200, PageToken: token,
		})
		if err != nil {
			return nil, err
		}
		for _, row := range page.GetRows() {
			all = append(all, desk.Access{
				At: row.GetAt().AsTime(), Agency: row.GetAgency(), Purpose: row.GetPurpose(), Claims: row.GetClaims(),
				CaseRef: caseRef, Hash: row.GetRowHash(),
			})
		}
		if token = page.GetNextPageToken(); token == "" {
			return all, nil
		}
	}
}
