package did

import (
	"net/netip"
	"os" // breaks: pure packages do no I/O
	clock "time"

	_ "github.com/hyperledger/aries-framework-go/pkg/kms/localkms" // breaks: only the key store knows aries

	_ "github.com/kompetansespor/kompetansespor/services/internal/fault"
	_ "github.com/kompetansespor/kompetansespor/services/internal/rpc" // breaks: pure packages import no plumbing
)

var (
	now    = clock.Now // breaks: only the clock tells the time
	Open   = os.Open
	Parsed = netip.ParseAddr
)
