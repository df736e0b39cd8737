package peers

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

type hands struct{ now time.Time }

func (h *hands) Now() time.Time { return h.now }

const head = "#issued,2026-11-01T00:00:00Z\n#next_update,2026-12-01T00:00:00Z\nid,kind,names,births,source\n"

func TestListFileFollowsTheFileAndFailsClosed(t *testing.T) {
	clock := &hands{time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	f := &ListFile{Path: filepath.Join(t.TempDir(), "list.csv"), Clock: clock, Every: time.Second}
	next := func(rule, version string) *sanctions.List {
		t.Helper()
		clock.now = clock.now.Add(time.Second)
		list, err := f.List(t.Context())
		switch {
		case rule == "" && (err != nil || list.Version != version):
			t.Fatal(list, err)
		case rule != "" && (fault.RuleOf(err) != rule || fault.KindOf(err) != fault.Unavailable || err == nil):
			t.Fatalf("%v, want %s", err, rule)
		}
		return list
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	next("sanctions.list-missing", "")
	write("#version,v1\n" + head + "A,PEP,Ola Nordmann,1970,x\n")
	first := next("", "v1")
	if next("", "v1") != first {
		t.Error("read again though nothing changed")
	}
	write("#version,v2\n" + head + "A,PEP,Ola Nordmann,1970,x\nB,PEP,Kari Nordmann,,x\n")
	if same, err := f.List(t.Context()); err != nil || same != first {
		t.Error("looked at more often than it may be", err)
	}
	next("", "v2")
	write("#version,v3\n" + head + "A,FOE,Ola Nordmann,1970,x\n")
	next("sanctions.list-entry", "")
	next("sanctions.list-entry", "") // the last good one does not come back
	if err := os.Remove(f.Path); err != nil {
		t.Fatal(err)
	}
	next("sanctions.list-missing", "")
	write("#version,v4\n" + head + "A,PEP,Ola Nordmann,1970,x\n")
	next("", "v4")
	if err := os.Rename(f.Path, f.Path+".away"); err != nil {
		t.Fatal(err)
	}
	next("sanctions.list-missing", "")
	if err := os.Rename(f.Path+".away", f.Path); err != nil {
		t.Fatal(err)
	}
	next("", "v4") // the same file is there again
	clock.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	next("sanctions.list-stale", "")
	fixed := FixedList{Parsed: first, Clock: clock}
	if _, err := fixed.List(t.Context()); fault.RuleOf(err) != "sanctions.list-stale" {
		t.Error(err)
	}
}

type tax struct {
	taxv1.IdentifierServiceClient
	err error
}

func (s tax) GetIdentifier(context.Context, *taxv1.GetIdentifierRequest, ...grpc.CallOption) (*taxv1.GetIdentifierResponse, error) {
	if s.err != nil {
		return nil, s.err
	}
	return &taxv1.GetIdentifierResponse{Identifier: "01819020074"}, nil
}

func TestTaxThatHasStoppedIsWaitedFor(t *testing.T) {
	number, err := Identifiers{Client: tax{}}.Identifier(t.Context(), "case_1")
	if err != nil || number != "01819020074" {
		t.Error(number, err)
	}
	for kind, want := range map[fault.Kind]fault.Kind{
		fault.Conflict: fault.Unavailable, fault.Denied: fault.Denied, fault.NotFound: fault.NotFound, fault.Unavailable: fault.Unavailable,
	} {
		if _, err := (Identifiers{Client: tax{err: fault.New(kind, "x.y", "no")}}).Identifier(t.Context(), "case_1"); fault.KindOf(err) != want {
			t.Error(kind, err)
		}
	}
}
