package rpc

import (
	"context"
	"net/http"
	"strings"
	"time"
)

const (
	// lookEvery is how often a live part is looked at for news.
	lookEvery = time.Second
	// comeBack is what a browser waits before it asks again, in milliseconds: a
	// stream ends with the deadline of its request.
	comeBack = "retry: 500\n\n"
)

// StreamLive answers with server-sent events (HTML Living Standard, section 9.2): render's
// text at once and again whenever it has changed, until the request's deadline.
// The browser then comes back by itself. A render that fails ends the stream.
func StreamLive(w http.ResponseWriter, r *http.Request, render func(context.Context) (string, error)) {
	first, err := render(r.Context())
	if err != nil {
		WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	send := func(text string) bool {
		_, err := w.Write([]byte(text))
		return err == nil && out.Flush() == nil
	}
	if !send(comeBack + event(first)) {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for shown := first; ; {
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
		text, err := render(r.Context())
		if err != nil {
			return
		}
		if text != shown && !send(event(text)) {
			return
		}
		shown = text
	}
}

// event is a text as one message event.
func event(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return "data: " + strings.ReplaceAll(text, "\n", "\ndata: ") + "\n\n"
}
