// Package synthetic makes offer forms of people who do not exist, for the
// demonstration and for load: distinct, valid by the form's rules, clear by the
// rules for skilled workers. The same seed gives the same people.
//
// It never makes a number or name of a real register: organisation numbers are
// synthetic, addresses are at example.com, phone numbers from ranges kept for
// fiction.
package synthetic

// Offer is an offer form as the demonstration's input files have it. Every value
// is what an employer would type; start and end date may be relative there
// ("+14d" from today, "+12m" from the start), never in what Offers makes.
type Offer struct {
	Employer       Employer     `json:"employer"`
	Signatory      Signatory    `json:"signatory"`
	GivenName      string       `json:"given_name"`
	FamilyName     string       `json:"family_name"`
	Email          string       `json:"email"`
	PhoneNumber    string       `json:"phone_number"`
	Birthdate      string       `json:"birthdate"`
	PlaceOfBirth   PlaceOfBirth `json:"place_of_birth"`
	Nationalities  []string     `json:"nationalities"`
	Sex            int          `json:"sex"`
	CurrentCountry string       `json:"current_country"`
	DUFNumber      string       `json:"duf_number"`
	Passport       Passport     `json:"passport"`
	Employment     Employment   `json:"employment"`
	Declarations   Declarations `json:"declarations"`
}

// Employer is who offers.
type Employer struct {
	OrganisationNumber string `json:"organisation_number"`
	LegalName          string `json:"legal_name"`
	ContactEmail       string `json:"contact_email"`
}

// Signatory is who signs for the employer.
type Signatory struct {
	Name         string `json:"name"`
	Role         string `json:"role"`
	AuthorisedBy string `json:"authorised_by,omitempty"`
}

// PlaceOfBirth is a town and its country.
type PlaceOfBirth struct {
	Locality string `json:"locality"`
	Country  string `json:"country"`
}

// Passport is the worker's.
type Passport struct {
	DocumentNumber   string `json:"document_number"`
	IssuingAuthority string `json:"issuing_authority"`
	IssuingCountry   string `json:"issuing_country"`
	DateOfIssuance   string `json:"date_of_issuance"`
	DateOfExpiry     string `json:"date_of_expiry"`
}

// Employment is the position.
type Employment struct {
	JobTitle               string `json:"job_title"`
	Occupation             string `json:"occupation"`
	StartDate              string `json:"start_date"`
	EndDate                string `json:"end_date"`
	PositionPercentage     string `json:"position_percentage"`
	AnnualSalary           string `json:"annual_salary"`
	RequiredEducationLevel string `json:"required_education_level"`
	WeeklyHours            string `json:"weekly_hours,omitempty"`
	CollectiveAgreement    string `json:"collective_agreement,omitempty"`
	WorkplaceMunicipality  string `json:"workplace_municipality,omitempty"`
	JobDescription         string `json:"job_description,omitempty"`
}

// Declarations are the form's two check boxes.
type Declarations struct {
	QualificationsConfirmed bool `json:"qualifications_confirmed"`
	InformationVerified     bool `json:"information_verified"`
}
