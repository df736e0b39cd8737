package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// manageKeys is the command for the keys of a service's organisations. It works
// on the service's own database, also while the service runs, which notices
// within seconds.
func manageKeys(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	verbs := map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"list": listKeys, "rotate": rotateKey, "compromised": compromisedKey,
	}
	if len(args) > 0 && verbs[args[0]] != nil {
		return verbs[args[0]](ctx, args[1:], stdout, stderr)
	}
	return errors.New("say what to do with the keys: list, rotate or compromised")
}

// listKeys prints every key that an organisation has or had.
func listKeys(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set, file := keyFlags("list", stderr)
	name := set.String("did", "", "the organisation's `DID`")
	if err := set.Parse(args); err != nil {
		return err
	}
	return withBook(ctx, *file, clock.System{}, func(book *identity.Book) error {
		return printKeys(ctx, stdout, book, *name)
	})
}

// rotateKey gives an organisation its next key of a kind.
func rotateKey(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set, file := keyFlags("rotate", stderr)
	name := set.String("did", "", "the organisation's `DID`")
	kind := set.String("kind", string(keystore.Ed25519), "the `KIND` of key: Ed25519, ES256 or ES384 to sign, X25519, P-256 or P-384 to agree")
	overlap := set.Duration("overlap", time.Hour, "how long the new key is published before it takes over: as long as others remember DID documents")
	if err := set.Parse(args); err != nil {
		return err
	}
	return withBook(ctx, *file, clock.System{}, func(book *identity.Book) error {
		if _, err := book.Rotate(ctx, *name, keystore.Kind(*kind), *overlap); err != nil {
			return err
		}
		return printKeys(ctx, stdout, book, *name)
	})
}

// compromisedKey cuts off a key that another may have.
func compromisedKey(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set, file := keyFlags("compromised", stderr)
	kid := set.String("key", "", "the `KEY` as the DID document names it: did:web:...#assertion-1")
	since := set.String("since", "", "the earliest `TIME` at which another may have had it, such as 2026-11-23T08:00:00Z: nothing dated later counts")
	reason := set.String("reason", "", "why, for the history: `TEXT`")
	if err := set.Parse(args); err != nil {
		return err
	}
	from, err := time.Parse(time.RFC3339, *since)
	if err != nil {
		return errors.New("say since when another may have had the key: --since 2026-11-23T08:00:00Z")
	}
	name, _, err := did.Split(*kid)
	if err != nil {
		return err
	}
	return withBook(ctx, *file, clock.System{}, func(book *identity.Book) error {
		if _, err := book.Compromised(ctx, *kid, from, *reason); err != nil {
			return err
		}
		return printKeys(ctx, stdout, book, name)
	})
}

func keyFlags(verb string, stderr io.Writer) (set *flag.FlagSet, file *string) {
	set = flags("keys "+verb, stderr)
	return set, set.String("config", "", "the configuration `FILE` of the service that holds the key")
}

// printKeys prints an organisation's keys and when each serves.
func printKeys(ctx context.Context, w io.Writer, book *identity.Book, name string) error {
	keys, err := book.History(ctx, name)
	if err != nil {
		return err
	}
	when := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return at.Format(time.RFC3339)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "key\tkind\tfrom\tuntil\trevoked\treason\n")
	for _, k := range keys {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%q\n", k.ID, k.Kind, when(k.ValidFrom), when(k.ValidUntil), when(k.Revoked), k.Reason)
	}
	return t.Flush()
}

// withBook opens the keys of the service that a configuration belongs to.
func withBook(ctx context.Context, file string, now clock.Clock, do func(*identity.Book) error) error {
	cfg, err := commonOf(file)
	if err != nil {
		return err
	}
	master, err := os.ReadFile(cfg.MasterKeyFile)
	if err != nil {
		return fmt.Errorf("read master key: %w", err)
	}
	driver, dsn, err := cfg.Database.Source()
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, driver, dsn, identity.Migrations())
	if err != nil {
		return err
	}
	book, err := identity.Open(ctx, db, master, now)
	if err == nil {
		err = do(book)
	}
	return errors.Join(err, db.Close())
}
