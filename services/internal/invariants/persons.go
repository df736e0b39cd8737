package invariants

import (
	"strings"
	"time"
)

// Person is what must not leak of one person. What is empty is not looked for.
type Person struct {
	GivenName, FamilyName, Email, PhoneNumber string
	Birthdate                                 string // yyyy-mm-dd or dd.mm.yyyy
	PassportNumber                            string
	Others                                    []string // further numbers
}

// claimsOfPersons are the claims that say something of a person, and what kind
// of value they hold; in credentials, and in a case as the verifier keeps it.
var claimsOfPersons = map[string]kind{
	"given_name": name, "family_name": name, "account_holder_name": name, "signatory.name": name,
	"email": email, "employer.contact_email": email, "phone_number": phone,
	"birthdate": birthdate, "passport.document_number": passport,
	"duf_number": duf, "identifier": personNumber, "iban": account, "bban": account,
}

// kind is what a value is, as a breach names it.
type kind string

const (
	name         kind = "a name"
	email        kind = "an e-mail address"
	phone        kind = "a phone number"
	birthdate    kind = "a birth date"
	passport     kind = "a passport number"
	duf          kind = "a DUF number"
	personNumber kind = "an identity number"
	account      kind = "an account number"
	other        kind = "a number of a person"
)

// persons makes a finder of what is known of people: what the caller says, the
// claims of every credential, and the DUF numbers of cases, decided or not.
func (c *checker) persons() (*finder, error) {
	f := newFinder()
	for _, p := range c.sources.Persons {
		person := f.person()
		for _, value := range []struct {
			kind kind
			text string
		}{
			{name, p.GivenName}, {name, p.FamilyName}, {email, p.Email}, {phone, p.PhoneNumber},
			{birthdate, p.Birthdate}, {passport, p.PassportNumber},
		} {
			f.add(person, value.kind, value.text)
		}
		for _, number := range p.Others {
			f.add(person, other, number)
		}
	}
	for _, one := range c.records {
		f.addClaims(one.claims)
	}
	if !c.has("verifier") {
		return f, nil
	}
	refs, err := texts(c, "verifier", `SELECT ref FROM case_file ORDER BY ref`)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		var sealed []byte
		if err := c.databases["verifier"].tx.QueryRowContext(c.ctx, `SELECT sealed FROM case_sealed WHERE ref = $1`, ref).Scan(&sealed); err != nil {
			return nil, err
		}
		file, err := c.databases["verifier"].unseal(c.ctx, sealed, ref)
		if err != nil {
			return nil, err
		}
		if number, _ := file["duf"].(string); number != "" {
			f.add(f.person(), duf, number)
		}
	}
	return f, nil
}

// addClaims adds one credential's claims as those of one person.
func (f *finder) addClaims(claims map[string]any) {
	person := f.person()
	for path, kind := range claimsOfPersons {
		value, _ := at(claims, path).(string)
		f.add(person, kind, value)
	}
}

// at finds a claim by its path.
func at(value any, path string) any {
	for _, member := range strings.Split(path, ".") {
		object, _ := value.(map[string]any)
		value = object[member]
	}
	return value
}

// add has a value of a person looked for, in the forms in which it may be
// written.
func (f *finder) add(person int, kind kind, value string) {
	if value == "" {
		return
	}
	switch kind {
	case birthdate:
		for _, layout := range []string{time.DateOnly, "02.01.2006"} {
			if day, err := time.Parse(layout, value); err == nil {
				// As a date in either order, and as an instant of that day.
				for _, form := range []string{"20060102", "02012006", "01022006", "20060102T00"} {
					f.mark(person, kind, day.Format(form), false)
				}
			}
		}
	case phone:
		// With and without country code, which has one digit for +1 and +7,
		// else two or three.
		digits := compact(value)
		f.mark(person, kind, digits, false)
		lengths := []int{2, 3}
		if strings.HasPrefix(digits, "1") || strings.HasPrefix(digits, "7") {
			lengths = []int{1}
		}
		for _, n := range lengths {
			if len(digits)-n >= 7 {
				f.mark(person, kind, digits[n:], false)
			}
		}
	case name:
		for _, form := range []string{value, transliterated(value)} {
			whole := compact(form)
			f.mark(person, kind, whole, short(whole))
			for _, part := range words(form) {
				if !short(part.text) {
					f.mark(person, kind, part.text, false)
				}
			}
		}
	default:
		f.mark(person, kind, compact(value), false)
	}
}

// short reports whether a name could stand anywhere as an ordinary word.
func short(name string) bool { return len([]rune(name)) < 4 }
