package agent

import (
	"bytes"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
)

func TestMessageIsOpenedOnceForAMoment(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	came := func(id string) Received {
		return Received{Sender: "did:example:anna", Message: &didcomm.Message{ID: id}, At: at}
	}
	envelope := []byte("envelope")
	for name, c := range map[string]struct {
		sender, id, envelope string
		later                time.Duration
		want                 bool
	}{
		"at once":                     {"did:example:anna", "1", "envelope", 0, true},
		"just within the moment":      {"did:example:anna", "1", "envelope", moment - 1, true},
		"after the moment":            {"did:example:anna", "1", "envelope", moment, false},
		"before it came":              {"did:example:anna", "1", "envelope", -1, false},
		"another's message":           {"did:example:mallory", "1", "envelope", 0, false},
		"another message":             {"did:example:anna", "2", "envelope", 0, false},
		"another envelope in the row": {"did:example:anna", "1", "other", 0, false},
	} {
		var l lately
		l.keep(came("1"), envelope)
		in, ok := l.take(c.sender, c.id, []byte(c.envelope), at.Add(c.later))
		if ok != c.want || ok && in.Message.ID != "1" {
			t.Errorf("%s: %v", name, ok)
		}
		if _, again := l.take("did:example:anna", "1", envelope, at); again && c.want {
			t.Errorf("%s: it is there after it was taken", name)
		}
	}
}

// What a stranger sends takes no more memory than was meant for it, and what nobody
// acts on goes.
func TestFewMessagesAreKept(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	var l lately
	big := bytes.Repeat([]byte("x"), mostLately/4)
	for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
		l.keep(Received{Sender: "s", Message: &didcomm.Message{ID: id}, At: at}, big)
	}
	if len(l.kept) != 4 || l.size != mostLately {
		t.Errorf("%d messages, %d bytes", len(l.kept), l.size)
	}
	l.keep(Received{Sender: "s", Message: &didcomm.Message{ID: "1"}, At: at}, big) // it comes again
	if _, ok := l.take("s", "none", nil, at.Add(moment)); ok || len(l.kept) != 0 || l.size != 0 {
		t.Errorf("%d messages, %d bytes are left", len(l.kept), l.size)
	}
}
