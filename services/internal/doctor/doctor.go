// Package doctor looks at a service's configuration and at all that it names, and
// says in plain words what is wrong and how to mend it. It changes nothing.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Grade is how bad a finding is.
type Grade string

const (
	Well Grade = "ok"    // it is as it should be
	Odd  Grade = "look"  // it works, and somebody should look at it
	Bad  Grade = "wrong" // the service would not work, or not safely
)

// Finding is what was found about one thing.
type Finding struct {
	Grade Grade
	// About is the key of the configuration.
	About string
	// Says is what was found and, where it is not well, what to do.
	Says string
}

// Config says whom to examine.
type Config struct {
	Common config.Common
	Schema []sqldb.Migrations
	Now    func() time.Time
	// Patience bounds each question to something outside.
	Patience time.Duration
}

// Examine looks at everything that a configuration names.
func Examine(ctx context.Context, c Config) []Finding {
	var all []Finding
	for _, look := range []func(context.Context, Config) []Finding{
		examineSecrets, examineCertificate, examineDatabase, examineEventBus, examineCache, examinePeers,
	} {
		all = append(all, look(ctx, c)...)
	}
	return all
}

func well(about, says string, args ...any) Finding {
	return Finding{Well, about, fmt.Sprintf(says, args...)}
}

func odd(about, says string, args ...any) Finding {
	return Finding{Odd, about, fmt.Sprintf(says, args...)}
}

func bad(about, says string, args ...any) Finding {
	return Finding{Bad, about, fmt.Sprintf(says, args...)}
}

// because is what an error says to people.
func because(err error) string {
	var known *fault.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return err.Error()
}

// examineSecrets looks at the files that only the service may read, and at what
// production must not have.
func examineSecrets(_ context.Context, c Config) (all []Finding) {
	for _, secret := range []struct{ about, path string }{
		{"master_key_file", c.Common.MasterKeyFile}, {"tls.key", c.Common.TLS.Key},
		{"nats.password_file", c.Common.NATS.PasswordFile}, {"database.password_file", c.Common.Database.PasswordFile},
	} {
		if secret.path == "" {
			continue
		}
		info, err := os.Stat(secret.path)
		switch {
		case err != nil:
			all = append(all, bad(secret.about, "%s cannot be read: create it, or correct the path", secret.path))
		case info.Mode().Perm()&0o077 != 0:
			all = append(all, odd(secret.about, "%s can be read by others than its owner: chmod 600 %s", secret.path, secret.path))
		default:
			all = append(all, well(secret.about, "only its owner reads it"))
		}
	}
	master, err := os.ReadFile(c.Common.MasterKeyFile)
	if err == nil && len(master) != 32 {
		all = append(all, bad("master_key_file", "it has %d bytes: a master key is 32 random bytes, head -c 32 /dev/urandom", len(master)))
	}
	if _, err := rpc.LoadTokens(c.Common.TokensFile, nil); err != nil {
		all = append(all, bad("tokens_file", "%s", because(err)))
	}
	if c.Common.Development {
		all = append(all, odd("development", "permits what production must not have: remove it where people's data are real"))
	}
	return all
}
