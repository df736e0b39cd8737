package offer

import (
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// oldest bounds a birth date: nobody older takes a position.
const oldest = 120

// mostNationalities bounds the list.
const mostNationalities = 5

func (c *checking) person(f *Form) {
	c.name("given_name", &f.GivenName)
	c.name("family_name", &f.FamilyName)
	c.email("email", &f.Email)
	c.phone(&f.PhoneNumber)
	c.birthdate(&f.Birthdate)
	c.text("place_of_birth.locality", &f.PlaceOfBirth.Locality, 100)
	c.country("place_of_birth.country", &f.PlaceOfBirth.Country)
	c.nationalities(&f.Nationalities)
	if f.Sex < identifier.SexMale || f.Sex > identifier.SexOther {
		c.violate("sex", "offer.sex", "sex is 1 (male), 2 (female) or 3 (other)")
	}
	c.currentCountry(&f.CurrentCountry)
	c.duf(&f.DUFNumber)
}

func (c *checking) phone(value *string) {
	*value = strings.TrimSpace(*value)
	if !c.required("phone_number", *value) {
		return
	}
	phone, err := identifier.ParsePhone(*value)
	if err != nil {
		c.violate("phone_number", "offer.phone-format", "a phone number starts with + and the country code")
		return
	}
	*value = phone
}

func (c *checking) birthdate(value *string) {
	birth, ok := c.date("birthdate", value, "offer.birth-date-format")
	if !ok {
		return
	}
	if !birth.Before(c.today) || birth.Before(c.today.AddDate(-oldest, 0, 0)) {
		c.violate("birthdate", "offer.birth-date-range", "the date of birth lies in the future or too far back")
		return
	}
	c.birth = birth
}

// ofAge compares calendar dates; born on 29 February, one comes of age on 1 March.
func ofAge(birth, on time.Time, years int) bool {
	return !birth.AddDate(years, 0, 0).After(on)
}

func (c *checking) country(field string, value *string) {
	*value = strings.TrimSpace(*value)
	if c.required(field, *value) && identifier.CheckCountry(*value) != nil {
		c.violate(field, "offer.country", "a country is its two-letter code (ISO 3166-1 alpha-2)")
	}
}

func (c *checking) nationalities(list *[]string) {
	if len(*list) == 0 {
		c.violate("nationalities", "offer.required", "this must be filled in")
		return
	}
	if len(*list) > mostNationalities {
		c.violate("nationalities", "offer.nationalities-count", "there are too many nationalities")
		return
	}
	clean := make([]string, 0, len(*list))
	for _, value := range *list {
		value = strings.TrimSpace(value)
		if identifier.CheckCountry(value) != nil {
			c.violate("nationalities", "offer.nationality", "a nationality is a two-letter country code (ISO 3166-1 alpha-2)")
			return
		}
		if !slices.Contains(clean, value) {
			clean = append(clean, value)
		}
	}
	*list = clean
}

// currentCountry also takes the three-letter code that employers' form has.
func (c *checking) currentCountry(value *string) {
	*value = strings.TrimSpace(*value)
	if *value == "" {
		return
	}
	if alpha2, ok := identifier.Alpha2(*value); ok {
		*value = alpha2
	}
	if identifier.CheckCountry(*value) != nil {
		c.violate("current_country", "offer.country", "a country is its two-letter code (ISO 3166-1 alpha-2)")
	}
}

func (c *checking) duf(value *string) {
	*value = strings.TrimSpace(*value)
	if *value == "" {
		return
	}
	duf, checksum, err := identifier.ParseDUF(*value)
	if err != nil {
		c.violate("duf_number", "offer.duf-format", "a DUF number has twelve digits")
		return
	}
	if !checksum {
		c.warn("duf_number", "offer.duf-checksum", "the DUF number's last two digits are unusual: compare it with the letter from UDI")
	}
	*value = duf
}
