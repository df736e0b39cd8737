package agent_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// fate is what the network does to one envelope.
type fate int

const (
	arrives fate = iota
	isLost
	answerIsLost // it arrives, and the sender does not learn of it
	arrivesTwice
	arrivesAgainLater
	restartsTheReceiver // it arrives, and the receiver stops before it answers
)

// network decides by the fates that a test draws, then lets everything pass.
type network struct {
	mu    sync.Mutex // guards the fields below
	fates []fate
	later []func()
}

func (n *network) deliver(to *node, body []byte) error {
	n.mu.Lock()
	next := arrives
	if len(n.fates) > 0 {
		next, n.fates = n.fates[0], n.fates[1:]
	}
	n.mu.Unlock()
	down := fault.New(fault.Unavailable, "fetch.unreachable", "lost")
	if next == isLost {
		return down
	}
	if err := accept(to, body); err != nil {
		return err
	}
	switch next {
	case answerIsLost:
		return down
	case arrivesTwice:
		return accept(to, body)
	case arrivesAgainLater:
		n.mu.Lock()
		defer n.mu.Unlock()
		n.later = append(n.later, func() { _ = accept(to, body) })
	case restartsTheReceiver:
		to.restart()
		return down
	}
	return nil
}

// replay delivers what was to arrive again, the latest first.
func (n *network) replay() {
	n.mu.Lock()
	later := n.later
	n.later = nil
	n.mu.Unlock()
	for i := range later {
		later[len(later)-1-i]()
	}
}

// accept is the receiver's side, which may die at a crash point.
func accept(to *node, body []byte) (err error) {
	defer func() {
		if recover() != nil {
			to.restart()
			err = fault.New(fault.Unavailable, "fetch.unreachable", "died")
		}
	}()
	return to.Agent().Accept(context.Background(), body)
}

// Whatever the network loses, doubles or brings late, and wherever a side
// stops and starts again: each message acts once, those of a thread in order,
// and so does each answer.
func TestEachMessageActsOnceAndInOrder(t *testing.T) {
	w, anna, bo := pair(t)
	bo.handlers[typeNote] = func(_ context.Context, in agent.Received) (agent.Effect, error) {
		return func(ctx context.Context, tx *sqldb.Tx) error {
			if err := keep(in)(ctx, tx); err != nil {
				return err
			}
			echo := *in.Message
			return bo.Agent().Send(ctx, tx, in.Recipient, in.Sender, echo)
		}, nil
	}
	bo.restart()
	fewer(t, "30")
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		net := &network{fates: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) fate {
			return fate(rapid.IntRange(int(arrives), int(restartsTheReceiver)).Draw(rt, "fate"))
		}), 0, 12).Draw(rt, "fates")}
		w.mu.Lock()
		w.deliver = net.deliver
		w.mu.Unlock()
		want := map[string][]string{}
		for i, action := range rapid.SliceOfN(rapid.IntRange(0, 9), 1, 14).Draw(rt, "actions") {
			thread := fmt.Sprintf("%d.%d", round, action%2)
			switch action {
			case 0, 1, 2, 3:
				text := fmt.Sprint(i)
				anna.say(t, bo.did, thread, text)
				want[thread] = append(want[thread], text)
			case 4:
				step(t, anna.Agent().SendStep)
				step(t, bo.Agent().ActStep)
			case 5:
				step(t, bo.Agent().SendStep)
				step(t, anna.Agent().ActStep)
			case 6:
				anna.restart()
				bo.restart()
			case 7:
				w.pass(time.Duration(rapid.IntRange(-2000, 5000).Draw(rt, "ms")) * time.Millisecond)
			case 8:
				net.replay()
			case 9:
				point := rapid.SampledFrom([]crash.Point{
					crash.BeforeReceiveCommit, crash.AfterReceiveCommit, crash.BeforeActCommit, crash.AfterActCommit,
				}).Draw(rt, "dies at")
				crash.Arm(point, rapid.IntRange(1, 3).Draw(rt, "nth"), func() { panic("killed") })
			}
		}
		net.replay()
		crash.Arm("", 0, nil)
		for range 40 { // time enough for everything that was put off
			for _, n := range []*node{anna, bo} {
				n.post(t)
				n.act(t)
			}
			net.replay()
			if anna.idle(t) && bo.idle(t) {
				break
			}
			w.pass(10 * time.Second)
		}
		for thread, texts := range want {
			for name, n := range map[string]*node{"message": bo, "answer": anna} {
				if got := n.effects(t, thread); got != strings.Join(texts, " ") {
					rt.Fatalf("%ss of thread %s acted: %q, want %q", name, thread, got, strings.Join(texts, " "))
				}
			}
		}
		if !anna.idle(t) || !bo.idle(t) {
			rt.Fatal("something is left")
		}
	})
}

// idle reports whether everything that came has acted, and everything that
// was to leave has left.
func (n *node) idle(t testing.TB) bool {
	return n.one(t, `
		SELECT (SELECT COUNT(*) FROM agent_inbox WHERE state <> 'done') + (SELECT COUNT(*) FROM agent_outbox WHERE state <> 'sent')`) == "0"
}

// fewer keeps a property test that writes to disk quick, unless more checks
// are asked for.
func fewer(t testing.TB, checks string) {
	t.Helper()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		check(t, f.Value.Set(checks))
	}
}

func step(t testing.TB, f func(context.Context) (bool, error)) {
	_, err := f(context.Background())
	check(t, err)
}
