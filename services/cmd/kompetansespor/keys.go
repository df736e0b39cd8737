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

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/bank"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer"
	"github.com/kompetansespor/kompetansespor/services/police"
	"github.com/kompetansespor/kompetansespor/services/registry"
	"github.com/kompetansespor/kompetansespor/services/tax"
	"github.com/kompetansespor/kompetansespor/services/verifier"
	"github.com/kompetansespor/kompetansespor/services/wallet"
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
	return withBook(ctx, *file, func(book *identity.Book) error {
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
	return withBook(ctx, *file, func(book *identity.Book) error {
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
	return withBook(ctx, *file, func(book *identity.Book) error {
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
func withBook(ctx context.Context, file string, do func(*identity.Book) error) error {
	cfg, err := commonOf(file)
	if err != nil {
		return err
	}
	master, err := os.ReadFile(cfg.MasterKeyFile)
	if err != nil {
		return fmt.Errorf("read master key: %w", err)
	}
	db, err := sqldb.Open(ctx, cfg.Database.Driver, cfg.Database.DSN, identity.Migrations())
	if err != nil {
		return err
	}
	book, err := identity.Open(ctx, db, master, clock.System{})
	if err == nil {
		err = do(book)
	}
	return errors.Join(err, db.Close())
}

// configurations reads what every service is told from a service's own file.
var configurations = map[string]func(file string) (config.Common, error){
	"registry": common(func(c registry.Config) config.Common { return c.Common }),
	"issuer":   common(func(c issuer.Config) config.Common { return c.Common }),
	"wallet":   common(func(c wallet.Config) config.Common { return c.Common }),
	"verifier": common(func(c verifier.Config) config.Common { return c.Common }),
	"police":   common(func(c police.Config) config.Common { return c.Common }),
	"tax":      common(func(c tax.Config) config.Common { return c.Common }),
	"bank":     common(func(c bank.Config) config.Common { return c.Common }),
}

func common[C any](of func(C) config.Common) func(string) (config.Common, error) {
	return func(file string) (config.Common, error) {
		var cfg C
		if err := config.Load(file, &cfg, os.Environ()); err != nil {
			return config.Common{}, err
		}
		return of(cfg), nil
	}
}

// commonOf reads a configuration file by the service that it names.
func commonOf(file string) (config.Common, error) {
	if file == "" {
		return config.Common{}, errors.New("name the configuration: --config FILE")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return config.Common{}, fmt.Errorf("read configuration: %w", err)
	}
	var named struct {
		Service string `yaml:"service"`
	}
	if err := yaml.Unmarshal(content, &named); err != nil {
		return config.Common{}, fmt.Errorf("read configuration: %w", err)
	}
	read, ok := configurations[named.Service]
	if !ok {
		return config.Common{}, fmt.Errorf("%s names no service", file)
	}
	return read(file)
}
