package inbox

import (
	"os"
	"time"
)

func take(events chan string) {
	tick := time.NewTicker(time.Second) // breaks: only the runner waits for time to pass
	go func() {                         // breaks: goroutines have an owner
		for range tick.C {
			events <- time.Now().String() // breaks: only the clock tells the time
		}
	}()
	if os.Getenv("BANK") == "" { // breaks: only main and the CLI read environment and flags, take signals or exit
		os.Exit(1) // breaks: only main and the CLI read environment and flags, take signals or exit
	}
}

type now struct{}

func (now) Now() string { return "a method of something else" }

func shadowed() string {
	time := now{}
	return time.Now()
}
