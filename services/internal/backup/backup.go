// Package backup copies the databases of services as they stand at one instant,
// and puts such a copy in their place.
//
// One instant for all: what one service has taken from another is then always in
// the other's copy, too. SQLite's files are all kept from being written to for the
// moment in which their copies begin; PostgreSQL's pg_dump reads all schemas in one
// snapshot.
//
// A copy holds what the databases hold: sealed. The master keys that open it are
// not in it, and must be kept elsewhere.
package backup

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Source is one service's database.
type Source struct {
	Service string
	// Driver is sqlite or postgres; Path is the file, for sqlite.
	Driver, Path string
	// MasterKey locks what is sealed in it.
	MasterKey []byte
}

// Manifest says what a copy is of.
type Manifest struct {
	// ID is the copy's own, at random.
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Version int       `json:"version"`
	Driver  string    `json:"driver"`
	// Services by name. On SQLite each has a file, on PostgreSQL one has them all.
	Services map[string]Service `json:"services"`
	Files    map[string]File    `json:"files"`
}

// Service is what must be the same again where a copy is put.
type Service struct {
	// MasterKey tells one master key from another, and nothing else about it.
	MasterKey string `json:"master_key"`
}

// File is one file of a copy.
type File struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

const (
	version      = 1
	manifestFile = "manifest.json"
	dumpFile     = "postgresql.dump"
)

// Config says what to copy, or where to put a copy.
type Config struct {
	Sources []Source
	// Admin is the URL of a PostgreSQL role that may read, or make, all schemas.
	Admin string
	// Dir is the folder of the copy.
	Dir string
	Now time.Time
	// Random names a copy.
	Random io.Reader
}

// driver is the engine of all sources.
func (c Config) driver() (string, error) {
	if len(c.Sources) == 0 {
		return "", fault.New(fault.Invalid, "backup.nothing", "name the configuration of a service at least")
	}
	driver := c.Sources[0].Driver
	for _, s := range c.Sources {
		if s.Driver != driver {
			return "", fault.New(fault.Invalid, "backup.engines", "%s is on %s and %s on %s: copy what is on one engine at a time",
				c.Sources[0].Service, driver, s.Service, s.Driver)
		}
	}
	if driver == "postgres" && c.Admin == "" {
		return "", fault.New(fault.Invalid, "backup.dsn", "a service may not read other services' schemas: name a role that may with --dsn")
	}
	return driver, nil
}

// Take copies the databases into a folder that is not there yet, and leaves it there
// only when it is whole.
func Take(ctx context.Context, c Config) (m Manifest, err error) {
	driver, err := c.driver()
	if err != nil {
		return m, err
	}
	if _, err := os.Stat(c.Dir); err == nil {
		return m, fault.New(fault.Conflict, "backup.exists", "%s is there already: name a new folder", c.Dir)
	}
	var id [16]byte
	if _, err := io.ReadFull(c.Random, id[:]); err != nil {
		return m, err
	}
	m = Manifest{
		ID: hex.EncodeToString(id[:]), At: c.Now, Version: version, Driver: driver,
		Services: map[string]Service{},
	}
	part := c.Dir + ".part"
	if err := os.MkdirAll(filepath.Dir(c.Dir), 0o700); err != nil {
		return m, err
	}
	if err := os.Mkdir(part, 0o700); err != nil {
		return m, fmt.Errorf("make %s: %w", part, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	for _, s := range c.Sources {
		m.Services[s.Service] = Service{MasterKey: tell(s.MasterKey)}
	}
	if driver == "sqlite" {
		err = copySQLite(ctx, c.Sources, part)
	} else {
		err = dump(ctx, c, filepath.Join(part, dumpFile))
	}
	if err != nil {
		return m, err
	}
	if m.Files, err = describe(part); err != nil {
		return m, err
	}
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err := os.WriteFile(filepath.Join(part, manifestFile), content, 0o600); err != nil {
		return m, err
	}
	return m, errors.Join(syncAll(part), os.Rename(part, c.Dir))
}

// tell gives what tells one master key from another.
func tell(master []byte) string {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("kompetansespor backup"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// Read reads the manifest of a copy and checks that its files are whole.
func Read(dir string) (m Manifest, err error) {
	content, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, fault.Wrap(err, fault.Invalid, "backup.none", "%s holds no copy", dir)
	}
	if err := json.Unmarshal(content, &m); err != nil || m.Version != version {
		return m, fault.New(fault.Invalid, "backup.version", "%s is no copy that this program can read", dir)
	}
	found, err := describe(dir)
	if err != nil {
		return m, err
	}
	for name, want := range m.Files {
		if found[name] != want {
			return m, fault.New(fault.Invalid, "backup.damaged", "%s is not what was written: the copy is damaged", filepath.Join(dir, name))
		}
	}
	return m, nil
}

// describe hashes the files in a folder.
func describe(dir string) (map[string]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := map[string]File{}
	for _, entry := range entries {
		if entry.Name() == manifestFile {
			continue
		}
		file, err := os.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		sum := sha256.New()
		n, err := io.Copy(sum, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
		files[entry.Name()] = File{SHA256: hex.EncodeToString(sum.Sum(nil)), Bytes: n}
	}
	return files, nil
}

// syncAll has the files of a folder, and the folder, on disk.
func syncAll(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	paths := []string{dir}
	for _, entry := range entries {
		paths = append(paths, filepath.Join(dir, entry.Name()))
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Restore puts a copy in the place of the databases of services that do not run.
// What was there is moved aside on SQLite, and replaced on PostgreSQL. Migrate brings
// a restored schema up to date; the caller then begins an epoch in each.
func Restore(ctx context.Context, c Config) (Manifest, error) {
	driver, err := c.driver()
	if err != nil {
		return Manifest{}, err
	}
	m, err := Read(c.Dir)
	if err != nil {
		return m, err
	}
	if m.Driver != driver {
		return m, fault.New(fault.Invalid, "backup.engine", "the copy is of %s, the services are on %s", m.Driver, driver)
	}
	var missing []string
	for name := range m.Services {
		if !slices.ContainsFunc(c.Sources, func(s Source) bool { return s.Service == name }) {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		return m, fault.New(fault.Invalid, "backup.services", "the copy is also of %s: restore all of them, or they will not fit together", strings.Join(missing, ", "))
	}
	for _, s := range c.Sources {
		known, ok := m.Services[s.Service]
		switch {
		case !ok:
			return m, fault.New(fault.Invalid, "backup.service", "the copy has nothing of %s", s.Service)
		case known.MasterKey != tell(s.MasterKey):
			return m, fault.New(fault.Invalid, "backup.master-key", "%s has another master key than when the copy was taken: what is sealed would stay sealed", s.Service)
		}
	}
	if driver == "sqlite" {
		return m, placeSQLite(ctx, c)
	}
	return m, load(ctx, c)
}

// errRuns says that a service has its database open.
var errRuns = fault.New(fault.Conflict, "backup.running", "a service still uses its database: stop all of them first")
