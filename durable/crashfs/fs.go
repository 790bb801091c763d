package crashfs

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/weirstream/weir/durable"
)

// An FS is a file system in memory. Until the power cut its live view behaves as a real
// one does. Names are absolute; a relative name is relative to the root. There are no
// symbolic links and no permissions.
//
// All methods may be called concurrently.
type FS struct {
	model Model

	mu      sync.Mutex
	root    *inode
	nodes   []*inode  // every inode that may still matter to a state, by number
	nextNum int       // the next inode's number
	pending []*effect // on directory entries, not durable, in order
	marks   int       // passes that marked inodes as reached
	changes int       // how many effects there were; the next one's number
	removed []byte    // the bytes of the file that was removed last
	acks    []string
	trace   []string // what the operations were, from the last Settle on
	loss    Loss     // of failed syncs

	// forgotten counts the states of inodes that no state can reach any more: they
	// multiply the number of states and make none of them different.
	forgotten uint64

	// alike, if set, is the kin of a new file.
	alike func(name string) string

	// atPoint, if set, is called with the instant before every operation, which is the
	// instant after the operation before it.
	atPoint func(*Point)
}

var _ durable.FS = (*FS)(nil)

// New makes an empty file system. Its root is durable.
func New(m Model) *FS {
	f := &FS{model: m, forgotten: 1}
	f.root = f.newInode(true)
	f.root.born = true
	return f
}

func (f *FS) newInode(dir bool) *inode {
	n := &inode{num: f.nextNum, dir: dir}
	f.nextNum++
	if dir {
		n.live = map[string]*inode{}
		n.durable = map[string]*inode{}
	}
	f.nodes = append(f.nodes, n)
	return n
}

// Ack records a fact outside the file system, as "checkpoint 3 was reported complete":
// a power cut does not undo it. It is an operation, as the power may fail before it or
// after. Every state lists what was acknowledged before the cut.
func (f *FS) Ack(label string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin("ack %s", label)
	f.acks = append(f.acks, label)
}

// Settle makes everything durable, as if the system had been idle for a long time, and
// counts operations from zero again. What was acknowledged stays so.
func (f *FS) Settle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settle()
	f.forgetUnreachable()
	f.forgotten = 1
	f.trace = nil
}

// settle makes what was done so far durable; the caller holds mu.
func (f *FS) settle() {
	for _, e := range f.pending {
		e.apply(e.dir.durable)
	}
	f.pending = nil
	for _, n := range f.nodes {
		n.born = true
		if !n.spoiled { // bytes that a failed sync has lost are not written later
			n.settle()
		}
	}
}

// Alike declares which files recovery treats the same: those of one directory for which
// kin, given the name under which a file is created, returns the same word, unless that is
// empty. Their bytes must follow from kin, and from which of them it is. States that differ
// only in which of them are lost or damaged then have one [Fingerprint]. It is called
// before the files are made.
func (f *FS) Alike(kin func(name string) string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alike = kin
}

// Ops is the number of operations since the last Settle.
func (f *FS) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.trace)
}

// Trace lists the operations since the last Settle, one line each.
func (f *FS) Trace() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.trace)
}

// begin opens a new operation; the caller holds mu and has not changed anything yet.
// Format has a %s for each of args. (Package fmt would take much of the time of a sweep.)
func (f *FS) begin(format string, args ...string) {
	if f.atPoint != nil {
		f.atPoint(f.freeze())
	}
	var line []byte
	for _, arg := range args {
		before, after, _ := strings.Cut(format, "%s")
		line = append(append(line, before...), arg...)
		format = after
	}
	f.trace = append(f.trace, string(append(line, format...)))
}

// change puts an effect on directory entries into the live view and among the pending.
func (f *FS) change(e *effect) {
	e.num = f.changes
	f.changes++
	e.apply(e.dir.live)
	f.pending = append(f.pending, e)
}

// commit makes durable what a sync of node makes durable of the directory entries.
func (f *FS) commit(node *inode) {
	kept := f.pending[:0:0]
	for i, durable := range f.model.synced(f.pending, node) {
		if e := f.pending[i]; durable {
			e.apply(e.dir.durable)
		} else {
			kept = append(kept, e)
		}
	}
	if len(kept) != len(f.pending) {
		f.pending = kept
		f.forgetUnreachable()
	}
}

// forgetUnreachable drops inodes that neither the live view nor any state can reach.
func (f *FS) forgetUnreachable() {
	f.marks++
	reached := func(n *inode) bool { return n.mark == f.marks }
	var reach func(n *inode)
	reach = func(n *inode) {
		if n == nil || reached(n) {
			return
		}
		n.mark = f.marks
		for _, c := range n.live {
			reach(c)
		}
		for _, c := range n.durable {
			reach(c)
		}
		for _, e := range f.pending { // in any directory: there are seldom many
			if e.dir == n {
				for _, s := range e.sets {
					reach(s.node)
				}
			}
		}
	}
	reach(f.root)
	for _, n := range f.nodes {
		if n.handles > 0 {
			reach(n)
		}
	}
	gone := func(n *inode) bool { return !reached(n) }
	if !slices.ContainsFunc(f.nodes, gone) {
		return
	}
	var dead []*effect
	f.pending = slices.DeleteFunc(f.pending, func(e *effect) bool {
		if reached(e.dir) {
			return false
		}
		dead = append(dead, e)
		return true
	})
	for _, g := range f.model.groups(dead) {
		f.forgotten = mul(f.forgotten, g.size())
	}
	f.nodes = slices.DeleteFunc(f.nodes, func(n *inode) bool {
		if reached(n) {
			return false
		}
		f.forgotten = mul(f.forgotten, f.own(n))
		return true
	})
}

// own counts the values of an inode's own registers: its content, and whether it is
// there at all.
func (f *FS) own(n *inode) uint64 {
	size := uint64(1)
	if !n.dir {
		size = totalWeight(f.contentsOf(n))
	}
	if f.model.absent(n) {
		size++ // not there, instead of any of its contents
	}
	return size
}

// ignored reports whether the disk ignores the present operation, a sync.
func (f *FS) ignored() bool {
	op := len(f.trace)
	if !f.model.ignores(op) {
		return false
	}
	f.trace[op-1] += ", which the disk ignores"
	return true
}

// staleBytes are what the blocks of a new file may hold: the bytes of the file that was
// removed last, or of the one that was made last.
func (f *FS) staleBytes() []byte {
	if f.removed != nil {
		return f.removed
	}
	for _, n := range slices.Backward(f.nodes) {
		if len(n.data) > 0 {
			return n.data
		}
	}
	return nil
}

// contentsOf are the contents that the model allows. They are kept until the file changes.
func (f *FS) contentsOf(n *inode) []content {
	if n.contents == nil {
		n.contents = mergeContents(f.model.remains().of(n))
	}
	return n.contents
}

// full is the name as the trace and the states write it.
func full(name string) string {
	if isFull(name) {
		return name
	}
	return path.Clean("/" + name)
}

// isFull reports whether path.Clean would leave a name as it is. It is false for some names
// with a dot at the beginning of a part, for which it would be true.
func isFull(name string) bool {
	if len(name) == 0 || name[0] != '/' {
		return false
	}
	for i := 1; i < len(name); i++ {
		if name[i-1] == '/' && (name[i] == '/' || name[i] == '.' && (i+1 == len(name) || name[i+1] == '/' || name[i+1] == '.')) {
			return false
		}
	}
	return len(name) == 1 || name[len(name)-1] != '/'
}

// find looks a name up in the live view.
func (f *FS) find(op, name string) (*inode, error) {
	n := f.root
	if name == "" {
		return nil, &fs.PathError{Op: op, Path: name, Err: syscall.ENOENT}
	}
	for rest := strings.Trim(full(name), "/"); rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		if !n.dir {
			return nil, &fs.PathError{Op: op, Path: name, Err: syscall.ENOTDIR}
		}
		n = n.live[part]
		if n == nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: syscall.ENOENT}
		}
	}
	return n, nil
}

// findParent looks up the directory that name is in, or is to be in. For the root,
// which is in none, the error is ifRoot.
func (f *FS) findParent(op, name string, ifRoot error) (dir *inode, base string, err error) {
	whole := full(name)
	switch {
	case name == "":
		return nil, "", &fs.PathError{Op: op, Path: name, Err: syscall.ENOENT}
	case whole == "/":
		return nil, "", &fs.PathError{Op: op, Path: name, Err: ifRoot}
	}
	slash := strings.LastIndexByte(whole, '/')
	dir, err = f.find(op, whole[:slash+1])
	if err != nil {
		err.(*fs.PathError).Path = name
		return nil, "", err
	}
	if !dir.dir {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: syscall.ENOTDIR}
	}
	return dir, whole[slash+1:], nil
}

func (f *FS) Create(name string) (durable.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, base, err := f.findParent("create", name, syscall.EEXIST)
	if err != nil {
		return nil, err
	}
	if dir.live[base] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: syscall.EEXIST}
	}
	n := f.create(dir, base, name)
	n.handles++
	return &file{fs: f, node: n, name: name}, nil
}

func (f *FS) create(dir *inode, base, name string) *inode {
	f.begin("create %s", full(name))
	n := f.newInode(false)
	n.stale = f.staleBytes()
	if f.alike != nil {
		n.kin = f.alike(full(name))
	}
	f.change(&effect{what: f.trace[len(f.trace)-1], dir: dir, child: n, makes: true, sets: []set{{base, n}}})
	return n
}

func (f *FS) Open(name string) (durable.Reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.openNode(name)
	if err != nil {
		return nil, err
	}
	return &reader{fs: f, node: n, name: name, size: int64(len(n.data))}, nil
}

// openNode finds a file that is to be opened; the caller holds mu.
func (f *FS) openNode(name string) (*inode, error) {
	n, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.dir {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	n.handles++
	return n, nil
}

func (f *FS) Mkdir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, base, err := f.findParent("mkdir", name, syscall.EEXIST)
	if err != nil {
		return err
	}
	if dir.live[base] != nil {
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.EEXIST}
	}
	f.begin("mkdir %s", full(name))
	n := f.newInode(true)
	f.change(&effect{what: f.trace[len(f.trace)-1], dir: dir, child: n, makes: true, sets: []set{{base, n}}})
	return nil
}

func (f *FS) Rename(oldname, newname string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	refuse := func(err error) error {
		return fmt.Errorf("%w (to %s)", &fs.PathError{Op: "rename", Path: oldname, Err: err}, newname)
	}
	from, oldbase, err := f.findParent("rename", oldname, syscall.EBUSY)
	if err != nil {
		return err
	}
	n := from.live[oldbase]
	if n == nil {
		return refuse(syscall.ENOENT)
	}
	to, newbase, err := f.findParent("rename", newname, syscall.EEXIST)
	if err != nil {
		return err
	}
	if to.live[newbase] != nil {
		return refuse(syscall.EEXIST)
	}
	if n.contains(to) {
		return refuse(syscall.EINVAL)
	}
	f.begin("rename %s -> %s", full(oldname), full(newname))
	f.move(n, from, oldbase, to, newbase)
	return nil
}

// move is the effect of a rename: one within a directory, otherwise one in each.
func (f *FS) move(n, from *inode, oldbase string, to *inode, newbase string) {
	what := f.trace[len(f.trace)-1]
	if from == to {
		f.change(&effect{what: what, dir: from, child: n, sets: []set{{oldbase, nil}, {newbase, n}}})
		return
	}
	f.change(&effect{what: what + ", the new name", dir: to, child: n, sets: []set{{newbase, n}}})
	f.change(&effect{what: what + ", the end of the old name", dir: from, child: n, sets: []set{{oldbase, nil}}})
}

func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, base, err := f.findParent("remove", name, syscall.EBUSY)
	if err != nil {
		return err
	}
	n := dir.live[base]
	if n == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOENT}
	}
	if n.dir && len(n.live) > 0 {
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOTEMPTY}
	}
	f.begin("remove %s", full(name))
	f.change(&effect{what: f.trace[len(f.trace)-1], dir: dir, child: n, sets: []set{{base, nil}}})
	// The blocks of a file that keeps another name are not used again: a power cut in a
	// rename to another directory may have left it both.
	if !n.dir && !f.root.names(n) {
		n.removed = true
		n.contents = nil
		f.removed = n.data
	}
	return nil
}

// names reports whether n has a name in d or below, in the live view.
func (d *inode) names(n *inode) bool {
	for _, c := range d.live {
		if c == n || c.dir && c.names(n) {
			return true
		}
	}
	return false
}

func (f *FS) ReadDir(name string) ([]durable.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.dir {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: syscall.ENOTDIR}
	}
	entries := make([]durable.Entry, 0, len(n.live))
	for _, base := range slices.Sorted(maps.Keys(n.live)) {
		entries = append(entries, n.live[base].entry(base))
	}
	return entries, nil
}

func (f *FS) Stat(name string) (durable.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("stat", name)
	if err != nil {
		return durable.Entry{}, err
	}
	return n.entry(path.Base(path.Clean(name))), nil
}

// SyncAll makes everything durable that was done so far, as syncfs does on Linux. It is
// one operation.
func (f *FS) SyncAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin("sync-all")
	if f.ignored() {
		return
	}
	f.settle()
	f.forgetUnreachable()
}

func (f *FS) SyncDir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("syncdir", name)
	if err != nil {
		return err
	}
	if !n.dir {
		return &fs.PathError{Op: "syncdir", Path: name, Err: syscall.ENOTDIR}
	}
	f.begin("sync-dir %s", full(name))
	if f.ignored() {
		return nil
	}
	n.born = true
	f.commit(n)
	return nil
}

func (f *FS) Lock(name string) (durable.LockFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, base, err := f.findParent("lock", name, syscall.EISDIR)
	if err != nil {
		return nil, err
	}
	n := dir.live[base]
	switch {
	case n == nil:
		n = f.create(dir, base, name)
	case n.dir:
		return nil, &fs.PathError{Op: "lock", Path: name, Err: syscall.EISDIR}
	}
	n.handles++
	l := &lockFile{fs: f, node: n, name: name}
	if n.locked != nil {
		return l, &fs.PathError{Op: "lock", Path: name, Err: durable.ErrLocked}
	}
	n.locked = l
	return l, nil
}
