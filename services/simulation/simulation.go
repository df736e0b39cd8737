// Package simulation runs cases through the services' own rules on a virtual
// clock, with people at desks that open, close and fill up: the honest answer to
// how many days a case takes and where it waits.
//
// The domain code is the real one: the offer's form, the rules, the case, the
// diary, the appointment, the registration, the due diligence, the account. What
// is simulated is people, and how long things take; what is assumed of them
// stands in the staffing file and in the report.
//
// It is deterministic: the same seed and staffing give the same report.
package simulation

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/simulation/queueing"
	"github.com/kompetansespor/kompetansespor/services/verifier"
)

// Plan is what is simulated.
type Plan struct {
	Staffing Staffing
	// Days is for how many calendar days offers are signed, Cases how many.
	Days, Cases int
	Seed        uint64
	// Zone is Europe/Oslo.
	Zone *time.Location
}

// Scenario is a plan with something changed.
type Scenario struct {
	Name string `json:"name"`
	// StaffFactor and IntakeFactor multiply staff and cases.
	StaffFactor  float64 `json:"staff_factor"`
	IntakeFactor float64 `json:"intake_factor"`
	// Travel: workers are abroad and travel once the permit is granted. Without,
	// they are where the police can meet them, as if travel took no time.
	Travel bool `json:"travel"`
}

// mostCases is what one seed has different people for.
const mostCases = synthetic.Most

// Class is what time was spent on, as the clock of the services names it.
type Class string

// The classes of time.
const (
	Machine   Class = "machine"
	Human     Class = "human"
	Queue     Class = "queue"
	Candidate Class = "candidate"
	Physical  Class = "physical"
)

// Classes are all of them.
var Classes = []Class{Machine, Human, Queue, Candidate, Physical}

// segment is a part of a case's time.
type segment struct {
	from, until time.Time
	class       Class
	place       string
}

// world is one scenario under way.
type world struct {
	plan     Plan
	scenario Scenario
	staffing Staffing
	agenda   queueing.Agenda
	draws    queueing.Draws
	calendar queueing.Calendar // working days of everybody

	start, end time.Time // of the intake
	rules      *verifier.SimulatedRules
	opinions   opinions
	figures    *verifier.SimulatedFigures
	agencies   *agencies

	udi, tax, bank *queueing.Desk
	police         map[string]*queueing.Desk // by office

	cases []*life
	err   error
}

// life is one case from its signature on.
type life struct {
	number int
	kind   Kind
	office Office
	person synthetic.Offer

	signed time.Time
	at     time.Time // until when the segments reach
	spent  []segment

	offer issuerOffer
	facts verifier.SimulatedFacts
	file  *verifier.SimulatedCase

	ended     string // how, once it has
	visits    int
	missed    int
	touches   int // by people beyond the gates that every case has
	byRules   bool
	proposed  bool
	replayed  bool
	inNorway  time.Time // when travel ended
	scopeAt   time.Time // permit, right to work and identity number
	accountAt time.Time
	card      time.Duration // from order to letter box

	enrolment
}

// How a case can end.
const (
	Completed = "COMPLETED"
	Refused   = "REFUSED"
	Expired   = "OFFER_EXPIRED"
	NoPeriod  = "NO_PERIOD_LEFT"
	Declined  = "BANK_DECLINED"
)

// simulate runs a scenario until every case has ended. known is what the rules
// have said in other scenarios of the plan.
func simulate(plan Plan, scenario Scenario, known opinions) (*world, error) {
	w, err := open(plan, scenario)
	if err != nil {
		return nil, err
	}
	w.opinions = known
	for _, c := range w.cases {
		w.agenda.At(c.signed, func() { w.sign(c) })
	}
	w.agenda.Run()
	if w.err != nil {
		return nil, w.err
	}
	return w, w.conserved()
}

func open(plan Plan, scenario Scenario) (*world, error) {
	if plan.Days < 1 || plan.Days > 3650 || plan.Cases < 1 {
		return nil, errors.New("at least one case and one day, at most 3650 days")
	}
	n := int(float64(plan.Cases)*scenario.IntakeFactor + 0.5)
	if n < 1 || n > mostCases || scenario.StaffFactor <= 0 {
		return nil, fmt.Errorf("%d cases: simulate 1 to %d, with staff", n, mostCases)
	}
	w := &world{plan: plan, scenario: scenario, staffing: plan.Staffing.scaled(scenario.StaffFactor), draws: queueing.Draws{Seed: plan.Seed}}
	var err error
	if w.rules, err = verifier.SimulatedRulesNow(); err != nil {
		return nil, err
	}
	if w.figures, err = verifier.SimulatedFiguresNow(); err != nil {
		return nil, err
	}
	if w.agencies, err = openAgencies(w.staffing, plan.Zone); err != nil {
		return nil, err
	}
	w.calendar = queueing.Calendar{Zone: plan.Zone, Closed: holiday}
	if w.start, err = time.ParseInLocation(time.DateOnly, w.staffing.Start, plan.Zone); err != nil {
		return nil, err
	}
	w.end = w.calendar.Midnight(w.start, plan.Days)
	if err := w.desks(); err != nil {
		return nil, err
	}
	return w, w.arrivals(n)
}

func (w *world) desks() error {
	desk := func(name string, d Desk) (*queueing.Desk, error) {
		week, err := d.Hours.parse()
		return &queueing.Desk{
			Name: name, Staff: d.Staff, Absence: d.Absence.Share, Draws: w.draws,
			Calendar: queueing.Calendar{Zone: w.plan.Zone, Week: week, Closed: holiday},
		}, err
	}
	var errs [3]error
	w.udi, errs[0] = desk("UDI", w.staffing.UDI.Desk)
	w.tax, errs[1] = desk("tax administration", w.staffing.Tax.Desk)
	w.bank, errs[2] = desk("bank", w.staffing.Bank.Desk)
	w.police = map[string]*queueing.Desk{}
	for _, o := range w.staffing.Police {
		d, err := desk("police "+o.ID, o.Desk)
		if err != nil {
			return err
		}
		w.police[o.ID] = d
	}
	return errors.Join(errs[:]...)
}

// arrivals draws when each offer is signed: uniformly over the employer's hours,
// which is what a Poisson process is once its number is known. What a case is
// does not change when there are more of them.
func (w *world) arrivals(n int) error {
	week, err := w.staffing.Employer.Hours.parse()
	if err != nil {
		return err
	}
	hours := queueing.Calendar{Zone: w.plan.Zone, Week: week, Closed: holiday}
	var days []time.Time
	for day := w.start; day.Before(w.end); day = hours.Midnight(day, 1) {
		if _, _, open := hours.On(day); open {
			days = append(days, day)
		}
	}
	if len(days) == 0 {
		return errors.New("no offer is signed on any of these days")
	}
	people := synthetic.Offers(w.plan.Seed, n, w.start, employer)
	for i, person := range people {
		u := w.draws.Uniform("signed", i) * float64(len(days))
		opens, closes, _ := hours.On(days[int(u)])
		signed := opens.Add(time.Duration((u - float64(int(u))) * float64(closes.Sub(opens)))).Truncate(time.Second)
		c := &life{number: i, person: person, signed: signed, at: signed, kind: w.kindOf(i), office: w.officeOf(i)}
		w.cases = append(w.cases, c)
	}
	slices.SortStableFunc(w.cases, func(a, b *life) int { return a.signed.Compare(b.signed) })
	return nil
}

func (w *world) kindOf(i int) Kind {
	u := w.draws.Uniform("kind", i)
	for _, m := range w.staffing.Mix {
		if u -= m.Share; u < 0 {
			return m.Kind
		}
	}
	return w.staffing.Mix[len(w.staffing.Mix)-1].Kind
}

func (w *world) officeOf(i int) Office {
	u := w.draws.Uniform("office", i)
	for _, o := range w.staffing.Police {
		if u -= o.Share; u < 0 {
			return o
		}
	}
	return w.staffing.Police[len(w.staffing.Police)-1]
}

// spend says what a case's time until an instant went into.
func (c *life) spend(until time.Time, class Class, place string) {
	if until.After(c.at) {
		c.spent = append(c.spent, segment{from: c.at, until: until, class: class, place: place})
		c.at = until
	}
}

// after does something when the worker has taken as long as is drawn.
func (w *world) after(c *life, d queueing.Distribution, unit time.Duration, what string, do func()) {
	takes := time.Duration(d.At(w.draws.Uniform(what, c.number)) * float64(unit))
	until := w.agenda.Now().Add(takes)
	w.agenda.At(until, func() {
		c.spend(until, Candidate, "worker: "+what)
		do()
	})
}

// step does something after the services' own time.
func (w *world) step(c *life, what string, do func()) {
	takes := time.Duration(w.staffing.Machine.StepSeconds.At(w.draws.Uniform("machine "+what, c.number)) * float64(time.Second))
	until := w.agenda.Now().Add(takes)
	w.agenda.At(until, func() {
		c.spend(until, Machine, "services")
		do()
	})
}

// at a desk: served when somebody is there, the rest is waiting.
func (w *world) serve(c *life, desk *queueing.Desk, takes time.Duration, do func()) {
	v, ok := desk.Take(c.number, w.agenda.Now(), takes)
	if !ok {
		w.fail(fmt.Errorf("nobody is ever at work at %s", desk.Name))
		return
	}
	w.agenda.At(v.End, func() {
		c.spend(v.Start, Queue, desk.Name)
		c.spend(v.Start.Add(v.Worked), Human, desk.Name)
		c.spend(v.End, Queue, desk.Name) // closed in the middle of it
		do()
	})
}

func (w *world) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (c *life) end(how string) { c.ended = how }

// random is a stream of bytes from a draw, for what the domain wants bytes for.
type random struct {
	draws queueing.Draws
	index int
	n     int
}

var _ io.Reader = (*random)(nil)

func (r *random) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.draws.Uniform("bytes", r.index, r.n) * 256)
		r.n++
	}
	return len(p), nil
}
