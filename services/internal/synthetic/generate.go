package synthetic

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Most is how many people one seed has; their passport numbers run out then.
const Most = 99999

// Offers are n distinct people's offers by one employer, with dates that are
// valid on today's date. No two have name and birth date in common: a register
// would ask a clerk whether they are one. n beyond Most is cut.
func Offers(seed uint64, n int, today time.Time, employer Employer) []Offer {
	random := rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
	series := random.IntN(1000) // passport numbers of one seed share it
	offers := make([]Offer, 0, min(max(n, 0), Most))
	known := map[string]bool{}
	for len(offers) < min(n, Most) {
		one := person{random: random, today: today, number: len(offers) + 1, series: series}.offer(employer)
		if who := plain(one.GivenName) + " " + plain(one.FamilyName) + " " + one.Birthdate; !known[who] {
			known[who] = true
			offers = append(offers, one)
		}
	}
	return offers
}

// person draws one offer.
type person struct {
	random *rand.Rand
	today  time.Time
	number int
	series int
}

func (p person) offer(employer Employer) Offer {
	home := pick(p.random, countries)
	sex := pick(p.random, []int{1, 2})
	given := pick(p.random, givenNames[sex])
	family := pick(p.random, familyNames)
	job := pick(p.random, jobs)
	start := p.today.AddDate(0, 0, 7+p.random.IntN(60))
	issued := p.today.AddDate(0, 0, -30-p.random.IntN(1500))
	return Offer{
		Employer:       employer,
		Signatory:      Signatory{Name: "Kari Nordmann", Role: "HR manager"},
		GivenName:      given,
		FamilyName:     family,
		Email:          fmt.Sprintf("%s.%s.%d@example.com", plain(given), plain(family), p.number),
		PhoneNumber:    fmt.Sprintf("+1 212 555 01%02d", p.number%100),
		Birthdate:      p.today.AddDate(-22-p.random.IntN(40), 0, -p.random.IntN(365)).Format(time.DateOnly),
		PlaceOfBirth:   PlaceOfBirth{Locality: home.town, Country: home.alpha2},
		Nationalities:  []string{home.alpha2},
		Sex:            sex,
		CurrentCountry: home.alpha2,
		Passport: Passport{
			DocumentNumber:   fmt.Sprintf("S%03d%05d", p.series, p.number),
			IssuingAuthority: home.authority,
			IssuingCountry:   home.alpha2,
			DateOfIssuance:   issued.Format(time.DateOnly),
			DateOfExpiry:     issued.AddDate(10, 0, 0).Format(time.DateOnly),
		},
		Employment: Employment{
			JobTitle:               job.title,
			Occupation:             job.occupation,
			StartDate:              start.Format(time.DateOnly),
			EndDate:                start.AddDate(0, 3+p.random.IntN(33), 0).Format(time.DateOnly),
			PositionPercentage:     "100",
			AnnualSalary:           fmt.Sprint(job.pay + 100*p.random.IntN(1500)),
			RequiredEducationLevel: job.level,
			WeeklyHours:            "37.5",
			WorkplaceMunicipality:  "0301",
		},
		Declarations: Declarations{QualificationsConfirmed: true, InformationVerified: true},
	}
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

// plain is a name as an e-mail address has it.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, transliteration.Replace(strings.ToLower(name)))
}

var transliteration = strings.NewReplacer(
	"á", "a", "ã", "a", "ä", "ae", "å", "aa", "ç", "c", "é", "e", "è", "e", "ë", "e", "í", "i", "ł", "l", "ñ", "n",
	"ó", "o", "ö", "oe", "ø", "oe", "ô", "o", "ú", "u", "ü", "ue", "ş", "s", "ğ", "g", "ı", "i", "ș", "s", "đ", "d", "ő", "o",
)
