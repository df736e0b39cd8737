package desk_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Each epoch draws account numbers from where no other does, so that none comes
// again that was handed out after the backup. When there are no more epochs, nothing
// is opened.
func TestEachEpochHasAccountNumbersOfItsOwn(t *testing.T) {
	w := openWorld(t)
	for number := range 17 {
		ref := fmt.Sprintf("case_%d", number)
		person, err := identifier.NewPersonNumber(identifier.BirthNumber, time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), identifier.SexFemale, number)
		if err != nil {
			t.Fatal(err)
		}
		w.numbers[ref] = person.Number
		w.granted(t, ref)
		w.assigned(t, ref)
		line := w.line(t, ref)
		if number == 16 {
			if line.Standing == desk.Opened {
				t.Error("an account was opened in an epoch without numbers")
			}
			break
		}
		serial, err := strconv.Atoi(line.Account.BBAN()[4:10])
		if line.Standing != desk.Opened || err != nil || serial%16 != number {
			t.Errorf("epoch %d: %s, serial %d, %v", number, line.Standing, serial, err)
		}
		err = w.db().Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := epoch.Begin(t.Context(), tx, "backup", w.Harness.Clock.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
