package synthetic

var givenNames = map[int][]string{
	1: {"Liam", "Mateo", "José", "Søren", "João", "Łukasz", "Kenji", "Minjun", "Oliver", "Ángel", "Jean-Luc", "D’Arcy", "André", "Hugo", "Tomás", "Björn"},
	2: {"Olivia", "Zoë", "María José", "Chloé", "Inês", "Sakura", "Jiwoo", "Grace", "Renée", "Åsa", "Ana Lucía", "Noémie", "Emma", "Yuki", "Siobhán", "Zofía"},
}

var familyNames = []string{
	"Johnson", "Tremblay", "García", "Núñez", "O’Brien", "Silva e Souza", "Nakamura", "Kim", "Müller", "Gonçalves", "Fernández-Ruiz",
	"Smith", "Tan", "Okafor", "Łuczak", "Bélanger", "Peña", "McKenzie", "St. James", "Þorsen", "Sørensen", "Ibáñez", "Walker", "Watanabe",
}

type country struct{ alpha2, town, authority string }

// countries need no visa, without conditions.
var countries = []country{
	{"US", "Boston", "U.S. Department of State"},
	{"CA", "Montréal", "Passport Canada"},
	{"GB", "Leeds", "HM Passport Office"},
	{"AU", "Perth", "Department of Foreign Affairs and Trade"},
	{"NZ", "Dunedin", "Department of Internal Affairs"},
	{"JP", "Ōsaka", "Ministry of Foreign Affairs"},
	{"KR", "Busan", "Ministry of Foreign Affairs"},
	{"SG", "Singapore", "Immigration and Checkpoints Authority"},
	{"BR", "São Paulo", "Polícia Federal"},
	{"CL", "Viña del Mar", "Registro Civil e Identificación"},
	{"MX", "Mérida", "Secretaría de Relaciones Exteriores"},
	{"AR", "Córdoba", "RENAPER"},
}

type job struct {
	title, occupation, level string
	pay                      int // NOK a year, at least, above the floor of the level
}

var jobs = []job{
	{"Researcher", "2310", "master", 620000},
	{"Software developer", "2512", "bachelor", 640000},
	{"Civil engineer", "2142", "master", 650000},
	{"Biologist", "2131", "master", 605000},
	{"Systems analyst", "2511", "bachelor", 600000},
	{"Electrical engineer", "2151", "bachelor", 590000},
}
