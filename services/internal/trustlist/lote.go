package trustlist

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The list on the wire: a List of Trusted Entities, ETSI TS 119 602 V1.1.1, in
// its JSON binding.
//
// The member names are those of the standard's JSON schema
// (1960201_json_schema.json, forge.etsi.org), read from two public bindings of
// it, the EUDI reference library for the standard and a generated set of
// TypeScript types; the PDF itself was not at hand. From there: LoTE,
// ListAndSchemeInformation, TrustedEntitiesList, what each of them and a
// service must have, and that a list of nobody leaves TrustedEntitiesList out.
//
// What is ours, because the standard leaves it to the scheme:
//   - the URIs below schemeBase for the type of list, the approach, the
//     community rules, the services (one for each credential type) and the
//     statuses;
//   - an entity is named by its DID in ServiceDigitalIdentity.OtherIds, not by
//     a certificate: signatures are judged by DID documents here;
//   - TETradeName carries the organisation number as NTRNO-<nine digits>, the
//     way in which TS 119 612 (5.4.2) and EN 319 412-1 write a registration
//     number; that 119 602 wants the same is not certain;
//   - ServiceInformationExtensions has one extension, validity;
//   - the postal address of an entity points to its entry in Enhetsregisteret,
//     since the list repeats nothing that is kept there.
//
// What deviates: the signature is a compact JWS under a DID's key, where the
// standard has JAdES under a certificate; and a list that is issued anew while
// nothing changed keeps its sequence number, with a later issue time.
type lote struct {
	LoTE struct {
		Scheme   schemeInformation `json:"ListAndSchemeInformation"`
		Entities []trustedEntity   `json:"TrustedEntitiesList,omitempty"`
	} `json:"LoTE"`
}

type schemeInformation struct {
	Format          int          `json:"LoTEVersionIdentifier"`
	Sequence        int64        `json:"LoTESequenceNumber"`
	Type            string       `json:"LoTEType"`
	OperatorName    []text       `json:"SchemeOperatorName"`
	OperatorAddress schemeOffice `json:"SchemeOperatorAddress"`
	Name            []text       `json:"SchemeName"`
	Approach        string       `json:"StatusDeterminationApproach"`
	Rules           []location   `json:"SchemeTypeCommunityRules"`
	Territory       string       `json:"SchemeTerritory"`
	HistoryPeriod   int          `json:"HistoricalInformationPeriod"`
	IssuedAt        string       `json:"ListIssueDateTime"`
	NextUpdate      string       `json:"NextUpdate"`
}

type schemeOffice struct {
	Postal     []postal   `json:"SchemeOperatorPostalAddress"`
	Electronic []location `json:"SchemeOperatorElectronicAddress"`
}

type trustedEntity struct {
	Information entityInformation `json:"TrustedEntityInformation"`
	Services    []entityService   `json:"TrustedEntityServices"`
}

type entityInformation struct {
	Name      []text `json:"TEName"`
	TradeName []text `json:"TETradeName,omitempty"`
	Address   struct {
		Postal     []postal   `json:"TEPostalAddress"`
		Electronic []location `json:"TEElectronicAddress"`
	} `json:"TEAddress"`
	URI []location `json:"TEInformationURI"`
}

type entityService struct {
	Information serviceInformation `json:"ServiceInformation"`
	// The history has the members of the service itself.
	History []serviceInformation `json:"ServiceHistory,omitempty"`
}

type serviceInformation struct {
	Name     []text `json:"ServiceName"`
	Identity struct {
		OtherIDs []string `json:"OtherIds"`
	} `json:"ServiceDigitalIdentity"`
	Type       string     `json:"ServiceTypeIdentifier"`
	Status     string     `json:"ServiceStatus"`
	Since      string     `json:"StatusStartingTime"`
	Extensions []validity `json:"ServiceInformationExtensions,omitempty"`
}

// validity says from when until when the service is accredited, whatever
// happens to its status between.
type validity struct {
	Type            string `json:"type"`
	From            string `json:"valid_from"`
	Until           string `json:"valid_until"`
	AccreditationID string `json:"accreditation_id,omitempty"`
}

type text struct {
	Language string `json:"lang"`
	Value    string `json:"value"`
}

type location struct {
	Language string `json:"lang"`
	URI      string `json:"uriValue"`
}

type postal struct {
	Language string `json:"lang"`
	Street   string `json:"StreetAddress"`
	Country  string `json:"Country"`
}

const (
	format     = 1     // of the JSON; it changes only when the rules for reading do
	forever    = 65535 // HistoricalInformationPeriod: history is never taken out (TS 119 612, 5.3.12)
	territory  = "NO"
	schemeBase = "https://schema.kompetansespor.example/trust/"

	listKind     = schemeBase + "list/issuers"
	approach     = schemeBase + "status-determination/1"
	rules        = schemeBase + "rules/1"
	serviceBase  = schemeBase + "service/"
	statusBase   = schemeBase + "status/"
	validityKind = schemeBase + "extension/validity"

	registerBase = "https://data.brreg.no/enhetsregisteret/api/enheter/"
	numberPrefix = "NTRNO-"
	nobody       = "Kompetansespor"
)

func english(value string) []text { return []text{{"en", value}} }
func at(uri string) []location    { return []location{{"en", uri}} }
func instant(t time.Time) string  { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
func office(about string) []postal {
	return []postal{{"en", about, territory}}
}

var statuses = []string{Accredited, Suspended, Withdrawn, Expired}

func statusURI(status string) (string, error) {
	if !slices.Contains(statuses, status) {
		return "", fmt.Errorf("an entity has no such status")
	}
	return statusBase + strings.ToLower(status), nil
}

// lote writes the list.
func (l List) lote() (lote, error) {
	var out lote
	operator := l.Operator
	if operator == "" {
		operator = nobody
	}
	out.LoTE.Scheme = schemeInformation{
		Format: format, Sequence: l.Version, Type: listKind, OperatorName: english(operator),
		OperatorAddress: schemeOffice{Postal: office(operator), Electronic: at(l.Issuer)},
		Name:            english("NO:Kompetansespor: who may issue which credentials"),
		Approach:        approach, Rules: at(rules), Territory: territory, HistoryPeriod: forever,
		IssuedAt: instant(l.IssuedAt), NextUpdate: instant(l.NextUpdate),
	}
	for _, e := range l.Entities {
		written, err := e.trusted()
		if err != nil {
			return out, err
		}
		out.LoTE.Entities = append(out.LoTE.Entities, written)
	}
	return out, nil
}

func (e Entity) trusted() (trustedEntity, error) {
	name := e.LegalName
	if name == "" {
		name = e.DID
	}
	out := trustedEntity{Information: entityInformation{Name: english(name), URI: at(e.DID)}}
	out.Information.Address.Electronic = at(e.DID)
	out.Information.Address.Postal = office(name)
	if e.OrganisationNumber != "" {
		out.Information.TradeName = english(numberPrefix + e.OrganisationNumber)
		out.Information.URI = at(registerBase + e.OrganisationNumber)
		out.Information.Address.Postal = office("Enhetsregisteret " + e.OrganisationNumber)
	}
	for _, kind := range e.CredentialTypes {
		service, err := e.service(kind)
		if err != nil {
			return out, err
		}
		out.Services = append(out.Services, service)
	}
	return out, nil
}

func (e Entity) service(kind string) (entityService, error) {
	standing := func(status string, since time.Time) (serviceInformation, error) {
		uri, err := statusURI(status)
		out := serviceInformation{Name: english("issues " + kind), Type: serviceBase + kind, Status: uri, Since: instant(since)}
		out.Identity.OtherIDs = []string{e.DID}
		return out, err
	}
	now, err := standing(e.Status, e.since())
	if err != nil {
		return entityService{}, err
	}
	now.Extensions = []validity{{Type: validityKind, From: instant(e.ValidFrom), Until: instant(e.ValidUntil), AccreditationID: e.AccreditationID}}
	out := entityService{Information: now}
	for _, before := range e.History {
		past, err := standing(before.Status, before.Since)
		if err != nil {
			return out, err
		}
		out.History = append(out.History, past)
	}
	return out, nil
}

// list reads what lote wrote. A status that is not one of ours is kept as its
// URI, under which nobody may issue.
func (w lote) list() (List, error) {
	scheme := w.LoTE.Scheme
	out := List{Version: scheme.Sequence, Operator: first(scheme.OperatorName)}
	if scheme.Format != format || scheme.Type != listKind || scheme.Sequence < 1 || len(scheme.OperatorAddress.Electronic) != 1 {
		return out, fmt.Errorf("not a list of this kind")
	}
	out.Issuer = scheme.OperatorAddress.Electronic[0].URI
	var err error
	if out.IssuedAt, err = time.Parse(time.RFC3339, scheme.IssuedAt); err != nil {
		return out, err
	}
	if out.NextUpdate, err = time.Parse(time.RFC3339, scheme.NextUpdate); err != nil {
		return out, err
	}
	for _, e := range w.LoTE.Entities {
		if err := out.add(e); err != nil {
			return out, err
		}
	}
	return out, nil
}

// add reads an entity: services that stand alike are one Entity, as they were
// when it was written.
func (l *List) add(e trustedEntity) error {
	begins := len(l.Entities)
	for _, s := range e.Services {
		one, err := s.entity()
		if err != nil {
			return err
		}
		one.LegalName = first(e.Information.Name)
		if one.LegalName == one.DID {
			one.LegalName = ""
		}
		one.OrganisationNumber, _ = strings.CutPrefix(first(e.Information.TradeName), numberPrefix)
		last := len(l.Entities) - 1
		if last >= begins && l.Entities[last].standsAs(one) {
			l.Entities[last].CredentialTypes = append(l.Entities[last].CredentialTypes, one.CredentialTypes...)
			continue
		}
		l.Entities = append(l.Entities, one)
	}
	return nil
}

func (s entityService) entity() (Entity, error) {
	info := s.Information
	kind, ours := strings.CutPrefix(info.Type, serviceBase)
	if !ours || len(info.Identity.OtherIDs) != 1 || len(info.Extensions) != 1 || info.Extensions[0].Type != validityKind {
		return Entity{}, fmt.Errorf("a service is not of this scheme")
	}
	out := Entity{
		DID: info.Identity.OtherIDs[0], CredentialTypes: []string{kind}, Status: statusOf(info.Status),
		AccreditationID: info.Extensions[0].AccreditationID,
	}
	for _, t := range []struct {
		into *time.Time
		from string
	}{{&out.StatusSince, info.Since}, {&out.ValidFrom, info.Extensions[0].From}, {&out.ValidUntil, info.Extensions[0].Until}} {
		var err error
		if *t.into, err = time.Parse(time.RFC3339, t.from); err != nil {
			return out, err
		}
	}
	for _, before := range s.History {
		since, err := time.Parse(time.RFC3339, before.Since)
		if err != nil {
			return out, err
		}
		out.History = append(out.History, Standing{statusOf(before.Status), since})
	}
	return out, nil
}

func (e Entity) standsAs(o Entity) bool {
	return e.DID == o.DID && e.Status == o.Status && e.AccreditationID == o.AccreditationID && e.StatusSince.Equal(o.StatusSince) &&
		e.ValidFrom.Equal(o.ValidFrom) && e.ValidUntil.Equal(o.ValidUntil) &&
		slices.EqualFunc(e.History, o.History, func(a, b Standing) bool { return a.Status == b.Status && a.Since.Equal(b.Since) })
}

func statusOf(uri string) string {
	for _, status := range statuses {
		if uri == statusBase+strings.ToLower(status) {
			return status
		}
	}
	return uri
}

func first(texts []text) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0].Value
}
