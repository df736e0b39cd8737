package trustlist_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
)

// full has everything that a list can say.
func full() trustlist.List {
	return trustlist.List{
		Issuer: registry, Operator: "The programme", Version: 9, IssuedAt: now, NextUpdate: now.Add(time.Hour),
		Entities: []trustlist.Entity{
			{DID: "did:web:udi.example", OrganisationNumber: "310000116", LegalName: "UDI", CredentialTypes: []string{"ResidencePermit", "Other"},
				Status: trustlist.Accredited, StatusSince: time.Unix(0, 0).UTC(), ValidFrom: time.Unix(0, 0).UTC(), ValidUntil: now.Add(time.Hour)},
			{DID: "did:web:employer.example", OrganisationNumber: "310000019", LegalName: "Employer", CredentialTypes: []string{"OfferOfEmployment"},
				Status: trustlist.Suspended, StatusSince: now.Add(-time.Hour), ValidFrom: now.Add(-72 * time.Hour), ValidUntil: now.Add(1000 * time.Hour),
				History:         []trustlist.Standing{{Status: trustlist.Accredited, Since: now.Add(-72 * time.Hour)}},
				AccreditationID: "acc_1"},
		},
	}
}

func TestListComesBackAsItWas(t *testing.T) {
	k := newKeys('a')
	got, err := trustlist.Verify(t.Context(), k, registry, sign(t, k, kid, full()), now)
	if want := full(); err != nil || !reflect.DeepEqual(*got, want) {
		t.Fatalf("%+v, want %+v: %v", got, want, err)
	}
}

// The names are those of the JSON schema of ETSI TS 119 602.
func TestListHasTheMembersOfTheStandard(t *testing.T) {
	raw := sign(t, newKeys('a'), kid, full())
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(string(raw), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]map[string]any
	if err := json.Unmarshal(payload, &document); err != nil {
		t.Fatal(err)
	}
	needs := func(where string, v any, names ...string) map[string]any {
		object, _ := v.(map[string]any)
		for _, name := range names {
			if object[name] == nil {
				t.Errorf("%s has no %s: %v", where, name, object)
			}
		}
		return object
	}
	scheme := needs("the scheme", document["LoTE"]["ListAndSchemeInformation"], "LoTEVersionIdentifier", "LoTESequenceNumber", "LoTEType",
		"SchemeOperatorName", "SchemeOperatorAddress", "SchemeName", "StatusDeterminationApproach", "SchemeTypeCommunityRules",
		"SchemeTerritory", "HistoricalInformationPeriod", "ListIssueDateTime", "NextUpdate")
	if scheme["ListIssueDateTime"] != "2026-11-23T08:00:00Z" || scheme["NextUpdate"] != "2026-11-23T09:00:00Z" || scheme["LoTESequenceNumber"] != 9.0 {
		t.Errorf("got %v", scheme)
	}
	entities, _ := document["LoTE"]["TrustedEntitiesList"].([]any)
	if len(entities) != 2 {
		t.Fatalf("%d entities", len(entities))
	}
	entity := needs("an entity", entities[1], "TrustedEntityInformation", "TrustedEntityServices")
	information := needs("its information", entity["TrustedEntityInformation"], "TEName", "TETradeName", "TEAddress", "TEInformationURI")
	needs("its address", information["TEAddress"], "TEPostalAddress", "TEElectronicAddress")
	service := needs("its service", entity["TrustedEntityServices"].([]any)[0], "ServiceInformation", "ServiceHistory")
	for where, info := range map[string]any{"the service": service["ServiceInformation"], "its history": service["ServiceHistory"].([]any)[0]} {
		needs(where, info, "ServiceName", "ServiceDigitalIdentity", "ServiceTypeIdentifier", "ServiceStatus", "StatusStartingTime")
	}
}

func TestListOfNobodyHasNoEntities(t *testing.T) {
	k, empty := newKeys('a'), full()
	empty.Entities = nil
	raw := sign(t, k, kid, empty)
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(string(raw), ".")[1])
	if strings.Contains(string(payload), "TrustedEntitiesList") {
		t.Error("an empty TrustedEntitiesList is not allowed by the schema")
	}
	got, err := trustlist.Verify(t.Context(), k, registry, raw, now)
	if err != nil || len(got.Entities) != 0 {
		t.Error(got, err)
	}
}

func TestStatusThatTheSchemeDoesNotHaveIsNotWritten(t *testing.T) {
	l := full()
	l.Entities[0].Status = "FINE"
	if _, err := trustlist.Sign(t.Context(), newKeys('a'), keyOf(kid), l); err == nil {
		t.Error("written")
	}
}

func TestWhoHasLeftTheSchemeIsUnknownAndMayComeBack(t *testing.T) {
	l := full()
	const employer, kind = "did:web:employer.example", "OfferOfEmployment"
	l.Entities[1].Status = trustlist.Withdrawn
	if _, err := l.Accredited(employer, kind, now); fault.RuleOf(err) != "issuer.unknown" {
		t.Error(err)
	}
	again := l.Entities[1]
	again.Status, again.AccreditationID = trustlist.Accredited, "acc_2"
	l.Entities = append(l.Entities, again)
	if e, err := l.Accredited(employer, kind, now); err != nil || e.AccreditationID != "acc_2" {
		t.Error(e, err)
	}
	slices.Reverse(l.Entities)
	if e, err := l.Accredited(employer, kind, now); err != nil || e.AccreditationID != "acc_2" {
		t.Error(e, err)
	}
	l.Entities[0].Status = trustlist.Expired
	if _, err := l.Accredited(employer, kind, now); fault.RuleOf(err) != "issuer.not-accredited" {
		t.Error(err)
	}
}

func TestStatusOfAnotherTimeIsInTheHistory(t *testing.T) {
	e := full().Entities[1]
	for at, want := range map[time.Duration]string{
		0: trustlist.Suspended, -time.Hour: trustlist.Suspended, -time.Hour - time.Second: trustlist.Accredited,
		-72 * time.Hour: trustlist.Accredited, -73 * time.Hour: "",
	} {
		if got := e.StatusAt(now.Add(at)); got != want {
			t.Errorf("%v before: %q, want %q", -at, got, want)
		}
	}
}

func TestPastListIsReadThoughItIsNotCurrent(t *testing.T) {
	k := newKeys('a')
	raw := sign(t, k, kid, full())
	later := now.Add(48 * time.Hour)
	if _, err := trustlist.Verify(t.Context(), k, registry, raw, later); fault.RuleOf(err) != "trustlist.expired" {
		t.Error(err)
	}
	if got, err := trustlist.Past(t.Context(), k, registry, raw); err != nil || got.Version != 9 {
		t.Error(got, err)
	}
	if _, err := trustlist.Past(t.Context(), newKeys('b'), registry, raw); fault.RuleOf(err) != "trustlist.signature" {
		t.Error(err)
	}
	if _, err := trustlist.Past(t.Context(), k, "did:web:evil.example", raw); fault.RuleOf(err) != "trustlist.signer" {
		t.Error(err)
	}
}
