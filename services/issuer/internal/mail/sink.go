// Package mail carries mail away. In development it is put into a folder, one
// file a mail, instead of being sent.
package mail

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Sink is the development mail sink. The same mail delivered twice is one file.
type Sink struct{ Dir string }

// Deliver writes the mail durably and puts it in place at once.
func (s Sink) Deliver(_ context.Context, id string, raw []byte) error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("open mail sink: %w", err)
	}
	draft := filepath.Join(s.Dir, id+".part")
	if err := os.WriteFile(draft, raw, 0o600); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	return os.Rename(draft, filepath.Join(s.Dir, id+".eml"))
}
