package enhetsregisteret

// Seed are the organisations that the stand-in begins with. The first ones are
// those of the development stack and its tests.
func Seed() []Entity {
	company := func(number, name string, employees int) Entity {
		return Entity{OrganisationNumber: number, Name: name, Form: "AS", Sector: "2100", Employees: employees, Business: true, VAT: true,
			Municipality: "0301", Roles: []Holder{
				{Role: "DAGL", Given: "Per", Middle: "Olav", Family: "Direktør", Changed: "2020-01-15"},
				{Role: "LEDE", Given: "Anne", Family: "Styresen", Changed: "2021-06-01"},
				{Role: "MEDL", Given: "Mia", Family: "Medlem", Changed: "2021-06-01"},
			}}
	}
	with := func(e Entity, change func(*Entity)) Entity {
		change(&e)
		return e
	}
	return []Entity{
		// A public body is neither a business nor, here, registered for VAT.
		{OrganisationNumber: "310000019", Name: "University of Oslo", Form: "ORGL", Sector: "6100", Employees: 7000, Municipality: "0301",
			Roles: []Holder{{Role: "DAGL", Given: "Ragnhild", Family: "Rektor", Changed: "2025-08-01"}}},
		company("310000035", "Second Employer", 40),
		company("310000043", "Rogue Employer", 25),
		company("310000051", "Fjordtek AS", 120),
		company("310000078", "Nordlys Robotikk AS", 10),
		with(company("310000086", "Bergverk AS", 300), func(e *Entity) { e.Municipality = "4601" }),
		// Those that are refused, each for its own reason.
		with(company("310000140", "Konkursen AS", 50), func(e *Entity) { e.Bankrupt = true }),
		with(company("310000159", "Avvikling AS", 50), func(e *Entity) { e.Dissolving = true }),
		with(company("310000167", "Tvang AS", 50), func(e *Entity) { e.ForcedDissolution = true }),
		company("310000175", "Ni Ansatte AS", 9),
		company("310000183", "Tre Ansatte AS", 3),
		company("310000191", "Ingen Ansatte AS", 0),
		with(company("310000205", "Uten Foretak AS", 50), func(e *Entity) { e.Business = false }),
		with(company("310000213", "Uten MVA AS", 50), func(e *Entity) { e.VAT = false }),
		with(company("310000221", "Slettet AS", 50), func(e *Entity) { e.Deleted = true }),
		with(company("310000248", "Fjernet AS", 50), func(e *Entity) { e.Gone = true }),
		// A sole proprietorship, whose owner signs.
		{OrganisationNumber: "310000256", Name: "Ine Eier Konsult", Form: "ENK", Sector: "8200", Employees: 12, Business: true, VAT: true,
			Municipality: "5001", Roles: []Holder{{Role: "INNH", Given: "Ine", Family: "Eier", Changed: "2019-03-01"}}},
	}
}
