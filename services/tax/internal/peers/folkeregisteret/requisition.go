package folkeregisteret

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// document is rekvisisjon_av_dnummer_v5. Dates are yyyy-mm-dd, countries ISO
// 3166-1 alpha-3.
type document struct {
	XMLName xml.Name `xml:"rekvisisjonAvDNummer"`
	Sending sending  `xml:"innsending"`
	Request request  `xml:"forespoersel"`
}

type sending struct {
	Reference string `xml:"avsendersMeldingsidentifikator"`
	SentAt    string `xml:"avsendersInnsendingstidspunkt"`
	System    string `xml:"kildesystem"`
}

type request struct {
	Candidate       candidate        `xml:"kandidat"`
	Source          string           `xml:"kilde"`
	RequestedOn     string           `xml:"rekvireringsdato"`
	Identifications []identification `xml:"identifikasjon"`
	CaseReference   string           `xml:"avsendersSaksreferanse,omitempty"`
	Clerk           string           `xml:"avsendersSaksbehandler"`
	ControlNeeded   bool             `xml:"identitetskontrollKreves"`
	// Replaces is of our own path for a fødselsnummer alone.
	Replaces string `xml:"gjeldendeDNummer,omitempty"`
}

type candidate struct {
	Name           name     `xml:"navn"`
	BirthKnown     bool     `xml:"foedselsdatoErKjent"`
	Birth          string   `xml:"foedselsdato"`
	Sex            string   `xml:"kjoenn"`
	Nationalities  []string `xml:"statsborgerskap"`
	UnknownAddress bool     `xml:"harUkjentOppholdsadresse"`
	Printout       bool     `xml:"skalFaaUtskrift"`
}

type name struct {
	Given  string `xml:"fornavn"`
	Middle string `xml:"mellomnavn,omitempty"`
	Family string `xml:"etternavn"`
}

type identification struct {
	Person   *personID `xml:"personidentifikasjon,omitempty"`
	Document *travel   `xml:"dokumentgrunnlag,omitempty"`
}

type personID struct {
	Number  string `xml:"identifikasjonsnummer"`
	Type    string `xml:"identifikasjonsnummertype"`
	Country string `xml:"utstederland"`
}

type travel struct {
	Number  string `xml:"identifikasjonsdokumentnummer"`
	Type    string `xml:"identifikasjonsdokumenttype"`
	Country string `xml:"utstederland"`
	Until   string `xml:"gyldigTil,omitempty"`
}

// write makes the XML of a requisition. The identity control has been done by the
// police, in person; where the worker will live nobody has been asked.
func write(r registration.Requisition, at time.Time) ([]byte, error) {
	given, err := identifier.RegisterName(r.GivenName)
	if err != nil {
		return nil, err
	}
	family, err := identifier.RegisterName(r.FamilyName)
	if err != nil {
		return nil, err
	}
	d := document{
		Sending: sending{Reference: r.Reference, SentAt: at.UTC().Format(time.RFC3339), System: "kompetansespor"},
		Request: request{
			Candidate: candidate{
				BirthKnown: true, Birth: r.Birth.Format(time.DateOnly), Sex: sexOf(r.Sex), UnknownAddress: true,
			},
			Source: "skatteetaten", RequestedOn: r.RequestedAt.UTC().Format(time.DateOnly), CaseReference: r.Case, Clerk: "kompetansespor",
			Replaces: r.Replaces,
		},
	}
	d.Request.Candidate.Name.Family = family
	d.Request.Candidate.Name.Given, d.Request.Candidate.Name.Middle, _ = strings.Cut(given, " ")
	for _, alpha2 := range r.Nationalities {
		country, err := alpha3(alpha2)
		if err != nil {
			return nil, err
		}
		d.Request.Candidate.Nationalities = append(d.Request.Candidate.Nationalities, country)
	}
	if r.DUF != "" {
		d.Request.Identifications = append(d.Request.Identifications, identification{
			Person: &personID{Number: r.DUF, Type: "utlendingsmyndighetenesIdentifikasjonsnummer", Country: "NOR"},
		})
	}
	if r.Passport.Number != "" {
		country, err := alpha3(r.Passport.Country)
		if err != nil {
			return nil, err
		}
		passport := &travel{Number: r.Passport.Number, Type: "pass", Country: country}
		if !r.Passport.Until.IsZero() {
			passport.Until = r.Passport.Until.Format(time.DateOnly)
		}
		d.Request.Identifications = append(d.Request.Identifications, identification{Document: passport})
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(d); err != nil {
		return nil, fmt.Errorf("write requisition: %w", err)
	}
	return b.Bytes(), nil
}

// sexOf is kjoenn, which has no «annet»: every other value is unknown.
func sexOf(sex int) string {
	switch sex {
	case identifier.SexMale:
		return "mann"
	case identifier.SexFemale:
		return "kvinne"
	}
	return "ukjent"
}

func alpha3(alpha2 string) (string, error) {
	code, ok := identifier.Alpha3(alpha2)
	if !ok {
		return "", fault.New(fault.Invalid, "identifier.country", "a country is not one that the population register knows")
	}
	return code, nil
}
