package demo

import (
	_ "net/http"
	_ "time"

	_ "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	_ "github.com/kompetansespor/kompetansespor/services/bank"           // breaks: the demo is a client
	_ "github.com/kompetansespor/kompetansespor/services/internal/clock" // breaks: the demo is a client
	_ "github.com/nats-io/nats.go"                                       // breaks: the demo is a client
	_ "google.golang.org/grpc"
)
