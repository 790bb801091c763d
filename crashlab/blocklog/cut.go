package blocklog

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
)

// A Cut is a power cut: its moment, and which of the writes since the last flush have
// reached the disk. The same Cut gives the same image every time.
type Cut struct {
	// Before is the index of the first event that did not happen: a write, a flush, or the
	// end of the log.
	Before int
	// Seed is 0 if all writes before that event are on the disk: a prefix of the log.
	// Otherwise it draws which of the writes since the last flush are, block by block.
	Seed uint64
}

// Prefix reports whether all writes before the cut are on the disk.
func (c Cut) Prefix() bool { return c.Seed == 0 }

func (c Cut) String() string {
	if c.Prefix() {
		return fmt.Sprintf("before event %d", c.Before)
	}
	return fmt.Sprintf("before event %d, the writes since the last flush drawn by %d", c.Before, c.Seed)
}

// solid returns the index up to which all events are certain to have reached the disk.
func (c Cut) solid(l Log) int {
	if c.Prefix() {
		return c.Before
	}
	return l.flushedBefore(c.Before)
}

// loose calls yield with the bytes after that event that have reached the disk, too, in the
// order of the log.
func (c Cut) loose(l Log, yield func(off int64, data []byte)) {
	if c.Prefix() {
		return
	}
	rnd := rand.New(rand.NewPCG(c.Seed, uint64(c.Before)))
	// Some cuts lose nearly everything, some nearly nothing. These find more than cuts that
	// lose half of everything.
	keep := rnd.Float64()
	for _, e := range l[c.solid(l):c.Before] {
		if e.Kind != Write {
			continue
		}
		torn := rnd.IntN(4) == 0 // block by block, or the write as a whole
		kept := rnd.Float64() < keep
		for off := 0; off < len(e.Data); {
			n := min(len(e.Data)-off, BlockBytes-int((e.Off+int64(off))%BlockBytes))
			if torn {
				kept = rnd.Float64() < keep
			}
			if kept {
				yield(e.Off+int64(off), e.Data[off:off+n])
			}
			off += n
		}
	}
}

// Plan chooses n power cuts, in an order in which a Player plays them fast. Two thirds of
// them are prefixes: all prefixes if there are no more, and an even choice if there are. The
// rest are reorderings of the writes since the last flush, drawn by seed.
func Plan(l Log, n int, seed uint64) []Cut {
	var moments []int
	for i, e := range l {
		if e.Kind == Write {
			moments = append(moments, i)
		}
	}
	moments = append(moments, len(l))
	var cuts []Cut
	for _, i := range spread(moments, n-n/3) {
		cuts = append(cuts, Cut{Before: i})
	}
	var open []int
	for i := range len(l) + 1 {
		if (i == len(l) || l[i].Kind != Mark) && l.loosens(i) {
			open = append(open, i)
		}
	}
	rnd := rand.New(rand.NewPCG(seed, 0))
	for len(open) > 0 && len(cuts) < n {
		cuts = append(cuts, Cut{Before: open[rnd.IntN(len(open))], Seed: rnd.Uint64()>>1 + 1})
	}
	slices.SortFunc(cuts, func(a, b Cut) int {
		return cmp.Or(cmp.Compare(a.solid(l), b.solid(l)), cmp.Compare(a.Before, b.Before), cmp.Compare(a.Seed, b.Seed))
	})
	return cuts
}

// loosens reports whether the writes between event i and the flush before it can survive in
// another way than in their order: if there are two of them, or one that can be torn.
func (l Log) loosens(i int) bool {
	blocks := int64(0)
	for _, e := range l[l.flushedBefore(i):i] {
		if e.Kind == Write {
			blocks += (e.Off+int64(len(e.Data))-1)/BlockBytes - e.Off/BlockBytes + 1
		}
	}
	return blocks > 1
}

// spread picks n of all, the first and the last among them.
func spread(all []int, n int) []int {
	if len(all) <= n {
		return all
	}
	if n < 2 {
		return all[len(all)-n:]
	}
	picked := make([]int, n)
	for i := range picked {
		picked[i] = all[i*(len(all)-1)/(n-1)]
	}
	return picked
}

// A Player makes the images of cuts. To go from one cut to a later one it plays only the
// events between them.
type Player struct {
	log    Log
	base   *Image
	prefix *Image
	played int // events of the log that are in prefix
}

// NewPlayer returns a player of a log on its base image, which it does not change.
func NewPlayer(base *Image, l Log) *Player {
	return &Player{log: l, base: base, prefix: base.Over()}
}

// Image returns what a cut leaves on the disk. The caller may write to the image, and may
// use it until the next call.
func (p *Player) Image(c Cut) *Image {
	solid := c.solid(p.log)
	if solid < p.played {
		p.prefix, p.played = p.base.Over(), 0
	}
	for _, e := range p.log[p.played:solid] {
		if e.Kind == Write {
			p.prefix.WriteAt(e.Data, e.Off)
		}
	}
	p.played = solid
	image := p.prefix.Over()
	c.loose(p.log, func(off int64, data []byte) { image.WriteAt(data, off) })
	return image
}
