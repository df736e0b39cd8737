package police_test

import (
	"slices"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"github.com/kompetansespor/kompetansespor/services/police"
)

func TestCapacityIsSetByConfigurationInDevelopmentAlone(t *testing.T) {
	for _, c := range []struct {
		development bool
		capacity    int
		wrong       bool
	}{{true, 5, false}, {true, 0, false}, {false, 0, false}, {false, 5, true}, {true, -1, true}, {true, 1001, true}} {
		cfg := police.Config{SlotCapacity: c.capacity}
		cfg.Development = c.development
		wrong := false
		for _, v := range cfg.Validate() {
			wrong = wrong || v.Rule == "config.slot_capacity"
		}
		if wrong != c.wrong {
			t.Errorf("%+v: %v", c, wrong)
		}
		if cfg.Office != "SUA-OSLO" {
			t.Error(cfg.Office)
		}
	}
}

// Another package can book on a clock of its own with the real rules: a hundred
// workers of two towns, first come first served.
func TestSimulationBooksWithTheRealDomain(t *testing.T) {
	figures, err := police.LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	policy := figures.Policies.At(now)
	taken := map[string]map[int64]int{}
	perSlot := 0
	for i := range 100 {
		office, ok := figures.Offices.For([]string{"0301", "5605"}[i%2], now)
		if !ok {
			t.Fatal("no office")
		}
		if taken[office.ID] == nil {
			taken[office.ID] = map[int64]int{}
		}
		diary := police.Diary{
			Offices: figures.Offices, OfficeID: office.ID, Horizon: policy.HorizonDays,
			Taken: func(start time.Time) int { return taken[office.ID][start.Unix()] },
		}
		slot, err := diary.NextFree(policy.Earliest(now, figures.Offices.Zone()))
		if err != nil {
			t.Fatal(err)
		}
		var visits police.Visits
		origin, due := visits.Due(policy)
		booked, err := visits.Book(police.Booking{ID: strconv.Itoa(i), CaseRef: strconv.Itoa(i), Office: office, Slot: slot, Origin: origin, At: now})
		if err != nil || !due {
			t.Fatal(err)
		}
		taken[office.ID][slot.Start.Unix()]++
		perSlot = max(perSlot, taken[office.ID][slot.Start.Unix()])
		if changed, err := booked.Attend("desk", slot.Start); !changed || err != nil || !police.WorkingDay(slot.Start) {
			t.Fatal(err)
		}
	}
	if len(taken["SUA-OSLO"]) != 17 || len(taken["FINNMARK"]) != 50 || perSlot != 3 {
		t.Errorf("%d and %d slots, up to %d in one", len(taken["SUA-OSLO"]), len(taken["FINNMARK"]), perSlot)
	}
	number, err := police.CardNumber(7)
	if err != nil {
		t.Fatal(err)
	}
	card, err := police.NewCard("1", number, now)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := card.Order(now, police.AddWorkingDays(now, policy.ProductionWorkingDays)); !changed || err != nil {
		t.Error(err)
	}
	if all := figures.Offices.On(now); !slices.ContainsFunc(all, func(o police.Office) bool { return o.ID == "SUA-KIRKENES" && !o.Active }) {
		t.Error("Kirkenes")
	}
}
