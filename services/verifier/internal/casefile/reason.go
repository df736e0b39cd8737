package casefile

// ReasonWithdrawn refuses a case whose offer was withdrawn.
const ReasonWithdrawn = "WITHDRAWN"

// RefusalReasons are the codes that a refusal may carry.
var RefusalReasons = []string{
	"NOT_SKILLED", "QUALIFICATION_NOT_RELEVANT", "POSITION_DOES_NOT_REQUIRE_SKILL", "SALARY_TOO_LOW",
	"CONDITIONS_BELOW_COLLECTIVE_AGREEMENT", "POSITION_UNDER_80_PERCENT", "NO_CONCRETE_OFFER",
	"MISSING_AUTHORISATION", "EMPLOYER_EXCLUDED", "EMPLOYER_NOT_GENUINE", "FORGED_DOCUMENTS",
	"IDENTITY_DOUBT", "UNDER_18", "NO_LEGAL_STAY", "QUOTA_FULL", "SECURITY_OR_EXPULSION",
	"FEE_NOT_PAID", "INCOMPLETE", ReasonWithdrawn,
}
