package credtype

// table is every type, in the order of a case; the last five belong to chains
// beside it.
var table = []Type{
	{
		Name: "OfferOfEmployment", VCT: "https://schema.kompetansespor.example/vct/offer-of-employment/1", Validity: "90 days, or until used or withdrawn",
		Required: []string{
			"offer_id", "employer.organisation_number", "employer.legal_name", "employer.contact_email",
			"signatory.name", "signatory.role", "given_name", "family_name", "birthdate", "sex", "place_of_birth",
			"nationalities", "email", "phone_number", "passport.document_number", "passport.issuing_authority",
			"passport.issuing_country", "passport.date_of_issuance", "passport.date_of_expiry", "employment.job_title",
			"employment.occupation", "employment.start_date", "employment.position_percentage", "employment.annual_salary",
			"employment.required_education_level", "declarations.qualifications_confirmed", "declarations.information_verified",
			"issued_at",
		},
		Optional: []string{
			"current_country", "duf_number", "employment.end_date", "employment.weekly_hours", "employment.collective_agreement",
			"employment.workplace_municipality", "employment.job_description", "accreditation_ref", "supersedes",
		},
		SelectivelyDisclosable: []string{
			"given_name", "family_name", "birthdate", "sex", "place_of_birth", "nationalities", "email",
			"phone_number", "current_country", "duf_number", "passport.*", "employment.annual_salary",
		},
	},
	{
		Name: "EmployerAccreditation", VCT: "https://schema.kompetansespor.example/vct/employer-accreditation/1", Validity: "4 years, revocable",
		Required: []string{
			"accreditation_id", "organisation_number", "legal_name", "level", "criteria_met", "valid_from",
			"valid_until", "scope",
		},
		Optional: []string{
			"conditions", "municipality", "previous_id",
		},
		SelectivelyDisclosable: nil,
	},
	{
		Name: "ResidencePermit", VCT: "https://schema.kompetansespor.example/vct/residence-permit/1", Validity: "until valid_until",
		Required: []string{
			"decision_id", "case_number", "duf_number", "given_name", "family_name", "birthdate", "nationalities",
			"permit_type", "legal_basis", "decision", "decided_at", "valid_from", "valid_until", "work_right",
			"leads_to_permanent_residence", "appeal_deadline_days",
		},
		Optional: []string{
			"employer.organisation_number", "occupation_scope", "conditions", "refusal_reasons", "early_start",
			"resident_registration",
		},
		SelectivelyDisclosable: []string{
			"given_name", "family_name", "birthdate", "nationalities", "duf_number",
		},
	},
	{
		Name: "Appointment", VCT: "https://schema.kompetansespor.example/vct/appointment/1", Validity: "until end",
		Required: []string{
			"appointment_id", "office_id", "office_name", "purpose", "start", "end", "time_zone", "documents_to_bring",
			"given_name", "family_name",
		},
		Optional: []string{
			"address", "room", "arrival_window_days", "checkin_code", "status",
		},
		SelectivelyDisclosable: []string{
			"given_name", "family_name",
		},
	},
	{
		Name: "TaxRegistration", VCT: "https://schema.kompetansespor.example/vct/tax-registration/1", Validity: "5 years for a D-number, none for a fødselsnummer",
		Required: []string{
			"identifier", "identifier_type", "assigned_at", "given_name", "family_name", "birthdate", "id_control",
		},
		Optional: []string{
			"previous_identifier", "date_part_deviates", "resident_from", "municipality", "foedeland",
		},
		SelectivelyDisclosable: []string{
			"identifier", "given_name", "family_name", "birthdate",
		},
	},
	{
		Name: "TaxCard", VCT: "https://schema.kompetansespor.example/vct/tax-card/1", Validity: "the income year",
		Required: []string{
			"income_year", "identifier", "result", "issued_date", "card_id", "deductions",
		},
		Optional: []string{
			"additional_information", "employer_organisation_number",
		},
		SelectivelyDisclosable: []string{
			"identifier", "deductions",
		},
	},
	{
		Name: "BankAccountConfirmation", VCT: "https://schema.kompetansespor.example/vct/bank-account-confirmation/1", Validity: "30 days",
		Required: []string{
			"account_holder_name", "iban", "bic", "opened_at", "purpose", "kyc_level", "bank.organisation_number",
			"bank.name",
		},
		Optional: []string{
			"bban", "account_type", "bankid_status",
		},
		SelectivelyDisclosable: []string{
			"iban", "bban",
		},
	},
	{
		Name: "ResidenceCard", VCT: "https://schema.kompetansespor.example/vct/residence-card/1", Validity: "until the card's expiry",
		Required: []string{
			"card_number", "document_type", "given_name", "family_name", "birthdate", "nationalities", "permit_type",
			"date_of_issuance", "date_of_expiry", "issuing_authority", "issuing_country",
		},
		Optional: []string{
			"portrait", "remarks", "permit_decision_id",
		},
		SelectivelyDisclosable: []string{
			"portrait", "birthdate", "given_name", "family_name", "card_number",
		},
	},
	{
		Name: "EducationRecognition", VCT: "https://schema.kompetansespor.example/vct/education-recognition/1", Validity: "none",
		Required: []string{
			"decision_id", "given_name", "family_name", "birthdate", "foreign_qualification", "foreign_institution",
			"foreign_country", "norwegian_level", "credits", "eqf_level", "decided_at",
		},
		Optional: []string{
			"field_of_study", "recognition_type", "regulated_profession",
		},
		SelectivelyDisclosable: []string{
			"given_name", "family_name", "birthdate",
		},
	},
	{
		Name: "LanguageTestResult", VCT: "https://schema.kompetansespor.example/vct/language-test-result/1", Validity: "none",
		Required: []string{
			"test_name", "test_date", "given_name", "family_name", "birthdate", "results",
		},
		Optional: []string{
			"candidate_number", "test_site", "supersedes_best_of",
		},
		SelectivelyDisclosable: []string{
			"given_name", "family_name", "birthdate",
		},
	},
	{
		Name: "PoliceCertificate", VCT: "https://schema.kompetansespor.example/vct/police-certificate/1", Validity: "3 months",
		Required: []string{
			"certificate_id", "certificate_kind", "purpose_code", "legal_basis", "recipient", "has_remarks",
			"issued_at", "given_name", "family_name", "birthdate",
		},
		Optional: []string{
			"remarks_reference",
		},
		SelectivelyDisclosable: []string{
			"given_name", "family_name", "birthdate", "has_remarks",
		},
	},
	{
		Name: "PermanentRightOfResidence", VCT: "https://schema.kompetansespor.example/vct/eea-permanent-residence/1", Validity: "unlimited",
		Required: []string{
			"certificate_id", "given_name", "family_name", "birthdate", "nationalities", "valid_from", "legal_basis",
		},
		Optional: []string{
			"basis_kind",
		},
		SelectivelyDisclosable: []string{
			"given_name", "family_name", "birthdate",
		},
	},
	{
		Name: "VisitInvitation", VCT: "https://schema.kompetansespor.example/vct/visit-invitation/1", Validity: "until the visit ends",
		Required: []string{
			"invitation_id", "host", "guest.given_name", "guest.family_name", "guest.birthdate", "guest.passport_number",
			"purpose", "from", "to", "who_pays",
		},
		Optional: []string{
			"relation", "guarantee", "event",
		},
		SelectivelyDisclosable: []string{
			"guest.*",
		},
	},
}
