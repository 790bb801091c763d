package run_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/run"
)

// TestChaos runs one job many times under bad conditions: two sources with splits of
// different lengths and paces, bounded or not, functions that fail or are slow, commits that
// fail before or after they took effect, a disk with faults, timeouts, stops with and
// without a final checkpoint, another parallelism each time. In the end every record must be
// there once, and state must have seen it once.
func TestChaos(t *testing.T) {
	seeds := []uint64{1, 2, 101, uint64(time.Now().UnixNano())}
	if s := os.Getenv("CHAOS_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Logf("repeat with CHAOS_SEED=%d", seed)
			synctest.Test(t, func(t *testing.T) { chaos(t, &dice{r: rand.New(rand.NewPCG(seed, 1))}) })
		})
	}
}

// dice are shared by all goroutines of a job.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

// n returns a number below n.
func (d *dice) n(n int) int { d.mu.Lock(); defer d.mu.Unlock(); return d.r.IntN(n) }

// uneven is a source of splits of different lengths and paces.
type uneven struct {
	lengths []int
	paces   []time.Duration
	bounded bool
}

func newUneven(d *dice) (u uneven) {
	u.bounded = d.n(2) == 0
	for range 1 + d.n(6) {
		u.lengths = append(u.lengths, d.n(300))
		u.paces = append(u.paces, time.Duration(1+d.n(20))*time.Millisecond)
	}
	return u
}

func (u uneven) Splits(context.Context) (ids []string, _ error) {
	for i := range u.lengths {
		ids = append(ids, strconv.Itoa(i))
	}
	return ids, nil
}

func (u uneven) Bounded() bool { return u.bounded }

func (u uneven) Open(_ context.Context, s weir.Split) (weir.Reader[int64], error) {
	i, err := strconv.Atoi(s.ID)
	if err != nil {
		return nil, err
	}
	r := &unevenReader{u: u, split: i}
	if s.Position != nil {
		r.at = int(binary.BigEndian.Uint64(s.Position))
	}
	return r, nil
}

type unevenReader struct {
	u         uneven
	split, at int
}

func (r *unevenReader) Read(ctx context.Context, records []int64) (int, error) {
	left := r.u.lengths[r.split] - r.at
	pause := r.u.paces[r.split]
	if left == 0 {
		if r.u.bounded {
			return 0, io.EOF
		}
		pause = 50 * time.Millisecond
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(pause):
	}
	n := min(1+r.at%3, left)
	for i := range n {
		records[i] = int64(r.split)*100_000 + int64(r.at)
		r.at++
	}
	return n, nil
}

func (r *unevenReader) Position() []byte { return binary.BigEndian.AppendUint64(nil, uint64(r.at)) }
func (r *unevenReader) Close() error     { return nil }

// flaky is a collector whose commits fail now and then, or take their time.
type flaky struct {
	*weir.Collector[total]
	d *dice
}

func (f flaky) Commit(ctx context.Context, prepared [][]byte) error {
	switch f.d.n(30) {
	case 0:
		return errors.New("commit: before it took effect")
	case 1:
		return errors.Join(f.Collector.Commit(ctx, prepared), errors.New("commit: after it took effect"))
	case 2:
		time.Sleep(150 * time.Millisecond)
	}
	return f.Collector.Commit(ctx, prepared)
}

func chaos(t *testing.T, d *dice) {
	a, b := newUneven(d), newUneven(d)
	want := 0
	for _, n := range append(append([]int{}, a.lengths...), b.lengths...) {
		want += n
	}
	var out weir.Collector[total]
	disk := crashfs.New(crashfs.Strict)
	for day := 0; day < 60 && (day < 5 || len(out.Records()) < want); day++ {
		var rules []faultfs.Rule
		for range d.n(4) {
			op := []faultfs.Op{faultfs.Sync, faultfs.Write, faultfs.Rename, faultfs.SyncDir}[d.n(4)]
			rules = append(rules, faultfs.Rule{Ops: op, K: 20 + d.n(100), Do: faultfs.Fail, Err: syscall.EIO})
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(200+d.n(3000))*time.Millisecond)
		err := run.Local(ctx, chaosJob(flaky{&out, d}, a, b, d), run.Options{
			CheckpointDir: "/data", FS: faultfs.New(disk, rules...), Log: slog.New(slog.DiscardHandler),
			Parallelism:        1 + d.n(4),
			CheckpointInterval: time.Duration(5+d.n(100)) * time.Millisecond,
			CheckpointTimeout:  200 * time.Millisecond,
			Restart:            run.Restart{Pause: 10 * time.Millisecond},
			NoFinalCheckpoint:  d.n(3) == 0,
			InlineThreshold:    []int{-1, 100}[d.n(2)],
		})
		cancel()
		if weir.IsPermanent(err) && !errors.Is(err, syscall.EIO) {
			t.Fatalf("day %d: %v", day, err)
		}
	}
	seen := make(map[int64]bool)
	for _, r := range out.Records() {
		seen[r.Number] = true
	}
	if len(out.Records()) != want || len(seen) != want {
		t.Errorf("%d records, %d different ones, want %d", len(out.Records()), len(seen), want)
	}
}

// chaosJob notes every number it sees in state, and fails for good if it sees one twice.
func chaosJob(out weir.Sink[total], a, b uneven, d *dice) *weir.Job {
	job := weir.NewJob("chaos")
	fromA := weir.From(job, "a", weir.Source[int64](a))
	fromB := weir.Map(weir.From(job, "b", weir.Source[int64](b)), func(n int64) (int64, error) { return n + 10_000_000, nil })
	byRest := weir.KeyBy(weir.Union(fromA, fromB), func(n int64) int64 { return n % 10 })
	noted := weir.Process(byRest, "note", func(c *weir.KeyContext[int64], out *weir.Out[total]) func(int64) error {
		list := weir.NewList[int64](c, "list")
		times := weir.NewMap[int64, int64](c, "times")
		return func(n int64) error {
			if d.n(1500) == 0 {
				return errors.New("now and then")
			}
			if d.n(300) == 0 {
				time.Sleep(time.Duration(d.n(300)) * time.Millisecond)
			}
			if _, twice := times.Get(n); twice {
				return weir.Permanent(fmt.Errorf("%d was processed twice", n))
			}
			times.Put(n, 1)
			list.Add(n)
			if list.Len() != times.Len() {
				return weir.Permanent(fmt.Errorf("%d numbers in the list, %d in the map", list.Len(), times.Len()))
			}
			out.Emit(total{c.Key(), n, int64(list.Len())})
			return nil
		}
	})
	again := weir.Reduce(weir.KeyBy(noted, func(r total) int64 { return r.Number }), "again", func(a, b total) (total, error) {
		return b, weir.Permanent(fmt.Errorf("%d came twice", b.Number))
	})
	weir.To(again, "out", out)
	return job
}
