package desk_test

import (
	"context"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/store"
)

// liar is a register that answers what it is told to.
type liar struct {
	desk.Register
	says registration.Answer
}

func (l liar) Answers(_ context.Context, after int64) ([]registration.Answer, error) {
	if after >= l.says.Sequence {
		return nil, nil
	}
	return []registration.Answer{l.says}, nil
}

// take has the tax administration's own register give a number to somebody else.
func (x *tax) take(t testing.TB, number string) {
	t.Helper()
	own := x.register.Register.(*store.Population)
	err := x.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO population_number (fingerprint, person) VALUES ($1, 'somebody')`, own.Store.Fingerprint.Of(number))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
