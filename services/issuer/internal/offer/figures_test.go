package offer

import (
	"testing"
	"time"
)

func TestFiguresAreThoseOfTheirDay(t *testing.T) {
	day := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	all := []Figures{{From: day(2010), CodeAttempts: 5}, {From: day(2027), CodeAttempts: 3}}
	for at, want := range map[time.Time]int{
		day(2009): 5, day(2026): 5, day(2027).Add(-time.Second): 5, day(2027): 3, day(2030): 3,
	} {
		if got := figuresAt(all, at).CodeAttempts; got != want {
			t.Errorf("%s: %d attempts, want %d", at, got, want)
		}
	}
	now := FiguresAt(slideToday)
	if now.OpenFor != 90*24*time.Hour || now.CodeAttempts != 5 || now.WithholdWithoutCard != 50 {
		t.Errorf("%+v", now)
	}
}
