package lossy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/chaos/lossy"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// What was synced is there after the power went, what was not is as it was before:
// content, sizes and names.
func TestLosesWhatWasNotSynced(t *testing.T) {
	_, err := os.Stat("/dev/fuse")
	testkit.NeedTool(t, err == nil && os.Geteuid() == 0, "serving a folder takes root and /dev/fuse")
	dir := t.TempDir()
	at, backing, store, after := filepath.Join(dir, "at"), filepath.Join(dir, "backing"), filepath.Join(dir, "store"), filepath.Join(dir, "after")
	for _, folder := range []string{at, backing, store, after, filepath.Join(backing, "old")} {
		ok(t, os.Mkdir(folder, 0o755))
	}
	ok(t, os.WriteFile(filepath.Join(backing, "old/there"), []byte("before the layer"), 0o640))
	ok(t, os.WriteFile(filepath.Join(backing, "half"), []byte("aaaaaaaaaa"), 0o600))
	layer, err := lossy.Mount(at, backing, store)
	ok(t, err)

	half := open(t, filepath.Join(at, "half"))
	write(t, half, 0, "bb")
	ok(t, half.Sync())
	write(t, half, 2, "cc")
	ok(t, half.Truncate(4)) // neither is synced

	synced := open(t, filepath.Join(at, "synced"))
	write(t, synced, 0, "all of it")
	ok(t, synced.Sync())

	first := open(t, filepath.Join(at, "tmp"))
	write(t, first, 0, "renamed")
	ok(t, first.Sync())
	ok(t, os.Rename(filepath.Join(at, "tmp"), filepath.Join(at, "kept")))
	ok(t, os.Remove(filepath.Join(at, "old/there")))
	ok(t, synced.Sync()) // keeps the names, too

	lost := open(t, filepath.Join(at, "lost"))
	write(t, lost, 0, "nothing of it")
	ok(t, os.Rename(filepath.Join(at, "kept"), filepath.Join(at, "not-kept")))
	seen, err := os.ReadFile(filepath.Join(at, "half"))
	ok(t, err)
	if string(seen) != "bbcc" {
		t.Errorf("while the power is on half is %q", seen)
	}
	for _, file := range []*os.File{half, synced, first, lost} {
		ok(t, file.Close())
	}

	bytes, err := layer.Lose(after)
	ok(t, err)
	if bytes != int64(len("cc")+len("nothing of it")) {
		t.Errorf("%d bytes are lost", bytes)
	}
	for path, want := range map[string]string{"half": "bbaaaaaaaa", "synced": "all of it", "kept": "renamed"} {
		content, err := os.ReadFile(filepath.Join(after, path))
		if err != nil || string(content) != want {
			t.Errorf("%s is %q, %v", path, content, err)
		}
	}
	for _, path := range []string{"lost", "not-kept", "tmp", "old/there"} {
		if _, err := os.Stat(filepath.Join(after, path)); err == nil {
			t.Errorf("%s is there", path)
		}
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	ok(t, err)
	return file
}

func write(t *testing.T, file *os.File, at int64, text string) {
	t.Helper()
	_, err := file.WriteAt([]byte(text), at)
	ok(t, err)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
