package eventbus_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus/bustest"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// bus is a real server with real credentials.
type bus struct {
	t         *testing.T
	cfg       eventbus.ServerConfig
	server    *eventbus.Server
	pool      *x509.CertPool
	passwords map[string]string
}

func startBus(t *testing.T) *bus {
	t.Helper()
	layout, err := devsetup.Prepare(t.TempDir(), devsetup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	passwords, err := layout.NATS.ReadPasswords()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.LoadX509KeyPair(layout.NATS.CertFile, layout.NATS.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(layout.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	b := &bus{t: t, passwords: passwords, pool: x509.NewCertPool(), cfg: eventbus.ServerConfig{
		Listen: "127.0.0.1:0", StoreDir: layout.NATS.StoreDir, Certificate: func() (*tls.Certificate, error) { return &cert, nil },
		Topology: eventbus.Standard(1), Passwords: passwords,
	}}
	b.pool.AppendCertsFromPEM(ca)
	b.start()
	t.Cleanup(func() { b.server.Stop() })
	if drift := b.reconcile(eventbus.Standard(1)); len(drift) != 0 {
		t.Fatalf("a new server drifts: %v", drift)
	}
	return b
}

func (b *bus) start() {
	b.t.Helper()
	server, err := eventbus.StartServer(b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.server = server
	b.cfg.Listen = server.Addr()
}

func (b *bus) reconcile(topology eventbus.Topology) []string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	drift, err := eventbus.NewAdmin(b.as("admin")).Reconcile(ctx, topology)
	if err != nil {
		b.t.Fatal(err)
	}
	return drift
}

func (b *bus) as(user string) *eventbus.Conn {
	b.t.Helper()
	conn, err := eventbus.Connect(eventbus.Config{URL: b.server.URL(), User: user, Password: b.passwords[user], CA: b.pool})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(conn.Close)
	return conn
}

// raw is a plain NATS connection with a user's credentials, as an attacker
// who stole them would have.
func (b *bus) raw(user string) *nats.Conn {
	b.t.Helper()
	nc, err := nats.Connect(b.server.URL(), nats.UserInfo(user, b.passwords[user]),
		nats.Secure(&tls.Config{RootCAs: b.pool}), nats.CustomInboxPrefix(eventbus.InboxPrefix(user)),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // LastError tells
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(nc.Close)
	return nc
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestJetStreamKeepsTheContract(t *testing.T) {
	t.Parallel()
	bustest.Contract(t, func(t *testing.T) bustest.Bus {
		b := startBus(t)
		return bustest.Bus{
			Publisher: func(producer string) bustest.Publisher { return eventbus.NewPublisher(b.as(producer), producer) },
			Consumer: func(service, producer string) bustest.Consumer {
				return eventbus.NewConsumer(b.as(service), service, producer)
			},
		}
	})
}

func TestFetchReturnsWithTheFirstEvent(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	consumer := eventbus.NewConsumer(b.as("police"), "police", "verifier")
	verifier := eventbus.NewPublisher(b.as("verifier"), "verifier")
	type result struct {
		msgs []eventbus.Msg
		err  error
	}
	done := make(chan result, 1)
	began := time.Now()
	go func() {
		msgs, err := consumer.Fetch(t.Context(), 64, 5*time.Second)
		done <- result{msgs, err}
	}()
	bustest.Publish(t, verifier, eventbus.Subject("verifier", "case-1"), "e1", "x")
	got := <-done
	if got.err != nil || len(got.msgs) != 1 {
		t.Fatalf("got %d messages, %v", len(got.msgs), got.err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Fatalf("the fetch waited %v for a full batch", took)
	}
}

// Hostile input 58.
func TestIdTakenBeforehandRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	for i, thief := range []string{"verifier", "admin"} {
		id := fmt.Sprintf("e%d", i)
		js, err := jetstream.New(b.raw(thief))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.Publish(within(t), "ks.verifier.c", []byte("forged"), jetstream.WithMsgID(id)); err != nil {
			t.Fatal(err)
		}
		_, err = eventbus.NewPublisher(b.as("verifier"), "verifier").Publish(within(t), "ks.verifier.c", id, []byte("true"), eventbus.Anywhere)
		if !errors.Is(err, eventbus.ErrHashMismatch) {
			t.Fatalf("id taken by %s: got %v", thief, err)
		}
	}
}

// Hostile input 56. What each user may do, written down apart from the
// topology: tell in its own name, read its own stream back, and pull from and
// acknowledge its own durables.
var allowed = map[string]struct {
	tells   bool
	listens []string
}{
	"registry": {tells: true},
	"issuer":   {tells: true, listens: []string{"registry", "verifier", "tax", "bank"}},
	"verifier": {tells: true, listens: []string{"police", "tax", "bank", "issuer", "registry"}},
	"police":   {tells: true, listens: []string{"verifier"}},
	"tax":      {tells: true, listens: []string{"verifier", "police"}},
	"bank":     {tells: true, listens: []string{"verifier", "tax"}},
}

func TestCredentialsReachTheirOwnAndNothingElse(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	users := slices.Sorted(maps.Keys(allowed))
	if got := eventbus.Standard(1).Users(); !slices.Equal(got, users) {
		t.Fatalf("the users are %v, want %v", got, users)
	}
	for _, user := range users {
		may := map[string]bool{}
		if allowed[user].tells {
			may["ks."+user+".case-1"], may["$JS.API.STREAM.MSG.GET."+eventbus.Stream(user)] = true, true
			may["$JS.API.STREAM.INFO."+eventbus.Stream(user)] = true
		}
		for _, producer := range allowed[user].listens {
			at := eventbus.Stream(producer) + "." + user
			may["$JS.API.CONSUMER.INFO."+at], may["$JS.API.CONSUMER.MSG.NEXT."+at], may["$JS.ACK."+at+".1.1.1.1.0"] = true, true, true
		}
		conn := b.raw(user)
		for _, subject := range everySubject(users) {
			check(t, conn, user+" publishes to", subject, may[subject], conn.PublishRequest(subject, eventbus.InboxPrefix(user)+".x", []byte("{}")))
		}
		for _, subject := range []string{">", "ks.>", "ks." + user + ".>", "ks.verifier.case-1", "$JS.>", "$SYS.>", "_INBOX.>", "_INBOX_*.>"} {
			_, err := conn.SubscribeSync(subject)
			check(t, conn, user+" subscribes to", subject, false, err)
		}
		for _, other := range users {
			_, err := conn.SubscribeSync(eventbus.InboxPrefix(other) + ".>")
			check(t, conn, user+" subscribes to", eventbus.InboxPrefix(other)+".>", other == user, err)
		}
	}
	js, err := jetstream.New(b.raw("admin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, producer := range users {
		stream, err := js.Stream(within(t), eventbus.Stream(producer))
		if err != nil {
			t.Fatal(err)
		}
		// The server has what was published, and stores it when it comes to it.
		n := stream.CachedInfo().State.Msgs
		for ctx := within(t); n == 0 && ctx.Err() == nil; {
			info, err := stream.Info(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n = info.State.Msgs
		}
		if n != 1 {
			t.Errorf("the stream of %s holds %d messages, one of them its own", producer, n)
		}
	}
}

// everySubject is what anybody might try: every event, stream and consumer of
// every user, and what only an admin may.
func everySubject(users []string) []string {
	all := []string{
		"ks.case-1", "ks.policeman.case-1", "$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST",
		"$JS.API.STREAM.CREATE.KS_MINE", "$SYS.REQ.SERVER.PING", "$JS.API.CONSUMER.MSG.NEXT.KS_VERIFIER.mine",
	}
	for _, producer := range users {
		stream := eventbus.Stream(producer)
		all = append(all, "ks."+producer+".case-1", eventbus.InboxPrefix(producer)+".x")
		for _, verb := range []string{
			"STREAM.MSG.GET.", "DIRECT.GET.", "STREAM.INFO.", "STREAM.UPDATE.", "STREAM.DELETE.", "STREAM.PURGE.", "STREAM.MSG.DELETE.",
			"STREAM.SNAPSHOT.", "CONSUMER.CREATE.", "CONSUMER.NAMES.", "CONSUMER.LIST.",
		} {
			all = append(all, "$JS.API."+verb+stream)
		}
		for _, durable := range users {
			at := stream + "." + durable
			all = append(all, "$JS.API.CONSUMER.INFO."+at, "$JS.API.CONSUMER.MSG.NEXT."+at, "$JS.ACK."+at+".1.1.1.1.0",
				"$JS.API.CONSUMER.DURABLE.CREATE."+at, "$JS.API.CONSUMER.DELETE."+at)
		}
	}
	return all
}

// check waits for the server's word on what was done last.
func check(t *testing.T, conn *nats.Conn, what, subject string, may bool, err error) {
	t.Helper()
	if err == nil {
		err = conn.FlushWithContext(within(t))
	}
	if err != nil {
		t.Fatalf("%s %s: %v", what, subject, err)
	}
	last := conn.LastError()
	refused := errors.Is(last, nats.ErrPermissionViolation) && strings.Contains(last.Error(), `"`+subject+`"`)
	if refused == may {
		t.Errorf("%s %s: refused %v", what, subject, refused)
	}
}

func TestWrongPasswordIsRefused(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	_, err := nats.Connect(b.server.URL(), nats.UserInfo("police", b.passwords["tax"]), nats.Secure(&tls.Config{RootCAs: b.pool}))
	if !errors.Is(err, nats.ErrAuthorization) {
		t.Fatalf("got %v", err)
	}
}

func TestEventsSurviveARestartAndConnectionsComeBack(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	verifier := eventbus.NewPublisher(b.as("verifier"), "verifier")
	consumer := eventbus.NewConsumer(b.as("police"), "police", "verifier")
	bustest.Publish(t, verifier, "ks.verifier.c", "e1", "one")
	if err := bustest.Fetch(t, consumer, 1, nil)[0].Ack(); err != nil {
		t.Fatal(err)
	}
	bustest.Publish(t, verifier, "ks.verifier.c", "e2", "two")
	b.server.Stop()
	if _, err := verifier.Publish(within(t), "ks.verifier.c", "e3", []byte("three"), eventbus.Anywhere); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("publish without a server: %v", err)
	}
	if _, err := consumer.Fetch(within(t), 1, 0); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("fetch without a server: %v", err)
	}
	b.start()
	bustest.Publish(t, verifier, "ks.verifier.c", "e3", "three")
	if second := bustest.Publish(t, verifier, "ks.verifier.c", "e2", "two"); second != 2 {
		t.Fatalf("the restarted server forgot e2's id: it stands at %d", second)
	}
	msgs := bustest.Fetch(t, consumer, 2, nil)
	if string(msgs[0].Data) != "two" || string(msgs[1].Data) != "three" {
		t.Fatalf("got %q, %q", msgs[0].Data, msgs[1].Data)
	}
	if drift := b.reconcile(eventbus.Standard(1)); len(drift) != 0 {
		t.Fatalf("drift after a restart: %v", drift)
	}
}

func TestDriftIsSaidAndNotMended(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	js, err := jetstream.New(b.raw("admin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(within(t), jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"other"}}); err != nil {
		t.Fatal(err)
	}
	changed := eventbus.Standard(1)
	changed.MaxAge = time.Hour
	for range 2 {
		if drift := b.reconcile(changed); len(drift) != 1+len(changed.Producers) {
			t.Fatalf("drift: %q", drift)
		}
	}
}

func TestStreamsCannotBePurgedEvenByTheAdmin(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	js, err := jetstream.New(b.raw("admin"))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(within(t), "KS_VERIFIER")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(within(t)); err == nil {
		t.Fatal("the stream was purged")
	}
	if err := stream.DeleteMsg(within(t), 1); err == nil {
		t.Fatal("a message could be deleted")
	}
}

// A NATS user may name any subject as the one to answer on, so police can make
// the server itself write into the verifier's stream. What it writes there is
// never an event, and no event of another stream can be sent on that way.
func TestAnswersSentIntoAnotherStreamAreNoEvents(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	decision, err := granted().Encode()
	if err != nil {
		t.Fatal(err)
	}
	bustest.Publish(t, eventbus.NewPublisher(b.as("police"), "police"), "ks.police.case-7Q2", "e1", string(decision))
	bustest.Publish(t, eventbus.NewPublisher(b.as("verifier"), "verifier"), "ks.verifier.case-7Q2", "e1", string(decision))
	police := b.raw("police")
	for _, attack := range []struct{ question, body, answerOn string }{
		{"$JS.API.CONSUMER.MSG.NEXT.KS_VERIFIER.police", `{"batch":1,"no_wait":true}`, "ks.tax.case-7Q2"},
		{"$JS.API.STREAM.MSG.GET.KS_POLICE", `{"seq":1}`, "ks.verifier.case-7Q2"},
		{"ks.police.case-7Q2", string(decision), "ks.verifier.case-7Q2"},
	} {
		if err := police.PublishRequest(attack.question, attack.answerOn, []byte(attack.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := police.FlushWithContext(within(t)); err != nil {
		t.Fatal(err)
	}
	consumer := eventbus.NewConsumer(b.as("tax"), "tax", "verifier")
	for i, msg := range bustest.Fetch(t, consumer, 3, nil) {
		if _, err := eventbus.Parse(msg.Data); (err == nil) != (i == 0) {
			t.Errorf("message %d: %v: %s", i, err, msg.Data)
		}
	}
	bank := eventbus.NewConsumer(b.as("bank"), "bank", "tax")
	if msgs, err := bank.Fetch(within(t), 10, 100*time.Millisecond); err != nil || len(msgs) != 0 {
		t.Errorf("the stream of tax holds %d events, %v", len(msgs), err)
	}
}
