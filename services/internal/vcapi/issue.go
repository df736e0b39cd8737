package vcapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
)

// Issuing serves an issuer.
func Issuing(i Issuer) Routes {
	return Routes{"POST /credentials/issue": issue(i), "POST /credentials/status": changeStatus(i)}
}

type issueRequest struct {
	Credential document     `json:"credential"`
	Options    issueOptions `json:"options"`
}

type issueOptions struct {
	CredentialID      string                 `json:"credentialId"`
	Format            credential.Format      `json:"format"`
	Cryptosuite       credential.Cryptosuite `json:"cryptosuite"`
	CredentialStatus  document               `json:"credentialStatus"`
	MandatoryPointers []string               `json:"mandatoryPointers"`
}

// maxName is the length of the longest name of a credential, in bytes.
const maxName = 1024

// issue answers 201 with the credential: as it is, or enveloped when its format
// is not JSON.
func issue(i Issuer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order, err := readOrder(r)
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		signed, err := i.Issue(r.Context(), order)
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		if order.Format != credential.DataIntegrity {
			answer(w, r, http.StatusCreated, envelope(order.Format.MediaType(), signed))
			return
		}
		answer(w, r, http.StatusCreated, json.RawMessage(signed))
	})
}

func readOrder(r *http.Request) (Order, error) {
	var request issueRequest
	if err := read(r, credential.MaxCredentialBytes, &request); err != nil {
		return Order{}, err
	}
	if err := request.Credential.check("credential", credential.MaxCredentialBytes); err != nil {
		return Order{}, err
	}
	options := request.Options
	switch {
	case len(options.MandatoryPointers) > 0:
		return Order{}, invalid("mandatory-pointers", "no format of this issuer has mandatory pointers")
	case len(options.CredentialID) > maxName:
		return Order{}, invalid("credential-id", "credentialId is longer than %d bytes", maxName)
	}
	who, _ := rpc.PrincipalFrom(r.Context())
	order := Order{Tenant: who.Subject, Name: options.CredentialID, Format: options.Format, Suite: options.Cryptosuite}
	if order.Format == "" {
		order.Format = credential.DataIntegrity
	}
	if err := order.checkForm(); err != nil {
		return Order{}, err
	}
	var err error
	if order.Status, err = wantedStatus(options.CredentialStatus); err != nil {
		return Order{}, err
	}
	order.Credential, err = request.Credential.object()
	return order, err
}

// checkForm refuses formats and cryptosuites that are not known here.
func (o Order) checkForm() error {
	formats := []credential.Format{credential.DataIntegrity, credential.JOSE, credential.SDJWT}
	suites := []credential.Cryptosuite{"", credential.EdDSARDFC, credential.EdDSAJCS, credential.ECDSARDFC, credential.ECDSAJCS}
	switch {
	case !slices.Contains(formats, o.Format):
		return invalid("format", "credentials are issued as %q", formats)
	case !slices.Contains(suites, o.Suite):
		return invalid("cryptosuite", "credentials are signed with %q", suites[1:])
	case o.Suite != "" && o.Format != credential.DataIntegrity:
		return invalid("cryptosuite", "a credential in this format has no Data Integrity proof")
	}
	return nil
}

// statusRequest is an entry of credentialStatus, or what of one is asked for.
// status is a string in earlier drafts, and a boolean.
type statusRequest struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Purpose status.Purpose  `json:"statusPurpose"`
	Index   string          `json:"statusListIndex"`
	List    string          `json:"statusListCredential"`
	Status  json.RawMessage `json:"status"`
}

// readStatuses reads an entry, or a list of them, each of another purpose.
func readStatuses(raw document) ([]statusRequest, error) {
	if !bytes.HasPrefix(raw, []byte("[")) {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	var entries []statusRequest
	if err := parse(raw, &entries); err != nil {
		return nil, err
	}
	seen := map[status.Purpose]bool{}
	for _, entry := range entries {
		switch {
		case entry.Type != "BitstringStatusListEntry" && entry.Type != "BitstringStatusList":
			return nil, invalid("status-type", "credentialStatus is not of the type BitstringStatusListEntry")
		case entry.Purpose != status.Revocation && entry.Purpose != status.Suspension:
			return nil, invalid("status-purpose", "statusPurpose is neither revocation nor suspension")
		case seen[entry.Purpose]:
			return nil, invalid("status-purpose", "credentialStatus names a purpose twice")
		}
		seen[entry.Purpose] = true
	}
	return entries, nil
}

// wantedStatus reads which status entries the issuer is to add. Where they are
// is for the issuer to say.
func wantedStatus(raw document) ([]status.Purpose, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	entries, err := readStatuses(raw)
	if err != nil {
		return nil, err
	}
	var purposes []status.Purpose
	for _, entry := range entries {
		if entry.ID != "" || entry.Index != "" || entry.List != "" || entry.Status != nil {
			return nil, invalid("status-supplied", "the issuer chooses the status list and the index: ask for type and statusPurpose alone")
		}
		purposes = append(purposes, entry.Purpose)
	}
	return purposes, nil
}
