// Package offer is the employer's offer of employment: the form that HR fills
// in, the terms that come of it once every rule holds, and the offer's life from
// invitation to collection, withdrawal or expiry.
//
// It is pure: it never stores, signs, sends or looks anything up, and takes time
// and randomness from its caller.
package offer

// Form is the offer as it arrives, nothing checked. Numbers, dates and codes are
// text because the form accepts what people type: salaries with spaces between
// thousands ("634 700"), dates as dd.mm.yyyy or ISO 8601.
type Form struct {
	Employer  Employer  `json:"employer"`
	Signatory Signatory `json:"signatory"`

	GivenName    string       `json:"given_name"`
	FamilyName   string       `json:"family_name"`
	Email        string       `json:"email"`
	PhoneNumber  string       `json:"phone_number"`
	Birthdate    string       `json:"birthdate"`
	PlaceOfBirth PlaceOfBirth `json:"place_of_birth"`
	// Nationalities are ISO 3166-1 alpha-2 codes.
	Nationalities []string `json:"nationalities"`
	// Sex is 1 male, 2 female, 3 other (the PID rulebook's numbers).
	Sex int `json:"sex"`
	// CurrentCountry is where the worker is now, alpha-2 or alpha-3. Empty means
	// in Norway.
	CurrentCountry string `json:"current_country,omitempty"`
	// DUFNumber is empty for a first application.
	DUFNumber string `json:"duf_number,omitempty"`

	Passport     Passport     `json:"passport"`
	Employment   Employment   `json:"employment"`
	Declarations Declarations `json:"declarations"`
}

// Employer is who offers, from the login and Enhetsregisteret.
type Employer struct {
	OrganisationNumber string `json:"organisation_number"`
	LegalName          string `json:"legal_name"`
	ContactEmail       string `json:"contact_email"`
}

// Signatory is the person who signs for the employer.
type Signatory struct {
	Name string `json:"name"`
	Role string `json:"role"`
	// AuthorisedBy names the authorisation, as Ansattporten does
	// ("urn:altinn:resource:…"). Optional.
	AuthorisedBy string `json:"authorised_by,omitempty"`
}

// PlaceOfBirth is a town and its country (alpha-2).
type PlaceOfBirth struct {
	Locality string `json:"locality"`
	Country  string `json:"country"`
}

// Passport is the worker's passport. IssuingCountry is alpha-2.
type Passport struct {
	DocumentNumber   string `json:"document_number"`
	IssuingAuthority string `json:"issuing_authority"`
	IssuingCountry   string `json:"issuing_country"`
	DateOfIssuance   string `json:"date_of_issuance"`
	DateOfExpiry     string `json:"date_of_expiry"`
}

// Employment is the position offered.
type Employment struct {
	JobTitle string `json:"job_title"`
	// Occupation is a STYRK-08 code, four digits.
	Occupation string `json:"occupation"`
	StartDate  string `json:"start_date"`
	// EndDate is empty for a permanent position.
	EndDate string `json:"end_date,omitempty"`
	// PositionPercentage is 100 for full time, at most two decimals.
	PositionPercentage string `json:"position_percentage"`
	// AnnualSalary is whole NOK before tax.
	AnnualSalary string `json:"annual_salary"`
	// RequiredEducationLevel is bachelor, master or vocational.
	RequiredEducationLevel string `json:"required_education_level"`
	WeeklyHours            string `json:"weekly_hours,omitempty"`
	CollectiveAgreement    string `json:"collective_agreement,omitempty"`
	// WorkplaceMunicipality is a municipality number, four digits.
	WorkplaceMunicipality string `json:"workplace_municipality,omitempty"`
	JobDescription        string `json:"job_description,omitempty"`
}

// Declarations are the form's two check boxes; both must be ticked.
type Declarations struct {
	QualificationsConfirmed bool `json:"qualifications_confirmed"`
	InformationVerified     bool `json:"information_verified"`
}
