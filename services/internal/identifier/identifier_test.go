package identifier

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// refused asserts that err is the one rule, or none for "".
func refused(t *testing.T, what string, err error, rule string) {
	t.Helper()
	if rule == "" {
		if err != nil {
			t.Errorf("%s: refused with %v", what, err)
		}
		return
	}
	if err == nil {
		t.Errorf("%s: accepted, want %s", what, rule)
	} else if fault.RuleOf(err) != rule || fault.KindOf(err) == fault.Internal {
		t.Errorf("%s: got %v, want %s", what, err, rule)
	}
}

func TestOrganisationNumberBelongsToItsWorld(t *testing.T) {
	for _, c := range []struct {
		number string
		mode   Mode
		rule   string
	}{
		{"974760673", Production, ""},
		{"991825827", Production, ""},
		{"310000019", Synthetic, ""},
		{"310000027", Synthetic, ""},
		{"310000051", Synthetic, ""},
		{"312978083", Synthetic, ""},
		{"310000019", Production, "identifier.organisation-number-world"},
		{"974760673", Synthetic, "identifier.organisation-number-world"},
		{"310000018", Synthetic, "identifier.organisation-number-check-digit"},
		{"31000001", Synthetic, "identifier.organisation-number-format"},
		{"3100000199", Synthetic, "identifier.organisation-number-format"},
		{"31000001٩", Synthetic, "identifier.organisation-number-format"},
		{"", Synthetic, "identifier.organisation-number-format"},
	} {
		refused(t, c.number, CheckOrganisationNumber(c.number, c.mode), c.rule)
	}
	if got := ISO6523("310000019"); got != "0192:310000019" {
		t.Errorf("ISO 6523 form is %q", got)
	}
}

func TestDUFNumberFormIsHardAndChecksumSoft(t *testing.T) {
	for _, c := range []struct {
		in, want string
		checksum bool
		rule     string
	}{
		{"200205705502", "200205705502", true, ""},
		{"200900595509", "200900595509", true, ""},
		{"202312345608", "202312345608", true, ""},
		{"202500012300", "202500012300", true, ""},
		{"202665432107", "202665432107", true, ""},
		{"2012 586975 61", "201258697561", false, ""}, // UDI's illustration
		{"123456789", "", false, "identifier.duf-format"},
		{"2026654321070", "", false, "identifier.duf-format"},
		{"20266543210x", "", false, "identifier.duf-format"},
		{"", "", false, "identifier.duf-format"},
	} {
		got, checksum, err := ParseDUF(c.in)
		refused(t, c.in, err, c.rule)
		if got != c.want || checksum != c.checksum {
			t.Errorf("%s: got %q, checksum %v", c.in, got, checksum)
		}
	}
	for want, from := range map[string][2]int{"202312345608": {2023, 123456}, "202500012300": {2025, 123}, "202665432107": {2026, 654321}} {
		if got, err := NewDUF(from[0], from[1]); err != nil || got != want {
			t.Errorf("NewDUF(%v) = %q, %v; want %q", from, got, err, want)
		}
	}
	for _, from := range [][2]int{{26, 1}, {2026, -1}, {2026, 1000000}} {
		_, err := NewDUF(from[0], from[1])
		refused(t, "serial out of range", err, "identifier.duf-serial")
	}
}

func TestBankAccountAndIBANAgree(t *testing.T) {
	for iban, bban := range map[string]string{
		"NO9386011117947": "86011117947", // the specification's example
		"NO7999991234566": "99991234566",
		"NO9799990000014": "99990000014",
		"NO4899997777774": "99997777774",
	} {
		if got, err := IBAN(bban); err != nil || got != iban {
			t.Errorf("IBAN(%s) = %q, %v", bban, got, err)
		}
		if got, err := ParseIBAN(iban[:4] + " " + iban[4:]); err != nil || got != iban {
			t.Errorf("ParseIBAN(%s) = %q, %v", iban, got, err)
		}
	}
	for in, rule := range map[string]string{
		"9999.12.34566": "",
		"99991234567":   "identifier.bban-check-digit",
		"9999123456":    "identifier.bban-format",
		"":              "identifier.bban-format",
	} {
		_, err := ParseBBAN(in)
		refused(t, in, err, rule)
	}
	for in, rule := range map[string]string{
		"NO7899991234566":  "identifier.iban-check-digits",
		"NO7999991234567":  "identifier.bban-check-digit",
		"SE7999991234566":  "identifier.iban-format",
		"NO799999123456":   "identifier.iban-format",
		"no7999991234566":  "identifier.iban-format",
		"NO79999912345666": "identifier.iban-format",
		"":                 "identifier.iban-format",
	} {
		_, err := ParseIBAN(in)
		refused(t, in, err, rule)
	}
}

func TestEveryNewAccountNumberHasItsControlDigit(t *testing.T) {
	seen := map[string]bool{}
	for serial := range 2000 {
		bban, ok := NewBBAN("9999", serial)
		if !ok {
			continue
		}
		if _, err := ParseBBAN(bban); err != nil || seen[bban] {
			t.Fatalf("serial %d gives %s: %v, seen before %v", serial, bban, err, seen[bban])
		}
		seen[bban] = true
	}
	if len(seen) < 1700 || !seen["99990000014"] {
		t.Errorf("%d of 2000 serials have a control digit", len(seen))
	}
	for _, serial := range []int{-1, 1000000} {
		if _, ok := NewBBAN("9999", serial); ok {
			t.Errorf("serial %d gave a number", serial)
		}
	}
}

func TestBIC(t *testing.T) {
	for in, rule := range map[string]string{
		"DNBANOKK": "", "NDEANOKK": "", "SPTRNO22": "", "TESTNOKK": "", "DNBANOKKXXX": "",
		"DNBASEKK": "identifier.bic-format", "dnbanokk": "identifier.bic-format",
		"DNBANOKKXX": "identifier.bic-format", "": "identifier.bic-format",
	} {
		refused(t, in, CheckBIC(in), rule)
	}
}

func TestPhoneIsMadeE164(t *testing.T) {
	for in, want := range map[string]string{
		"+1 212 345 6789":      "+12123456789",
		"+12123456789":         "+12123456789",
		"+44 20 7946 0123":     "+442079460123",
		"0044 (20) 7946-0123":  "+442079460123",
		"+47 99 99 99 99":      "+4799999999",
		"+1\u00a0212 345-6789": "+12123456789",
	} {
		if got, err := ParsePhone(in); err != nil || got != want {
			t.Errorf("%q gives %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "12123456789", "+0123456789", "+123456", "+1234567890123456", "+1212345678x", "+1212345\u20666789", strings.Repeat(" ", 50) + "+12123456789"} {
		_, err := ParsePhone(in)
		refused(t, in, err, "identifier.phone-format")
	}
}

func TestPassportNumberFitsTheMachineReadableZone(t *testing.T) {
	for in, rule := range map[string]string{
		"123456789": "", "L898902C3": "", "AB123456": "", "12345": "",
		"1234567890": "identifier.passport-number-format", "1234": "identifier.passport-number-format",
		"ab123456": "identifier.passport-number-format", "AB 12345": "identifier.passport-number-format",
		"": "identifier.passport-number-format",
	} {
		refused(t, in, CheckPassportNumber(in), rule)
	}
}

func TestMachineReadableZoneCheckDigits(t *testing.T) {
	for text, want := range map[string]byte{"L898902C3": '6', "740812": '2', "120415": '9'} {
		if got := mrzCheckDigit(text); got != want {
			t.Errorf("%s has check digit %c", text, got)
		}
	}
	name := func(s string) string { return s + strings.Repeat("<", 44-len(s)) }
	zones := map[string]string{
		name("P<USAJOHNSON<<LISA"):        "1234567897USA9001011F3301018<<<<<<<<<<<<<<<2",
		name("P<GBRCARTER<<OLIVIA<JANE"):  "5000000175GBR9304125F3106305<<<<<<<<<<<<<<<4",
		name("P<CANTREMBLAY<<MARC"):       "AB123456<4CAN8812315M2908155<<<<<<<<<<<<<<<2",
		name("P<UTOERIKSSON<<ANNA<MARIA"): "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
	}
	for line1, line2 := range zones {
		refused(t, line2, CheckMRZ(line1, line2), "")
		for _, at := range []int{9, 19, 27, 43} {
			wrong := []byte(line2)
			wrong[at] = '0' + (wrong[at]-'0'+1)%10
			refused(t, string(wrong), CheckMRZ(line1, string(wrong)), "identifier.mrz-check-digit")
		}
		refused(t, "short", CheckMRZ(line1, line2[:43]), "identifier.mrz-format")
		refused(t, "lower case", CheckMRZ(strings.ToLower(line1), line2), "identifier.mrz-format")
	}
}

func TestEmail(t *testing.T) {
	for in, ok := range map[string]bool{
		"lisa.johnson@example.com":                 true,
		"o'brien+a@sub.example.com":                true,
		"lisa":                                     false,
		"@example.com":                             false,
		"lisa@":                                    false,
		"lisa@localhost":                           false,
		"lisa@example..com":                        false,
		"lisa.@example.com":                        false,
		".lisa@example.com":                        false,
		"lisa johnson@example.com":                 false,
		"\"lisa\"@example.com":                     false,
		"lisa@-example.com":                        false,
		"lisa@[127.0.0.1]":                         false,
		"lisa@example.com\r\nBcc: a@example.org":   false,
		"a@b@example.com":                          false,
		"lísa@example.com":                         false,
		"Lisa <lisa@example.com>":                  false,
		strings.Repeat("a", 64) + "@example.com":   true,
		strings.Repeat("a", 65) + "@example.com":   false,
		"a@" + strings.Repeat("b", 63) + ".com":    true,
		"a@" + strings.Repeat("b", 64) + ".com":    false,
		"a@" + strings.Repeat("bcde.", 50) + "com": false,
		strings.Repeat("a", 60) + "@" + strings.Repeat("bcde.", 38) + "exa":    true,
		strings.Repeat("a", 60) + "@" + strings.Repeat("bcde.", 38) + "exampl": false,
	} {
		rule := "identifier.email-format"
		if ok {
			rule = ""
		}
		refused(t, in, CheckEmail(in), rule)
	}
}

func TestEveryCountryHasBothCodes(t *testing.T) {
	if len(alpha3By2) != 250 || len(alpha2By3) != 250 {
		t.Fatalf("%d two-letter and %d three-letter codes", len(alpha3By2), len(alpha2By3))
	}
	for alpha2, alpha3 := range alpha3By2 {
		if back, ok := Alpha2(alpha3); !ok || back != alpha2 || len(alpha3) != 3 {
			t.Errorf("%s gives %s gives %s", alpha2, alpha3, back)
		}
	}
	for alpha2, want := range map[string]string{"US": "USA", "NO": "NOR", "XK": "XKX", "DE": "DEU", "GB": "GBR"} {
		if got, ok := Alpha3(alpha2); !ok || got != want {
			t.Errorf("%s gives %s", alpha2, got)
		}
		refused(t, alpha2, CheckCountry(alpha2), "")
	}
	for _, in := range []string{"", "us", "USA", "ZZ", "D", "U S", "RK"} {
		refused(t, in, CheckCountry(in), "identifier.country")
	}
}

func TestErrorsNeverCarryTheRefusedValue(t *testing.T) {
	const secret = "31415926x"
	_, _, duf := ParseDUF(secret)
	for _, err := range []error{
		CheckOrganisationNumber(secret, Synthetic), CheckEmail(secret), CheckCountry(secret), CheckBIC(secret),
		CheckPassportNumber(secret), CheckMRZ(secret, secret), duf,
	} {
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v", err)
		}
	}
}
