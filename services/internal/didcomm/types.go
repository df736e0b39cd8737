package didcomm

// Message types of the protocols that the services speak.
const (
	TypeInvitation = "https://didcomm.org/out-of-band/2.0/invitation"

	TypeProposeCredential = "https://didcomm.org/issue-credential/3.0/propose-credential"
	TypeOfferCredential   = "https://didcomm.org/issue-credential/3.0/offer-credential"
	TypeRequestCredential = "https://didcomm.org/issue-credential/3.0/request-credential"
	TypeIssueCredential   = "https://didcomm.org/issue-credential/3.0/issue-credential"
	TypeCredentialAck     = "https://didcomm.org/issue-credential/3.0/ack"

	TypeProposePresentation = "https://didcomm.org/present-proof/3.0/propose-presentation"
	TypeRequestPresentation = "https://didcomm.org/present-proof/3.0/request-presentation"
	TypePresentation        = "https://didcomm.org/present-proof/3.0/presentation"
	TypePresentationAck     = "https://didcomm.org/present-proof/3.0/ack"

	TypeBasicMessage = "https://didcomm.org/basicmessage/2.0/message"

	// Of ours, between a wallet and the authority: an appeal of a decision, and
	// that a fee was paid.
	TypeAppeal = "https://kompetansespor.example/appeal/1.0/appeal"
	TypePaid   = "https://kompetansespor.example/payment/1.0/paid"

	TypeProblemReport = "https://didcomm.org/report-problem/2.0/problem-report"

	TypePing         = "https://didcomm.org/trust-ping/2.0/ping"
	TypePingResponse = "https://didcomm.org/trust-ping/2.0/ping-response"

	TypeForward = "https://didcomm.org/routing/2.0/forward"
)
