package main

import (
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/durable"
)

// A clockwork is the time, and a way to wait.
type clockwork struct {
	now   func() time.Time
	sleep func(time.Duration)
}

func wallClock() clockwork { return clockwork{time.Now, time.Sleep} }

// A pace bounds how many bytes are read in a second by all goroutines together, and counts
// them. Time in which nothing is read is not saved up: there is no burst after it.
type pace struct {
	bytesPerSecond int64 // 0 is no bound
	clock          clockwork
	read           atomic.Int64

	mu   sync.Mutex
	free time.Time // when all that was read so far has been paid for
}

// pay waits for as long as the reading of n bytes may take.
func (p *pace) pay(n int) {
	p.read.Add(int64(n))
	if p.bytesPerSecond == 0 {
		return
	}
	p.mu.Lock()
	now := p.clock.now()
	if p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(int64(n) * int64(time.Second) / p.bytesPerSecond))
	wait := p.free.Sub(now)
	p.mu.Unlock()
	p.clock.sleep(wait)
}

// pieceBytes is how much is read before it is paid for.
const pieceBytes = 256 << 10

// A pacedFS is a file system that reads at a pace, reports which file it reads, and removes
// what it has read from the page cache, which the job beside it needs.
type pacedFS struct {
	durable.FS
	pace    *pace
	opening func(name string) // of a file, with its directory
}

func (f pacedFS) Open(name string) (durable.Reader, error) {
	f.opening(path.Join(path.Base(path.Dir(name)), path.Base(name)))
	r, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return pacedReader{r, f.pace}, nil
}

type pacedReader struct {
	durable.Reader
	pace *pace
}

func (r pacedReader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Reader.ReadAt(p[n:min(len(p), n+pieceBytes)], off+int64(n))
		n += m
		r.pace.pay(m)
	}
	return n, err
}

func (r pacedReader) Close() error {
	_ = r.Evict() // best effort
	return r.Reader.Close()
}
