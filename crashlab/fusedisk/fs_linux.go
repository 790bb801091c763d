//go:build amd64 || arm64

package fusedisk

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/weirstream/weir/crashlab/blocklog"
)

// An FS is a mounted file system of disks.
type FS struct {
	dir    string
	root   *fs.Inode
	server *fuse.Server
}

// Mount mounts an empty file system of disks on dir, which must exist.
func Mount(dir string) (*FS, error) {
	root := &fs.Inode{}
	server, err := fs.Mount(dir, root, &fs.Options{
		Logger: log.New(os.Stderr, "fuse: ", 0),
		MountOptions: fuse.MountOptions{
			FsName:            "crashlab",
			Name:              "crashlab",
			DirectMountStrict: true, // no helper program is needed, as we are root
			MaxWrite:          1 << 20,
			DisableXAttrs:     true,
			DisableSplice:     true, // what is read comes from memory
		},
	})
	if err != nil {
		return nil, fmt.Errorf("mount the file system of disks: %w", err)
	}
	return &FS{dir: dir, root: root, server: server}, nil
}

// Add makes a disk of zeros. Names are used once.
func (f *FS) Add(name string, size int64) *Disk {
	d := &Disk{path: filepath.Join(f.dir, name), size: size, image: blocklog.NewImage()}
	node := f.root.NewPersistentInode(context.Background(), &node{disk: d}, fs.StableAttr{Mode: syscall.S_IFREG})
	f.root.AddChild(name, node, false)
	return d
}

// Unmount ends it. No loop device may be left on a disk.
func (f *FS) Unmount() error {
	if err := f.server.Unmount(); err != nil {
		return fmt.Errorf("unmount the file system of disks: %w", err)
	}
	return nil
}

// A node is a disk as go-fuse sees it. Nothing but its bytes is kept, and the kernel
// keeps no copy of those: a write that has returned is in the log.
type node struct {
	fs.Inode
	disk *Disk
}

var (
	_ fs.NodeOpener    = (*node)(nil)
	_ fs.NodeGetattrer = (*node)(nil)
	_ fs.NodeReader    = (*node)(nil)
	_ fs.NodeWriter    = (*node)(nil)
	_ fs.NodeFsyncer   = (*node)(nil)
)

func (n *node) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode = syscall.S_IFREG | 0o600
	out.Size = uint64(n.disk.size)
	return 0
}

func (n *node) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultData(dest[:n.disk.read(dest, off)]), 0
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	if !n.disk.write(data, off) {
		return 0, syscall.ENOSPC
	}
	return uint32(len(data)), 0
}

func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	n.disk.flush()
	return 0
}
