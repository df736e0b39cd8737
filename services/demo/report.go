package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// Report is what came of a case; its JSON is the output of demo --json.
type Report struct {
	CaseRef   string `json:"case_ref"`
	Outcome   string `json:"outcome"` // COMPLETED, or how far it came
	MachineMS int64  `json:"machine_ms"`
	Steps     []Step `json:"steps"`
	Wallet    struct {
		Credentials []Credential `json:"credentials"`
	} `json:"wallet"`
	DIDComm struct {
		Messages int64 `json:"messages"`
	} `json:"didcomm"`
	Events []Event `json:"events"`
	Cases  []Case  `json:"cases,omitempty"` // every person's
	// Metrics are M1 to M9 over all cases, when all were completed.
	Metrics []Metric `json:"metrics,omitempty"`

	offerID, link, code, credentialID string
	application, paymentURL           string
	signedAt                          time.Time
	feeDue, completed                 bool
	person                            *person
	sent                              *Sent
}

// Step is one step of the case.
type Step struct {
	Name      string    `json:"name"`
	Service   string    `json:"service"`
	At        time.Time `json:"at"`
	ElapsedMS int64     `json:"elapsed_ms"` // since the signature
	TimeClass string    `json:"time_class"`
}

// Credential is one credential in the worker's wallet.
type Credential struct {
	Type     string `json:"type"`
	Issuer   string `json:"issuer"`
	Format   string `json:"format"`
	Verified bool   `json:"verified"`
}

// Event is one event of the case.
type Event struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// Case is one person's case in short.
type Case struct {
	CaseRef string `json:"case_ref"`
	Outcome string `json:"outcome"`
	Problem string `json:"problem,omitempty"`
	// Took is from the person's first step to the last, in this process's time.
	Took time.Duration `json:"-"`
}

// Completed is the outcome of a case in which everything happened, notStarted of
// one in which nothing has.
const (
	Completed  = "COMPLETED"
	notStarted = "NOT_STARTED"
)

// Cases says whose cases to take, and how.
type Cases struct {
	Persons []Input
	// Parallel is how many are under way at a time.
	Parallel int
	// Begin is asked before each person begins, in order, and waits until one may;
	// an error begins no more. Nil: each at once.
	Begin func(ctx context.Context, i int) error
	// Before is called before each stage of each person, and waits as long as it
	// likes; an error ends the person's case. Nil: nobody waits.
	Before func(context.Context, Stage) error
	// Say is told every step of the first as it is seen. Nil: nobody is.
	Say func(Step)
}

// Run takes the persons through their cases, and reports the first in full and
// each by its outcome.
func Run(ctx context.Context, target Target, cases Cases) (*Report, error) {
	persons := cases.Persons
	c, err := connect(target)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.accredit(ctx, persons); err != nil {
		return nil, err
	}
	reports := make([]*Report, len(persons))
	problems := make([]error, len(persons))
	took := make([]time.Duration, len(persons))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(max(cases.Parallel, 1), len(persons)) {
		wg.Go(func() {
			for i := range next {
				say := func(Step) {}
				if i == 0 && cases.Say != nil {
					say = cases.Say
				}
				begun := time.Now()
				reports[i], problems[i] = c.one(ctx, &person{clients: c, input: persons[i], say: say, before: cases.Before})
				took[i] = time.Since(begun)
			}
		})
	}
	for i := range persons {
		if cases.Begin != nil {
			if err := cases.Begin(ctx, i); err != nil {
				reports[i], problems[i] = &Report{Outcome: notStarted}, err
				continue
			}
		}
		next <- i
	}
	close(next)
	wg.Wait()
	first := reports[0]
	for i, r := range reports {
		one := Case{CaseRef: r.CaseRef, Outcome: r.Outcome, Took: took[i]}
		if problems[i] != nil {
			one.Problem = problems[i].Error()
		}
		first.Cases = append(first.Cases, one)
	}
	if err := cmp.Or(problems...); err != nil {
		return first, err
	}
	// Measured once all have ended: looking costs the services nothing that a case
	// would wait for.
	measured := Measured{}
	for _, r := range reports {
		one, err := r.person.measure(ctx, r.sent)
		if err != nil {
			return first, fmt.Errorf("measure %s: %w", r.CaseRef, err)
		}
		measured.Cases = append(measured.Cases, one)
	}
	// The last of several has ended: what its offer's withdrawal does to it counts
	// no more. One person alone keeps the offer.
	if last := len(reports) - 1; last > 0 {
		if measured.Withdrawal, err = reports[last].person.withdraw(ctx); err != nil {
			return first, fmt.Errorf("measure a withdrawal: %w", err)
		}
	}
	first.Metrics = measured.Metrics()
	return first, nil
}

// one is one person's case.
func (c *clients) one(ctx context.Context, p *person) (*Report, error) {
	p.report = &Report{Outcome: notStarted}
	p.report.person, p.report.sent = p, &Sent{}
	err := p.journey(sending(ctx, p.report.sent))
	slices.SortStableFunc(p.report.Steps, func(a, b Step) int { return a.At.Compare(b.At) })
	if err == nil && p.report.completed {
		p.report.Outcome = Completed
		p.report.MachineMS = p.report.Steps[len(p.report.Steps)-1].ElapsedMS
	}
	return p.report, err
}

// Print writes the summary table.
func (r *Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\ncase\t%s\n", r.CaseRef)
	fmt.Fprintf(t, "outcome\t%s\n", r.Outcome)
	fmt.Fprintf(t, "machine time\t%d ms from signature to the last step, every person answering at once\n", r.MachineMS)
	fmt.Fprintf(t, "messages\t%d DIDComm messages to and from the wallet\n", r.DIDComm.Messages)
	fmt.Fprintf(t, "events\t%d\n\n", len(r.Events))
	fmt.Fprintf(t, "in the wallet\tissuer\tverified\n")
	for _, c := range r.Wallet.Credentials {
		fmt.Fprintf(t, "%s\t%s\t%t\n", c.Type, c.Issuer, c.Verified)
	}
	if len(r.Cases) > 0 {
		completed := 0
		for _, c := range r.Cases {
			if c.Outcome == Completed {
				completed++
			}
		}
		fmt.Fprintf(t, "\ncases\t%d of %d completed\n", completed, len(r.Cases))
	}
	if err := t.Flush(); err != nil || len(r.Metrics) == 0 {
		return err
	}
	return PrintMetrics(w, r.Metrics)
}

// PrintStep writes one step as it happens.
func PrintStep(w io.Writer, s Step) {
	fmt.Fprintf(w, "%7d ms  %-9s %-22s %s\n", s.ElapsedMS, s.Service, s.Name, s.TimeClass)
}
