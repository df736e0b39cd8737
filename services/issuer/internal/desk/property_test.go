package desk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// one is an offer that the property test knows.
type one struct {
	desk.Record
	code    offer.CollectionCode
	granted bool
}

// Whatever employers, workers, the clock and other services do, in any order
// and again and again: what is told of an offer fits where it stands, it ends
// once, and its credential is revoked exactly when the offer was taken back.
func TestWhateverHappensAnOfferEndsOnceAndItsCredentialWithIt(t *testing.T) {
	w := open(t)
	serial := 0
	rapid.Check(t, func(r *rapid.T) {
		var all []*one
		key := func() string { serial++; return fmt.Sprintf("property-%08d", serial) }
		pick := func(r *rapid.T) *one {
			if len(all) == 0 {
				r.Skip("no offer yet")
			}
			return all[rapid.IntRange(0, len(all)-1).Draw(r, "offer")]
		}
		sign := func(r *rapid.T) desk.Signing {
			s := signing(t, rapid.IntRange(0, 70).Draw(r, "person"))
			s.IdempotencyKey = key()
			s.Form.Passport.DateOfExpiry = "2090-01-01"
			s.Form.Employment.EndDate = ""
			return s
		}
		r.Repeat(map[string]func(*rapid.T){
			"issue": func(r *rapid.T) {
				record, code, err := w.desk.Issue(t.Context(), sign(r))
				if err != nil {
					r.Fatal(err)
				}
				all = append(all, &one{Record: record, code: code})
			},
			"change": func(r *rapid.T) {
				old, s := pick(r), sign(r)
				record, code, err := w.desk.Change(t.Context(), s, old.Offer.ID())
				if err != nil {
					return
				}
				again, _, err := w.desk.Change(t.Context(), s, old.Offer.ID())
				if err != nil || again.Offer.ID() != record.Offer.ID() {
					r.Fatalf("the same change again: %v", err)
				}
				all = append(all, &one{Record: record, code: code})
			},
			"withdraw": func(r *rapid.T) { _, _ = w.desk.Withdraw(t.Context(), uio, pick(r).Offer.ID(), "cut") },
			"collect": func(r *rapid.T) {
				o := pick(r)
				code := o.code
				if rapid.Bool().Draw(r, "wrong") {
					code = "wrong"
				}
				effect, err := w.desk.Collect(t.Context(), agent.Received{
					Message: &didcomm.Message{ID: "m", Thid: "t-" + o.Offer.ID()}, Sender: wallet, Recipient: w.DID + ":employers:" + uio,
				}, o.Offer.ID(), string(code))
				if err != nil {
					r.Fatal(err)
				}
				w.tx(t, func(tx *sqldb.Tx) error { _ = effect(t.Context(), tx); return nil })
			},
			"find": func(r *rapid.T) {
				o := pick(r)
				_, _ = w.desk.Find(t.Context(), string(o.Offer.Number()), rapid.SampledFrom([]offer.CollectionCode{o.code, "wrong"}).Draw(r, "code"))
			},
			"grant": func(r *rapid.T) {
				o := pick(r)
				o.granted = true
				w.follow(t, "verifier", "case-"+o.Offer.ID(), "application.submitted", map[string]any{"offer_id": o.Offer.ID()})
				w.follow(t, "verifier", "case-"+o.Offer.ID(), "decision.made", map[string]any{"outcome": "GRANTED"})
			},
			"revoke the employer": func(r *rapid.T) {
				if rapid.IntRange(0, 5).Draw(r, "seldom") > 0 {
					r.Skip("seldom")
				}
				before := map[string]offer.State{}
				for _, o := range all {
					before[o.Offer.ID()] = w.stands(t, o.Offer.ID())
				}
				w.revoke(t, uio)
				steps(t, w.desk.RevokedStep)
				for _, o := range all {
					was, is := before[o.Offer.ID()], w.stands(t, o.Offer.ID())
					want := was
					if was.Open() && !o.granted {
						want = offer.Withdrawn
					}
					if is != want {
						r.Fatalf("a %s (granted %v) became %s when the employer was revoked", was, o.granted, is)
					}
				}
			},
			"wait": func(r *rapid.T) {
				w.Clock.Pass(time.Duration(rapid.IntRange(1, 40).Draw(r, "days")) * 24 * time.Hour)
				steps(t, w.desk.ExpireStep)
			},
			"": func(r *rapid.T) {
				for _, o := range all[max(0, len(all)-4):] {
					w.fits(t, r, o)
				}
			},
		})
	})
}

// fits holds what was told of an offer and its credential against its state.
func (w *world) fits(t *testing.T, r *rapid.T, o *one) {
	id := o.Offer.ID()
	state, told := w.stands(t, id), w.told(t, id)
	ends := map[offer.State]string{offer.Withdrawn: "offer.withdrawn", offer.Superseded: "offer.superseded", offer.Expired: "offer.expired"}
	if told[0] != "offer.issued" || slices.Contains(told[1:], "offer.issued") {
		r.Fatalf("told %v", told)
	}
	count := map[string]int{}
	for _, name := range told {
		if count[name]++; count[name] > 1 {
			r.Fatalf("told twice: %v", told)
		}
	}
	for end, name := range ends {
		expiredBefore := end == offer.Expired && state == offer.Withdrawn // an expired offer may still be withdrawn
		if count[name] > 0 != (state == end) && !expiredBefore {
			r.Fatalf("a %s of which %v was told", state, told)
		}
	}
	back := state == offer.Withdrawn || state == offer.Superseded
	if got := w.Credentials(t, id); len(got) != 1 || (got[0] == "OfferOfEmployment withdrawn") != back {
		r.Fatalf("a %s has the credential %v", state, got)
	}
}
