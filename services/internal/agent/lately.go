package agent

import (
	"bytes"
	"sync"
	"time"
)

// lately are messages that were opened when they came, for those who act on them a
// moment later. What is not here any more is opened again.
type lately struct {
	mu   sync.Mutex // guards what follows
	kept map[place]letter
	size int // of all envelopes, in bytes
}

// place is where a message stands in the inbox.
type place struct{ sender, id string }

type letter struct {
	in       Received
	envelope []byte
}

const (
	// moment is how long after it was opened a message need not be opened again: that
	// a key was cut off since goes unnoticed for as long at most.
	moment = 5 * time.Second
	// mostLately is how many bytes of envelopes are kept.
	mostLately = 1 << 20
)

// keep remembers a message that was opened; what there is no room for is not kept.
func (l *lately) keep(in Received, envelope []byte) {
	at := place{in.Sender, in.Message.ID}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, there := l.kept[at]; there || l.size+len(envelope) > mostLately {
		return
	}
	if l.kept == nil {
		l.kept = map[place]letter{}
	}
	l.kept[at] = letter{in, envelope}
	l.size += len(envelope)
}

// take gives what was kept of an envelope, and forgets it, and all that is older than a
// moment.
func (l *lately) take(sender, id string, envelope []byte, now time.Time) (Received, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, there := l.kept[place{sender, id}]
	young := there && !now.Before(one.in.At) && now.Sub(one.in.At) < moment && bytes.Equal(one.envelope, envelope)
	for at, other := range l.kept {
		if at == (place{sender, id}) || now.Sub(other.in.At) >= moment {
			l.size -= len(other.envelope)
			delete(l.kept, at)
		}
	}
	return one.in, young
}
