package api

import (
	_ "net/http"

	_ "github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	_ "github.com/kompetansespor/kompetansespor/services/bank/internal/store/sqlite" // breaks: in-packages import no out-packages
	_ "google.golang.org/grpc"
)
