package vcapi

import (
	"bytes"
	"net/http"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// Deriving serves a holder's wallet.
func Deriving(d Deriver) Routes { return Routes{"POST /credentials/derive": derive(d)} }

type deriveRequest struct {
	VerifiableCredential document `json:"verifiableCredential"`
	Options              struct {
		SelectivePointers []string `json:"selectivePointers"`
	} `json:"options"`
}

// derive answers 201 with an enveloped SD-JWT VC. It is not bound to a key: who
// shows it says so in a presentation.
func derive(d Deriver) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want, err := readDerivation(r)
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		derived, err := d.Derive(r.Context(), want)
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		answer(w, r, http.StatusCreated, envelope(credential.SDJWT.MediaType(), derived))
	})
}

// readDerivation reads what to derive from: the id of a credential in the
// wallet, an SD-JWT VC, or one in an EnvelopedVerifiableCredential.
func readDerivation(r *http.Request) (Derivation, error) {
	var request deriveRequest
	if err := read(r, credential.MaxCredentialBytes, &request); err != nil {
		return Derivation{}, err
	}
	from := request.VerifiableCredential
	if err := from.check("verifiableCredential", credential.MaxCredentialBytes); err != nil {
		return Derivation{}, err
	}
	who, _ := rpc.PrincipalFrom(r.Context())
	want := Derivation{Holder: who.Subject, Pointers: request.Options.SelectivePointers}
	text, isText := from.text()
	switch {
	case isText && bytes.ContainsRune([]byte(text), '~'):
		want.SDJWT = []byte(text)
		return want, nil
	case isText:
		want.ID = text
		return want, nil
	}
	object, err := strictjson.ReadObject(from, strictjson.Limits{Bytes: len(from)})
	if err != nil {
		return Derivation{}, err
	}
	mediaType, content, _, err := vcdm.Enveloped(object)
	switch {
	case err != nil:
		return Derivation{}, err
	case mediaType != credential.SDJWT.MediaType():
		return Derivation{}, NotDerivable()
	}
	want.SDJWT = []byte(content)
	return want, nil
}

// NotDerivable is the fault of a credential that is signed as a whole.
func NotDerivable() error {
	return invalid("not-derivable", "of this credential nothing can be left out: it is signed as a whole. Derive from an SD-JWT VC")
}
