package diary_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

type fataler interface{ Fatal(...any) }

func oslo(t fataler) *time.Location {
	zone, err := time.LoadLocation(diary.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func offices(t fataler) diary.Offices {
	all, err := diary.LoadOffices(oslo(t))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func nobody(time.Time) int { return 0 }

func of(t fataler, id string) diary.Diary {
	return diary.Diary{Offices: offices(t), OfficeID: id, Horizon: 90, Taken: nobody}
}

func at(t fataler, text string) time.Time {
	parsed, err := time.ParseInLocation("2006-01-02T15:04:05", text, oslo(t))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestNextSlotIsOnAWorkingDayInOfficeHours(t *testing.T) {
	for after, want := range map[string]string{
		"2026-11-20T08:00:00": "2026-11-20T09:00:00+01:00", // Friday
		"2026-11-20T09:00:00": "2026-11-20T09:20:00+01:00",
		"2026-11-20T09:19:59": "2026-11-20T09:20:00+01:00",
		"2026-11-20T14:39:59": "2026-11-20T14:40:00+01:00",
		"2026-11-20T14:40:00": "2026-11-23T09:00:00+01:00", // over the weekend
		"2026-11-22T12:00:00": "2026-11-23T09:00:00+01:00",
		"2027-03-24T14:40:00": "2027-03-30T09:00:00+02:00", // over Easter, into summer time
		"2026-12-24T14:40:00": "2026-12-28T09:00:00+01:00", // over Christmas
		"2026-04-30T14:40:00": "2026-05-04T09:00:00+02:00", // over 1 May
		"2027-05-14T14:40:00": "2027-05-18T09:00:00+02:00", // over 17 May and Whit Monday at once
	} {
		slot, err := of(t, "SUA-OSLO").NextFree(at(t, after).UTC())
		if err != nil || slot.Start.Format(time.RFC3339) != want || slot.End.Sub(slot.Start) != 20*time.Minute {
			t.Errorf("after %s: %v, %v; want %s", after, slot, err, want)
		}
	}
}

func TestFullSlotIsPassedOver(t *testing.T) {
	taken := map[int64]int{}
	d := of(t, "SUA-OSLO")
	d.Taken = func(start time.Time) int { return taken[start.Unix()] }
	after := at(t, "2026-11-23T00:00:00") // Monday
	for range 3 * 18 {
		slot, err := d.NextFree(after)
		if err != nil || slot.Start.Day() != 23 {
			t.Fatalf("%v %v", slot, err)
		}
		taken[slot.Start.Unix()]++
	}
	slot, err := d.NextFree(after)
	if err != nil || slot.Start.Day() != 24 {
		t.Errorf("a day of 18 slots with room for 3 took more than 54: %v, %v", slot, err)
	}
	d.Taken = func(time.Time) int { return 3 }
	if _, err := d.NextFree(after); fault.RuleOf(err) != "diary.no-free-slot" || fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
	if d.Capacity = 4; d.Room(slot) != 4 {
		t.Error("the capacity that is given does not count")
	}
	if _, err := d.NextFree(after); err != nil {
		t.Error(err)
	}
}

func TestOfficeThatTakesNoAppointmentsHasNoSlots(t *testing.T) {
	for _, id := range []string{"SUA-KIRKENES", "SUA-PARIS", ""} {
		if _, err := of(t, id).NextFree(at(t, "2026-11-23T00:00:00")); fault.RuleOf(err) != "diary.office" {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestEverySlotLiesInOpeningHours(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		after := time.Unix(rapid.Int64Range(1790000000, 1950000000).Draw(t, "after"), 0)
		var ids []string
		for _, o := range all.On(after) {
			if o.Active {
				ids = append(ids, o.ID)
			}
		}
		d := of(t, rapid.SampledFrom(ids).Draw(t, "office"))
		slot, err := d.NextFree(after)
		if err != nil {
			t.Fatal(err)
		}
		minute := slot.Start.Hour()*60 + slot.Start.Minute()
		if !slot.Start.After(after) || !diary.WorkingDay(slot.Start) || minute < 9*60 || minute > 14*60+40 || minute%20 != 0 || slot.Start.Sub(after) > 7*24*time.Hour {
			t.Fatalf("after %v comes %v", after, slot.Start)
		}
		if !d.Is(slot) || d.Is(diary.Slot{Start: slot.Start.Add(time.Minute), End: slot.End}) || d.Is(diary.Slot{Start: slot.Start, End: slot.End.Add(1)}) {
			t.Fatal("a slot is not told from what is none")
		}
	})
}

// Easter Sundays as almanacs print them.
func TestEasterIsWhenAlmanacsSay(t *testing.T) {
	for year, want := range map[int]string{
		1961: "1961-04-02", 2000: "2000-04-23", 2008: "2008-03-23", 2011: "2011-04-24", 2024: "2024-03-31", 2025: "2025-04-20",
		2026: "2026-04-05", 2027: "2027-03-28", 2028: "2028-04-16", 2029: "2029-04-01", 2030: "2030-04-21", 2038: "2038-04-25",
	} {
		if got := diary.Easter(year).Format(time.DateOnly); got != want {
			t.Errorf("%d: %s, want %s", year, got, want)
		}
	}
}

func TestHolidaysOf2026(t *testing.T) {
	want := map[string]bool{
		"2026-01-01": true, "2026-04-02": true, "2026-04-03": true, "2026-04-06": true, "2026-05-01": true,
		"2026-05-14": true, "2026-05-25": true, "2026-12-25": true,
	}
	for day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			if diary.WorkingDay(day) {
				t.Errorf("%s is a working day", day.Format(time.DateOnly))
			}
			continue
		}
		if got := diary.Holiday(day); got != want[day.Format(time.DateOnly)] {
			t.Errorf("%s: %v", day.Format(time.DateOnly), got)
		}
	}
	// 17 May 2026 is a Sunday, 26 December a Saturday: holidays all the same.
	for _, day := range []int{17} {
		if !diary.Holiday(time.Date(2027, 5, day, 0, 0, 0, 0, time.UTC)) {
			t.Error("17 May is no holiday")
		}
	}
	if !diary.Holiday(time.Date(2026, 12, 26, 0, 0, 0, 0, time.UTC)) || diary.Holiday(time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)) {
		t.Error("Saturdays are wrong")
	}
}

func TestWorkingDaysPassOverHolidays(t *testing.T) {
	from := time.Date(2026, 12, 22, 0, 0, 0, 0, time.UTC) // Tuesday before Christmas
	for n, want := range []string{"2026-12-22", "2026-12-23", "2026-12-24", "2026-12-28"} {
		if got := diary.AddWorkingDays(from, n).Format(time.DateOnly); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// Every number of a municipality leads to one office that takes appointments,
// and no other number leads anywhere.
func TestEveryMunicipalityHasOneOffice(t *testing.T) {
	counties := map[string]string{ // of 1 January 2024
		"03": "OSLO", "11": "SOR-VEST", "15": "MORE-OG-ROMSDAL", "18": "NORDLAND", "31": "OST", "32": "OST", "33": "SOR-OST",
		"34": "INNLANDET", "39": "SOR-OST", "40": "SOR-OST", "42": "AGDER", "46": "VEST", "50": "TRONDELAG", "55": "TROMS", "56": "FINNMARK",
	}
	named := map[string]string{
		"0301": "SUA-OSLO", "3201": "SUA-OSLO", "4601": "SUA-BERGEN", "4624": "SUA-BERGEN", "4626": "SUA-BERGEN", "4627": "SUA-BERGEN",
		"4631": "SUA-BERGEN", "1103": "SUA-STAVANGER", "1108": "SUA-STAVANGER", "1124": "SUA-STAVANGER", "1127": "SUA-STAVANGER",
		"5001": "SUA-TRONDHEIM", "5028": "SUA-TRONDHEIM", "5029": "SUA-TRONDHEIM", "5031": "SUA-TRONDHEIM",
		"3203": "OSLO", "3234": "INNLANDET", "3236": "INNLANDET", "4228": "SOR-VEST", "4611": "SOR-VEST", "4612": "SOR-VEST",
		"4613": "SOR-VEST", "4614": "SOR-VEST", "4615": "SOR-VEST",
	}
	all, day := offices(t), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for n := range 10000 {
		number := fmt.Sprintf("%04d", n)
		want := named[number]
		if want == "" {
			want = counties[number[:2]]
		}
		got, ok := all.For(number, day)
		if ok != (want != "") || got.ID != want || ok && !got.Active {
			t.Errorf("%s: %q, want %q", number, got.ID, want)
		}
	}
	for _, bad := range []string{"", "301", "03011", "O301", "0301 "} {
		if _, ok := all.For(bad, day); ok {
			t.Errorf("%q leads to an office", bad)
		}
	}
}

const two = `offices:
  - {id: A, name: A, kind: SUA, district: D, valid_from: 2020-01-01, active: true, municipalities: ["0301"], slot_minutes: 20, capacity: 3, hours: {monday: "09:00-10:00"}}
  - {id: B, name: B, kind: DISTRICT, district: D, valid_from: 2020-01-01, active: true, counties: ["03"], slot_minutes: 30, capacity: 1, hours: {tuesday: "12:00-13:00"}}
`

func TestOfficesChangeByDate(t *testing.T) {
	later := two + `  - {id: A, name: A, kind: SUA, district: D, valid_from: 2026-12-07, active: true, municipalities: ["0301"], slot_minutes: 15, capacity: 4, hours: {friday: "10:00-11:00"}}
  - {id: B, name: B, kind: DISTRICT, district: D, valid_from: 2027-01-01, active: false, slot_minutes: 30, capacity: 1}
`
	all, err := diary.ReadOffices([]byte(later), oslo(t))
	if err != nil {
		t.Fatal(err)
	}
	d := diary.Diary{Offices: all, OfficeID: "A", Horizon: 20, Taken: nobody}
	slots, err := d.Free(at(t, "2026-11-30T09:20:00"), 3)
	if err != nil || len(slots) != 3 || slots[0].Start.Format(time.DateTime) != "2026-11-30 09:40:00" ||
		slots[1].Start.Format(time.DateTime) != "2026-12-11 10:00:00" || slots[1].End.Sub(slots[1].Start) != 15*time.Minute {
		t.Errorf("%v %v", slots, err)
	}
	if d.Room(slots[0]) != 3 || d.Room(slots[1]) != 4 {
		t.Error("the room of a slot is not that of its day")
	}
	if got, _ := all.For("0399", at(t, "2026-12-31T00:00:00")); got.ID != "B" {
		t.Error(got)
	}
	if got, ok := all.For("0399", at(t, "2027-01-01T00:00:00")); ok {
		t.Error(got)
	}
	if _, ok := all.Find("A", at(t, "2019-12-31T00:00:00")); ok {
		t.Error("an office is found before it is there")
	}
}

func TestOfficesThatCannotBeAreRefused(t *testing.T) {
	if _, err := diary.ReadOffices([]byte(two), oslo(t)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"no date":            {"valid_from: 2020-01-01, active: true, counties", "valid_from: soon, active: true, counties"},
		"no capacity":        {"capacity: 1", "capacity: 0"},
		"no slot":            {"slot_minutes: 30", "slot_minutes: 0"},
		"closes first":       {"12:00-13:00", "13:00-12:00"},
		"no weekday":         {"tuesday", "caturday"},
		"no municipality":    {`["0301"]`, `["301"]`},
		"no county":          {`["03"]`, `["3"]`},
		"another member":     {"capacity: 1", "capacity: 1, telephone: 1"},
		"no id":              {"id: B", "id: b1"},
		"no kind":            {"kind: DISTRICT", "kind: EMBASSY"},
		"one place two ways": {`counties: ["03"]`, `municipalities: ["0301"]`},
		"nothing":            {two, "offices: []"},
		"two documents":      {two, two + "---\n{}\n"},
	} {
		spoilt := strings.Replace(two, change[0], change[1], 1)
		if spoilt == two {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := diary.ReadOffices([]byte(spoilt), oslo(t)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
