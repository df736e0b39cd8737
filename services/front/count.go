package front

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

const (
	// mostCounted is how far is counted: one page of a list.
	mostCounted = 200
	// countWait is how long a service may take; one that takes longer has no number.
	countWait = time.Second
	// countsLast is how long numbers are shown before they are counted again.
	countsLast = 2 * time.Second
)

// Count is how many things a service has. Known is false where it does not
// answer; More, where there are more than are counted.
type Count struct {
	N     int
	More  bool
	Known bool
}

// counters count what each service has, each by its own call, so that a service
// that is silent costs the others nothing.
type counters struct {
	clock clock.Clock
	conns []*grpc.ClientConn
	asks  map[string]func(context.Context) (n int, more bool, err error)

	mu    sync.Mutex       // guards what follows
	taken time.Time        // when the numbers were
	last  map[string]Count // the numbers
	busy  bool             // somebody counts
}

// dial makes the connections; nothing is called yet.
func dial(t demo.Target, clk clock.Clock) (*counters, error) {
	c := &counters{clock: clk, asks: map[string]func(context.Context) (int, bool, error){}, last: map[string]Count{}}
	for name, place := range map[string]demo.Place{
		"registry": t.Registry, "issuer": t.Issuer, "verifier": t.Verifier, "police": t.Police, "tax": t.Tax, "bank": t.Bank,
	} {
		conn, err := grpc.NewClient("passthrough:///"+place.Address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: t.Authorities, ServerName: place.Host, NextProtos: []string{"h2"},
		})))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connect to %s: %w", place.Host, err), c.close())
		}
		c.conns = append(c.conns, conn)
		ask := asking(name, conn)
		c.asks[name] = func(ctx context.Context) (int, bool, error) {
			return ask(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+place.Token))
		}
	}
	return c, nil
}

// asking is the call that lists what a service has.
func asking(name string, conn grpc.ClientConnInterface) func(context.Context) (int, bool, error) {
	switch name {
	case "registry":
		return counting(registryv1.NewEmployerDirectoryServiceClient(conn).ListEmployers,
			&registryv1.ListEmployersRequest{PageSize: mostCounted}, (*registryv1.ListEmployersResponse).GetEmployers)
	case "issuer":
		return counting(issuerv1.NewOfferServiceClient(conn).ListOffers,
			&issuerv1.ListOffersRequest{PageSize: mostCounted}, (*issuerv1.ListOffersResponse).GetOffers)
	case "verifier":
		return counting(verifierv1.NewCaseServiceClient(conn).ListCases,
			&verifierv1.ListCasesRequest{PageSize: mostCounted}, (*verifierv1.ListCasesResponse).GetCases)
	case "police":
		return counting(policev1.NewAppointmentServiceClient(conn).ListAppointments,
			&policev1.ListAppointmentsRequest{PageSize: mostCounted}, (*policev1.ListAppointmentsResponse).GetAppointments)
	case "tax":
		return counting(taxv1.NewRegistrationServiceClient(conn).ListRegistrations,
			&taxv1.ListRegistrationsRequest{PageSize: mostCounted}, (*taxv1.ListRegistrationsResponse).GetRegistrations)
	}
	return counting(bankv1.NewAccountServiceClient(conn).ListAccounts,
		&bankv1.ListAccountsRequest{PageSize: mostCounted}, (*bankv1.ListAccountsResponse).GetAccounts)
}

// counting makes a count of a list's first page.
func counting[Q any, A interface{ GetNextPageToken() string }, T any](
	list func(context.Context, Q, ...grpc.CallOption) (A, error), request Q, items func(A) []T,
) func(context.Context) (int, bool, error) {
	return func(ctx context.Context) (int, bool, error) {
		answer, err := list(ctx, request)
		if err != nil {
			return 0, false, err
		}
		return len(items(answer)), answer.GetNextPageToken() != "", nil
	}
}

// all are the numbers of every service, at most countsLast old unless somebody
// counts just now.
func (c *counters) all(ctx context.Context) map[string]Count {
	c.mu.Lock()
	fresh := c.busy || c.clock.Now().Sub(c.taken) < countsLast
	last := c.last
	c.busy = !fresh || c.busy
	c.mu.Unlock()
	if fresh {
		return last
	}
	counted := c.ask(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.taken, c.busy = counted, c.clock.Now(), false
	return counted
}

// ask asks all services side by side.
func (c *counters) ask(ctx context.Context) map[string]Count {
	ctx, cancel := context.WithTimeout(ctx, countWait)
	defer cancel()
	var mu sync.Mutex // guards counted
	counted := map[string]Count{}
	var wg sync.WaitGroup
	for name, ask := range c.asks {
		wg.Go(func() {
			n, more, err := ask(ctx)
			mu.Lock()
			defer mu.Unlock()
			counted[name] = Count{N: n, More: more, Known: err == nil}
		})
	}
	wg.Wait()
	return counted
}

func (c *counters) close() error {
	var all []error
	for _, conn := range c.conns {
		all = append(all, conn.Close())
	}
	return errors.Join(all...)
}
