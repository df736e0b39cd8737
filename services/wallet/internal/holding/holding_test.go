package holding_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

const offer = "OfferOfEmployment"

func begin(kind holding.Kind) holding.Exchange {
	return holding.Begin(holding.Exchange{ID: "exc_1", Kind: kind, Thread: "t"}, offer)
}

func rule(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil && want != "" || err != nil && fault.RuleOf(err) != want {
		t.Fatalf("%v, want %q", err, want)
	}
}

func TestCollectionGoesFromProposalToHeldCredential(t *testing.T) {
	e := begin(holding.Collection)
	rule(t, e.Hold(offer, ""), "exchange.out-of-order") // an unasked credential, bound to nobody
	rule(t, e.Request("Diploma", "did:key:a"), "exchange.type-not-expected")
	rule(t, e.Request(offer, "did:key:a"), "")
	rule(t, e.Request(offer, "did:key:b"), "exchange.out-of-order")
	rule(t, e.Hold(offer, "did:key:b"), "credential.another-holder")
	rule(t, e.Hold("Diploma", "did:key:a"), "exchange.type-not-expected")
	rule(t, e.Hold(offer, "did:key:a"), "")
	rule(t, e.Hold(offer, "did:key:a"), "exchange.out-of-order")
	rule(t, e.Refuse("x", "y"), "exchange.out-of-order")
	if e.State() != holding.Held || e.Subject() != "did:key:a" {
		t.Fatal(e.State(), e.Subject())
	}
	if rule, _ := e.Problem(); rule != "" {
		t.Fatal("a refusal that did not count is kept")
	}
}

func TestApplicationIsShownAgainUntilItIsAccepted(t *testing.T) {
	e := begin(holding.Application)
	rule(t, e.Accept(), "exchange.out-of-order")
	rule(t, e.Present(), "")
	rule(t, e.Present(), "") // an expired challenge is asked again
	rule(t, e.Request(offer, "did:key:a"), "exchange.out-of-order")
	rule(t, e.Accept(), "")
	rule(t, e.Present(), "exchange.out-of-order")
	rule(t, e.Refuse("x", "y"), "exchange.out-of-order")
}

func TestRefusalSaysWhy(t *testing.T) {
	for _, kind := range []holding.Kind{holding.Collection, holding.Delivery, holding.Application} {
		e := begin(kind)
		rule(t, e.Refuse("offer.wrong-code", "the code is wrong"), "")
		if rule, message := e.Problem(); rule != "offer.wrong-code" || message != "the code is wrong" || e.State() != holding.Refused {
			t.Fatal(rule, message, e.State())
		}
	}
}

// Whatever is said in whatever order: what has ended stays as it ended, and
// what is held is bound to the key that was asked for.
func TestEndedExchangeNeverChanges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]holding.Kind{holding.Collection, holding.Delivery, holding.Application}).Draw(rt, "kind")
		e := begin(kind)
		ended := ""
		key := rapid.SampledFrom([]string{"", "did:key:a", "did:key:b"})
		for range rapid.IntRange(1, 12).Draw(rt, "verbs") {
			asked := e.Subject()
			switch rapid.IntRange(0, 4).Draw(rt, "verb") {
			case 0:
				_ = e.Request(offer, rapid.SampledFrom([]string{"did:key:a", "did:key:b"}).Draw(rt, "key"))
			case 1:
				subject := key.Draw(rt, "subject")
				if e.Hold(offer, subject) == nil && (subject != asked || asked == "") {
					rt.Fatal("holds another's credential")
				}
			case 2:
				_ = e.Present()
			case 3:
				_ = e.Accept()
			case 4:
				_ = e.Refuse("r", "m")
			}
			now := fmt.Sprint(e.State(), e.Subject())
			if ended != "" && now != ended {
				rt.Fatalf("%s became %s", ended, now)
			}
			if s := e.State(); s == holding.Held || s == holding.Accepted || s == holding.Refused {
				ended = now
			}
		}
	})
}

func TestConsentSaysWhoMayReadWhat(t *testing.T) {
	shown, _ := credtype.Find(credtype.OfferOfEmployment)
	agency := func(did string, claims ...string) holding.Agency { return holding.Agency{DID: did, Claims: claims} }
	tax := agency("did:web:tax.example", "given_name", "employment.*")
	many, long := make([]holding.Agency, 9), make([]string, 101)
	for i := range many {
		many[i] = agency(fmt.Sprintf("did:web:a%d.example", i), "given_name")
	}
	for i := range long {
		long[i] = "given_name"
	}
	if err := (holding.Consent{Purpose: "p", Agencies: []holding.Agency{tax, agency("did:web:bank.example", "passport.*")}}).Check(shown); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		purpose  string
		agencies []holding.Agency
		want     string
	}{
		"no purpose":           {"", []holding.Agency{tax}, "consent.purpose consent.purpose-required"},
		"nobody":               {"p", nil, "consent.agencies consent.agencies-count"},
		"too many":             {"p", many, "consent.agencies consent.agencies-count"},
		"somebody twice":       {"p", []holding.Agency{tax, tax}, "consent.agencies consent.agency-once"},
		"another kind of DID":  {"p", []holding.Agency{agency("did:key:z6Mk", "given_name")}, "consent.agencies consent.agency-did"},
		"no DID":               {"p", []holding.Agency{agency("", "given_name")}, "consent.agencies consent.agency-did"},
		"no claim":             {"p", []holding.Agency{tax, agency("did:web:bank.example")}, "consent.agencies.1.claims consent.claims-count"},
		"too many claims":      {"p", []holding.Agency{agency("did:web:bank.example", long...)}, "consent.agencies.0.claims consent.claims-count"},
		"an unknown claim":     {"p", []holding.Agency{agency("did:web:bank.example", "given_name", "iban")}, "consent.agencies.0.claims consent.claim-unknown"},
		"an empty claim":       {"p", []holding.Agency{agency("did:web:bank.example", "")}, "consent.agencies.0.claims consent.claim-unknown"},
		"everything":           {"p", []holding.Agency{agency("did:web:bank.example", "*")}, "consent.agencies.0.claims consent.claim-unknown"},
		"all below what isn't": {"p", []holding.Agency{agency("did:web:bank.example", "salary.*")}, "consent.agencies.0.claims consent.claim-unknown"},
	} {
		v := fault.From((holding.Consent{Purpose: c.purpose, Agencies: c.agencies}).Check(shown)).Violations
		if len(v) != 1 || v[0].Field+" "+v[0].Rule != c.want {
			t.Errorf("%s: %+v, want %s", name, v, c.want)
		}
	}
}

func TestDeliverableTypesCannotBeChangedByACaller(t *testing.T) {
	holding.Deliverable()[0] = "Anything"
	if holding.Deliverable()[0] == "Anything" {
		t.Fatal("changed")
	}
}
