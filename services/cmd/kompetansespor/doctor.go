package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/doctor"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// examine is the command that looks at configurations and at all that they name.
// It ends with 1 when something is wrong.
func examine(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set := flags("doctor", stderr)
	patience := set.Duration("patience", 5*time.Second, "how long to wait for an answer of what is outside, `TIME`")
	var named files
	set.Var(&named, "config", "the configuration `FILE` of a service; it may be given several times")
	if err := set.Parse(args); err != nil {
		return err
	}
	if len(named) == 0 {
		return errors.New("name the configuration: --config FILE")
	}
	wrong := 0
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, file := range named {
		for _, f := range examineOne(ctx, file, *patience) {
			if f.Grade == doctor.Bad {
				wrong++
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Grade, filepath.Base(filepath.Dir(file)), f.About, f.Says)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if wrong > 0 {
		return &exit{code: 1, why: fmt.Errorf("%d things are wrong", wrong)}
	}
	return nil
}

// examineOne looks at one configuration; one that cannot be read is all that is
// found.
func examineOne(ctx context.Context, file string, patience time.Duration) (all []doctor.Finding) {
	cfg, err := commonOf(file)
	var refused *fault.Error
	if errors.As(err, &refused) && len(refused.Violations) > 0 {
		for _, v := range refused.Violations {
			all = append(all, doctor.Finding{Grade: doctor.Bad, About: v.Field, Says: v.Message})
		}
		return all
	}
	if err != nil {
		return []doctor.Finding{{Grade: doctor.Bad, About: file, Says: err.Error()}}
	}
	return doctor.Examine(ctx, doctor.Config{Common: cfg, Schema: services[cfg.Service].schema(), Now: clock.System{}.Now, Patience: patience})
}
