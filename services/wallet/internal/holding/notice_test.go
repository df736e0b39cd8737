package holding

import (
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func TestNoticeIsTextForAPerson(t *testing.T) {
	for content, rule := range map[string]string{
		"Vedtaket ditt er klart.\nSe lommeboken.": "",
		"Ditt søknad: 你好\t1":                      "",
		strings.Repeat("å", 4000):                 "",
		strings.Repeat("å", 4001):                 "notice.length",
		" \n":                                     "notice.empty",
		"":                                        "notice.empty",
		"a\x00b":                                  "notice.characters",
		"pay to \u202e123":                        "notice.characters",
		"zero\u200bwidth":                         "notice.characters",
		"\xff":                                    "notice.length",
	} {
		err := Notice{Content: content}.Check()
		if (err == nil) != (rule == "") || err != nil && fault.RuleOf(err) != rule {
			t.Errorf("%.20q: %v, want %q", content, err, rule)
		}
	}
}

func TestFirstReadingOfANoticeCounts(t *testing.T) {
	first := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	n := Notice{Content: "Hei"}
	if !n.Read(first) || n.Read(first.Add(time.Hour)) || !n.ReadAt.Equal(first) {
		t.Errorf("read at %s", n.ReadAt)
	}
}
