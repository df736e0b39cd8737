// Package lossy is a file system that forgets, as a machine does when its power
// goes: what was written and not synced is gone. A folder is served through FUSE
// while a program works in it; afterwards the folder can be had as of the last sync.
//
// What a program may rely on is what POSIX says of fsync, with the file system's
// journal of Linux: syncing a file keeps its content, and with it, as ext4's journal
// does, every change of names before.
//
// Mounting takes root and /dev/fuse.
package lossy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	nodefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Layer is a folder that is served.
type Layer struct {
	backing, store string
	server         *fuse.Server

	mu      sync.Mutex
	inodes  map[uint64]uint64 // by the kernel's node id
	content map[uint64]string // the file in store that has what was synced, by inode
	pending map[uint64][]change
	changed bool // names have changed since they were last kept
	names   []name
	next    int
}

// change is a write, or the cut to a size when data is nil.
type change struct {
	at   int64
	data []byte
}

// name is an entry of the tree as it was last kept.
type name struct {
	path    string
	mode    fs.FileMode
	uid     int
	gid     int
	content string // of a file
	target  string // of a symbolic link
}

// Mount serves what is in the folder backing at an empty folder. Store is an empty
// folder for what was synced.
func Mount(at, backing, store string) (*Layer, error) {
	l := &Layer{
		backing: backing, store: store,
		inodes: map[uint64]uint64{}, content: map[uint64]string{}, pending: map[uint64][]change{}, changed: true,
	}
	if err := l.begin(); err != nil {
		return nil, err
	}
	var st syscall.Stat_t
	if err := syscall.Stat(backing, &st); err != nil {
		return nil, err
	}
	l.inodes[fuse.FUSE_ROOT_ID] = st.Ino
	root := &nodefs.LoopbackRoot{Path: backing, Dev: st.Dev}
	node := &nodefs.LoopbackNode{RootData: root}
	root.RootNode = node
	server, err := fuse.NewServer(&recorder{nodefs.NewNodeFS(node, &nodefs.Options{}), l}, at, &fuse.MountOptions{
		AllowOther: true, DirectMountStrict: true, DisableReadDirPlus: true, DisableXAttrs: true,
		FsName: "lossy", Name: "lossy", Options: []string{"default_permissions"},
	})
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", at, err)
	}
	l.server = server
	go server.Serve()
	return l, server.WaitMount()
}

// begin takes all that is there for synced.
func (l *Layer) begin() error {
	err := filepath.WalkDir(l.backing, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		var st syscall.Stat_t
		if err := syscall.Stat(path, &st); err != nil {
			return err
		}
		if l.content[st.Ino] != "" {
			return nil // another name of it
		}
		return copyFile(path, l.fresh(st.Ino))
	})
	if err != nil {
		return err
	}
	return l.keepNames()
}

// fresh gives an inode a new file for its content.
func (l *Layer) fresh(inode uint64) string {
	l.next++
	l.content[inode] = filepath.Join(l.store, fmt.Sprintf("%08d", l.next))
	delete(l.pending, inode)
	return l.content[inode]
}

// keepNames keeps the tree's names as they are now.
func (l *Layer) keepNames() error {
	if !l.changed {
		return nil
	}
	var names []name
	err := filepath.WalkDir(l.backing, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return errors.New("no inode")
		}
		relative, err := filepath.Rel(l.backing, path)
		if err != nil {
			return err
		}
		one := name{path: relative, mode: info.Mode(), uid: int(st.Uid), gid: int(st.Gid)}
		switch {
		case info.Mode().IsRegular():
			if one.content = l.content[st.Ino]; one.content == "" {
				one.content = l.fresh(st.Ino)
			}
		case info.Mode()&fs.ModeSymlink != 0:
			if one.target, err = os.Readlink(path); err != nil {
				return err
			}
		}
		names = append(names, one)
		return nil
	})
	if err == nil {
		l.names, l.changed = names, false
	}
	return err
}

// sync keeps what was written to an inode, and the names.
func (l *Layer) sync(node uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.keepNames(); err != nil {
		return err
	}
	inode := l.inodes[node]
	changes := l.pending[inode]
	if len(changes) == 0 {
		return nil
	}
	path := l.content[inode]
	if path == "" {
		path = l.fresh(inode)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.data == nil {
			err = errors.Join(err, file.Truncate(c.at))
			continue
		}
		_, failed := file.WriteAt(c.data, c.at)
		err = errors.Join(err, failed)
	}
	delete(l.pending, inode)
	return errors.Join(err, file.Close())
}

// Lose ends the serving, drops what was not synced, and puts the folder as it was
// synced into an empty one. Nothing may work in it any more.
func (l *Layer) Lose(into string) (bytes int64, err error) {
	if err := l.server.Unmount(); err != nil {
		return 0, fmt.Errorf("end the serving: %w", err)
	}
	l.server.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, changes := range l.pending {
		for _, c := range changes {
			bytes += int64(len(c.data))
		}
	}
	for _, one := range l.names {
		path := filepath.Join(into, one.path)
		switch {
		case one.path == ".":
		case one.mode.IsDir():
			err = os.Mkdir(path, 0o700)
		case one.mode&fs.ModeSymlink != 0:
			err = os.Symlink(one.target, path)
		case one.mode.IsRegular():
			err = copyFile(one.content, path)
		}
		if err == nil {
			err = os.Lchown(path, one.uid, one.gid)
		}
		if err == nil && one.mode&fs.ModeSymlink == 0 {
			err = os.Chmod(path, one.mode.Perm())
		}
		if err != nil {
			return bytes, err
		}
	}
	return bytes, nil
}

// copyFile copies a file; one that is not there was never synced, and is empty.
func copyFile(from, to string) error {
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	source, err := os.Open(from)
	if err == nil {
		_, err = io.Copy(target, source)
		err = errors.Join(err, source.Close())
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, target.Close())
}
