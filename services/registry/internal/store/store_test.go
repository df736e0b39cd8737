package store_test

import (
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/store"
)

func tx(t *testing.T, h *harness.Harness, f func(tx *sqldb.Tx) error) {
	t.Helper()
	if err := h.DB.Tx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// older are the migrations as they were before the second.
func older(t *testing.T) sqldb.Migrations {
	t.Helper()
	const first = "00001_registry.sql"
	raw, err := fs.ReadFile(store.Migrations().Files, first)
	if err != nil {
		t.Fatal(err)
	}
	return sqldb.Migrations{Name: store.Migrations().Name, Files: fstest.MapFS{first: {Data: raw}}}
}

func TestAccreditationFromBeforeIsReadAsWhatItWas(t *testing.T) {
	driver, dsn := testkit.Source(t)
	before := testkit.Open(t, driver, dsn, older(t))
	from := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	created, revoked := from.Add(9*time.Hour), from.Add(10*time.Hour)
	const criteria = `{"EMP-1":true,"EMP-2":true,"EMP-3":true,"EMP-4":true,"EMP-5":true,"EMP-6":true,"EMP-7":true,"EMP-8":true}`
	err := before.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for id, state := range map[string]string{"acc_a": "ACCREDITED", "acc_r": "REVOKED"} {
			at, reason := int64(0), ""
			if state == "REVOKED" {
				at, reason = clock.Micros(revoked), "sanctioned"
			}
			_, err := tx.ExecContext(t.Context(), `INSERT INTO accreditation (id, organisation_number, legal_name, did, municipality, scope, criteria, state, valid_from,
				revoked_at, revocation_reason, content_hash, credential_id, traceparent, created_at)
				VALUES ($1, $1, 'E', $1, '', 'offer-of-employment', $2, $3, $4, $5, $6, '', 'c', '', $7)`,
				id, criteria, state, clock.Micros(from), at, reason, clock.Micros(created))
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(t.Context(), `INSERT INTO trust_list (id, version, agencies) VALUES ('current', 41, 'x')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	db := testkit.Open(t, driver, dsn, store.Migrations())
	h := &harness.Harness{DB: db}
	a, err := store.Store{}.Newest(t.Context(), h.DB.Read(), "acc_a")
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Accreditation.ValidUntil().Format(time.DateOnly); got != "2030-11-22" {
		t.Error(got)
	}
	figures, err := accreditation.LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	met := 0
	for _, f := range a.Accreditation.Findings(figures.On(created), created) {
		if f.Verdict == accreditation.Met {
			met++
		}
	}
	if met != 4 {
		t.Errorf("%d criteria are met by what was recorded then, want 4: the register is asked anew", met)
	}
	if c := a.Accreditation.Changes(); len(c) != 2 || !c[1].At.Equal(created) || len(a.Accreditation.InForceBetween(created, created.Add(time.Hour))) != 1 {
		t.Errorf("%+v", c)
	}
	var s store.Store
	if due, err := s.Due(t.Context(), h.DB.Read(), created, 10); err != nil || len(due) != 1 || due[0].OrganisationNumber != "acc_a" {
		t.Error("whoever was accredited before is not looked up", due, err)
	}
	if version, err := s.Version(t.Context(), h.DB.Read()); err != nil || version != 41 {
		t.Error(version, err)
	}
	r, err := store.Store{}.Newest(t.Context(), h.DB.Read(), "acc_r")
	if c := r.Accreditation.Changes(); len(c) != 3 || c[2].Reason != "sanctioned" || !c[2].At.Equal(revoked) {
		t.Errorf("%+v", c)
	}
	if err != nil || !r.Accreditation.BannedUntil().Equal(revoked.AddDate(2, 0, 0)) {
		t.Error(r.Accreditation.BannedUntil(), err)
	}
	// Written back, it is one like all others.
	keys := harness.Open(t, "registry", store.Migrations()).Book.KeyStore()
	tx(t, h, func(tx *sqldb.Tx) error { return store.Store{Sealer: keys}.Save(t.Context(), tx, a) })
	again, err := store.Store{Sealer: keys}.Newest(t.Context(), h.DB.Read(), "acc_a")
	if err != nil || again.Accreditation.ValidUntil() != a.Accreditation.ValidUntil() {
		t.Error(err)
	}
}

func TestWatchIsHurriedAndPostponed(t *testing.T) {
	h := harness.Open(t, "registry", store.Migrations())
	var s store.Store
	now := h.Clock.Now()
	due := func(by time.Time) []desk.Watched {
		all, err := s.Due(t.Context(), h.DB.Read(), by, 10)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	tx(t, h, func(tx *sqldb.Tx) error { return s.Watch(t.Context(), tx, "a", now.Add(time.Hour)) })
	tx(t, h, func(tx *sqldb.Tx) error { return s.Watch(t.Context(), tx, "a", now.Add(2*time.Hour)) })
	if len(due(now)) != 0 || len(due(now.Add(time.Hour))) != 1 {
		t.Error("a later plan has put off an earlier one")
	}
	tx(t, h, func(tx *sqldb.Tx) error {
		if watched, err := s.Hurry(t.Context(), tx, "b", now); watched || err != nil {
			t.Error("one who is not watched is watched", err)
		}
		watched, err := s.Hurry(t.Context(), tx, "a", now)
		if !watched {
			t.Error("not hurried")
		}
		return err
	})
	seen := due(now)
	// An update comes while the look is under way: the next look stays due.
	tx(t, h, func(tx *sqldb.Tx) error {
		_, err := s.Hurry(t.Context(), tx, "a", now.Add(time.Second))
		return err
	})
	tx(t, h, func(tx *sqldb.Tx) error { return s.Postpone(t.Context(), tx, seen[0], now.Add(24*time.Hour)) })
	if len(due(now.Add(time.Second))) != 1 {
		t.Error("an update that came during a look is lost")
	}
	seen = due(now.Add(time.Second))
	tx(t, h, func(tx *sqldb.Tx) error { return s.Postpone(t.Context(), tx, seen[0], now.Add(24*time.Hour)) })
	if len(due(now.Add(time.Hour))) != 0 {
		t.Error("not postponed")
	}
	tx(t, h, func(tx *sqldb.Tx) error { return s.Unwatch(t.Context(), tx, "a") })
	if len(due(now.Add(48*time.Hour))) != 0 {
		t.Error("still watched")
	}
}

func TestPointerMovesOnAndNeverBack(t *testing.T) {
	h := harness.Open(t, "registry", store.Migrations())
	var s store.Store
	now := h.Clock.Now()
	pointer := func(begin time.Time) (p desk.Pointer) {
		tx(t, h, func(tx *sqldb.Tx) (err error) {
			p, err = s.Pointer(t.Context(), tx, begin)
			return err
		})
		return p
	}
	if p := pointer(now); p.Last != 0 || !p.Began.Equal(now) {
		t.Error(p)
	}
	for _, to := range []int64{7, 3} {
		tx(t, h, func(tx *sqldb.Tx) error { return s.Advance(t.Context(), tx, to) })
	}
	if p := pointer(now.Add(time.Hour)); p.Last != 7 || !p.Began.Equal(now) {
		t.Error(p)
	}
}

func TestOrganisationHasOneAccreditationThatIsNotOver(t *testing.T) {
	h := harness.Open(t, "registry", store.Migrations())
	put := func(id, state string) error {
		return h.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO accreditation (id, organisation_number, legal_name, did, municipality, scope, criteria, state, valid_from, revoked_at,
				revocation_reason, content_hash, credential_id, traceparent, created_at) VALUES ($1, 'o', 'E', 'd', '', 's', '{}', $2, 0, 0, '', '', '', '', 0)`, id, state)
			return err
		})
	}
	for id, state := range map[string]string{"1": "REVOKED", "2": "EXPIRED", "3": "REVOKED"} {
		if err := put(id, state); err != nil {
			t.Error(state, err)
		}
	}
	if err := put("4", "ACCREDITED"); err != nil {
		t.Error(err)
	}
	for _, state := range []string{"PENDING", "ACCREDITED", "SUSPENDED"} {
		if err := put("5", state); err == nil {
			t.Errorf("a second one, %s", state)
		}
	}
	if _, err := (store.Store{}).PastList(t.Context(), h.DB.Read(), 9); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}
