// Command kompetansespor is every service and the tools around them: one
// service from its configuration, all of them for development, and the demo.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // Europe/Oslo, also where the system has no time zones
)

const usage = `kompetansespor: from a signed offer to work, with nothing typed twice

  kompetansespor demo [--json] [--input FILE | --cases N --parallel P] [--format w3c|sd-jwt] [--processes] [--postgres URL | --cluster]
        run a case through every service and show each step
  kompetansespor up [--data DIR] [--postgres URL | --cluster]
        start every service and stay; prints addresses and development tokens
  kompetansespor chaos [--seed S] [--cases N] [--cluster] [--fault KIND,...] [--times N] [--json]
        run cases while processes are killed, databases crash and streams vanish, and check what must always hold
  kompetansespor load [--scenario offers|credentials|presentations|cases|verifications] [--rate N | --parallel P] [--for TIME]
                      [--employers N] [--stored N] [--data DIR | --postgres URL] [--json]
        load a system from outside with people who do not exist, and measure how many it takes, how long they wait and
        what its processes use
  kompetansespor registry|issuer|wallet|verifier|police|tax|bank --config FILE
        run one service
  kompetansespor migrate [--dsn URL [--bootstrap]] --config FILE...
        bring the databases of services up to date; on PostgreSQL with the rights of --dsn, which a service has not
  kompetansespor backup --to FOLDER [--dsn URL] --config FILE...
        copy the databases of services, which may be running, as they stand at one instant
  kompetansespor restore --from FOLDER [--dsn URL] --config FILE...
        put such a copy in the place of the databases; nothing that was handed out since is handed out again
  kompetansespor doctor --config FILE...
        look at configurations and at all that they name, and say what is wrong and how to mend it
  kompetansespor cluster prepare|settle|failover --data DIR
        write what the servers and services of a cluster need; make roles, schemas and streams once they run; end the
        database primary and promote a standby
  kompetansespor stand-ins [--listen ADDRESS] [--data DIR]
        serve stand-ins for the registers outside, for development
  kompetansespor keys list|rotate --config FILE --did DID [--kind KIND] [--overlap TIME]
  kompetansespor keys compromised --config FILE --key KEY --since TIME --reason TEXT
        show, rotate and cut off the keys of a service's organisations
  kompetansespor waiting --config FILE...
        show what work waits in services, since when, and how often it was tried
  kompetansespor events parked --config FILE
  kompetansespor events retry --config FILE ID|--all
        show events that a service could not take, and have them tried again
  kompetansespor events reconcile --config FILE... [--older TIME]
        compare outboxes with inboxes, and have what was not taken published again
  kompetansespor rules test [--set FILE]
        run the examples that stand beside each rule
  kompetansespor rules explain --config FILE --case REF [--lang nb|nn|en]
        show a case as the rules saw it then, and whether it comes out the same now
  kompetansespor rules what-if --config FILE --set FILE --since DATE [--on DATE]
        evaluate past cases under another rule set; nothing is changed
  kompetansespor verify [--json] [--challenge TEXT --domain TEXT] [--trust-list URL --registry DID] [--ca FILE] FILE|-
        verify a credential or a presentation; ends with 0 when it is verified, 1 when it is not, 2 when nobody can tell now
  kompetansespor simulate [--days N] [--cases N] [--staff FILE] [--seed N] [--staff-factor F] [--intake-factor F] [--json]
        how many days cases take with staffed desks, by the services' own rules on a virtual clock
  kompetansespor nats --data DIR
        run the development NATS server of a data directory
  kompetansespor nats reconcile --url URL --password-file FILE --ca FILE [--replicas N]
        make the streams and consumers that a server lacks, as its admin, and tell where it differs
  kompetansespor nats recreate --url URL --password-file FILE --ca FILE [--replicas N]
        delete every stream and make it anew, empty, after a restore; the services publish again what their databases know
`

// collectAt is how much a heap may grow before the collector looks through it, in
// percent. The heap of a service is small beside the memory that it may have.
const collectAt = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	var ended *exit
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case errors.As(err, &ended):
		if ended.why != nil {
			fmt.Fprintln(os.Stderr, "kompetansespor:", err)
		}
		os.Exit(ended.code)
	case err != nil:
		fmt.Fprintln(os.Stderr, "kompetansespor:", err)
		os.Exit(1)
	}
}

// commands are what the program does beside being a service.
var commands = map[string]func(ctx context.Context, args []string, stdout, stderr io.Writer) error{
	"demo":      runDemo,
	"up":        up,
	"chaos":     runChaos,
	"cluster":   manageCluster,
	"doctor":    examine,
	"load":      runLoad,
	"migrate":   migrateSchemas,
	"backup":    takeBackup,
	"restore":   restoreBackup,
	"events":    manageEvents,
	"keys":      manageKeys,
	"nats":      manageNATS,
	"rules":     askRules,
	"simulate":  simulate,
	"stand-ins": serveStandIns,
	"waiting":   showWaiting,
	"verify": func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		return verify(ctx, args, os.Stdin, stdout, stderr)
	},
	"help":   help,
	"-h":     help,
	"--help": help,
}

func help(_ context.Context, _ []string, stdout, _ io.Writer) error {
	_, err := io.WriteString(stdout, usage)
	return err
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return help(ctx, nil, stdout, stderr)
	}
	verb, rest := args[0], args[1:]
	if service, ok := services[verb]; ok {
		return serve(ctx, verb, service, rest, stderr)
	}
	if do, ok := commands[verb]; ok {
		return do(ctx, rest, stdout, stderr)
	}
	fmt.Fprint(stderr, usage)
	return fmt.Errorf("there is no command %q", verb)
}

// flags makes the flag set of a command.
func flags(name string, stderr io.Writer) *flag.FlagSet {
	set := flag.NewFlagSet("kompetansespor "+name, flag.ContinueOnError)
	set.SetOutput(stderr)
	return set
}
