package chaos

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// rotateKeys gives every organisation its next signing key at once.
func rotateKeys(ctx context.Context, r *run) (string, error) {
	n := 0
	for _, name := range devsetup.Services() {
		s := r.Layout.Services[name]
		if s.DID == "" {
			continue
		}
		said, err := exec.CommandContext(ctx, r.Program, "keys", "rotate", "--config", s.ConfigFile, "--did", s.DID, "--overlap", "2s").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("rotate the key of %s: %w: %s", name, err, said)
		}
		n++
	}
	return fmt.Sprintf("rotated %d keys", n), nil
}
