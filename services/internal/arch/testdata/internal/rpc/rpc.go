package rpc

import (
	. "time" // breaks: only the clock tells the time

	_ "github.com/kompetansespor/kompetansespor/services/bank"             // breaks: shared packages import no service
	_ "github.com/kompetansespor/kompetansespor/services/internal/testkit" // breaks: only tests import the test kit
	_ "google.golang.org/grpc"
	_ "os/signal" // breaks: only main and the CLI read environment and flags, take signals or exit
)

var now = Now

func serve() { go serve() }
