package casefile

// Reasons that the case itself looks at.
const (
	// ReasonWithdrawn refuses a case whose offer was withdrawn.
	ReasonWithdrawn = "WITHDRAWN"
	// ReasonFeeNotPaid refuses a case whose fee was never paid.
	ReasonFeeNotPaid = "FEE_NOT_PAID"
)

// RefusalReasons are the codes that a refusal may carry.
var RefusalReasons = []string{
	"NOT_SKILLED", "QUALIFICATION_NOT_RELEVANT", "POSITION_DOES_NOT_REQUIRE_SKILL", "SALARY_TOO_LOW",
	"CONDITIONS_BELOW_COLLECTIVE_AGREEMENT", "POSITION_UNDER_80_PERCENT", "NO_CONCRETE_OFFER",
	"MISSING_AUTHORISATION", "EMPLOYER_EXCLUDED", "EMPLOYER_NOT_GENUINE", "FORGED_DOCUMENTS",
	"IDENTITY_DOUBT", "UNDER_18", "NO_LEGAL_STAY", "QUOTA_FULL", "SECURITY_OR_EXPULSION",
	ReasonFeeNotPaid, "INCOMPLETE", ReasonWithdrawn,
}

// RevocationReasons are the codes that a revocation may carry: what the permit
// rested on was false or is gone (utlendingsloven § 63).
var RevocationReasons = []string{
	"OFFER_WITHDRAWN", "EMPLOYER_REVOKED", "EMPLOYER_BANKRUPT", "EMPLOYER_NOT_GENUINE", "FORGED_DOCUMENTS",
	"IDENTITY_DOUBT", "CONDITIONS_NO_LONGER_MET", "SECURITY_OR_EXPULSION", ReasonWithdrawn,
}
