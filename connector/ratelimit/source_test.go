package ratelimit

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
	"github.com/weirstream/weir/connector/generator"
)

func index(i int64) int64 { return i }

// An arrival is that n records came at a time after the beginning.
type arrival struct {
	at time.Duration
	n  int
}

// collect reads all splits of a source at the same time for so long.
func collect(t *testing.T, src weir.Source[int64], d time.Duration, between func()) (all []arrival) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	begin := time.Now()
	ids, err := src.Splits(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, id := range ids {
		r, err := src.Open(ctx, weir.Split{ID: id})
		records := make([]int64, 512)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer r.Close()
			for ctx.Err() == nil {
				asked := time.Now()
				n, err := r.Read(ctx, records)
				if d := time.Since(asked); d > maxWait+10*time.Millisecond {
					t.Errorf("Read took %v", d)
				}
				if err != nil && ctx.Err() == nil && err != io.EOF {
					t.Error(err)
				}
				if n > 0 {
					mu.Lock()
					all = append(all, arrival{time.Since(begin), n})
					mu.Unlock()
				}
				if err == io.EOF {
					return
				}
				between()
			}
		})
	}
	wg.Wait()
	return all
}

// most is the largest number of records in any stretch of d.
func most(all []arrival, d time.Duration) (most int) {
	for i := range all {
		n := 0
		for j := i; j < len(all) && all[j].at < all[i].at+d; j++ {
			n += all[j].n
		}
		most = max(most, n)
	}
	return most
}

func total(all []arrival) (n int) {
	for _, a := range all {
		n += a.n
	}
	return n
}

func TestRate(t *testing.T) {
	for _, readers := range []int{1, 3, 20} {
		for _, rate := range []float64{0.5, 1, 7, 100, 1234.5, 30_000} {
			synctest.Test(t, func(t *testing.T) {
				const seconds = 10
				src := Source(generator.Source(-1, index, generator.Splits(readers)), rate)
				all := collect(t, src, seconds*time.Second, func() {})
				n := float64(total(all))
				if slack := 0.1*rate + float64(readers); n > seconds*rate+slack || n < seconds*rate-slack {
					t.Errorf("%d readers, %v/s: %v records in %d s", readers, rate, n, seconds)
				}
				for _, d := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second} {
					if m, limit := most(all, d), rate*(d.Seconds()+0.1)+float64(readers); float64(m) > limit {
						t.Errorf("%d readers, %v/s: %d records in %v, want %v at most", readers, rate, m, d, limit)
					}
				}
			})
		}
	}
}

// After a standstill the limit is not made up for.
func TestNoBurstAfterStandstill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := Source(generator.Source(-1, index), 100)
		calls := 0
		all := collect(t, src, 60*time.Second, func() {
			if calls++; calls%100 == 0 {
				time.Sleep(10 * time.Second)
			}
		})
		if m := most(all, time.Second); m > 111 {
			t.Errorf("%d records in a second", m)
		}
	})
}

// That the reader is late now and then does not lower the rate.
func TestLateReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := Source(generator.Source(-1, index), 1000)
		calls := 0
		all := collect(t, src, 10*time.Second, func() {
			if calls++; calls%2 == 0 {
				time.Sleep(30 * time.Millisecond)
			}
		})
		if n := total(all); n < 9900 || n > 10_100 {
			t.Errorf("%d records in 10 s", n)
		}
	})
}

// slow takes a moment for each read.
type slow struct{ weir.Source[int64] }

func (s slow) Open(ctx context.Context, split weir.Split) (weir.Reader[int64], error) {
	r, err := s.Source.Open(ctx, split)
	return slowReader{r}, err
}

type slowReader struct{ weir.Reader[int64] }

func (r slowReader) Read(ctx context.Context, records []int64) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return r.Reader.Read(ctx, records)
}

// Many readers that read at the same time share what one would get.
func TestReadersShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, readers = 5000, 20
		src := Source(slow{generator.Source(-1, index, generator.Splits(readers))}, rate)
		all := collect(t, src, 10*time.Second, func() {})
		if m, limit := most(all, 100*time.Millisecond), 0.2*rate+readers; float64(m) > limit {
			t.Errorf("%d records in 100 ms, want %v at most", m, limit)
		}
		if n := total(all); n < 49_000 || n > 51_000 {
			t.Errorf("%d records in 10 s", n)
		}
	})
}

// idle has one split that has nothing, and waits for it a moment.
type idle struct{ weir.Source[int64] }

func (idle) Open(context.Context, weir.Split) (weir.Reader[int64], error) { return idleReader{}, nil }

type idleReader struct{ weir.Reader[int64] }

func (idleReader) Read(ctx context.Context, _ []int64) (int, error) {
	select {
	case <-time.After(50 * time.Millisecond):
		return 0, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
func (idleReader) Close() error { return nil }

// Readers that find nothing take nothing from the others.
func TestIdleReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		busy := Source(generator.Source(-1, index), 100).(source[int64])
		var wg sync.WaitGroup
		for range 10 {
			r, err := (source[int64]{idle{}, busy.bucket}).Open(ctx, weir.Split{})
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				for ctx.Err() == nil {
					r.Read(ctx, make([]int64, 512))
				}
			})
		}
		n := total(collect(t, busy, 10*time.Second, func() {}))
		if n < 990 || n > 1020 {
			t.Errorf("%d records in 10 s", n)
		}
		wg.Wait()
	})
}

// It is the source, slowed down: the same records, positions, end.
func TestSameRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := generator.Source(100, index)
		src := Source(inner, 50)
		if !src.Bounded() {
			t.Error("not bounded")
		}
		var got []int64
		var position []byte
		for range 1000 { // opened anew each time
			r, err := src.Open(t.Context(), weir.Split{ID: "0", Position: position})
			if err != nil {
				t.Fatal(err)
			}
			records := make([]int64, 3)
			n, err := r.Read(t.Context(), records)
			got, position = append(got, records[:n]...), r.Position()
			r.Close()
			if err == io.EOF {
				break
			}
		}
		var want []int64
		for i := range int64(100) {
			want = append(want, i)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
}

func TestContextEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := Source(generator.Source(-1, index), 0.001).Open(t.Context(), weir.Split{ID: "0"})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := r.Read(t.Context(), make([]int64, 9)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		begin := time.Now()
		if n, err := r.Read(ctx, make([]int64, 9)); n != 0 || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 30*time.Millisecond {
			t.Error(n, err, time.Since(begin))
		}
		if n, err := r.Read(t.Context(), make([]int64, 9)); n != 0 || err != nil {
			t.Error(n, err)
		}
	})
}

func TestLimits(t *testing.T) {
	inner := generator.Source(1, index)
	for _, none := range []float64{0, math.Inf(1)} {
		if _, limited := Source(inner, none).(source[int64]); limited {
			t.Errorf("%v is a limit", none)
		}
	}
	for _, wrong := range []float64{-1, math.NaN(), math.Inf(-1)} {
		if _, err := Source(inner, wrong).Splits(t.Context()); !weir.IsPermanent(err) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

// A source that is slowed down is one.
func TestConformance(t *testing.T) {
	want := map[string][]int64{}
	for i := range int64(40) {
		id := strconv.FormatInt(i%2, 10)
		want[id] = append(want[id], i)
	}
	connectortest.Source(t, connectortest.SourceConfig[int64]{
		New: func() weir.Source[int64] {
			return Source(generator.Source(40, index, generator.Splits(2)), 1e6)
		},
		Want:    want,
		Refused: [][]byte{{}, {1}},
	})
}
