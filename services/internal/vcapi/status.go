package vcapi

import (
	"encoding/json"
	"net/http"

	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

type changeRequest struct {
	CredentialID     string          `json:"credentialId"`
	CredentialStatus document        `json:"credentialStatus"`
	Status           json.RawMessage `json:"status"`
	Options          struct {
		Reason string `json:"reason"`
	} `json:"options"`
}

// maxChange bounds a request to change a status, in bytes.
const maxChange = 8 << 10

// unsaid is the reason of a change for which none was given.
const unsaid = "asked for over the VC API"

// changeStatus answers 200 when the status is as asked for, whether or not it
// was so before.
func changeStatus(i Issuer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		change, err := readChange(r)
		if err == nil {
			err = i.ChangeStatus(r.Context(), change)
		}
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		entries := make([]map[string]any, len(change.Entries))
		for n, entry := range change.Entries {
			entries[n] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": entry.Purpose, "status": entry.Set}
		}
		answer(w, r, http.StatusOK, map[string]any{"credentialId": change.Name, "credentialStatus": entries})
	})
}

// readChange reads a change. The new status stands beside credentialStatus, or
// in each of its entries, as in earlier drafts.
func readChange(r *http.Request) (Change, error) {
	var request changeRequest
	if err := read(r, maxChange, &request); err != nil {
		return Change{}, err
	}
	if request.CredentialID == "" || len(request.CredentialID) > maxName {
		return Change{}, invalid("credential-id", "name the credential by its credentialId")
	}
	if err := request.CredentialStatus.check("credentialStatus", maxChange); err != nil {
		return Change{}, err
	}
	entries, err := readStatuses(request.CredentialStatus)
	if err != nil {
		return Change{}, err
	}
	if len(entries) == 0 {
		return Change{}, invalid("request", "credentialStatus names no entry")
	}
	who, _ := rpc.PrincipalFrom(r.Context())
	change := Change{Tenant: who.Subject, By: who.TokenHash, Name: request.CredentialID, Reason: request.Options.Reason}
	if change.Reason == "" {
		change.Reason = unsaid
	}
	for _, entry := range entries {
		if (entry.Status == nil) == (request.Status == nil) {
			return Change{}, invalid("status", "say once what the status is to be: beside credentialStatus or in its entries")
		}
		set, err := readSet(append(entry.Status, request.Status...))
		if err != nil {
			return Change{}, err
		}
		change.Entries = append(change.Entries, EntryChange{
			Purpose: entry.Purpose, Set: set, ID: entry.ID, List: entry.List, Index: entry.Index,
		})
	}
	return change, nil
}

// readSet reads a status: true or false, or "1" or "0" as in earlier drafts.
func readSet(raw json.RawMessage) (set bool, err error) {
	value, err := strictjson.Decode(raw, strictjson.Limits{})
	if err != nil {
		return false, err
	}
	switch value {
	case true, "1":
		return true, nil
	case false, "0":
		return false, nil
	}
	return false, invalid("status", `the status is true or false, or "1" or "0"`)
}
