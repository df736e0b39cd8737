// Package bank wires: it may import its own in- and out-packages.
package bank

import (
	_ "github.com/kompetansespor/kompetansespor/services/bank/internal/api"
	_ "github.com/kompetansespor/kompetansespor/services/bank/internal/store"
	_ "github.com/kompetansespor/kompetansespor/services/e2e" // breaks: no service imports another
	_ "github.com/kompetansespor/kompetansespor/services/internal/rpc"
	_ "github.com/kompetansespor/kompetansespor/services/tax" // breaks: no service imports another
)
