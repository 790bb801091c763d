package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"path/filepath"
	"time"
)

// A probe is the oracle of a plan: it opens the files.
type probe struct {
	ctx     context.Context
	dir     string
	planner *planner
	seen    map[ident]*watched // of this plan
}

// watched is what is remembered of a file that may be a copy of another one.
type watched struct {
	stamp stamp
	since time.Time // it has had this stamp
	of    ident     // repeats was asked of it, and the answer
	says  answer
	told  bool // it was logged
}

// settleTime is for how long a file that is being copied or packed may seem to be whole.
const settleTime = 3 * time.Second

// open opens a file from its beginning. The caller closes the content.
func (p *probe) open(f *candidate) (*content, error) {
	t := &tape{path: filepath.Join(p.dir, f.names[0]), file: f.ident, d: descriptor{of: p.planner.descriptors}}
	if err := t.open(p.ctx); err != nil {
		return nil, err
	}
	return &content{tape: t, follow: p.planner.options.follow, warn: func(string, ...any) {}}, nil
}

// judge is the answer that an error is.
func judge(err error) answer {
	var bad packError
	switch {
	case err == nil:
		return yes
	case errors.Is(err, errShort):
		return ends
	case errors.Is(err, errDiffers), errors.Is(err, errAnother), errors.As(err, &bad), errors.Is(err, errBinary):
		return no
	}
	return unsure
}

func (p *probe) begins(f *candidate, at position) answer {
	c, err := p.open(f)
	if err != nil {
		return judge(err)
	}
	defer c.sleep()
	head := make([]byte, min(at.n, headBytes))
	n, err := io.ReadFull(c, head)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		if c.unpack != nil && p.planner.options.follow && !p.settled(f) {
			return unsure // it may be about to be packed
		}
		return no
	case err != nil:
		return judge(err)
	}
	var d digest
	if d.add(head[:n]); d.head != at.head {
		return no
	}
	if size, err := c.tape.size(); err == nil && c.plain() && size < at.n {
		return ends
	}
	return yes
}

func (p *probe) holds(f *candidate, at position) answer {
	c, err := p.open(f)
	if err != nil {
		return judge(err)
	}
	defer c.sleep()
	scan := newScanner(c, nil, DefaultMaxLine)
	_, err = scan.goTo(p.ctx, at, endless)
	if err == errShort && scan.offset < at.mark.n {
		return no
	}
	return judge(err)
}

// endless is a point in time that does not come.
var endless = time.Unix(1<<40, 0)

func (p *probe) repeats(f, of *candidate) answer {
	w := p.watch(f)
	if !p.settled(f) {
		return p.compare(f, of, firstLook)
	}
	if w.of != of.ident || w.says == unsure {
		w.of, w.says = of.ident, p.compare(f, of, math.MaxInt64)
	}
	if w.says == yes && w.stamp.size > 0 && !w.told {
		w.told = true
		p.planner.say.warn("a file is a copy of one that is read, and is not read", "file", filepath.Join(p.dir, f.names[0]), "of", of.names[0])
	}
	return w.says
}

// firstLook is how much is compared of a file that is not settled.
const firstLook = 1 << 20

// compare reads the first bytes of both files.
func (p *probe) compare(f, of *candidate, limit int64) answer {
	a, err := p.open(f)
	if err != nil {
		return judge(err)
	}
	defer a.sleep()
	b, err := p.open(of)
	if err != nil {
		return unsure
	}
	defer b.sleep()
	mine, its := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := int64(0); at < limit; at += int64(len(mine)) {
		if p.ctx.Err() != nil {
			return unsure
		}
		n, err := io.ReadFull(a, mine)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return judge(err)
		}
		if m, err := io.ReadFull(b, its[:n]); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return unsure
		} else if !bytes.Equal(mine[:n], its[:m]) {
			return no
		}
		if n < len(mine) {
			break
		}
	}
	return yes
}

func (p *probe) settled(f *candidate) bool {
	return time.Since(p.watch(f).since) >= settleTime
}

func (p *probe) read(id string) bool { return p.planner.readers.has(id) }

// watch looks at a file that may be a copy, and remembers it.
func (p *probe) watch(f *candidate) *watched {
	if w := p.seen[f.ident]; w != nil {
		return w
	}
	w := p.planner.watched[f.ident]
	st, err := look(filepath.Join(p.dir, f.names[0]))
	if err != nil || w == nil || w.stamp != st.stamp {
		w = &watched{stamp: st.stamp, since: time.Now()}
	}
	p.seen[f.ident] = w
	return w
}
