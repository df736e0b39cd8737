package chaos

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// shortLife is how long the certificates of the fault are valid.
const shortLife = 6 * time.Second

// expireCertificates has everything show certificates that will soon end, and
// renews them before they do, as an operator's tool would. Who had not read the
// files again is not reached afterwards.
func expireCertificates(ctx context.Context, r *run) (string, error) {
	if err := r.Layout.Reissue(devsetup.Pilot(), shortLife); err != nil {
		return "", err
	}
	r.begin()
	if err := pause(ctx, shortLife*2/3); err != nil {
		return "", err
	}
	if err := r.Layout.Reissue(devsetup.Pilot(), 0); err != nil {
		return "", err
	}
	return "certificates of " + shortLife.String() + " ended", pause(ctx, shortLife*2/3)
}
