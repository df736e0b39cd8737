package standins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/standins/altinn"
	"github.com/kompetansespor/kompetansespor/services/standins/ansattporten"
	"github.com/kompetansespor/kompetansespor/services/standins/enhetsregisteret"
	"github.com/kompetansespor/kompetansespor/services/standins/folkeregisteret"
	"github.com/kompetansespor/kompetansespor/services/standins/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/standins/payments"
	"github.com/kompetansespor/kompetansespor/services/standins/skattekort"
)

// Config is what the stand-ins need.
type Config struct {
	// URL is where they are reached, without a slash at the end.
	URL string
	// Dir is where they keep what they must remember.
	Dir    string
	Clock  clock.Clock
	Random io.Reader
}

// StandIns are all of them.
type StandIns struct {
	http.Handler
	close []func() error
}

// Close lets go of what is open.
func (s *StandIns) Close() error {
	var err error
	for _, one := range s.close {
		err = errors.Join(err, one())
	}
	return err
}

// Open opens every stand-in, with what its folder remembers.
func Open(ctx context.Context, c Config) (*StandIns, error) {
	folder := func(name string) (string, error) {
		dir := filepath.Join(c.Dir, name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("make the folder of %s: %w", name, err)
		}
		return dir, nil
	}
	registers := map[string]Register{}

	dir, err := folder("maskinporten")
	if err != nil {
		return nil, err
	}
	clients, key, err := maskinporten.Load(dir, c.Random)
	if err != nil {
		return nil, err
	}
	grants := maskinporten.New(maskinporten.Config{Issuer: c.URL + "/maskinporten/", Clients: clients, Key: key, Clock: c.Clock, Random: c.Random})
	registers["maskinporten"] = grants
	registers["altinn"] = altinn.New(grants)
	registers["enhetsregisteret"] = enhetsregisteret.New(enhetsregisteret.Config{Clock: c.Clock})

	if dir, err = folder("ansattporten"); err != nil {
		return nil, err
	}
	known, signing, err := ansattporten.Load(dir, c.Random)
	if err != nil {
		return nil, err
	}
	registers["ansattporten"] = ansattporten.New(ansattporten.Config{
		Issuer: c.URL + "/ansattporten", Register: known, Key: signing, Clock: c.Clock, Random: c.Random,
	})
	if dir, err = folder("payments"); err != nil {
		return nil, err
	}
	if registers["payments"], err = payments.New(payments.Config{BaseURL: c.URL + "/payments", Dir: dir, Random: c.Random}); err != nil {
		return nil, err
	}
	if dir, err = folder("skattekort"); err != nil {
		return nil, err
	}
	if registers["skattekort"], err = skattekort.New(skattekort.Config{Authorize: grants.Authorize, Dir: dir, Clock: c.Clock, Random: c.Random}); err != nil {
		return nil, err
	}
	if dir, err = folder("folkeregisteret"); err != nil {
		return nil, err
	}
	population, err := folkeregisteret.New(ctx, folkeregisteret.Config{
		File: filepath.Join(dir, "folkeregisteret.db"), Clock: c.Clock, Authorize: grants.Authorize,
	})
	if err != nil {
		return nil, err
	}
	registers["folkeregisteret"] = population
	return &StandIns{Handler: Server(registers), close: []func() error{population.Close}}, nil
}
