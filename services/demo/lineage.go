package demo

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Held is a credential as the worker's wallet shows it.
type Held struct {
	Type   string
	Issuer string
	Claims map[string]any
}

// the credential that everything begins with.
const offerType = "OfferOfEmployment"

// origin is where a claim of a credential comes from.
type origin struct {
	// from is "Type.path" of a claim of another credential in the wallet; several
	// are joined by a space, as a name is.
	from []string
	// otherwise says that the issuer makes the value when the source has none.
	otherwise bool
	// made is why the issuer is the first to say it; empty for what is carried.
	made string
}

func carried(from ...string) origin { return origin{from: from} }
func makes(why string) origin       { return origin{made: why} }

// origins says of each claim of each credential where its value comes from, by
// the programme's list of credentials (domain/credentials.json). A claim that is
// not named here has no source: it counts as entered again.
var origins = map[string]map[string]origin{
	"ResidencePermit": {
		"decision_id": makes("decision"), "case_number": makes("decision"),
		"duf_number": {from: []string{"OfferOfEmployment.duf_number"}, otherwise: true},
		"given_name": carried("OfferOfEmployment.given_name"), "family_name": carried("OfferOfEmployment.family_name"),
		"birthdate": carried("OfferOfEmployment.birthdate"), "nationalities": carried("OfferOfEmployment.nationalities"),
		"employer.organisation_number": carried("OfferOfEmployment.employer.organisation_number"),
		"occupation_scope":             carried("OfferOfEmployment.employment.occupation.code"),
		"permit_type":                  makes("decision"), "legal_basis": makes("decision"), "decision": makes("decision"), "decided_at": makes("decision"),
		"valid_from": makes("decision"), "valid_until": makes("decision"), "work_right": makes("decision"), "conditions": makes("decision"),
		"leads_to_permanent_residence": makes("decision"), "resident_registration": makes("decision"), "appeal_deadline_days": makes("decision"),
		"early_start": makes("decision"),
	},
	"Appointment": {
		"given_name": carried("OfferOfEmployment.given_name"), "family_name": carried("OfferOfEmployment.family_name"),
		"appointment_id": makes("booking"), "office_id": makes("booking"), "office_name": makes("booking"), "address": makes("booking"), "room": makes("booking"),
		"purpose": makes("booking"), "start": makes("booking"), "end": makes("booking"), "time_zone": makes("booking"), "documents_to_bring": makes("booking"),
		"arrival_window_days": makes("booking"), "checkin_code": makes("booking"), "status": makes("booking"),
	},
	"ResidenceCard": {
		"given_name": carried("OfferOfEmployment.given_name"), "family_name": carried("OfferOfEmployment.family_name"),
		"birthdate": carried("OfferOfEmployment.birthdate"), "nationalities": carried("OfferOfEmployment.nationalities"),
		"permit_type": carried("ResidencePermit.permit_type"), "permit_decision_id": carried("ResidencePermit.decision_id"),
		"date_of_expiry": carried("ResidencePermit.valid_until"),
		"card_number":    makes("card"), "document_type": makes("card"), "date_of_issuance": makes("card"), "issuing_authority": makes("card"),
		"issuing_country": makes("card"), "remarks": makes("card"),
	},
	"TaxRegistration": {
		"given_name": carried("OfferOfEmployment.given_name"), "family_name": carried("OfferOfEmployment.family_name"),
		"birthdate": carried("OfferOfEmployment.birthdate"), "resident_from": carried("ResidencePermit.valid_from"),
		"identifier": makes("register"), "identifier_type": makes("register"), "assigned_at": makes("register"), "date_part_deviates": makes("register"),
		"previous_identifier": makes("register"), "municipality": makes("register"),
		"id_control.performed_by": makes("identity control"), "id_control.performed_at": makes("identity control"), "id_control.level": makes("identity control"),
	},
	"TaxCard": {
		"identifier": carried("TaxRegistration.identifier"), "employer_organisation_number": carried("OfferOfEmployment.employer.organisation_number"),
		"income_year": makes("tax card"), "result": makes("tax card"), "issued_date": makes("tax card"), "card_id": makes("tax card"),
		"deductions": makes("tax card"), "additional_information": makes("tax card"),
	},
	"BankAccountConfirmation": {
		"account_holder_name": carried("OfferOfEmployment.given_name", "OfferOfEmployment.family_name"),
		"iban":                makes("account"), "bban": makes("account"), "bic": makes("account"), "opened_at": makes("account"), "purpose": makes("account"),
		"kyc_level": makes("due diligence"), "account_type": makes("account"), "bankid_status": makes("account"),
		"bank.organisation_number": makes("bank"), "bank.name": makes("bank"),
	},
}

// readers is which agency issues a credential, as the access log names it. UDI
// has the presentation itself.
var readers = map[string]string{
	"Appointment": "police", "ResidenceCard": "police", "TaxRegistration": "tax", "TaxCard": "tax", "BankAccountConfirmation": "bank",
}

// Lineage is what became of every claim in a wallet.
type Lineage struct {
	// Carried claims have the value of their source, which their issuer has read.
	Carried int `json:"carried"`
	// Made claims are said first by their issuer: a decision, a number, a time.
	Made int `json:"made"`
	// Again are claims that are neither: somebody may have entered them again.
	Again []string `json:"again,omitempty"`
}

// Trace follows every claim of every credential but the offer back to where its
// value was said first. read is which claims each agency has read, by the access
// log that the worker sees: what an agency carries of the offer it must have read
// there.
func Trace(wallet []Held, read map[string][]string) Lineage {
	var l Lineage
	for _, c := range wallet {
		if c.Type == offerType {
			continue
		}
		for path, value := range leaves(c.Claims) {
			switch why := l.trace(wallet, read, c, path, value); why {
			case "":
			default:
				l.Again = append(l.Again, fmt.Sprintf("%s.%s: %s", c.Type, path, why))
			}
		}
	}
	slices.Sort(l.Again)
	return l
}

func (l *Lineage) trace(wallet []Held, read map[string][]string, c Held, path string, value any) (why string) {
	o, known := origins[c.Type][path]
	if !known {
		return "no source is known for it"
	}
	if o.made != "" {
		l.Made++
		return ""
	}
	var parts []any
	for _, from := range o.from {
		kind, claim, _ := strings.Cut(from, ".")
		source, found := claimOf(wallet, kind, claim)
		if !found && o.otherwise {
			l.Made++
			return ""
		}
		if !found {
			return "its source " + from + " is not in the wallet"
		}
		if agency := readers[c.Type]; kind == offerType && agency != "" && !reads(read[agency], claim) {
			return agency + " has not read " + claim
		}
		parts = append(parts, source)
	}
	if !same(value, parts) {
		return "it is not what " + strings.Join(o.from, " and ") + " says"
	}
	l.Carried++
	return ""
}

// same says whether a value is its source's: alone, as the only one of a list,
// or several texts joined by a space.
func same(value any, parts []any) bool {
	if len(parts) == 1 {
		return reflect.DeepEqual(value, parts[0]) || reflect.DeepEqual(value, []any{parts[0]})
	}
	var texts []string
	for _, p := range parts {
		texts = append(texts, fmt.Sprint(p))
	}
	return value == strings.Join(texts, " ")
}

// reads says whether a claim is among the paths that were read.
func reads(paths []string, claim string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		if group, all := strings.CutSuffix(path, ".*"); all {
			return strings.HasPrefix(claim, group+".")
		}
		return path == claim || strings.HasPrefix(claim, path+".")
	})
}

// claimOf finds a claim by type and path.
func claimOf(wallet []Held, kind, path string) (any, bool) {
	for _, c := range wallet {
		if c.Type != kind {
			continue
		}
		var value any = c.Claims
		for name := range strings.SplitSeq(path, ".") {
			object, _ := value.(map[string]any)
			inner, ok := object[name]
			if !ok {
				return nil, false
			}
			value = inner
		}
		return value, true
	}
	return nil, false
}

// leaves are a credential's claims by path, lists whole. The id is the holder's
// key, which the wallet has made.
func leaves(claims map[string]any) map[string]any {
	all := map[string]any{}
	var walk func(prefix string, object map[string]any)
	walk = func(prefix string, object map[string]any) {
		for name, value := range object {
			inner, isObject := value.(map[string]any)
			switch {
			case prefix == "" && name == "id":
			case isObject:
				walk(prefix+name+".", inner)
			default:
				all[prefix+name] = value
			}
		}
	}
	walk("", claims)
	return all
}
