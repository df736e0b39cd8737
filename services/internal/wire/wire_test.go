package wire_test

import (
	"math"
	"testing"
	"time"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
)

func TestTimeThatHasNotComeIsUnset(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 1000, time.UTC)
	if wire.Instant(time.Time{}) != nil || !wire.Instant(at).AsTime().Equal(at) {
		t.Fatal("a time is written wrong")
	}
}

func TestEachTimeClassIsInTheContract(t *testing.T) {
	seen := map[commonv1.TimeClass]bool{commonv1.TimeClass_TIME_CLASS_UNSPECIFIED: true}
	for _, c := range []eventbus.TimeClass{eventbus.Machine, eventbus.Human, eventbus.Queue, eventbus.Candidate, eventbus.Physical} {
		if got := wire.TimeClass(c); seen[got] {
			t.Errorf("%s is %s", c, got)
		} else {
			seen[got] = true
		}
	}
}

func TestPageIsBounded(t *testing.T) {
	for size, limit := range map[int32]int{0: 50, 1: 1, 200: 200} {
		if p, err := wire.ReadPage(size, ""); err != nil || p.Limit != limit || p.Cursor != wire.First {
			t.Errorf("%d: %+v %v", size, p, err)
		}
	}
	for _, cursor := range []int64{0, 1, -1, 1_800_000_000_000_000, math.MaxInt64, math.MinInt64} {
		if p, err := wire.ReadPage(0, wire.Token(cursor)); err != nil || p.Cursor != cursor {
			t.Errorf("%d: %+v %v", cursor, p, err)
		}
	}
	_, err := wire.ReadPage(201, "; DROP TABLE")
	if v := fault.From(err).Violations; len(v) != 2 || v[0].Field != "page_size" || v[1].Field != "page_token" {
		t.Error(err)
	}
	for _, c := range []struct {
		size  int32
		token string
	}{{-1, ""}, {math.MinInt32, ""}, {math.MaxInt32, ""}, {0, " "}, {0, "zzzzzzzzzzzzzzzzzz"}, {0, "æ"}} {
		if _, err := wire.ReadPage(c.size, c.token); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
