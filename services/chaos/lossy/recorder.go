package lossy

import (
	"slices"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// recorder writes down what is done in the folder, and has the loopback below do it.
type recorder struct {
	fuse.RawFileSystem
	layer *Layer
}

// found notes which inode a node id of the kernel's is.
func (r *recorder) found(out *fuse.EntryOut) {
	r.layer.mu.Lock()
	defer r.layer.mu.Unlock()
	r.layer.inodes[out.NodeId] = out.Ino
}

// renamed does a change of names, which nobody keeps meanwhile.
func (r *recorder) renamed(do func() fuse.Status) fuse.Status {
	r.layer.mu.Lock()
	defer r.layer.mu.Unlock()
	r.layer.changed = true
	return do()
}

func (r *recorder) Lookup(cancel <-chan struct{}, header *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	status := r.RawFileSystem.Lookup(cancel, header, name, out)
	if status.Ok() && out.NodeId != 0 {
		r.found(out)
	}
	return status
}

func (r *recorder) Create(cancel <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	return r.renamed(func() fuse.Status {
		status := r.RawFileSystem.Create(cancel, in, name, out)
		if status.Ok() {
			served(&out.OpenOut)
			r.layer.inodes[out.NodeId] = out.EntryOut.Ino
			// A file that is new has nothing, also when its inode was another's.
			r.layer.fresh(out.EntryOut.Ino)
		}
		return status
	})
}

func (r *recorder) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	status := r.RawFileSystem.Open(cancel, in, out)
	served(out)
	return status
}

// served keeps the kernel from writing to the file below by itself.
func served(out *fuse.OpenOut) {
	out.OpenFlags &^= fuse.FOPEN_PASSTHROUGH
	out.BackingID = 0
}

func (r *recorder) Mkdir(cancel <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return r.renamed(func() fuse.Status {
		status := r.RawFileSystem.Mkdir(cancel, in, name, out)
		if status.Ok() {
			r.layer.inodes[out.NodeId] = out.Ino
		}
		return status
	})
}

func (r *recorder) Unlink(cancel <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	return r.renamed(func() fuse.Status { return r.RawFileSystem.Unlink(cancel, header, name) })
}

func (r *recorder) Rmdir(cancel <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	return r.renamed(func() fuse.Status { return r.RawFileSystem.Rmdir(cancel, header, name) })
}

func (r *recorder) Rename(cancel <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	return r.renamed(func() fuse.Status { return r.RawFileSystem.Rename(cancel, in, from, to) })
}

func (r *recorder) Link(cancel <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	return r.renamed(func() fuse.Status { return r.RawFileSystem.Link(cancel, in, name, out) })
}

func (r *recorder) Symlink(cancel <-chan struct{}, header *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	return r.renamed(func() fuse.Status { return r.RawFileSystem.Symlink(cancel, header, target, name, out) })
}

func (r *recorder) Write(cancel <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	r.layer.mu.Lock()
	defer r.layer.mu.Unlock()
	n, status := r.RawFileSystem.Write(cancel, in, data)
	if status.Ok() {
		inode := r.layer.inodes[in.NodeId]
		r.layer.pending[inode] = append(r.layer.pending[inode], change{int64(in.Offset), slices.Clone(data[:n])})
	}
	return n, status
}

func (r *recorder) SetAttr(cancel <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	return r.renamed(func() fuse.Status { // owner and mode are kept with the name
		status := r.RawFileSystem.SetAttr(cancel, in, out)
		if size, cut := in.GetSize(); cut && status.Ok() {
			inode := r.layer.inodes[in.NodeId]
			r.layer.pending[inode] = append(r.layer.pending[inode], change{at: int64(size)})
		}
		return status
	})
}

func (r *recorder) Fallocate(<-chan struct{}, *fuse.FallocateIn) fuse.Status { return fuse.ENOSYS }

// CopyFileRange is not had: who copies reads and writes.
func (r *recorder) CopyFileRange(<-chan struct{}, *fuse.CopyFileRangeIn) (uint32, fuse.Status) {
	return 0, fuse.ENOSYS
}

func (r *recorder) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status { return r.synced(in) }

func (r *recorder) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status { return r.synced(in) }

func (r *recorder) synced(in *fuse.FsyncIn) fuse.Status {
	if err := r.layer.sync(in.NodeId); err != nil {
		return fuse.EIO
	}
	return fuse.OK
}
