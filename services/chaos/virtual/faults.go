package virtual

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// mishap does what goes wrong, has it pass after a while, and says what it did.
type mishap struct {
	name   string
	inject func(w *world) string
}

// lasting is how long a fault lasts that passes: half a second to six.
func lasting(r *rand.Rand) time.Duration {
	return 500*time.Millisecond + time.Duration(r.Int64N(int64(5500*time.Millisecond)))
}

// downFor is how long a process is away that has died.
func downFor(r *rand.Rand) time.Duration {
	return 100*time.Millisecond + time.Duration(r.Int64N(int64(5*time.Second)))
}

// mostOff is how far a clock goes wrong: less than what others forgive.
const mostOff = 50 * time.Second

// skewed is the fault of a clock that goes wrong.
const skewed = "clock-skew"

// mishaps are all kinds. Those of a crash point come in pairs: the process dies
// before something is durable, or after, when nobody has been told.
var mishaps = func() []mishap {
	all := []mishap{
		{"kill", (*world).kill},
		{skewed, (*world).skew},
		{"network-cut", func(w *world) string { return w.cut(false) }},
		{"answers-lost", func(w *world) string { return w.cut(true) }},
		{"requests-repeated", (*world).repeat},
		{"commits-refused", (*world).refuseCommits},
		{"bus-away", func(w *world) string { return w.busFails(true) }},
		{"bus-answers-lost", func(w *world) string { return w.busFails(false) }},
		{"stream-lost", (*world).loseStream},
		{"events-repeated", (*world).repeatEvents},
		{"poison-event", (*world).poison},
		{"register-down", (*world).registerDown},
		{"key-rotation", (*world).rotate},
	}
	for _, at := range crash.Points() {
		all = append(all, mishap{string(at), func(w *world) string { return w.crashAt(at) }})
	}
	return all
}()

// Faults are the names of all kinds of fault.
func Faults() (names []string) {
	for _, f := range mishaps {
		names = append(names, f.name)
	}
	return names
}

const (
	// faultsWithin is the time in which faults come, from the first person's step.
	faultsWithin = 20 * time.Second
	// mostFaults of one run, and leastFaults.
	leastFaults, mostFaults = 4, 12
)

// chosen are the kinds of these names, all when there are none.
func chosen(names []string) (kinds []mishap, err error) {
	if len(names) == 0 {
		return mishaps, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(mishaps, func(m mishap) bool { return m.name == name })
		if i < 0 {
			return nil, fault.New(fault.Invalid, "chaos.fault", "there is no simulated fault %q: use %s", name, strings.Join(Faults(), ", "))
		}
		kinds = append(kinds, mishaps[i])
	}
	return kinds, nil
}

// plan draws what goes wrong, and when.
func (w *world) plan(kinds []mishap, n int, within time.Duration) {
	if len(kinds) == 0 {
		return
	}
	for range n {
		one := kinds[w.fate.IntN(len(kinds))]
		w.planned++
		w.scheduler.after(time.Duration(w.fate.Int64N(int64(within))), "fault", func() {
			w.planned--
			what := one.inject(w)
			w.trace.note(w.time.now, "FAULT %s: %s", one.name, what)
			w.report.Faults = append(w.report.Faults, Fault{At: w.time.now, Kind: one.name, What: what})
		})
	}
}

func one[T any](w *world, of []T) T { return of[w.fate.IntN(len(of))] }

// any draws a service.
func (w *world) any() *process { return w.processes[one(w, devsetup.Services())] }

func (w *world) kill() string {
	p := w.any()
	if p.alive {
		p.bury()
	}
	return p.layout.Name
}

func (w *world) crashAt(at crash.Point) string {
	nth := 1 + w.fate.IntN(4)
	crash.Arm(at, nth, w.die)
	return fmt.Sprintf("at passage %d from now", nth)
}

func (w *world) skew() string {
	p := w.any()
	p.off = (time.Duration(w.fate.Int64N(2*int64(mostOff))) - mostOff).Round(time.Second)
	w.scheduler.after(lasting(w.fate), "clock", func() { p.off = 0 })
	return fmt.Sprintf("%s by %s", p.layout.Name, p.off)
}

// cut has a connection lose what is asked, or what is answered.
func (w *world) cut(answers bool) string {
	link := between{one(w, append(devsetup.Services(), people)), one(w, append(devsetup.Services(), standIns))}
	lasts := lasting(w.fate)
	w.cuts[link] = cut{answers, w.time.now.Add(lasts)}
	return fmt.Sprintf("%s to %s for %s", link.from, link.to, lasts)
}

// repeat has a connection carry each post twice.
func (w *world) repeat() string {
	link := between{one(w, devsetup.Services()), one(w, devsetup.Services())}
	lasts := lasting(w.fate)
	w.twice[link] = w.time.now.Add(lasts)
	return fmt.Sprintf("%s to %s for %s", link.from, link.to, lasts)
}

func (w *world) repeats(from, to string) bool { return w.time.now.Before(w.twice[between{from, to}]) }

// refuseCommits has the database of a service refuse some commits of its
// background work: nothing of them is there.
func (w *world) refuseCommits() string {
	p := w.any()
	n := 1 + w.fate.IntN(5)
	w.refused[p.layout.DataDir] += n
	return fmt.Sprintf("%d of %s", n, p.layout.Name)
}

// refuses says whether a database turns a commit back. Those that people wait for
// go through: nobody tells them to try again.
func (w *world) refuses(dir string) bool {
	if w.refused[dir] == 0 || len(w.stack) == 0 || w.scheduler.current == nil || !w.scheduler.current.job {
		return false
	}
	w.refused[dir]--
	return true
}

// busFails has the bus do nothing, or do it and not say so.
func (w *world) busFails(before bool) string {
	lasts := lasting(w.fate)
	if before {
		w.busAway = w.time.now.Add(lasts)
	} else {
		w.busMute = w.time.now.Add(lasts)
	}
	return "for " + lasts.String()
}

func (w *world) failing(what string, before bool) error {
	if before && w.time.now.Before(w.busAway) || !before && w.time.now.Before(w.busMute) {
		return unreachable(what)
	}
	return nil
}

func (w *world) producer() string { return one(w, eventbus.Standard(1).Producers) }

// loseStream takes all or the end of a stream.
func (w *world) loseStream() string {
	producer := w.producer()
	from := uint64(1)
	if all := w.bus.Stored(producer); len(all) > 0 && w.fate.IntN(2) == 0 {
		from = one(w, all).Sequence
	}
	return fmt.Sprintf("%d events of %s", w.bus.lose(producer, from), producer)
}

func (w *world) repeatEvents() string {
	producer := w.producer()
	all := w.bus.Stored(producer)
	w.fate.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, m := range all {
		w.bus.append(producer, m.Subject, fmt.Sprintf("repeated.%d", w.fate.Uint64()), m.Data)
	}
	return fmt.Sprintf("%d events of %s", len(all), producer)
}

func (w *world) poison() string {
	producer := w.producer()
	subject := eventbus.Subject(producer, "case_poison")
	if all := w.bus.Stored(producer); len(all) > 0 {
		subject = one(w, all).Subject
	}
	payload := fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"poison":`, strings.Repeat("x", w.fate.IntN(64)+1))
	w.injected = append(w.injected, payload)
	w.bus.append(producer, subject, fmt.Sprintf("poison.%d", w.fate.Uint64()), payload)
	return "from " + producer
}

// registerDown has a register outside answer nobody.
func (w *world) registerDown() string {
	lasts := lasting(w.fate)
	for _, from := range devsetup.Services() {
		w.cuts[between{from, standIns}] = cut{w.fate.IntN(2) == 0, w.time.now.Add(lasts)}
	}
	return "for " + lasts.String()
}

// rotate gives an organisation its next key to sign with.
func (w *world) rotate() string {
	p := w.any()
	if p.layout.DID == "" {
		return p.layout.Name + " has none"
	}
	if err := w.Rotate(w.ctx, p.layout.ConfigFile, p.layout.DID, 2*time.Second, p); err != nil && w.broken == nil {
		w.broken = fmt.Errorf("rotate the key of %s: %w", p.layout.Name, err)
	}
	return p.layout.Name
}
