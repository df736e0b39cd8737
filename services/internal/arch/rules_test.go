package arch

// A rule forbids something to the packages it applies to.
//
// Package patterns are paths below the services module. A segment is a name, *
// for any name, {a,b} for one of several, {service} for one of the seven
// services, {same} and {other} (in what is forbidden) for the service of the
// guarded package and for any of the other six. A trailing /... takes the
// packages below as well. Patterns of packages elsewhere begin with their
// import path; "std" is the standard library.
type rule struct {
	name    string
	applies []string // packages that are guarded
	except  []string // of these, packages that are not

	imports  []string // forbidden imports
	unless   []string // of these, imports that are allowed
	uses     []string // forbidden names of other packages, "time.Now"
	spawns   bool     // go statements are forbidden
	services int      // when above 0: how many services may be imported at most
}

// services are the seven, each a directory of its own.
var services = []string{"registry", "issuer", "wallet", "verifier", "police", "tax", "bank"}

const (
	inside  = "{api,web,inbox}" // packages that take things in
	outside = "{store,peers}"   // packages that reach out
)

// pure is the half of services/internal that does no I/O.
const pure = "internal/{fault,clock,strictjson,base58,base64url,jws,did,jsonld,vcdm,status,credential,sdjwt,verification,identifier,credtype,trustlist,accesslog,didcomm}/..."

var rules = []rule{
	{
		name:    "no service imports another",
		applies: []string{"{service}/..."},
		imports: []string{"{other}/...", "cmd/...", "demo/...", "e2e/..."},
	},
	{
		name:     "only cmd/kompetansespor, the simulation and e2e import several services",
		applies:  []string{"..."},
		except:   []string{"{service}/...", "cmd/kompetansespor/...", "simulation/...", "e2e/..."},
		services: 1,
	},
	{
		name:    "domain packages know no wire and no database",
		applies: []string{"{service}/internal/*/..."},
		except:  []string{"{service}/internal/" + inside + "/...", "{service}/internal/" + outside + "/..."},
		imports: []string{
			"github.com/kompetansespor/kompetansespor/proto/...",
			"google.golang.org/grpc/...",
			"google.golang.org/protobuf/...",
			"github.com/grpc-ecosystem/...",
			"github.com/nats-io/...",
			"net/http/...",
			"database/sql/...",
		},
	},
	{
		name:    "domain packages know neither who calls them nor who serves them",
		applies: []string{"{service}/internal/*/..."},
		except:  []string{"{service}/internal/" + inside + "/...", "{service}/internal/" + outside + "/..."},
		imports: []string{"{same}", "{same}/internal/" + inside + "/...", "{same}/internal/" + outside + "/..."},
	},
	{
		name:    "in-packages import no out-packages",
		applies: []string{"{service}/internal/" + inside + "/..."},
		imports: []string{"{same}", "{same}/internal/" + outside + "/..."},
	},
	{
		name:    "out-packages import no in-packages",
		applies: []string{"{service}/internal/" + outside + "/..."},
		imports: []string{"{same}", "{same}/internal/" + inside + "/..."},
	},
	{
		name:    "shared packages import no service",
		applies: []string{"internal/..."},
		imports: []string{"{service}/...", "cmd/...", "demo/...", "e2e/..."},
	},
	{
		name:    "pure packages import no plumbing",
		applies: []string{pure},
		imports: []string{"internal/..."},
		unless:  []string{pure},
	},
	{
		name:    "pure packages do no I/O",
		applies: []string{pure},
		imports: []string{
			"{net,os,syscall}/...",
			"log/slog",
			"database/sql/...",
			"google.golang.org/grpc/...",
			"github.com/nats-io/...",
			"github.com/redis/...",
		},
		// Types of addresses and locators; they open nothing.
		unless: []string{"net/url", "net/netip", "net/mail"},
	},
	{
		// config reads files; what stands in the environment main hands over.
		// testkit is for tests, which are told by the environment what to skip.
		name:    "only main and the CLI read environment and flags, take signals or exit",
		applies: []string{"..."},
		except:  []string{"cmd/...", "internal/testkit"},
		imports: []string{"flag", "os/signal"},
		uses: []string{
			"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "os.Args", "os.Exit",
			"syscall.Getenv", "syscall.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln",
		},
	},
	{
		name:    "only the runner waits for time to pass",
		applies: []string{"{service}/...", "internal/..."},
		// rpc bounds how long a graceful stop may take; sqldb tries a transaction
		// again, and asks whether the connection of its turns still stands; eventbus
		// asks again while a stream chooses its leader.
		except: []string{"internal/{runner,rpc,sqldb,eventbus}"},
		uses:   []string{"time.NewTicker", "time.Tick", "time.NewTimer", "time.AfterFunc", "time.After", "time.Sleep"},
	},
	{
		name:    "only the clock tells the time",
		applies: []string{"{service}/...", "internal/..."},
		except:  []string{"internal/clock"},
		uses:    []string{"time.Now", "time.Since", "time.Until"},
	},
	{
		name:    "randomness comes in from outside",
		applies: []string{"{service}/...", "internal/..."},
		except: []string{
			"internal/service",                // hands the machine's randomness to all others
			"internal/{devsetup,testkit}/...", // set up what runs; nothing of a case depends on it
			"internal/synthetic",              // makes the same people of the same seed
			"internal/{runner,sqldb}",         // spread their waits
			"internal/didcomm/envelope",       // its keys must never come again, so nobody may choose them
			"internal/keystore",               // nor may what it seals with
		},
		imports: []string{"crypto/rand", "math/rand/..."},
	},
	{
		name:    "goroutines have an owner",
		applies: []string{"{service}/...", "internal/..."},
		except:  []string{"internal/{runner,rpc,eventbus,telemetry,sqldb}"},
		spawns:  true,
	},
	{
		name:    "only the key store knows aries",
		applies: []string{"..."},
		except:  []string{"internal/keystore"},
		imports: []string{"github.com/hyperledger/aries-framework-go/...", "github.com/google/tink/..."},
	},
	{
		name:    "only tests import the test kit",
		applies: []string{"..."},
		except:  []string{"internal/testkit/..."},
		imports: []string{"internal/testkit/..."},
	},
	{
		name:    "the demo is a client",
		applies: []string{"demo/..."},
		imports: []string{"..."},
		unless: []string{
			"std",
			"demo/...",
			"github.com/kompetansespor/kompetansespor/proto/...",
			"google.golang.org/grpc/...",
			"google.golang.org/protobuf/...",
		},
	},
}
