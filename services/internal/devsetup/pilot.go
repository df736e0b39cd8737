package devsetup

import "github.com/kompetansespor/kompetansespor/services/internal/altinn"

// Pilot is the development stack of the pilot: one employer, UDI, the police,
// the tax administration and one bank, with a token for each role and the
// calls that services make to each other.
func Pilot() Options {
	trustList := map[string]any{
		"registry": DID("registry"),
		"url":      "https://" + Host("registry") + "/trust-list",
	}
	return Options{
		Tokens: []Token{
			{Service: "registry", Role: "programme", Subject: "kompetansespor"},
			{Service: "registry", Role: "employer", Subject: Employer.OrganisationNumber},
			{Service: "issuer", Role: "employer", Subject: Employer.OrganisationNumber},
			{Service: "wallet", Role: "wallet-app", Subject: "web-wallet"},
			{Service: "verifier", Role: "officer", Subject: "udi-officer-1"},
			{Service: "verifier", Role: "programme", Subject: "kompetansespor"},
			{Service: "police", Role: "officer", Subject: "police-officer-1"},
			{Service: "tax", Role: "clerk", Subject: "tax-clerk-1"},
			{Service: "bank", Role: "clerk", Subject: "bank-clerk-1"},
		},
		Callers: map[string]map[string][]string{
			"verifier": {
				"/kompetansespor.verifier.v1.ViewService/GetView":         {"police", "tax", "bank"},
				"/kompetansespor.verifier.v1.AccessLogService/ListAccess": {"wallet"},
			},
			"registry": {"/kompetansespor.registry.v1.SignatoryService/CheckSignatory": {"issuer", "verifier"}},
			"police":   {"/kompetansespor.police.v1.IdentityService/GetIdentity": {"verifier"}},
			"tax":      {"/kompetansespor.tax.v1.IdentifierService/GetIdentifier": {"bank", "issuer"}},
			"bank":     {"/kompetansespor.bank.v1.PayrollService/GetPayrollAccount": {"issuer"}},
		},
		Maskinporten: []MaskinportenClient{
			{Service: "verifier", ClientID: "udi", OrganisationNumber: "310000116", Scopes: []string{altinn.Scope}},
			{Service: "tax", ClientID: "skatteetaten", OrganisationNumber: "310000132", Scopes: []string{"folkeregister:deling/offentligmedhjemmel"}},
			{Service: "issuer", ClientID: "employers", OrganisationNumber: Employer.OrganisationNumber, Scopes: []string{"skatteetaten:skattekorttilarbeidsgiver"}},
		},
		Extra: map[string]map[string]any{
			"registry": {"agencies": []map[string]any{
				agency("registry", "310000108", "Kompetansespor (programme)", "EmployerAccreditation"),
				agency("verifier", "310000116", "Utlendingsdirektoratet (development)", "ResidencePermit"),
				agency("police", "310000124", "Politiet (development)", "Appointment", "ResidenceCard"),
				agency("tax", "310000132", "Skatteetaten (development)", "TaxRegistration", "TaxCard"),
				agency("bank", "310000027", "Testbanken", "BankAccountConfirmation"),
			}},
			"issuer": {"trust_list": trustList, "tenants": []map[string]any{{
				"organisation_number": Employer.OrganisationNumber, "legal_name": Employer.LegalName, "contact_email": Employer.ContactEmail,
			}}},
			"wallet": {"trust_list": trustList, "authority": DID("verifier")},
			"bank": {"bank": map[string]any{
				"organisation_number": "310000027", "name": "Testbanken", "bic": "TESTNOKK", "code": "9999",
			}},
			"verifier": {"altinn": map[string]any{
				"url": StandInsURL + "/altinn", "maskinporten": maskinportenClient("verifier", "udi"),
			}, "trust_list": trustList, "agencies": []map[string]any{
				reader("police", "identity-control", "given_name", "family_name", "birthdate", "sex", "nationalities",
					"passport.document_number", "passport.issuing_country", "passport.date_of_expiry"),
				reader("tax", "identifier-assignment", "given_name", "family_name", "birthdate", "sex", "nationalities", "current_country",
					"employer.organisation_number", "employment.annual_salary", "employment.start_date", "employment.end_date"),
				reader("bank", "account-opening", "given_name", "family_name", "birthdate", "nationalities",
					"employer.organisation_number", "employer.legal_name", "employment.start_date"),
			}},
		},
	}
}

// maskinportenClient is what a service's configuration says of Maskinporten.
func maskinportenClient(service, clientID string) map[string]any {
	return map[string]any{
		"url": StandInsURL + "/maskinporten", "audience": StandInsURL + "/maskinporten/", "client_id": clientID,
		"key_id": MaskinportenKeyID, "key_file": MaskinportenKeyFile(service),
	}
}

// Employer is the employer of the pilot, with a synthetic organisation number.
var Employer = struct{ OrganisationNumber, LegalName, ContactEmail string }{"310000019", "University of Oslo", "hr@uio.example.com"}

func agency(service, organisationNumber, name string, types ...string) map[string]any {
	return map[string]any{"did": DID(service), "organisation_number": organisationNumber, "legal_name": name, "credential_types": types}
}

// reader is an agency that reads cases, and the claims that it may read.
func reader(service, purpose string, claims ...string) map[string]any {
	return map[string]any{"name": service, "caller": InternalName(service), "did": DID(service), "purpose": purpose, "claims": claims}
}
