package fsynclint

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/weirstream/weir/durable/crashfs"
)

// An Enumeration is what became of one commit in every state that a power cut may leave,
// after each of its operations, by the strict model: what was not synced may be lost, in
// any combination.
type Enumeration struct {
	Unit     string // the path that commits
	Times    int    // how many commits of the trace look like it
	Ops      int
	States   uint64
	Distinct int
	Bad      uint64 // what was committed is not there, or neither it nor what came before
	Sampled  int    // instants of which not all states were looked at
	Worst    *Crash // an example, if Bad is not 0
	Problem  string // why it could not be enumerated
}

// A Crash is a power cut.
type Crash struct {
	Loss  bool // nothing is left: neither what was committed nor what came before
	After Ref  // the last call before the cut
	State []string
}

// statesPerWindow bounds the states of all instants of one commit.
const statesPerWindow = 1 << 18

const ackLabel = "the commit"

// enumerate plays the script and looks at every state. written tells whether the trace
// shows writes, so that none are assumed.
func (w *window) enumerate(written bool) Enumeration {
	e := Enumeration{Unit: w.unit, Times: w.times}
	p := player{w: w, fs: crashfs.New(crashfs.Strict), files: map[int]*crashfs.PosixFile{}, bytes: map[int][]byte{}, written: written}
	for _, st := range w.setup {
		p.play(st)
		if st.kind == opCreate {
			p.play(step{kind: opWrite, id: st.id, name: st.name})
		}
	}
	p.fs.Settle()
	before := map[int][]byte{}
	for _, g := range w.old {
		before[g.id] = p.bytes[g.id]
	}
	total := max(64, statesPerWindow/max(1, len(w.steps)))
	options := crashfs.Options{Limit: total, Samples: total / 16, Seed: 1}
	scenario := func() error {
		for i, st := range w.steps {
			if i == w.ackAt {
				p.fs.Ack(ackLabel)
			}
			p.at = append(p.at, p.fs.Ops())
			p.play(st)
		}
		if w.ackAt >= len(w.steps) {
			p.fs.Ack(ackLabel)
		}
		return p.err
	}
	// What the files must hold is known when all has been played: play it once before.
	rehearsal := p
	rehearsal.fs = nil
	wanted := rehearsal.contents()
	check := func(s *crashfs.State) error {
		left := s.FS()
		if holds(left, w.want, wanted) {
			return nil
		}
		acked := len(s.Acked()) > 0
		kept := len(w.old) > 0 && holds(left, w.old, before)
		if !acked && (kept || len(w.old) == 0) {
			return nil
		}
		if e.Worst == nil || !kept && !e.Worst.Loss {
			e.Worst = &Crash{Loss: !kept, After: p.callAt(s.Point().Op()), State: strings.Split(strings.TrimRight(s.String(), "\n"), "\n")}
		}
		if kept {
			return errRegressed
		}
		return errLost
	}
	report, err := crashfs.Sweep(p.fs, options, scenario, check)
	if err != nil {
		e.Problem = err.Error()
		e.Worst = nil
		return e
	}
	e.Ops, e.States, e.Distinct, e.Bad, e.Sampled = report.Ops, report.States, report.Distinct, report.Bad, report.Sampled
	return e
}

var (
	errLost      = fmt.Errorf("neither what was committed nor what came before is left")
	errRegressed = fmt.Errorf("what was committed is not there")
)

// holds tells whether all files are there with their bytes.
func holds(f *crashfs.FS, goals []goal, want map[int][]byte) bool {
	for _, g := range goals {
		r, err := f.Open(g.name)
		if err != nil {
			return false
		}
		have := make([]byte, r.Size())
		n, err := r.ReadAt(have, 0)
		r.Close()
		if err != nil && err != io.EOF || n != len(have) || !bytes.Equal(have, want[g.id]) {
			return false
		}
	}
	return true
}

// A player carries out the steps of a script.
type player struct {
	w       *window
	fs      *crashfs.FS
	files   map[int]*crashfs.PosixFile
	bytes   map[int][]byte // what each file should hold by now
	writes  int
	written bool
	at      []int // of each step: how many operations came before it
	err     error
}

// chunk is what a write writes: as much as tells the ways in which it can go wrong apart.
func chunk(id, n int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("write %d of file %d\n", n, id), 3))
}

// contents is what the files will hold when something relies on them.
func (p *player) contents() map[int][]byte {
	q := player{w: p.w, bytes: map[int][]byte{}, writes: p.writes, written: p.written}
	for id, b := range p.bytes {
		q.bytes[id] = b
	}
	for i, st := range p.w.steps {
		if i == p.w.ackAt {
			break
		}
		switch st.kind {
		case opWrite:
			q.write(st)
		case opTruncate:
			q.bytes[st.id] = nil
		}
	}
	return q.bytes
}

// write computes what a write does to a file; it returns the bytes and where they go.
func (p *player) write(st step) (data []byte, off int) {
	if st.assumed && p.written {
		return nil, 0
	}
	p.writes++
	data = chunk(st.id, p.writes)
	have := p.bytes[st.id]
	if !st.over {
		off = len(have)
	}
	next := append(have[:off:off], data...)
	if len(next) < len(have) {
		next = append(next, have[len(next):]...)
	}
	p.bytes[st.id] = next
	return data, off
}

func (p *player) play(st step) {
	if p.err != nil {
		return
	}
	p.err = p.do(st)
}

func (p *player) do(st step) error {
	switch st.kind {
	case opMkdir:
		return p.fs.Mkdir(st.name)
	case opCreate:
		f, err := p.fs.Create(st.name)
		if err != nil {
			return err
		}
		f.Close()
		return p.open(st.id, st.name)
	case opRemove:
		return p.fs.Remove(st.name)
	case opRename:
		return p.fs.Replace(st.name, st.to)
	case opExchange:
		return p.fs.Exchange(st.name, st.to)
	case opSyncDir:
		return p.fs.SyncDir(st.name)
	case opSyncAll:
		p.fs.SyncAll()
		return nil
	}
	f := p.files[st.id]
	if f == nil { // a file without a name
		f = p.fs.CreateTemp("a file without a name")
		p.files[st.id] = f
	}
	switch st.kind {
	case opWrite:
		data, off := p.write(st)
		_, err := f.WriteAt(data, int64(off))
		return err
	case opTruncate:
		p.bytes[st.id] = nil
		return f.Truncate(0)
	case opSync:
		return f.Sync()
	case opLink:
		return p.fs.LinkFile(f, st.to)
	}
	return nil
}

func (p *player) open(id int, name string) error {
	f, err := p.fs.OpenFile(name)
	p.files[id] = f
	return err
}

// callAt is the call that the last of so many operations came of.
func (p *player) callAt(ops int) Ref {
	for i := len(p.at) - 1; i >= 0; i-- {
		if p.at[i] < ops {
			return p.w.steps[i].ref
		}
	}
	return Ref{}
}
