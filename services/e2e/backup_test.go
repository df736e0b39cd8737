package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/invariants"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
)

// manage runs a command of the program over every service's configuration.
func (s *stack) manage(args ...string) (said string, err error) {
	s.t.Helper()
	for _, name := range devsetup.Services() {
		args = append(args, "--config", s.layout.Services[name].ConfigFile)
	}
	out, err := exec.CommandContext(s.t.Context(), program, args...).CombinedOutput()
	return string(out), err
}

// given is all that may be handed out once: status indices, identifiers and account
// numbers, the numbers as their keyed hashes.
func (s *stack) given() map[string]bool {
	s.t.Helper()
	all := map[string]bool{}
	add := func(service, what, query string) {
		db := s.open(service)
		defer func() { _ = db.Close() }()
		rows, err := db.QueryContext(s.t.Context(), query)
		if err != nil {
			s.fail("%s: %v", service, err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var value string
			if err := rows.Scan(&value); err != nil {
				s.fail("%s: %v", service, err)
			}
			all[service+" "+what+" "+value] = true
		}
	}
	for _, service := range devsetup.Services() {
		add(service, "index", `SELECT list || '/' || position FROM status_entry`)
	}
	add("tax", "identifier", `SELECT fingerprint FROM person_number`)
	add("bank", "account", `SELECT fingerprint FROM account WHERE fingerprint IS NOT NULL`)
	return all
}

// keyRows are the key store's rows in a database that is only read.
type keyRows struct{ db *sql.DB }

func (k keyRows) GetKey(ctx context.Context, id string) (locked []byte, err error) {
	return locked, k.db.QueryRowContext(ctx, `SELECT locked FROM identity_keystore WHERE key_id = $1`, id).Scan(&locked)
}

func (keyRows) PutKey(context.Context, string, []byte) error { return sql.ErrNoRows }

// verdicts are how the verifier answers for each credential in the wallet.
func (s *stack) verdicts() map[string]int {
	s.t.Helper()
	all := map[string]int{}
	for _, credential := range s.held() {
		id, _ := credential["id"].(string)
		all[id] = s.tool("verifier", "/credentials/verify", s.token("verifier", "officer"), fields{"verifiableCredential": credential}).status
	}
	return all
}

// held are the credentials in the wallet, as they were signed.
func (s *stack) held() (all []fields) {
	s.t.Helper()
	db := s.open("wallet")
	defer func() { _ = db.Close() }()
	master, err := os.ReadFile(s.layout.Services["wallet"].MasterKeyFile)
	if err != nil {
		s.t.Fatal(err)
	}
	keys, err := keystore.Open(s.t.Context(), master, keyRows{db})
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := db.QueryContext(s.t.Context(), `SELECT id, sealed FROM held_credential`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			s.t.Fatal(err)
		}
		plain, err := keys.Open(s.t.Context(), sealed, []byte(id))
		if err != nil {
			s.t.Fatal(err)
		}
		var credential fields
		if err := json.Unmarshal(plain, &credential); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, credential)
	}
	return all
}

// A system that was copied while cases were under way, and is restored from the copy
// after more has happened: what was is there, every credential verifies, every status
// stands, and nothing is handed out that was handed out before, be it after the copy.
func TestRestoredSystemKeepsWhatWasAndRepeatsNothing(t *testing.T) {
	s := newStack(t, devsetup.Pilot(), devsetup.Services()...)
	first, later, after := people(t, 61, 10), people(t, 62, 4), people(t, 63, 4)
	s.completed(s.cases(first[:3], 3)(), 3)
	verdicts := s.verdicts() // the last offer was withdrawn
	copied := filepath.Join(t.TempDir(), "copy")
	under := s.cases(first[3:], 7)
	s.until("cases are under way", func() bool { return s.begun() >= 6 })
	if said, err := s.manage("backup", "--to", copied); err != nil {
		s.fail("backup: %v\n%s", err, said)
	}
	s.completed(under(), 7)
	s.completed(s.cases(later, 4)(), 4)
	before := s.given()

	if said, err := s.manage("restore", "--from", copied); err == nil {
		s.fail("a database that is in use was replaced\n%s", said)
	}
	s.stop()
	if said, err := s.manage("restore", "--from", copied); err != nil {
		s.fail("restore: %v\n%s", err, said)
	}
	if err := os.RemoveAll(s.layout.NATS.StoreDir); err != nil { // as nats recreate does
		t.Fatal(err)
	}
	if err := os.Mkdir(s.layout.NATS.StoreDir, 0o700); err != nil {
		t.Fatal(err)
	}
	kept := s.given()
	for _, name := range append([]string{"nats", "stand-ins"}, devsetup.Services()...) {
		s.start(name)
	}
	for _, name := range append([]string{"stand-ins"}, devsetup.Services()...) {
		s.ready(name)
	}
	revoked, all := 0, s.verdicts()
	for credential, status := range all {
		want, known := verdicts[credential]
		if !known {
			want = http.StatusOK
		}
		if status != want {
			t.Errorf("%s is answered with %d, and was with %d", credential, status, want)
		}
		if status != http.StatusOK {
			revoked++
		}
	}
	if len(all) < 3*7 || len(verdicts) < 3*7 || revoked == 0 {
		t.Errorf("the wallet held %d credentials and holds %d, %d of them revoked", len(verdicts), len(all), revoked)
	}
	s.completed(s.cases(after, 4)(), 4)
	fresh := 0
	for what := range s.given() {
		if kept[what] {
			continue
		}
		fresh++
		if before[what] {
			t.Errorf("%s was handed out again", what)
		}
	}
	if fresh < 4*7 {
		t.Errorf("%d indices and numbers are new", fresh)
	}
	persons := append(append(first, later...), after...)
	// What was published in the last seconds before is compared some seconds after.
	s.until("every stream has what was published on the one before", func() bool {
		return !slices.ContainsFunc(s.breaches(persons), func(b invariants.Breach) bool { return strings.Contains(b.String(), "is not on the stream") })
	})
	s.invariants(persons)
}
