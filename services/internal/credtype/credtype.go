// Package credtype is the table of the credential types that Kompetansespor
// issues: their names, claims and JSON Schemas. It checks claims against them.
//
// The same claims travel as W3C credentials and as SD-JWT VC: ToSDJWT and
// FromSDJWT are all that lies between the two, Metadata is what an SD-JWT VC's
// vct says of the type.
//
// It never signs, verifies or dates a credential.
package credtype

import (
	"embed"
	"strings"
)

// Type is one credential type. Its slices are read-only.
type Type struct {
	// Name is the type's term in our JSON-LD context, beside
	// VerifiableCredential in a W3C credential's type.
	Name string
	// VCT is the type's versioned URL in an SD-JWT VC.
	VCT string
	// Validity says for people how long such a credential holds.
	Validity string
	// Required are dotted paths of the claims that a credential must carry,
	// Optional of those that it may.
	Required, Optional []string
	// SelectivelyDisclosable are dotted paths that a holder may keep back in
	// formats that can; "passport.*" is everything below passport.
	SelectivelyDisclosable []string
}

// Names of the types in a case.
const (
	OfferOfEmployment       = "OfferOfEmployment"
	EmployerAccreditation   = "EmployerAccreditation"
	ResidencePermit         = "ResidencePermit"
	Appointment             = "Appointment"
	TaxRegistration         = "TaxRegistration"
	TaxCard                 = "TaxCard"
	BankAccountConfirmation = "BankAccountConfirmation"
	ResidenceCard           = "ResidenceCard"
	EducationRecognition    = "EducationRecognition"
	PoliceCertificate       = "PoliceCertificate"
	LanguageTestResult      = "LanguageTestResult"
)

// All is every type.
func All() []Type { return append([]Type(nil), table...) }

// Find is the type of that name.
func Find(name string) (Type, bool) {
	for _, t := range table {
		if t.Name == name {
			return t, true
		}
	}
	return Type{}, false
}

// ByVCT is the type of that URL in an SD-JWT VC. URLs are compared as they
// are, letter by letter (SD-JWT VC, section "Verifiable Credential Type").
func ByVCT(vct string) (Type, bool) {
	for _, t := range table {
		if t.VCT == vct {
			return t, true
		}
	}
	return Type{}, false
}

// Slug is the type's name in URLs, "offer-of-employment".
func (t Type) Slug() string {
	segments := strings.Split(t.VCT, "/")
	return segments[len(segments)-2]
}

// SchemaID is the $id of the type's JSON Schema, the URL in credentialSchema.
func (t Type) SchemaID() string {
	return strings.Replace(t.VCT, "/vct/", "/schema/", 1)
}

//go:embed schemas/*.json
var schemas embed.FS

// Schema is the type's JSON Schema (2020-12) as it is published.
func (t Type) Schema() ([]byte, error) {
	return schemas.ReadFile("schemas/" + t.Slug() + ".json")
}
