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
	"golang.org/x/sys/unix"

	"github.com/weirstream/weir/crashlab/blocklog"
)

// An FS is a file system of disks.
type FS struct {
	dir    string
	root   *fs.Inode
	server *fuse.Server
}

const maxWrite = 1 << 20 // bytes in one request

// Serve serves an empty file system of disks. mount mounts it on dir, perhaps in another
// mount namespace. device is a descriptor of /dev/fuse; the process that mounts must not
// keep it open.
//
// The kernel fails all requests as soon as no process has the device open any more. So
// go-fuse must not do the mount: every process that is started later would inherit the
// device from it, and would wait for ever for a server that has died.
func Serve(dir string, mount func(device int) error) (*FS, error) {
	device, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/fuse: %w", err)
	}
	if err := mount(device); err != nil {
		unix.Close(device)
		return nil, fmt.Errorf("mount the file system of disks: %w", err)
	}
	root := &fs.Inode{}
	server, err := fs.Mount(fmt.Sprintf("/dev/fd/%d", device), root, &fs.Options{
		Logger: log.New(os.Stderr, "fuse: ", 0),
		MountOptions: fuse.MountOptions{
			MaxWrite:      maxWrite,
			DisableXAttrs: true,
			DisableSplice: true, // reads are answered from memory
		},
	})
	if err != nil {
		unix.Close(device)
		return nil, fmt.Errorf("serve the file system of disks: %w", err)
	}
	return &FS{dir: dir, root: root, server: server}, nil
}

// Mount mounts on dir the file system that is served on device.
func Mount(device int, dir string) error {
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,max_read=%d", device, maxWrite)
	return unix.Mount("crashlab", dir, "fuse.crashlab", unix.MS_NOSUID|unix.MS_NODEV, options)
}

// Add makes a disk of zeros. Names are used once.
func (f *FS) Add(name string, size int64) *Disk {
	d := &Disk{path: filepath.Join(f.dir, name), size: size, image: blocklog.NewImage()}
	node := f.root.NewPersistentInode(context.Background(), &node{disk: d}, fs.StableAttr{Mode: syscall.S_IFREG})
	f.root.AddChild(name, node, false)
	return d
}

// Wait waits until the file system has been unmounted.
func (f *FS) Wait() { f.server.Wait() }

// A node is a disk as go-fuse sees it. The kernel caches nothing of it: a write that has
// returned is in the log.
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
