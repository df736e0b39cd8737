package devsetup

import (
	"slices"
	"strconv"

	"github.com/kompetansespor/kompetansespor/services/internal/altinn"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Pilot is the development stack of the pilot: one employer, UDI, the police,
// the tax administration and two banks, with a token for each role and the
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
			{Service: "bank", Role: "clerk", Subject: Bank.OrganisationNumber + "/bank-clerk-1"},
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
		People:   people(),
		Resource: "urn:altinn:resource:kompetansespor-issue",
		Maskinporten: []MaskinportenClient{
			{Service: "verifier", ClientID: "udi", OrganisationNumber: "310000116", Scopes: []string{altinn.Scope}},
			{Service: "tax", ClientID: "skatteetaten", OrganisationNumber: "310000132", Scopes: []string{"folkeregister:deling/offentligmedhjemmel"}},
			{Service: "issuer", ClientID: "employers", OrganisationNumber: Employer.OrganisationNumber, Scopes: []string{"skatteetaten:skattekorttilarbeidsgiver"}},
		},
		Extra: map[string]map[string]any{
			"registry": {
				"employers_did":    "did:web:" + Host("issuer") + ":employers",
				"enhetsregisteret": map[string]any{"url": StandInsURL + "/enhetsregisteret/api", "poll_interval": "1s"},
				"agencies": []map[string]any{
					agency(DID("registry"), "310000108", "Kompetansespor (programme)", "EmployerAccreditation"),
					agency(DID("verifier"), "310000116", "Utlendingsdirektoratet (development)", "ResidencePermit"),
					agency(DID("police"), "310000124", "Politiet (development)", "Appointment", "ResidenceCard"),
					agency(DID("tax"), "310000132", "Skatteetaten (development)", "TaxRegistration", "TaxCard"),
					agency(DID("bank"), Bank.OrganisationNumber, Bank.Name, "BankAccountConfirmation"),
					agency(OtherBankDID(), OtherBank.OrganisationNumber, OtherBank.Name, "BankAccountConfirmation"),
				},
			},
			"tax": {
				"folkeregisteret": map[string]any{"url": StandInsURL + "/folkeregisteret"},
				"maskinporten":    maskinportenClient("tax", "skatteetaten"),
			},
			"issuer": {"wallet_url": WalletPages, "skattekort": map[string]any{
				"url": StandInsURL + "/skattekort", "maskinporten": maskinportenClient("issuer", "employers"),
			}, "trust_list": trustList, "tenants": []map[string]any{{
				"organisation_number": Employer.OrganisationNumber, "legal_name": Employer.LegalName, "contact_email": Employer.ContactEmail,
			}}},
			"wallet": {"recipients": recipients(), "trust_list": trustList, "authority": DID("verifier"), "issuer_url": "https://" + Host("issuer")},
			"bank": {
				"bank": bank(Bank, "TESTNOKK", "9999", "FNR_OR_D_NUMBER", "POLICE"),
				"banks": []map[string]any{
					bank(OtherBank, "SPTENO22", "9998", "FNR", "CLERK", "nationality-high-risk"),
				},
			},
			"verifier": {
				"wallet_url": WalletPages,
				"trust_list": trustList,
				"payments":   map[string]any{"url": StandInsURL + "/payments", "return_url": UDIPages},
				"altinn":     map[string]any{"url": StandInsURL + "/altinn", "maskinporten": maskinportenClient("verifier", "udi")},
				"agencies": []map[string]any{
					reader("police", "police", DID("police")),
					reader("tax", "tax", DID("tax")),
					reader("bank", "bank", DID("bank")),
					reader("bank", "other-bank", OtherBankDID()),
				},
			},
		},
	}
}

// people are those who sign in to the pilot's services.
func people() []Person {
	employer := Organisation{Employer.OrganisationNumber, Employer.LegalName}
	return []Person{
		{ID: "kari", Name: "Kari Nordmann", Locale: "nb", About: "HR manager at the University of Oslo: signs offers", Title: "HR manager", Organisations: []Organisation{employer}, Visits: []string{"issuer", "registry"}},
		{ID: "per", Name: "Per Sande", Locale: "nn", About: "manager of Nordlys Robotikk AS, which is not accredited", Organisations: []Organisation{Applicant}, Visits: []string{"registry", "issuer"}},
		{ID: "anne", Name: "Anne Berg", Locale: "nb", About: "officer at UDI: decides applications", Works: []Work{{"verifier", "officer", ""}}},
		{ID: "jonas", Name: "Jonas Lie", Locale: "nn", About: "another officer at UDI", Works: []Work{{"verifier", "officer", ""}}},
		{ID: "siri", Name: "Siri Dahl", Locale: "nb", About: "the programme: accredits employers, follows the numbers", Works: []Work{{"registry", "programme", ""}, {"verifier", "programme", ""}}},
		{ID: "ola", Name: "Ola Hansen", Locale: "nb", About: "officer of the police in Oslo", Works: []Work{{"police", "officer", "SUA-OSLO"}}},
		{ID: "ida", Name: "Ida Vik", Locale: "nn", About: "officer of the police in Bergen", Works: []Work{{"police", "officer", "SUA-BERGEN"}}},
		{ID: "marit", Name: "Marit Lund", Locale: "nb", About: "clerk at the tax administration", Works: []Work{{"tax", "clerk", ""}}},
		{ID: "tom", Name: "Tom Eide", Locale: "nb", About: "clerk at Testbanken", Works: []Work{{"bank", "clerk", Bank.OrganisationNumber}}},
		{ID: "eva", Name: "Eva Strand", Locale: "nb", About: "clerk at Sparebanken Test", Works: []Work{{"bank", "clerk", OtherBank.OrganisationNumber}}},
	}
}

// WithEmployers adds employers to a stack until it has n, each with a synthetic
// organisation number and a token of its own at the issuer.
func (o Options) WithEmployers(n int) Options {
	tenants, _ := o.Extra["issuer"]["tenants"].([]map[string]any)
	for number := firstOfMany; len(tenants) < n; number++ {
		digits := strconv.Itoa(number)
		if identifier.CheckOrganisationNumber(digits, identifier.Synthetic) != nil {
			continue
		}
		tenants = append(tenants, map[string]any{
			"organisation_number": digits, "legal_name": EmployerName(digits), "contact_email": "hr@" + digits + ".example.com",
		})
		o.Tokens = append(o.Tokens, Token{Service: "issuer", Role: "employer", Subject: digits})
	}
	o.Extra["issuer"]["tenants"] = tenants
	return o
}

// EmployerName is the name of an employer of a development stack.
func EmployerName(organisationNumber string) string {
	if organisationNumber == Employer.OrganisationNumber {
		return Employer.LegalName
	}
	return "Testbedrift " + organisationNumber + " AS"
}

// EmployerDID is the did:web of an employer at the issuer.
func EmployerDID(organisationNumber string) string {
	return "did:web:" + Host("issuer") + ":employers:" + organisationNumber
}

// firstOfMany is beyond the numbers of the pilot's own organisations.
const firstOfMany = 311_000_000

// Applicant is an organisation that is not accredited; the stand-in of
// Enhetsregisteret knows it.
var Applicant = Organisation{"310000078", "Nordlys Robotikk AS"}

// recipients are the agencies that a worker's consent names, with what each cannot do
// without and what helps.
func recipients() []map[string]any {
	one := func(did, name, kind string, claims []string, optional ...string) map[string]any {
		return map[string]any{"did": did, "name": name, "kind": kind, "claims": claims, "optional": optional}
	}
	passport := []string{"passport.document_number", "passport.issuing_country", "passport.date_of_expiry"}
	person := []string{"given_name", "family_name", "birthdate", "sex", "nationalities"}
	customer := []string{"given_name", "family_name", "birthdate", "nationalities", "current_country", "employer.organisation_number", "employer.legal_name"}
	return []map[string]any{
		one(DID("police"), "Politiet", "police", slices.Concat(person, passport, []string{"employment.workplace_municipality"})),
		one(DID("tax"), "Skatteetaten", "tax", slices.Concat(person, passport, []string{
			"current_country", "duf_number", "employer.organisation_number", "employment.annual_salary", "employment.start_date", "employment.end_date",
		})),
		one(DID("bank"), Bank.Name, "bank", customer, "employment.start_date"),
		one(OtherBankDID(), OtherBank.Name, "bank", customer, "employment.start_date"),
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

// Organisation is one of development's, with a synthetic number.
type Organisation struct{ OrganisationNumber, Name string }

// The banks of the pilot: one takes D-numbers, the other waits for a
// fødselsnummer.
var (
	Bank      = Organisation{"310000027", "Testbanken"}
	OtherBank = Organisation{"310000051", "Sparebanken Test"}
)

// OtherBankDID is the did:web of OtherBank, which has no service of its own.
func OtherBankDID() string { return DID("bank") + ":banks:" + OtherBank.OrganisationNumber }

// bank is a bank and its rules, as the bank service's configuration has them.
func bank(o Organisation, bic, code, identifier, bankID string, enhanced ...string) map[string]any {
	return map[string]any{
		"organisation_number": o.OrganisationNumber, "name": o.Name, "bic": bic, "code": code,
		"rules": []map[string]any{{
			"valid_from": "2026-01-01", "source": "terms of " + o.Name + " (development)", "identifier": identifier, "bankid": bankID,
			"enhanced": enhanced, "confirmation_days": 30, "confirm_bban": true, "confirm_bankid": true,
		}},
	}
}

func agency(did, organisationNumber, name string, types ...string) map[string]any {
	return map[string]any{"did": did, "organisation_number": organisationNumber, "legal_name": name, "credential_types": types}
}

// reader is an agency that reads cases. What it may read follows from its kind,
// which is its service's name.
func reader(service, name, did string) map[string]any {
	return map[string]any{"name": name, "kind": service, "caller": InternalName(service), "did": did}
}
