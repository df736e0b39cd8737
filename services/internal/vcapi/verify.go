package vcapi

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// Verifying serves a verifier.
func Verifying(v Verifier) Routes {
	return Routes{"POST /credentials/verify": verifyCredential(v), "POST /presentations/verify": verifyPresentation(v)}
}

type verifyCredentialRequest struct {
	VerifiableCredential document `json:"verifiableCredential"`
	Options              struct {
		checks
		ReturnCredential bool `json:"returnCredential"`
	} `json:"options"`
}

type verifyPresentationRequest struct {
	VerifiablePresentation document `json:"verifiablePresentation"`
	Presentation           document `json:"presentation"`
	Options                struct {
		checks
		Challenge          string `json:"challenge"`
		Domain             string `json:"domain"`
		ReturnPresentation bool   `json:"returnPresentation"`
	} `json:"options"`
}

// checks are what a caller wants to be looked at. Everything is, always.
type checks struct {
	Checks []string `json:"checks"`
}

func (c checks) check() error {
	for _, name := range c.Checks {
		if !slices.Contains([]string{"proof", "status", "credentialStatus"}, name) {
			return invalid("unknown-option", "checks names a check that is not known here")
		}
	}
	return nil
}

// maxChallenge is the length of the longest challenge or domain, in bytes.
const maxChallenge = 2048

// verifyCredential takes a request of the VC API, or a credential as it is in a
// media type of its own.
func verifyCredential(v Verifier) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secured, returned, err := readCredential(r)
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		_, report := v.Credential(r.Context(), secured)
		writeReport(w, r, report, returned)
	})
}

func readCredential(r *http.Request) (secured []byte, returned map[string]any, err error) {
	mediaType, content, err := body(r, credential.MaxCredentialBytes, mediaJSON, credential.DataIntegrity.MediaType(), credential.JOSE.MediaType(), credential.SDJWT.MediaType())
	if err != nil || mediaType != mediaJSON {
		return content, nil, err
	}
	var request verifyCredentialRequest
	if err := parse(content, &request); err != nil {
		return nil, nil, err
	}
	if err := request.VerifiableCredential.check("verifiableCredential", credential.MaxCredentialBytes); err != nil {
		return nil, nil, err
	}
	if request.Options.ReturnCredential {
		returned = map[string]any{"verifiableCredential": json.RawMessage(request.VerifiableCredential)}
	}
	return request.VerifiableCredential.secured(), returned, request.Options.check()
}

// verifyPresentation wants the challenge and the domain that the presentation
// was asked for with.
func verifyPresentation(v Verifier) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := readPresentation(r)
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		var returned map[string]any
		if request.Options.ReturnPresentation {
			returned = map[string]any{"verifiablePresentation": json.RawMessage(request.VerifiablePresentation)}
		}
		_, report := v.Presentation(r.Context(), request.VerifiablePresentation.secured(), request.Options.Challenge, request.Options.Domain)
		writeReport(w, r, report, returned)
	})
}

func readPresentation(r *http.Request) (request verifyPresentationRequest, err error) {
	if err := read(r, credential.MaxPresentationBytes, &request); err != nil {
		return request, err
	}
	if request.Presentation != nil {
		return request, invalid("unsecured", "a presentation without a proof says nothing that could be verified")
	}
	if err := request.VerifiablePresentation.check("verifiablePresentation", credential.MaxPresentationBytes); err != nil {
		return request, err
	}
	options := request.Options
	switch {
	case options.Challenge == "" || options.Domain == "":
		return request, invalid("challenge-required", "give the challenge and the domain that the presentation was asked for with")
	case len(options.Challenge) > maxChallenge || len(options.Domain) > maxChallenge:
		return request, invalid("challenge-required", "the challenge or the domain is longer than %d bytes", maxChallenge)
	}
	return request, options.check()
}
