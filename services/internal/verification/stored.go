package verification

import (
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sdjwt"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// StoredClaims reads the claims of a credential that was verified when it was
// taken, as it is stored. It verifies nothing.
func StoredClaims(format credential.Format, document []byte) (map[string]any, error) {
	switch format {
	case credential.DataIntegrity:
		doc, err := strictjson.ReadObject(document, strictjson.Limits{Bytes: credential.MaxCredentialBytes})
		if err != nil {
			return nil, err
		}
		form, err := vcdm.ReadCredential(doc)
		if err != nil {
			return nil, err
		}
		return form.Subjects[0].Claims(), nil
	case credential.SDJWT:
		token, err := sdjwt.Parse(document)
		if err != nil {
			return nil, err
		}
		said, err := token.Unverified()
		if err != nil {
			return nil, err
		}
		held, err := verifiedOf(said)
		if err != nil {
			return nil, err
		}
		return held.Claims(), nil
	}
	return nil, fault.New(fault.Internal, "credential.stored", "credentials of this format are not kept")
}
