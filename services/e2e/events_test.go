package e2e

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// Hostile 56: a service's NATS credentials tell nothing in another's name, and
// reach nothing of the server but its own consumers and stream.
func TestNATSCredentialsReachOnlyTheirOwn(t *testing.T) {
	s := newStack(t, devsetup.Pilot())
	before := s.messages("verifier")
	for _, subject := range []string{
		"ks.verifier.case_1", "ks.issuer.off_1", "ks.tax.case_1", "ks.case_1",
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST",
		"$JS.API.STREAM.DELETE.KS_VERIFIER", "$JS.API.STREAM.PURGE.KS_VERIFIER", "$JS.API.STREAM.UPDATE.KS_POLICE", "$JS.API.STREAM.CREATE.MINE",
		"$JS.API.STREAM.INFO.KS_VERIFIER", "$JS.API.STREAM.MSG.GET.KS_VERIFIER", "$JS.API.STREAM.MSG.DELETE.KS_POLICE", "$JS.API.DIRECT.GET.KS_VERIFIER",
		"$JS.API.CONSUMER.CREATE.KS_VERIFIER", "$JS.API.CONSUMER.DURABLE.CREATE.KS_VERIFIER.police", "$JS.API.CONSUMER.DELETE.KS_VERIFIER.police",
		"$JS.API.CONSUMER.INFO.KS_VERIFIER.tax", "$JS.API.CONSUMER.MSG.NEXT.KS_VERIFIER.tax", "$JS.API.CONSUMER.MSG.NEXT.KS_ISSUER.verifier",
		"$JS.ACK.KS_VERIFIER.tax.1.1.1.1.0", "$SYS.REQ.SERVER.PING", eventbus.InboxPrefix("tax") + ".x",
	} {
		nc := s.nats("police")
		if err := nc.PublishMsg(&nats.Msg{Subject: subject, Reply: eventbus.InboxPrefix("police") + ".r", Data: []byte("{}")}); err != nil {
			s.fail("%s: %v", subject, err)
		}
		s.violates(nc, subject)
	}
	for _, subject := range []string{">", "ks.>", "ks.verifier.>", "$JS.>", eventbus.InboxPrefix("tax") + ".>", "_INBOX.>"} {
		nc := s.nats("police")
		if _, err := nc.SubscribeSync(subject); err != nil {
			s.fail("%s: %v", subject, err)
		}
		s.violates(nc, subject)
	}
	if after := s.messages("verifier"); after != before {
		s.fail("the verifier's stream had %d messages and has %d", before, after)
	}
	// Its own it may do: what was denied above was denied for what it was.
	nc := s.nats("police")
	if _, err := nc.Request("ks.police.case_1", []byte("{}"), 10*time.Second); err != nil {
		s.fail("its own subject: %v", err)
	}
	if _, err := nats.Connect(s.layout.NATS.URL, nats.UserInfo("police", "guessed"), nats.RootCAs(s.layout.CAFile)); err == nil {
		s.fail("a guessed password opens a connection")
	}
}

// nats connects as a user does.
func (s *stack) nats(user string) *nats.Conn {
	s.t.Helper()
	passwords, err := s.layout.NATS.ReadPasswords()
	if err != nil {
		s.t.Fatal(err)
	}
	var nc *nats.Conn
	s.until("NATS takes connections", func() bool {
		nc, err = nats.Connect(s.layout.NATS.URL, nats.UserInfo(user, passwords[user]), nats.CustomInboxPrefix(eventbus.InboxPrefix(user)),
			nats.Secure(&tls.Config{RootCAs: s.authorities, MinVersion: tls.VersionTLS12}), nats.Timeout(10*time.Second),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // LastError tells
		return err == nil
	})
	s.t.Cleanup(nc.Close)
	return nc
}

// violates waits for the server's word on what was sent last.
func (s *stack) violates(nc *nats.Conn, subject string) {
	s.t.Helper()
	if err := nc.FlushTimeout(10 * time.Second); err != nil {
		s.fail("%s: %v", subject, err)
	}
	err := nc.LastError()
	if err == nil || !strings.Contains(strings.ToLower(err.Error()), "permissions violation") || !strings.Contains(err.Error(), `"`+subject+`"`) {
		s.fail("%s is not denied: %v", subject, err)
	}
}

// messages counts a producer's stream, as the admin.
func (s *stack) messages(producer string) uint64 {
	s.t.Helper()
	js, err := jetstream.New(s.nats(eventbus.AdminUser))
	if err != nil {
		s.t.Fatal(err)
	}
	var count uint64
	s.until("the stream is there", func() bool {
		stream, err := js.Stream(s.t.Context(), eventbus.Stream(producer))
		if err != nil {
			return false
		}
		count = stream.CachedInfo().State.Msgs
		return true
	})
	return count
}

// publish puts a payload on the issuer's stream as a user.
func (s *stack) publish(user, caseRef, id string, payload []byte) {
	s.t.Helper()
	passwords, err := s.layout.NATS.ReadPasswords()
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := eventbus.Connect(eventbus.Config{URL: s.layout.NATS.URL, User: user, Password: passwords[user], CA: s.authorities})
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	to := eventbus.NewPublisher(conn, "issuer")
	answered(s, func() (uint64, error) {
		return to.Publish(s.t.Context(), eventbus.Subject("issuer", caseRef), id, payload, eventbus.Anywhere)
	})
}

// Hostile 57: an event of a version that nobody knows is parked, not lost and
// not acted on, and other cases go on.
func TestEventOfUnknownVersionIsParked(t *testing.T) {
	e := newListeners(t)
	payload := []byte(`{"specversion":"1.0","id":"from-the-future","type":"no.kompetansespor.offer.withdrawn.v9","whatever":{"v9":"has"}}`)
	e.publish("issuer", "off_from_the_future", "from-the-future", payload)
	e.until("it is parked", func() bool {
		return e.count("verifier", "SELECT COUNT(*) FROM event_inbox WHERE hash = $1 AND state = 'parked' AND reason = 'event.version-unknown'", eventbus.Hash(payload)) == 1
	})
	offer, _ := e.issue()
	e.withdraw(offer.GetOfferId())
	e.until("the next case's event is acted on", func() bool { return e.took(offer.GetOfferId(), "offer.withdrawn", "done") })
	if n := e.count("verifier", "SELECT COUNT(*) FROM event_inbox WHERE state = 'parked'"); n != 1 || !e.logged("verifier", "event parked", "event.version-unknown") {
		e.fail("%d events are parked", n)
	}
}

// newListeners starts the issuer, which tells, and the verifier, which listens.
func newListeners(t *testing.T) *exchange {
	s := newStack(t, devsetup.Pilot(), "registry", "issuer", "wallet", "verifier")
	s.accredit()
	return newExchangeOn(s)
}

// took says whether the verifier's inbox has an event of a case in a state.
func (e *exchange) took(caseRef, name, state string) bool {
	e.t.Helper()
	return e.count("verifier", "SELECT COUNT(*) FROM event_inbox WHERE case_ref = $1 AND type = $2 AND state = $3", caseRef, eventbus.TypeOf(name), state) == 1
}

// Hostile 58: an event's id that somebody used beforehand neither suppresses
// the event nor goes unnoticed.
func TestEventThatSomebodySuppressesRaisesAnAlarm(t *testing.T) {
	e := newListeners(t)
	for _, user := range []string{"issuer", eventbus.AdminUser} {
		e.within(t, user, func() {
			e.restart("issuer", "KOMPETANSESPOR_CRASH_AT="+string(crash.BeforePublish))
			_, _ = e.sign(as(e.t.Context(), e.employer), lisa(time.Now()), e.key()) // its answer may be lost with the process
			e.died("issuer")
			id := e.text("issuer", "SELECT id FROM event_outbox WHERE state = 'waiting'")
			caseRef := e.text("issuer", "SELECT case_ref FROM event_outbox WHERE id = $1", id)
			forged := []byte(`{"nothing":"happened, says ` + user + `"}`)
			e.publish(user, caseRef, id, forged)
			e.start("issuer")
			e.ready("issuer")
			e.until("the producer raises the alarm", func() bool {
				return e.count("issuer", "SELECT COUNT(*) FROM event_outbox WHERE id = $1 AND state = 'alarmed'", id) == 1
			})
			if !e.logged("issuer", "ALARM", id) {
				e.fail("nothing in the log")
			}
			e.until("the event comes through", func() bool { return e.took(caseRef, "offer.issued", "ignored") })
			e.until("the forged one is parked", func() bool {
				return e.count("verifier", "SELECT COUNT(*) FROM event_inbox WHERE hash = $1 AND state = 'parked'", eventbus.Hash(forged)) == 1
			})
		})
	}
}
