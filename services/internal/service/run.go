package service

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
)

// Parts are what a service adds to what all have.
type Parts struct {
	// Public registers the gRPC services of the public listener, Gateway their
	// REST side, OpenAPI the document of both; Policy says who may call what.
	Public  func(grpc.ServiceRegistrar)
	Gateway []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error
	OpenAPI []byte
	Policy  rpc.Policy
	// Authenticator knows the tokens. Nil: the tokens file.
	Authenticator rpc.Authenticator
	// Routes are further public handlers by http.ServeMux pattern.
	Routes map[string]http.Handler
	// Pages makes what people see, as further routes. own reaches the service's own
	// public calls in the name of whoever is signed in. Nil: there are no pages.
	Pages func(own grpc.ClientConnInterface) (map[string]http.Handler, error)
	// Internal registers the gRPC services of the internal listener.
	Internal func(grpc.ServiceRegistrar)
	// Consume maps a producer to the handlers of its events, by event name.
	Consume map[string]map[string]events.Handler
	// Jobs are background work besides the agent's and the event bus's.
	Jobs []runner.Job
	// Ready are what /readyz asks besides the database and the event bus.
	Ready map[string]func(context.Context) error
}

// Run serves until ctx ends, then stops in order: listeners finish what they
// have begun, background steps end, and nothing that was accepted is lost: it
// is in the database.
func (s *Service) Run(ctx context.Context, p Parts) error {
	ctx = s.Telemetry.Into(ctx)
	atPublic, err := s.public(p)
	if err != nil {
		return err
	}
	atInternal := rpc.InternalConfig{
		Listen: s.Config.InternalListen, Certificates: s.certificates, Telemetry: s.Telemetry, Clock: s.Clock,
		Callers: s.Config.Callers, Register: p.Internal,
	}
	if s.world.Serve != nil {
		offered := Offered{Internal: rpc.DirectInternal(atInternal), Jobs: s.jobs(p)}
		if offered.Public, offered.Web, err = rpc.DirectPublic(atPublic); err != nil {
			return err
		}
		return s.world.Serve(ctx, offered)
	}
	public, err := rpc.NewPublic(atPublic)
	if err != nil {
		return err
	}
	internal, err := rpc.NewInternal(atInternal)
	if err != nil {
		_ = public.Close()
		return err
	}
	s.Log.InfoContext(ctx, "serving", "public", public.Addr(), "internal", internal.Addr())
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return public.Serve(groupCtx) })
	group.Go(func() error { return internal.Serve(groupCtx) })
	group.Go(func() error {
		runner.Run(groupCtx, s.Log, s.inTurns(s.jobs(p))...)
		return nil
	})
	err = group.Wait()
	s.Log.InfoContext(ctx, "stopped")
	return err
}

func (s *Service) public(p Parts) (rpc.PublicConfig, error) {
	authenticator := p.Authenticator
	if authenticator == nil {
		tokens, err := rpc.LoadTokens(s.Config.TokensFile, s.Clock)
		if err != nil {
			return rpc.PublicConfig{}, err
		}
		authenticator = tokens
	}
	documents := s.Book.Documents(s.Host())
	routes := map[string]http.Handler{
		"/didcomm":                  s.Agent.Receive(rpc.WriteProblem),
		"GET /.well-known/did.json": documents,
	}
	maps.Copy(routes, s.Lists.Routes(rpc.WriteProblem))
	maps.Copy(routes, p.Routes)
	ready := map[string]func(context.Context) error{"database": s.DB.Ping}
	if s.bus != nil {
		ready["events"] = s.bus.Ready
	}
	maps.Copy(ready, p.Ready)
	public := rpc.PublicConfig{
		Listen: s.Config.PublicListen, Certificates: s.certificates, Telemetry: s.Telemetry, Clock: s.Clock,
		Authenticator: authenticator, Policy: p.Policy, Register: p.Public, Gateway: p.Gateway,
		Routes: routes, Ready: ready, OpenAPI: p.OpenAPI,
	}
	if p.Pages != nil {
		pages, err := p.Pages(rpc.OwnPages(public))
		if err != nil {
			return rpc.PublicConfig{}, fmt.Errorf("make pages: %w", err)
		}
		maps.Copy(routes, pages)
	}
	return public, nil
}

// fetchWait is how long a consumer waits for an event before it asks again.
const fetchWait = 2 * time.Second

// idleShared is how long a job may sleep that another replica cannot wake: its
// bell rings in the process that has committed.
const idleShared = 200 * time.Millisecond

// inTurns lets replicas that share a database take turns, job by job. A file has
// one process.
func (s *Service) inTurns(jobs []runner.Job) []runner.Job {
	if s.DB.Driver() == "sqlite" {
		return jobs
	}
	for i := range jobs {
		jobs[i].Turns = s.DB
		if jobs[i].Bell != nil {
			jobs[i].Idle = min(jobs[i].Idle, idleShared)
		}
	}
	return jobs
}

// reconcileEvery is how often the stream is looked at for what has left the
// outbox.
const reconcileEvery = 10 * time.Second

// fillEvery is how often it is looked at how full the stream is.
const fillEvery = time.Minute

func (s *Service) jobs(p Parts) []runner.Job {
	jobs := append(s.Agent.Jobs(), p.Jobs...)
	if s.bus == nil {
		return jobs
	}
	own := s.bus.Publisher(s.Config.Service)
	relay := &events.Relay{DB: s.DB, Producer: s.Config.Service, To: own, Clock: s.Clock, Log: s.Log}
	jobs = append(jobs, runner.Job{Name: "events.publish", Step: relay.Step, Idle: time.Second, Bell: s.Outbox.Bell})
	reconciler := &events.Reconciler{
		DB: s.DB, Producer: s.Config.Service, From: relay.To, MaxAge: eventbus.MaxAge, Clock: s.Clock, Log: s.Log, Bell: s.Outbox.Bell,
	}
	jobs = append(jobs, runner.Job{Name: "events.reconcile", Step: reconciler.Step, Idle: reconcileEvery})
	filling := &events.Filling{Producer: s.Config.Service, Of: own, Log: s.Log}
	jobs = append(jobs, runner.Job{Name: "events.filling", Step: filling.Step, Idle: fillEvery})
	if s.altinn != nil {
		forward := &events.Forward{DB: s.DB, To: s.altinn, Clock: s.Clock, Log: s.Log}
		jobs = append(jobs, runner.Job{Name: "events.forward", Step: forward.Step, Idle: time.Second})
	}
	for _, producer := range slices.Sorted(maps.Keys(p.Consume)) {
		inbox := &events.Inbox{
			DB: s.DB, Producer: producer, From: s.bus.Consumer(producer), Handlers: p.Consume[producer],
			Clock: s.Clock, Log: s.Log, Wait: fetchWait,
		}
		jobs = append(jobs, runner.Job{Name: "events.take." + producer, Step: inbox.Step, Idle: time.Millisecond})
	}
	return jobs
}
