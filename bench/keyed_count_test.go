package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/run"
)

const parallelism = 2

// keys are n keys of 16 characters.
func keys(n int) []string {
	k := make([]string, n)
	for i := range k {
		k[i] = fmt.Sprintf("key-%012d", i)
	}
	return k
}

// A feed is the records that both sides count, for each subtask. It goes through all keys
// over and over, each time in another order: the keys are shuffled once, and the runs of so
// many keys come in an order that each pass has to itself.
type feed struct {
	keys    []string
	order   []uint32 // the keys, each as often as the others
	records int      // per subtask
}

const (
	orderLen = 1_000_000
	runLen   = 500
	runs     = orderLen / runLen
)

func newFeed(distinct, records int) *feed {
	f := &feed{keys: keys(distinct), order: make([]uint32, orderLen), records: records}
	for i := range f.order {
		f.order[i] = uint32(i % distinct)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	rnd.Shuffle(len(f.order), func(i, j int) { f.order[i], f.order[j] = f.order[j], f.order[i] })
	return f
}

// fill fills batch with the records of a subtask from number at on.
func (f *feed) fill(batch []string, at, subtask int) int {
	n := min(len(batch), f.records-at)
	at += subtask * orderLen / parallelism
	for i := 0; i < n; {
		pass, run, from := at/orderLen, at%orderLen/runLen, at%runLen
		// A factor that has no divisor in common with the number of runs puts them in another
		// order: it is odd and not a multiple of 5.
		run = (run*(10*pass+3) + 7*pass) % runs
		keys := f.order[run*runLen+from : min((run+1)*runLen, run*runLen+from+n-i)]
		for j, k := range keys {
			batch[i+j] = f.keys[k]
		}
		i += len(keys)
		at += len(keys)
	}
	return n
}

// The feed as a source with a split per subtask.

func (f *feed) Splits(context.Context) ([]string, error) { return []string{"0", "1"}, nil }
func (f *feed) Bounded() bool                            { return true }
func (f *feed) Open(_ context.Context, s weir.Split) (weir.Reader[string], error) {
	r := &feedReader{feed: f, subtask: int(s.ID[0] - '0')}
	if s.Position != nil {
		r.at = int(binary.BigEndian.Uint64(s.Position))
	}
	return r, nil
}

type feedReader struct {
	*feed
	at, subtask int
}

func (r *feedReader) Read(_ context.Context, records []string) (int, error) {
	n := r.fill(records, r.at, r.subtask)
	if r.at += n; r.at == r.records {
		return n, io.EOF
	}
	return n, nil
}

func (r *feedReader) Position() []byte { return binary.BigEndian.AppendUint64(nil, uint64(r.at)) }
func (r *feedReader) Close() error     { return nil }

// discard is a sink that keeps nothing.
type discard[T any] struct{}

func (discard[T]) Open(context.Context, weir.SinkContext) (weir.Writer[T], error) {
	return discard[T]{}, nil
}
func (discard[T]) Commit(context.Context, [][]byte) error                 { return nil }
func (discard[T]) Abort(context.Context, weir.SinkID) error               { return nil }
func (discard[T]) Write(context.Context, []T) error                       { return nil }
func (discard[T]) Prepare(context.Context, checkpoint.ID) ([]byte, error) { return nil, nil }
func (discard[T]) Close() error                                           { return nil }

type counted struct {
	key string
	n   int64
}

// weirCount counts the feed with Weir: a checkpoint every second.
func weirCount(b *testing.B, f *feed) (took time.Duration, checkpoints int) {
	job := weir.NewJob("count")
	in := weir.From(job, "keys", weir.Source[string](f))
	byKey := weir.KeyBy(in, func(k string) string { return k })
	weir.To(weir.Process(byKey, "count", func(c *weir.KeyContext[string], out *weir.Out[counted]) func(string) error {
		n := weir.NewValue[int64](c, "n")
		return func(k string) error {
			total, _ := n.Get()
			n.Set(total + 1)
			out.Emit(counted{k, total + 1})
			return nil
		}
	}), "discard", discard[counted]{})
	m := &run.Monitor{}
	began := time.Now()
	err := run.Local(context.Background(), job, run.Options{
		CheckpointDir: b.TempDir(), CheckpointInterval: time.Second, Parallelism: parallelism,
		Monitor: m, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(began), m.Status().Completed
}

// handCount counts the feed as one would by hand: two producers, two counters with a map
// each, batches of the same size over channels of the same length, the same output; no
// checkpoints, no barriers, no restart.
func handCount(f *feed) time.Duration {
	type batch struct{ keys []string }
	pool := sync.Pool{New: func() any { return &batch{keys: make([]string, 0, flow.BatchSize)} }}
	var in [parallelism]chan *batch
	for i := range in {
		in[i] = make(chan *batch, 4*parallelism)
	}
	seed := maphash.MakeSeed()
	began := time.Now()
	var producers, counters sync.WaitGroup
	for p := range parallelism {
		producers.Go(func() {
			var out [parallelism]*batch
			buf := make([]string, flow.BatchSize)
			for at := 0; at < f.records; {
				n := f.fill(buf, at, p)
				at += n
				for _, k := range buf[:n] {
					to := maphash.String(seed, k) % parallelism
					if out[to] == nil {
						out[to] = pool.Get().(*batch)
					}
					out[to].keys = append(out[to].keys, k)
					if len(out[to].keys) == flow.BatchSize {
						in[to] <- out[to]
						out[to] = nil
					}
				}
			}
			for to, b := range out {
				if b != nil {
					in[to] <- b
				}
			}
		})
	}
	for c := range parallelism {
		counters.Go(func() {
			counts := make(map[string]int64)
			out := make([]counted, 0, flow.BatchSize)
			for b := range in[c] {
				out = out[:0]
				for _, k := range b.keys {
					n := counts[k] + 1
					counts[k] = n
					out = append(out, counted{k, n})
				}
				b.keys = b.keys[:0]
				pool.Put(b)
			}
		})
	}
	producers.Wait()
	for _, c := range in {
		close(c)
	}
	counters.Wait()
	return time.Since(began)
}

// BenchmarkKeyedCount counts keys with Weir and by hand, in turn, and reports how many
// records a second Weir makes of every record by hand.
func BenchmarkKeyedCount(b *testing.B) {
	// So many records that there are checkpoints in their midst.
	for _, c := range []struct{ distinct, records int }{{1_000, 60_000_000}, {1_000_000, 20_000_000}} {
		b.Run(fmt.Sprintf("keys=%d", c.distinct), func(b *testing.B) {
			f := newFeed(c.distinct, c.records)
			var weirs, hand, ratios []float64
			var checkpoints int
			records := float64(parallelism*f.records) / 1e6
			for b.Loop() {
				took, n := weirCount(b, f)
				byHand := handCount(f)
				checkpoints += n
				weirs = append(weirs, records/took.Seconds())
				hand = append(hand, records/byHand.Seconds())
				ratios = append(ratios, byHand.Seconds()/took.Seconds())
			}
			b.ReportMetric(median(weirs), "weir-Mrec/s")
			b.ReportMetric(median(hand), "hand-Mrec/s")
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(float64(checkpoints)/float64(b.N), "checkpoints/op")
			b.ReportMetric(0, "ns/op")
		})
	}
}
