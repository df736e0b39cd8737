package demo

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
)

var signed = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func at(name, class string, after time.Duration) Step {
	return Step{Name: name, TimeClass: class, At: signed.Add(after)}
}

func lisaHeld() []Held {
	return []Held{
		{Type: "OfferOfEmployment", Claims: map[string]any{
			"id": "did:key:z1", "given_name": "Lisa", "family_name": "Johnson", "birthdate": "1990-01-01", "nationalities": []any{"US"},
			"employer":   map[string]any{"organisation_number": "310000019"},
			"employment": map[string]any{"occupation": map[string]any{"code": "2512"}},
		}},
		{Type: "ResidencePermit", Claims: map[string]any{
			"id": "did:key:z2", "decision_id": "dec_1", "duf_number": "202665432107", "given_name": "Lisa", "birthdate": "1990-01-01", "nationalities": []any{"US"},
			"employer": map[string]any{"organisation_number": "310000019"}, "occupation_scope": []any{"2512"}, "valid_from": "2026-12-06", "valid_until": "2027-12-06",
			"permit_type": "SKILLED_WORKER",
		}},
		{Type: "Appointment", Claims: map[string]any{"given_name": "Lisa", "office_id": "SUA-OSLO"}},
		{Type: "ResidenceCard", Claims: map[string]any{"family_name": "Johnson", "permit_decision_id": "dec_1", "date_of_expiry": "2027-12-06"}},
		{Type: "TaxRegistration", Claims: map[string]any{"identifier": "41819020068", "birthdate": "1990-01-01", "id_control": map[string]any{"level": "IN_PERSON"}}},
		{Type: "TaxCard", Claims: map[string]any{"identifier": "41819020068", "employer_organisation_number": "310000019", "deductions": []any{map[string]any{"percent": 25.0}}}},
		{Type: "BankAccountConfirmation", Claims: map[string]any{"account_holder_name": "Lisa Johnson", "bank": map[string]any{"name": "Testbanken"}}},
	}
}

func lisaRead() map[string][]string {
	return map[string][]string{
		"police": {"given_name", "family_name", "nationalities"}, "tax": {"given_name", "birthdate", "employer.organisation_number"},
		"bank": {"given_name", "family_name"},
	}
}

// lisa is a case as it should be.
func lisa() MeasuredCase {
	yes := true
	return MeasuredCase{
		CaseRef: "case_1", Outcome: Completed,
		Steps: []Step{
			at("offer.issued", "human", 0), at("offer.collected", "candidate", 100*time.Millisecond), at("application.submitted", "candidate", 200*time.Millisecond),
			at("application.feepaid", "candidate", 300*time.Millisecond), at("decision.made", "human", 400*time.Millisecond),
			at("appointment.booked", "machine", 600*time.Millisecond), at("appointment.attended", "human", 700*time.Millisecond),
			at("identity.verified", "human", 700*time.Millisecond), at("identifier.assigned", "machine", 900*time.Millisecond),
			at("bankaccount.opened", "machine", 1500*time.Millisecond),
		},
		Sent:   []Value{{Field: "AcceptOfferRequest.collection_code", Kind: "code"}},
		Wallet: lisaHeld(), Read: lisaRead(),
		Decisions: []Decided{{Granted: true, Hashed: true}}, Replayed: &yes,
	}
}

func measured(change func(*MeasuredCase)) Measured {
	c := lisa()
	change(&c)
	return Measured{Cases: []MeasuredCase{lisa(), c}, Withdrawal: &Withdrawal{At: signed, Seen: signed.Add(2 * time.Second), Lifetime: 5 * time.Second}}
}

func metric(t *testing.T, m Measured, name string) Metric {
	t.Helper()
	for _, one := range m.Metrics() {
		if one.Name == name {
			return one
		}
	}
	t.Fatalf("there is no %s", name)
	return Metric{}
}

func TestRunAsItShouldBeMeetsEveryTarget(t *testing.T) {
	m := measured(func(*MeasuredCase) {})
	for _, one := range m.Metrics() {
		if one.Name == "M6" {
			continue // the simulation's
		}
		if one.Met == nil || !*one.Met || one.Definition == "" || one.Target == "" {
			t.Errorf("%+v", one)
		}
	}
	if got := metric(t, m, "M1").Value; got != "p50 1.5s, p95 1.5s over 2 cases; slowest step bankaccount.opened, p95 600ms" {
		t.Error(got)
	}
	if got := metric(t, m, "M6").Value; got != "20.0 % of 3s" {
		t.Error(got)
	}
	if got := metric(t, m, "M4"); got.Value != "at most 4 in a case" {
		t.Error(got)
	}
}

// Every metric is missed by what it is about.
func TestEachTargetIsMissedByWhatItIsAbout(t *testing.T) {
	no := false
	for name, change := range map[string]func(*MeasuredCase){
		"M1 slow": func(c *MeasuredCase) { c.Steps[9].At = signed.Add(4 * time.Second) },
		"M1 slow step": func(c *MeasuredCase) {
			for i := 5; i < 10; i++ {
				c.Steps[i].At = c.Steps[i].At.Add(900 * time.Millisecond)
			}
		},
		"M2 typed":      func(c *MeasuredCase) { c.Sent = append(c.Sent, Value{Field: "OpenWalletRequest.display_name"}) },
		"M3 value":      func(c *MeasuredCase) { c.Wallet[3].Claims["family_name"] = "Jonson" },
		"M3 unknown":    func(c *MeasuredCase) { c.Wallet[6].Claims["mothers_maiden_name"] = "Smith" },
		"M3 not read":   func(c *MeasuredCase) { c.Read["bank"] = []string{"given_name"} },
		"M3 no source":  func(c *MeasuredCase) { c.Wallet = slices.Delete(c.Wallet, 1, 2) },
		"M3 other type": func(c *MeasuredCase) { c.Wallet = append(c.Wallet, Held{Type: "Form", Claims: map[string]any{"x": 1}}) },
		"M4 another": func(c *MeasuredCase) {
			c.Steps = append(c.Steps, at("identifier.queued", "human", 800*time.Millisecond))
		},
		"M5 false":       func(c *MeasuredCase) { c.MustRefuse = true },
		"M5 automatic":   func(c *MeasuredCase) { c.Decisions = []Decided{{ByRules: true, Hashed: true}} },
		"M7 two visits":  func(c *MeasuredCase) { c.Steps = append(c.Steps, at("appointment.attended", "human", time.Second)) },
		"M9 other":       func(c *MeasuredCase) { c.Replayed = &no },
		"M9 no evidence": func(c *MeasuredCase) { c.Decisions[0].Hashed = false },
	} {
		m := measured(change)
		got := metric(t, m, name[:2])
		if got.Met == nil || *got.Met {
			t.Errorf("%s: %+v", name, got)
		}
		for _, other := range m.Metrics() {
			if other.Name != name[:2] && other.Met != nil && !*other.Met && name != "M1 slow" {
				t.Errorf("%s misses %s too: %s", name, other.Name, other.Value)
			}
		}
	}
	for name, w := range map[string]*Withdrawal{
		"too late":   {At: signed, Seen: signed.Add(6 * time.Second), Lifetime: 5 * time.Second},
		"not at all": {At: signed, Lifetime: 5 * time.Second},
		"too early":  {At: signed, Seen: signed.Add(-time.Second), Lifetime: 5 * time.Second},
	} {
		m := measured(func(*MeasuredCase) {})
		if m.Withdrawal = w; *metric(t, m, "M8").Met {
			t.Errorf("%s is met", name)
		}
	}
}

// What was not measured is said to be so, and no target is met by it.
func TestNothingMeasuredMeetsNothing(t *testing.T) {
	for _, one := range (Measured{}).Metrics() {
		if one.Met != nil || one.Value == "" {
			t.Errorf("%+v", one)
		}
	}
}

func TestStraightThroughIsWithoutExceptions(t *testing.T) {
	m := measured(func(c *MeasuredCase) { c.Steps[9].TimeClass = "human" })
	if got := metric(t, m, "M5"); !strings.HasPrefix(got.Value, "straight through 1 of 2") || !*got.Met {
		t.Error(got)
	}
	if got := metric(t, m, "M4"); got.Value != "at most 5 in a case" || !*got.Met {
		t.Error(got)
	}
}

func TestClaimsAreTracedByValueAndReading(t *testing.T) {
	l := Trace(lisaHeld(), lisaRead())
	if len(l.Again) != 0 || l.Carried != 13 || l.Made != 10 {
		t.Errorf("%+v", l)
	}
	held := lisaHeld()
	held[0].Claims["duf_number"] = "202665432107"
	if l := Trace(held, lisaRead()); len(l.Again) != 0 || l.Carried != 14 {
		t.Errorf("a number that the offer has is not carried: %+v", l)
	}
	held[0].Claims["duf_number"] = "202600000000"
	if l := Trace(held, lisaRead()); !slices.Equal(l.Again, []string{"ResidencePermit.duf_number: it is not what OfferOfEmployment.duf_number says"}) {
		t.Errorf("%+v", l)
	}
}

func TestClientsValuesAreToldByKind(t *testing.T) {
	s := &Sent{}
	for range 2 {
		s.Record(&walletv1.OpenWalletRequest{Locale: "en", CredentialFormat: "ldp_vc"})
		s.Record(&walletv1.AcceptOfferRequest{InvitationUrl: "https://x", CollectionCode: "1234"})
		s.Record(&walletv1.ApplyForPermitRequest{CredentialId: "c", Consent: &walletv1.Consent{
			Purpose: "p", Agencies: []*walletv1.ConsentAgency{{AgencyDid: "did", Claims: []string{"given_name"}}},
		}})
	}
	if typed := s.Typed(); len(typed) != 0 || len(s.Values()) != 6 {
		t.Errorf("%v of %v", typed, s.Values())
	}
	s.Record(&walletv1.OpenWalletRequest{DisplayName: "Lisa"})
	s.Record(&walletv1.AppealDecisionRequest{ExchangeId: "e", Grounds: "because"})
	var fields []string
	for _, v := range s.Typed() {
		fields = append(fields, v.Field)
	}
	if !slices.Contains(fields, "OpenWalletRequest.display_name") || !slices.Contains(fields, "AppealDecisionRequest.grounds") {
		t.Error(fields)
	}
}

// The table names only fields that the contract has, so that nothing hides behind
// a name that was changed.
func TestKindsAreOfTheContract(t *testing.T) {
	messages := map[string]protoreflect.MessageDescriptor{}
	file := walletv1.File_kompetansespor_wallet_v1_wallet_proto
	for i := range file.Messages().Len() {
		messages[string(file.Messages().Get(i).Name())] = file.Messages().Get(i)
	}
	for _, path := range slices.Sorted(maps.Keys(kinds)) {
		message, field, _ := strings.Cut(path, ".")
		if d := messages[message]; d == nil || d.Fields().ByName(protoreflect.Name(field)) == nil {
			t.Errorf("%s is no field", path)
		}
	}
	var _ proto.Message = &walletv1.OpenWalletRequest{}
}

func TestMetricsArePrintedWithWhatTheyMean(t *testing.T) {
	var out bytes.Buffer
	m := measured(func(c *MeasuredCase) { c.Wallet[3].Claims["family_name"] = "Jonson" })
	if err := PrintMetrics(&out, m.Metrics()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"M1", "M9", "NO", "yes", "ResidenceCard.family_name: it is not what", "AcceptOfferRequest.collection_code: code", "at most 1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not printed:\n%s", want, out.String())
		}
	}
}
