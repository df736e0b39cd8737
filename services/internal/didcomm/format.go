package didcomm

import "github.com/kompetansespor/kompetansespor/services/internal/fault"

// Attachment formats. The W3C ones are registered by Aries RFC 0809, the last
// two by Aries RFC 0510. For SD-JWT VC none is registered for DIDComm: it is
// named as OpenID for Verifiable Credential Issuance 1.0 (appendix A.3) names
// it, and the message's type says whether it is offered, asked for or issued.
const (
	FormatSDJWT = "dc+sd-jwt"

	FormatCredentialOffer        = "didcomm/w3c-di-vc-offer@v0.1"
	FormatCredentialRequest      = "didcomm/w3c-di-vc-request@v0.1"
	FormatCredential             = "didcomm/w3c-di-vc@v0.1"
	FormatPresentationDefinition = "dif/presentation-exchange/definitions@v1.0"
	FormatPresentation           = "dif/presentation-exchange/submission@v1.0"
)

// ContentOf gives the bytes of the attachment of a format, Invalid when there
// is none.
func (m *Message) ContentOf(format string) ([]byte, error) {
	attachment, ok := m.AttachmentOf(format)
	if !ok {
		return nil, fault.New(fault.Invalid, "didcomm.attachment-missing", "the message has no attachment of the format %s", format)
	}
	return attachment.Bytes()
}

// ContentWithID gives the bytes of the attachment with an id, Invalid when
// there is none.
func (m *Message) ContentWithID(id string) ([]byte, error) {
	for i := range m.Attachments {
		if m.Attachments[i].ID == id && id != "" {
			return m.Attachments[i].Bytes()
		}
	}
	return nil, fault.New(fault.Invalid, "didcomm.attachment-missing", "the message names an attachment that it does not have")
}
