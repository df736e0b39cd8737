package store

import (
	_ "database/sql"

	_ "github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	_ "github.com/kompetansespor/kompetansespor/services/bank/internal/inbox" // breaks: out-packages import no in-packages
)
