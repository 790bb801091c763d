package store

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"syscall"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// A plan is a whole bad day: a disk, what a job manager does on it, what goes wrong, and
// how often the power fails. It is written as one line, and the line is all there is to it.
type plan struct {
	model    string // a key of planModels
	torn     int    // bytes that the disk writes as a whole, 0 for no matter
	thorough bool   // every content that breaks some reader

	states int    // of each checkpoint
	retain int    // how many checkpoints
	before int    // how many there are in the beginning
	steps  string // see steps

	fault  string // a key of planFaults, or empty
	at     int    // the operation that the fault strikes
	sticky bool   // and all after it
	late   int    // the operation before which a forgotten writer writes, 0 for none

	recuts int    // how often the power fails again while the job recovers
	seed   uint64 // of samples
}

var planModels = map[string]crashfs.Model{
	"strict": crashfs.Strict, "ext4": crashfs.Ext4, "ext4-nodelalloc": crashfs.Ext4NoDelalloc, "xfs": crashfs.XFS,
	"btrfs": crashfs.Btrfs, "writeback": crashfs.Writeback, "nojournal": crashfs.NoJournal,
}

var planFaults = map[string]faultfs.Rule{
	"eio":      {Err: syscall.EIO},
	"eio-late": {Err: syscall.EIO, Do: faultfs.FailAfter},
	"enospc":   {Err: syscall.ENOSPC, Do: faultfs.FailPartly},
	"erofs":    {Err: syscall.EROFS},
}

// steps are what a job manager may do, by the letters of plan.steps.
var steps = map[rune]func(*day) error{
	'c': (*day).checkpoint, // makes a checkpoint, and deletes what is no longer retained
	'a': (*day).abort,      // begins one, and aborts it when all states are written
	't': (*day).timeOut,    // begins one, and aborts it while states are still being written
	'f': (*day).forget,     // begins one, and forgets it
	'l': (*day).writeLate,  // a writer of a checkpoint that was aborted or forgotten goes on
	'o': (*day).overtake,   // begins one, makes another, and aborts the first
	'm': (*day).remember,   // has it remembered that the effects of the newest are visible
	'r': (*day).restart,    // stops and starts again
	'R': (*day).recover,    // recovers without stopping
}

func (p plan) String() string {
	s := fmt.Sprintf("model=%s", p.model)
	if p.torn > 0 {
		s += fmt.Sprintf(" torn=%d", p.torn)
	}
	if p.thorough {
		s += " thorough=true"
	}
	s += fmt.Sprintf(" states=%d retain=%d before=%d steps=%s", p.states, p.retain, p.before, p.steps)
	if p.fault != "" {
		s += fmt.Sprintf(" fault=%s at=%d", p.fault, p.at)
		if p.sticky {
			s += " sticky=true"
		}
	}
	if p.late > 0 {
		s += fmt.Sprintf(" late=%d", p.late)
	}
	return s + fmt.Sprintf(" recuts=%d seed=%#x", p.recuts, p.seed)
}

// parsePlan reads the line that String writes.
func parsePlan(line string) (p plan, err error) {
	for field := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(field, "=")
		number, nerr := strconv.Atoi(value)
		switch key {
		case "model":
			p.model = value
		case "steps":
			p.steps = value
		case "fault":
			p.fault = value
		case "thorough", "sticky":
			if value != "true" {
				return p, fmt.Errorf("%s: %s is there or is not", field, key)
			}
			p.thorough = p.thorough || key == "thorough"
			p.sticky = p.sticky || key == "sticky"
		case "seed":
			p.seed, nerr = strconv.ParseUint(value, 0, 64)
			err = errors.Join(err, nerr)
		default:
			of := map[string]*int{"torn": &p.torn, "states": &p.states, "retain": &p.retain,
				"before": &p.before, "at": &p.at, "late": &p.late, "recuts": &p.recuts}[key]
			if of == nil || nerr != nil {
				return p, fmt.Errorf("%s: what is that?", field)
			}
			*of = number
		}
	}
	if planModels[p.model] == nil {
		err = errors.Join(err, fmt.Errorf("there is no model %q", p.model))
	}
	if _, ok := planFaults[p.fault]; p.fault != "" && !ok {
		err = errors.Join(err, fmt.Errorf("there is no fault %q", p.fault))
	}
	for _, s := range p.steps {
		if steps[s] == nil {
			err = errors.Join(err, fmt.Errorf("there is no step %q", s))
		}
	}
	return p, err
}

// A day is a plan that is being lived through.
type day struct {
	*world
	store  *Store
	late   []lateWriter
	ending bool // the job could not be started, or not recovered
}

type lateWriter struct {
	*StateWriter
	fails bool // whatever it does from now on
}

// live makes the world of a plan and returns it with its day, which has not begun. around
// is put around the file system that the store sees; nil is nothing.
func (p plan) live(around func(durable.FS) durable.FS) (*world, func() error, error) {
	m := planModels[p.model]
	if p.thorough {
		m = crashfs.Thorough(m)
	}
	if p.torn > 0 {
		m = crashfs.Torn(m, p.torn)
	}
	w := &world{
		disk: crashfs.New(m), states: p.states, sinks: true, flips: true,
		opts:     func() Options { return testOptions(p.retain) },
		verdicts: map[crashfs.Fingerprint]error{},
	}
	w.fs = w.disk
	w.disk.Alike(kinOfState)
	if err := w.disk.Mkdir(base); err != nil {
		return nil, nil, err
	}
	s, _, err := start(w.fs, w.opts(), From{})
	for i := 0; i < p.before && err == nil; i++ {
		err = w.cycle(s)
	}
	if err != nil {
		return nil, nil, err
	}
	w.disk.Settle()

	if around != nil {
		w.fs = around(w.fs)
	}
	if rule, ok := planFaults[p.fault]; ok {
		rule.Ops, rule.K, rule.Sticky = faultfs.Mutations, p.at, p.sticky
		w.fs = faultfs.New(w.fs, rule)
	}
	if p.late > 0 {
		w.fs = &lateFS{FS: w.fs, at: p.late}
	}
	s.fsys = w.fs
	d := &day{world: w, store: s}
	return w, func() error {
		for _, step := range p.steps {
			if err := steps[step](d); err != nil || d.ending {
				return err
			}
		}
		return nil
	}, nil
}

// kinOfState: the state files of one attempt at one checkpoint are interchangeable.
func kinOfState(name string) string {
	dir := path.Dir(name)
	if strings.HasPrefix(path.Base(name), "state-") && checkpoint.ParseName(path.Base(dir)).Kind == checkpoint.Staging {
		return dir
	}
	return ""
}

func (d *day) checkpoint() error { return d.liveOn(d.store) }

// begun begins a checkpoint; nil if the disk does not let it.
func (d *day) begun() (*Pending, error) {
	newest := d.store.Newest()
	p, err := d.begin(d.store)
	if err != nil {
		return nil, wantAborted(err, newest)
	}
	return p, nil
}

// giveUp tells the world, and only then the store.
func (d *day) giveUp(p *Pending) error {
	d.tell(toldAborted, p.of)
	var unknown *UnknownOutcomeError
	if err := p.Abort(); err != nil && !errors.As(err, &unknown) {
		return err
	}
	return nil
}

func (d *day) abort() error {
	p, err := d.begun()
	if p == nil {
		return err
	}
	_, _ = write(p, d.states) // aborted, whatever the outcome
	return d.giveUp(p)
}

func (d *day) timeOut() error {
	p, err := d.begun()
	if p == nil {
		return err
	}
	d.startWriting(p, true)
	return d.giveUp(p)
}

func (d *day) forget() error {
	p, err := d.begun()
	if p == nil {
		return err
	}
	d.startWriting(p, false)
	return nil
}

// startWriting writes all states, but does not come to an end with the last one.
func (d *day) startWriting(p *Pending, fails bool) {
	for i := range max(1, d.states) {
		w := p.NewWriter("late state", checkpoint.Subtask(i))
		if _, err := w.Write(stateOf(p.of, i)); err != nil {
			continue
		}
		if i < d.states-1 {
			_, _ = w.Close()
			continue
		}
		d.late = append(d.late, lateWriter{w, fails})
	}
}

func (d *day) writeLate() error {
	for _, w := range d.late {
		_, werr := w.Write(make([]byte, bufferBytes))
		_, cerr := w.Close()
		if w.fails && (werr == nil || cerr == nil) {
			return fmt.Errorf("a writer of an aborted checkpoint goes on: %v, %v", werr, cerr)
		}
	}
	d.late = nil
	return nil
}

func (d *day) overtake() error {
	slow, err := d.begun()
	if slow == nil {
		return err
	}
	_, _ = write(slow, d.states)
	if err := d.liveOn(d.store); err != nil {
		return err
	}
	return d.giveUp(slow)
}

func (d *day) remember() error {
	id := d.store.Newest()
	if id == 0 {
		return nil
	}
	d.tell(toldCommitted, d.store.identity(id))
	if err := d.store.Committed(id); err != nil {
		return nil // a fault, or the store is poisoned: it may be remembered or not
	}
	d.tell(toldNoted, d.store.identity(id))
	return nil
}

func (d *day) restart() error {
	_ = d.store.Close() // its note in the lock file may fail
	s, err := d.world.restart()
	if err != nil {
		d.ending = true
		return d.onlyFaults(err)
	}
	d.store = s
	return nil
}

func (d *day) recover() error {
	c, err := d.store.Recover(From{})
	if err != nil {
		d.ending = true
		return d.onlyFaults(err)
	}
	if c != nil {
		d.tell(toldRestored, c.Seal.Identity)
	}
	return nil
}

// onlyFaults: on a disk that fails a start may fail, but it does not take that for damage.
func (d *day) onlyFaults(err error) error {
	if isDamage(err) {
		return violated(o7, "while the disk fails: %w", err)
	}
	if !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EROFS) {
		return err
	}
	return nil
}

const lateName = "late"

// A lateFS has a writer that was forgotten: before operation number at it makes a
// file in each directory that it finds still being written, and syncs it. It may fail.
type lateFS struct {
	durable.FS
	at, n int
}

func (f *lateFS) count() {
	if f.n++; f.n != f.at {
		return
	}
	entries, _ := f.FS.ReadDir(string(jobDir))
	for _, e := range entries {
		if checkpoint.ParseName(e.Name).Kind == checkpoint.Staging {
			_ = durable.WriteFile(f.FS, jobDir.Join(e.Name)+"/"+lateName, []byte("written too late"))
		}
	}
}

func (f *lateFS) Create(name string) (durable.File, error) {
	f.count()
	file, err := f.FS.Create(name)
	if err != nil {
		return nil, err
	}
	return &lateFile{file, f}, nil
}

func (f *lateFS) Mkdir(name string) error      { f.count(); return f.FS.Mkdir(name) }
func (f *lateFS) Rename(from, to string) error { f.count(); return f.FS.Rename(from, to) }
func (f *lateFS) Remove(name string) error     { f.count(); return f.FS.Remove(name) }
func (f *lateFS) SyncDir(name string) error    { f.count(); return f.FS.SyncDir(name) }

type lateFile struct {
	durable.File
	fs *lateFS
}

func (f *lateFile) Sync() error { f.fs.count(); return f.File.Sync() }
