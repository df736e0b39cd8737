package devsetup

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// secrets makes master keys, and passwords of NATS and PostgreSQL.
func (l *Layout) secrets(options Options) error {
	random := func(n int) ([]byte, error) {
		b := make([]byte, n)
		_, err := io.ReadFull(options.Random, b)
		return b, err
	}
	for _, s := range l.Services {
		if _, err := keep(s.MasterKeyFile, 0o600, func() ([]byte, error) { return random(32) }); err != nil {
			return err
		}
	}
	passwords := slices.Collect(maps.Values(l.NATS.PasswordFiles))
	if options.Postgres != "" {
		for _, s := range l.Services {
			passwords = append(passwords, s.PasswordFile)
		}
	}
	for _, path := range passwords {
		if _, err := keep(path, 0o600, func() ([]byte, error) {
			b, err := random(24)
			return []byte(base64.RawURLEncoding.EncodeToString(b) + "\n"), err
		}); err != nil {
			return err
		}
	}
	return nil
}

// keep returns what the file holds, making it first when it is not there. A
// new file appears whole or not at all.
func keep(path string, mode fs.FileMode, produce func() ([]byte, error)) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	if content, err = produce(); err != nil {
		return nil, err
	}
	return content, write(path, mode, content)
}

func write(path string, mode fs.FileMode, content []byte) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = fresh.Write(content)
	err = errors.Join(err, fresh.Chmod(mode), fresh.Sync(), fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh.Name()))
	}
	return nil
}

// newToken is 32 random bytes as text.
func newToken(random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", err
	}
	return "ks_dev_" + hex.EncodeToString(b), nil
}
