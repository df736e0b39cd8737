package agent_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// pair is a world with two nodes.
func pair(t testing.TB) (*world, *node, *node) {
	w := newWorld()
	return w, w.node(t, "anna"), w.node(t, "bo")
}

func TestRepeatedMessageHasNoSecondEffect(t *testing.T) { // hostile 49
	w, anna, bo := pair(t)
	w.deliver = func(to *node, body []byte) error {
		for range 3 {
			if err := to.Agent().Accept(context.Background(), body); err != nil {
				return err
			}
			to.act(t) // also after it has acted
		}
		return nil
	}
	anna.say(t, bo.did, "t", "a")
	anna.post(t)
	same(t, "effects", bo.effects(t, "t"), "a")
	same(t, "rows", bo.one(t, `SELECT COUNT(*) FROM agent_inbox`), "1")
	same(t, "envelope left", bo.one(t, `SELECT COUNT(*) FROM agent_inbox_letter`), "0")
	same(t, "text left", anna.one(t, `SELECT COUNT(*) FROM agent_outbox_letter`), "0")
}

func TestMessageThatTwoActOnHasOneEffect(t *testing.T) {
	_, anna, bo := pair(t)
	other := false
	bo.handlers[typeNote] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		if !other { // another one of us is quicker
			other = true
			bo.restart()
			bo.act(t)
		}
		return keep(in), nil
	}
	bo.restart()
	anna.say(t, bo.did, "t", "a")
	anna.post(t)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "a")
}

func TestOutboxHoldsNoPlainText(t *testing.T) {
	_, anna, bo := pair(t)
	anna.say(t, bo.did, "t", "only-for-bo")
	if sealed := anna.one(t, `SELECT sealed FROM agent_outbox_letter`); sealed == "" || strings.Contains(sealed, "only-for-bo") {
		t.Fatal("the outbox can be read")
	}
}

func TestThreadKeepsItsOrderThoughTheClockStandsStillOrGoesBack(t *testing.T) {
	w, anna, bo := pair(t)
	for _, text := range []string{"a", "b", "c", "d", "e"} {
		anna.say(t, bo.did, "t", text)
		anna.post(t)
		w.pass(-time.Second)
	}
	w.pass(time.Minute)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "a b c d e")
}

func TestMessageWaitsForTheOneBeforeAndOtherThreadsGoOn(t *testing.T) {
	w, anna, bo := pair(t)
	down := true
	bo.handlers[typeNote] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		if down && strings.Contains(string(in.Message.Body), "stuck") {
			return nil, fault.New(fault.Unavailable, "status.unreachable", "not now")
		}
		return keep(in), nil
	}
	bo.restart()
	anna.say(t, bo.did, "t", "stuck")
	anna.say(t, bo.did, "t", "later")
	anna.say(t, bo.did, "u", "other")
	anna.post(t)
	bo.act(t)
	same(t, "thread", bo.effects(t, "t"), "")
	same(t, "other thread", bo.effects(t, "u"), "other")
	down = false
	w.pass(10 * time.Second)
	bo.act(t)
	same(t, "thread", bo.effects(t, "t"), "stuck later")
}

func TestPatienceEndsWithAReportAndTheThreadGoesOn(t *testing.T) {
	w, anna, bo := pair(t)
	reports := anna.listen()
	tries := 0
	bo.handlers[typeNote] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		if strings.Contains(string(in.Message.Body), "poison") {
			tries++
			return nil, errors.New("a bug of ours, with details")
		}
		return keep(in), nil
	}
	bo.restart()
	anna.say(t, bo.did, "t", "poison")
	anna.say(t, bo.did, "t", "next")
	anna.post(t)
	for range 60 {
		bo.act(t)
		w.pass(4 * time.Second)
	}
	same(t, "effects", bo.effects(t, "t"), "next")
	same(t, "state", bo.one(t, `SELECT state || ' ' || rule FROM agent_inbox WHERE state <> 'done'`), "refused internal")
	if tries < 15 || tries > 40 {
		t.Fatalf("%d tries in a minute's patience", tries)
	}
	bo.post(t)
	anna.act(t)
	same(t, "report", strings.Join(*reports, ";"), "internal: something went wrong on our side")
}

func TestTimeThatTheServiceWasStoppedIsNoPatience(t *testing.T) {
	w, anna, bo := pair(t)
	down := true
	bo.handlers[typeNote] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		if down {
			return nil, fault.New(fault.Unavailable, "status.unreachable", "not now")
		}
		return keep(in), nil
	}
	bo.restart()
	anna.say(t, bo.did, "t", "a")
	anna.post(t)
	w.pass(24 * time.Hour)
	bo.act(t) // the first try, with the peer not up yet
	down = false
	w.pass(10 * time.Second)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "a")
}

func TestPanicOfOneMessageStopsNobody(t *testing.T) {
	w, anna, bo := pair(t)
	reports := anna.listen()
	bo.handlers[typeNote] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		switch {
		case strings.Contains(string(in.Message.Body), "handler"):
			panic("in the handler")
		case strings.Contains(string(in.Message.Body), "effect"):
			return func(ctx context.Context, tx *sqldb.Tx) error {
				if err := keep(in)(ctx, tx); err != nil {
					return err
				}
				panic("in the effect")
			}, nil
		}
		return keep(in), nil
	}
	bo.restart()
	anna.say(t, bo.did, "t", "handler")
	anna.say(t, bo.did, "u", "effect")
	anna.say(t, bo.did, "v", "fine")
	anna.post(t)
	for range 60 {
		bo.act(t)
		w.pass(4 * time.Second)
	}
	same(t, "effects", bo.effects(t, "t")+bo.effects(t, "u")+bo.effects(t, "v"), "fine")
	bo.post(t)
	anna.act(t)
	same(t, "reports", strings.Join(*reports, ";"), "internal: panic in a message handler;internal: panic in a message handler")
}

func TestPermanentFaultLeavesNothingAndIsReported(t *testing.T) {
	_, anna, bo := pair(t)
	reports := anna.listen()
	bo.handlers[typeNote] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		return func(ctx context.Context, tx *sqldb.Tx) error {
			check(t, keep(in)(ctx, tx))
			return fault.Violated("note.wrong", "the note is wrong", []fault.Violation{{Field: "n", Rule: "note.n", Message: "no"}})
		}, nil
	}
	bo.restart()
	anna.say(t, bo.did, "t", "a")
	anna.post(t)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "")
	same(t, "state", bo.one(t, `SELECT state || ' ' || rule FROM agent_inbox`), "refused note.wrong")
	bo.post(t)
	anna.act(t)
	same(t, "reports", strings.Join(*reports, ";"), "note.wrong: the note is wrong")
}

func TestRefusalKeepsWhatItsEffectWrote(t *testing.T) {
	_, anna, bo := pair(t)
	reports := anna.listen()
	bo.handlers[typeNote] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		return func(ctx context.Context, tx *sqldb.Tx) error {
			check(t, keep(in)(ctx, tx))
			return agent.Refuse(fault.New(fault.Denied, "offer.wrong-code", "wrong"))
		}, nil
	}
	bo.restart()
	anna.say(t, bo.did, "t", "a")
	anna.post(t)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "a")
	bo.post(t)
	anna.act(t)
	same(t, "reports", strings.Join(*reports, ";"), "offer.wrong-code: wrong")
}

func TestProblemReportIsNeverAnsweredWithOne(t *testing.T) { // hostile 50
	_, anna, bo := pair(t)
	bo.handlers[didcomm.TypeProblemReport] = func(context.Context, agent.Received) (agent.Effect, error) {
		return nil, fault.New(fault.NotFound, "exchange.no-such-thread", "there is no such exchange with you")
	}
	bo.restart()
	anna.send(t, anna.did, bo.did, didcomm.Message{Type: didcomm.TypeProblemReport, Pthid: "anothers-thread", Body: []byte(`{"code":"e.p.msg.x"}`)})
	anna.post(t)
	bo.act(t)
	same(t, "state", bo.one(t, `SELECT state FROM agent_inbox`), "refused")
	same(t, "answers", bo.one(t, `SELECT COUNT(*) FROM agent_outbox`), "0")
}

func TestProblemReportIsReadWithLimits(t *testing.T) {
	report := func(body string) (string, string, error) {
		return agent.Problem(&didcomm.Message{Body: []byte(body)})
	}
	rule, comment, err := report(`{"code":"e.p.msg.a.b","comment":"` + strings.Repeat("å", 600) + `"}`)
	if err != nil || rule != "a.b" || len([]rune(comment)) != 500 {
		t.Fatal(rule, len(comment), err)
	}
	for _, body := range []string{`{}`, `{"code":"a b"}`, `{"code":"a\nb"}`, `{"code":"` + strings.Repeat("a", 129) + `"}`, `{"Code":"a"}`, `{"code":1}`} {
		if _, _, err := report(body); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestPinnedDIDTakesItsSenderOnly(t *testing.T) {
	w, anna, bo := pair(t)
	carl := w.node(t, "carl")
	delivery := bo.pairwise(t, "holder", anna.did)
	carl.say(t, delivery, "t", "stranger")
	carl.post(t)
	same(t, "stranger's message", carl.one(t, `SELECT state || ' ' || rule FROM agent_outbox`), "failed didcomm.sender-not-expected")
	anna.say(t, delivery, "t", "expected")
	anna.post(t)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "expected")
	same(t, "rows", bo.one(t, `SELECT COUNT(*) FROM agent_inbox`), "1")
}

func TestUnknownTypeIsDropped(t *testing.T) {
	_, anna, bo := pair(t)
	anna.send(t, anna.did, bo.did, didcomm.Message{Type: "https://example.com/other/1.0/x"})
	anna.post(t)
	same(t, "message", anna.one(t, `SELECT state || ' ' || rule FROM agent_outbox`), "failed didcomm.type-unknown")
	same(t, "rows", bo.one(t, `SELECT COUNT(*) FROM agent_inbox`), "0")
}

func TestTypeThatIsNoLongerTakenIsRefused(t *testing.T) {
	_, anna, bo := pair(t)
	anna.say(t, bo.did, "t", "a")
	anna.post(t)
	delete(bo.handlers, typeNote)
	bo.restart()
	bo.act(t)
	same(t, "state", bo.one(t, `SELECT state || ' ' || rule FROM agent_inbox`), "refused didcomm.type-unknown")
}

func TestMessageCountsAsOfWhenItCame(t *testing.T) {
	w, anna, bo := pair(t)
	ctx := t.Context()
	sealed := func(id string) []byte {
		m := didcomm.Message{ID: id, Type: typeNote, From: anna.did, To: []string{bo.did}, Thid: "t",
			ExpiresTime: w.Now().Unix() + 60, Body: []byte(`{"n":"` + id + `"}`)}
		plain, err := m.Render()
		check(t, err)
		body, err := envelope.Seal(ctx, anna.book, w, plain, anna.did, bo.did)
		check(t, err)
		return body
	}
	first := sealed("in-time")
	check(t, bo.Agent().Accept(ctx, first))
	late := sealed("late")
	w.pass(2 * time.Minute)
	if err := bo.Agent().Accept(ctx, late); fault.RuleOf(err) != "envelope.expired" { // hostile 49
		t.Fatal(err)
	}
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "in-time")
}

func TestPeerThatIsDownIsTriedAgainWithBackOff(t *testing.T) {
	w, anna, bo := pair(t)
	w.deliver = func(*node, []byte) error { return fault.New(fault.Unavailable, "fetch.unreachable", "down") }
	anna.say(t, bo.did, "t", "a")
	anna.say(t, bo.did, "t", "b")
	for range 60 {
		anna.post(t)
		w.pass(time.Second)
	}
	if w.posted < 12 || w.posted > 25 {
		t.Fatalf("%d posts in a minute", w.posted)
	}
	w.deliver = nil
	w.pass(10 * time.Second)
	anna.restart()
	anna.post(t)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "a b")
}

func TestNobodyMakesOthersMessagesWaitByNamingTheirThread(t *testing.T) {
	w, anna, bo := pair(t)
	carl := w.node(t, "carl")
	w.deliver = func(to *node, body []byte) error {
		if to == carl {
			return fault.New(fault.Unavailable, "fetch.unreachable", "down for ever")
		}
		return to.Agent().Accept(context.Background(), body)
	}
	anna.say(t, carl.did, "t", "for-carl")
	anna.say(t, bo.did, "t", "for-bo")
	anna.post(t)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "for-bo")
}

func TestNewAgreementKeyOfASenderIsAskedFor(t *testing.T) {
	w, anna, bo := pair(t)
	old := w.node(t, "old") // what bo remembers of anna are another's keys
	remembered, err := w.Resolve(t.Context(), old.did)
	check(t, err)
	bo.resolver = &stale{Resolver: w, name: anna.did, doc: &did.Document{ID: anna.did, KeyAgreement: nil, VerificationMethod: remembered.VerificationMethod}}
	bo.restart()
	anna.say(t, bo.did, "t", "a")
	anna.post(t)
	bo.act(t)
	same(t, "effects", bo.effects(t, "t"), "a")
}

// stale remembers an old document of one DID.
type stale struct {
	did.Resolver
	name string
	doc  *did.Document
}

func (s *stale) Fresh() did.Resolver { return s.Resolver }

func (s *stale) Resolve(ctx context.Context, name string) (*did.Document, error) {
	if name == s.name {
		return s.doc, nil
	}
	return s.Resolver.Resolve(ctx, name)
}

func TestReceiveSpeaksHTTP(t *testing.T) {
	w, anna, bo := pair(t)
	var body []byte
	w.deliver = func(_ *node, b []byte) error { body = b; return nil }
	anna.say(t, bo.did, "t", "a")
	anna.post(t)
	server := bo.Agent().Receive(func(w http.ResponseWriter, _ *http.Request, err error) {
		w.Header().Set("Rule", fault.RuleOf(err))
		w.WriteHeader(http.StatusBadRequest)
	})
	ask := func(method, media string, body []byte) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/didcomm", bytes.NewReader(body))
		r.Header.Set("Content-Type", media)
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		return answer
	}
	const sealed = didcomm.EncryptedMediaType
	for _, c := range []struct {
		method, media string
		body          []byte
		status        int
		rule          string // that is logged
	}{
		{http.MethodGet, sealed, nil, 405, "didcomm.http-method"},
		{http.MethodPost, "application/json", body, 415, "didcomm.media-type"},
		{http.MethodPost, didcomm.PlainMediaType, []byte(`{"id":"x"}`), 415, "didcomm.media-type"},
		{http.MethodPost, sealed, make([]byte, agent.MaxEnvelope+1), 413, "didcomm.too-large"},
		{http.MethodPost, sealed, []byte(`{"id":"x","type":"` + typeNote + `","from":"` + anna.did + `","body":{}}`), 400, "envelope.json"},
		{http.MethodPost, sealed + "; charset=utf-8", body, 202, ""},
		{http.MethodPost, sealed, body, 202, ""},
	} {
		before := len(bo.log.String())
		answer := ask(c.method, c.media, c.body)
		if rule := answer.Header().Get("Rule"); answer.Code != c.status || rule != "" && rule != c.rule {
			t.Errorf("%s %s: %d %s", c.method, c.media, answer.Code, rule)
		}
		logged := bo.log.String()[before:]
		if c.rule == "" && logged != "" || c.rule != "" && !strings.HasSuffix(logged, `msg="envelope not taken" rule=`+c.rule+"\n") {
			t.Errorf("%s %s: logged %q, want the rule %s", c.method, c.media, logged, c.rule)
		}
	}
	same(t, "rows", bo.one(t, `SELECT COUNT(*) FROM agent_inbox`), "1")
}

// listen has the node write down the problem reports that it gets.
func (n *node) listen() *[]string {
	var reports []string
	n.handlers[didcomm.TypeProblemReport] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		rule, comment, err := agent.Problem(in.Message)
		if err != nil {
			return nil, err
		}
		if in.Message.Pthid == "" {
			return nil, fault.New(fault.Invalid, "test.pthid", "about nothing")
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		reports = append(reports, rule+": "+comment)
		return nil, nil
	}
	n.restart()
	return &reports
}
