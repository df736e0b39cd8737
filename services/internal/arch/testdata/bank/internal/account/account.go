package account

import (
	_ "crypto/rand"         // breaks: randomness comes in from outside
	_ "database/sql/driver" // breaks: domain packages know no wire and no database
	_ "math/rand/v2"        // breaks: randomness comes in from outside
	_ "net/http"            // breaks: domain packages know no wire and no database
	_ "net/url"

	_ "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1" // breaks: domain packages know no wire and no database
	_ "github.com/kompetansespor/kompetansespor/services/bank"                    // breaks: domain packages know neither who calls them nor who serves them
	_ "github.com/kompetansespor/kompetansespor/services/bank/internal/api"       // breaks: domain packages know neither who calls them nor who serves them
	_ "github.com/kompetansespor/kompetansespor/services/bank/internal/store"     // breaks: domain packages know neither who calls them nor who serves them
	_ "github.com/kompetansespor/kompetansespor/services/internal/fault"
	_ "github.com/nats-io/nats.go"   // breaks: domain packages know no wire and no database
	_ "google.golang.org/grpc/codes" // breaks: domain packages know no wire and no database
)
