// Package wire is what the api packages of all services share: how times, time
// classes and pages look in the contracts.
package wire

import (
	"math"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Instant is a time, unset when it has not come.
func Instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

var timeClasses = map[eventbus.TimeClass]commonv1.TimeClass{
	eventbus.Machine:   commonv1.TimeClass_TIME_CLASS_MACHINE,
	eventbus.Human:     commonv1.TimeClass_TIME_CLASS_HUMAN,
	eventbus.Queue:     commonv1.TimeClass_TIME_CLASS_QUEUE,
	eventbus.Candidate: commonv1.TimeClass_TIME_CLASS_CANDIDATE,
	eventbus.Physical:  commonv1.TimeClass_TIME_CLASS_PHYSICAL,
}

// TimeClass is whose time a step took.
func TimeClass(c eventbus.TimeClass) commonv1.TimeClass { return timeClasses[c] }

// Page bounds.
const (
	defaultPage = 50
	maxPage     = 200
)

// Page is what a list is asked for: Limit rows that come after Cursor in the
// list's own order. Cursor is First for the first page.
type Page struct {
	Limit  int
	Cursor int64
}

// First is the cursor of a first page.
const First = math.MinInt64

// ReadPage reads page_size and page_token.
func ReadPage(size int32, token string) (Page, error) {
	p := Page{Limit: int(size), Cursor: First}
	var v []fault.Violation
	if size < 0 || size > maxPage {
		v = append(v, fault.Violation{Field: "page_size", Rule: "request.page-size", Message: "ask for 1 to 200, or 0 for 50"})
	}
	if size == 0 {
		p.Limit = defaultPage
	}
	if token != "" {
		cursor, err := strconv.ParseInt(token, 36, 64)
		if err != nil {
			v = append(v, fault.Violation{Field: "page_token", Rule: "request.page-token", Message: "use the next_page_token of the page before"})
		}
		p.Cursor = cursor
	}
	return p, fault.Violated("request.invalid", "the request cannot be used as it is", v)
}

// Token is the next_page_token after the row at a cursor.
func Token(cursor int64) string { return strconv.FormatInt(cursor, 36) }
