package weirtest_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"

	"github.com/weirstream/weir"
)

// rec is the record of all streams of a random job.
type rec struct {
	K  int64     `json:"k"`            // the key
	V  int64     `json:"v"`            // a value
	ID int64     `json:"id,omitempty"` // tells records apart
	At weir.Time `json:"at"`
}

func (r rec) key() int64    { return r.K }
func (r rec) at() weir.Time { return r.At }

// A job is a random job: sources, and nodes that read the streams before them. The streams are
// numbered: first those of the sources, then the outputs of the nodes in turn. A stream that
// no node reads ends in a sink.
type randomJob struct {
	Sources []randomSource `json:"sources"`
	Nodes   []node         `json:"nodes"`
}

type randomSource struct {
	Splits   int  `json:"splits"`
	Disorder bool `json:"disorder,omitempty"` // the job makes watermarks of the records
	P        int  `json:"p,omitempty"`        // parallelism, 0 for that of the job
}

type node struct {
	Op string `json:"op"`
	In []int  `json:"in"`
	A  int64  `json:"a,omitempty"`
	B  int64  `json:"b,omitempty"`
	P  int    `json:"p,omitempty"` // parallelism, 0 for that of the job
}

// A moment is a step of a script.
type moment struct {
	Do     string    `json:"do"` // push, mark, idle, checkpoint, stop, crash, power, crashAt, powerAt
	Source int       `json:"source,omitempty"`
	Split  int       `json:"split,omitempty"`
	Recs   []rec     `json:"recs,omitempty"` // of push
	At     weir.Time `json:"at,omitempty"`   // of mark
	N      int       `json:"n,omitempty"`    // of crashAt and powerAt: the operation on the disk
}

// A story is a job, what happens to it, and at which parallelism each of its processes runs.
// What is visible at its end must follow from the job and the records alone.
type story struct {
	Job     randomJob `json:"job"`
	Script  []moment  `json:"script"`
	Widths  []int     `json:"widths"`
	Late    bool      `json:"late,omitempty"` // some records are late
	Planted string    `json:"planted,omitempty"`
}

func (s story) String() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// spread is how much event time the records of a round are apart at most. Between two rounds
// comes a watermark just before the first moment of the next.
const spread = 20

// draw draws a story. If must is not "", the job has an operator of that name.
func draw(rng *rand.Rand, must string) story {
	for {
		s := story{Late: rng.IntN(4) == 0}
		for range 1 + rng.IntN(2) {
			s.Job.Sources = append(s.Job.Sources, randomSource{
				Splits: 1 + rng.IntN(3), Disorder: rng.IntN(3) == 0 && !s.Late, P: drawWidth(rng),
			})
		}
		if !s.Job.drawNodes(rng, s.Late, must) {
			continue
		}
		s.drawScript(rng)
		for range 4 {
			s.Widths = append(s.Widths, 1+rng.IntN(4))
		}
		if s.small() {
			return s
		}
	}
}

// drawWidth draws the parallelism of one operator.
func drawWidth(rng *rand.Rand) int {
	if rng.IntN(4) > 0 {
		return 0
	}
	return 1 + rng.IntN(4)
}

// drawNodes reports whether the job has the operator that it must have.
func (j *randomJob) drawNodes(rng *rand.Rand, late bool, must string) bool {
	timed := make([]bool, len(j.Sources)) // by stream: its timestamps do not depend on order
	for i := range timed {
		timed[i] = true
	}
	var unread []int
	for i := range j.Sources {
		unread = append(unread, i)
	}
	for n := 1 + rng.IntN(6); n > 0; n-- {
		o := ops[rng.IntN(len(ops))]
		if n == 1 && must != "" && !slices.ContainsFunc(j.Nodes, func(n node) bool { return n.Op == must }) {
			o = opOf(must)
		}
		if o.punctual && late {
			continue
		}
		nd := node{Op: o.name, A: rng.Int64N(5), B: rng.Int64N(5), P: drawWidth(rng)}
		for range o.inputs {
			// Mostly a stream that nothing reads yet, sometimes any.
			in := rng.IntN(len(timed))
			if len(unread) > 0 && rng.IntN(4) > 0 {
				in = unread[rng.IntN(len(unread))]
			}
			nd.In = append(nd.In, in)
		}
		if o.needsTime && slices.ContainsFunc(nd.In, func(in int) bool { return !timed[in] }) {
			continue
		}
		unread = slices.DeleteFunc(unread, func(i int) bool { return slices.Contains(nd.In, i) })
		keeps := o.keepsTime && !slices.ContainsFunc(nd.In, func(in int) bool { return !timed[in] })
		for range max(1, o.outputs) {
			unread = append(unread, len(timed))
			timed = append(timed, keeps)
		}
		j.Nodes = append(j.Nodes, nd)
	}
	return len(j.Nodes) > 0 && (must == "" || slices.ContainsFunc(j.Nodes, func(n node) bool { return n.Op == must }))
}

// drawScript draws the input and what happens meanwhile.
func (s *story) drawScript(rng *rand.Rand) {
	idle := make(map[[2]int]bool)
	id, base := int64(0), weir.Time(rng.IntN(50))
	for range 1 + rng.IntN(5) {
		for chunks := 1 + rng.IntN(3); chunks > 0; chunks-- {
			for src, source := range s.Job.Sources {
				for split := range source.Splits {
					if idle[[2]int{src, split}] || rng.IntN(3) == 0 {
						continue
					}
					var recs []rec
					for range rng.IntN(6) {
						id++
						at := base + weir.Time(rng.IntN(spread))
						switch {
						case rng.IntN(3) == 0:
							at = base // just after the watermark
						case s.Late && rng.IntN(3) == 0:
							at = weir.Time(rng.IntN(int(base) + 1))
						}
						recs = append(recs, rec{K: rng.Int64N(7), V: rng.Int64N(100), ID: id, At: at})
					}
					if len(recs) > 0 {
						s.Script = append(s.Script, moment{Do: "push", Source: src, Split: split, Recs: recs})
					}
					s.drawMoment(rng, 12)
				}
			}
			s.drawMoment(rng, 3)
		}
		base += spread
		s.Script = append(s.Script, moment{Do: "mark", At: base - 1})
		// A split that is idle stays so: what came of it later might be late or not.
		if src := rng.IntN(len(s.Job.Sources)); s.Job.Sources[src].Splits > 1 && rng.IntN(4) == 0 {
			split := rng.IntN(s.Job.Sources[src].Splits)
			idle[[2]int{src, split}] = true
			s.Script = append(s.Script, moment{Do: "idle", Source: src, Split: split})
		}
		s.drawMoment(rng, 2)
		base += weir.Time(rng.IntN(2) * rng.IntN(2*spread))
	}
}

// drawMoment adds, one time of n, something that must not change what comes out.
func (s *story) drawMoment(rng *rand.Rand, n int) {
	if rng.IntN(n) > 0 {
		return
	}
	m := moment{Do: []string{"checkpoint", "checkpoint", "checkpoint", "stop", "crash", "crash", "power", "crashAt", "powerAt"}[rng.IntN(9)]}
	if m.Do == "crashAt" || m.Do == "powerAt" {
		m.N = 1 + rng.IntN(14)
		s.Script = append(s.Script, m, moment{Do: "checkpoint"})
		return
	}
	s.Script = append(s.Script, m)
}

// small reports whether the job makes a number of records that a test can afford.
func (s story) small() bool {
	n := 0
	for _, stream := range s.streams() {
		n += len(stream)
	}
	return n > 0 && n < 3000
}
