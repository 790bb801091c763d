package generator

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
)

func square(i int64) int64 { return i * i }

// read reads a split from a position, at most limit records.
func read(src weir.Source[int64], id string, from []byte, batch, limit int) (records []int64, positions [][]byte, err error) {
	r, err := src.Open(context.Background(), weir.Split{ID: id, Position: from})
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for len(records) < limit {
		buf := make([]int64, batch)
		n, err := r.Read(context.Background(), buf)
		records = append(records, buf[:n]...)
		for range n {
			positions = append(positions, nil)
		}
		if n > 0 {
			positions[len(positions)-1] = r.Position()
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return records, positions, err
		}
	}
	return records, positions, nil
}

func TestAllSplitsTogether(t *testing.T) {
	for _, n := range []int64{0, 1, 2, 7, 100} {
		for _, k := range []int{1, 2, 3, 8} {
			src := Source(n, square, Splits(k))
			if !src.Bounded() {
				t.Error("not bounded")
			}
			ids, err := src.Splits(t.Context())
			if err != nil || len(ids) != k {
				t.Fatal(ids, err)
			}
			var got []int64
			for _, id := range ids {
				records, _, err := read(src, id, nil, 3, math.MaxInt)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, records...)
			}
			slices.Sort(got)
			var want []int64
			for i := range n {
				want = append(want, square(i))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d in %d splits: %v", n, k, got)
			}
		}
	}
}

func TestReplay(t *testing.T) {
	for _, n := range []int64{100, -1} {
		src := Source(n, square, Splits(3))
		for _, id := range []string{"0", "1", "2"} {
			want, positions, err := read(src, id, nil, 7, 30)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range positions {
				if p == nil {
					continue
				}
				got, _, err := read(src, id, p, 5, len(want)-i-1)
				if err != nil {
					t.Fatal(err)
				}
				if rest := want[i+1:]; len(got) < len(rest) || !slices.Equal(got[:len(rest)], rest) {
					t.Errorf("from %x: %v, want %v", p, got, rest)
				}
			}
		}
	}
}

func TestEndless(t *testing.T) {
	src := Source(-1, square)
	if src.Bounded() {
		t.Error("bounded")
	}
	records, _, err := read(src, "0", nil, 512, 10_000)
	if err != nil || len(records) < 10_000 || records[9999] != square(9999) {
		t.Error(len(records), err)
	}
}

func TestMoreRecordsThanBefore(t *testing.T) {
	for k := 1; k <= 4; k++ {
		for id := range k {
			old, positions, err := read(Source(10, square, Splits(k)), fmt.Sprint(id), nil, 100, 100)
			if err != nil {
				t.Fatal(err)
			}
			end := positions[len(positions)-1]
			more, _, err := read(Source(20, square, Splits(k)), fmt.Sprint(id), end, 100, 100)
			if err != nil {
				t.Fatal(err)
			}
			all, _, err := read(Source(20, square, Splits(k)), fmt.Sprint(id), nil, 100, 100)
			if err != nil || !slices.Equal(append(old, more...), all) {
				t.Errorf("%v and %v, want %v, %v", old, more, all, err)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	_, positions, err := read(Source(10, square, Splits(2)), "1", nil, 100, 100)
	if err != nil {
		t.Fatal(err)
	}
	end := positions[len(positions)-1]
	for _, test := range []struct {
		src      weir.Source[int64]
		id       string
		position []byte
		words    string
	}{
		{Source(10, square, Splits(3)), "1", end, "taken with 2 splits"},
		{Source(10, square, Splits(2)), "2", nil, "no split"},
		{Source(10, square, Splits(2)), "01", nil, "no split"},
		{Source(10, square, Splits(2)), "-1", nil, "no split"},
		{Source(10, square, Splits(2)), "x", nil, "no split"},
		{Source(10, square, Splits(2)), "0", end, "index 11 does not belong to split 0 of 2"},
		{Source(9, square, Splits(2)), "1", end, "record 9 has been read, and there are only 9"},
		{Source(10, square), "0", []byte{}, "no index"},
		{Source(10, square), "0", []byte{1}, "no number of splits"},
		{Source(10, square), "0", []byte{1, 0}, "no number of splits"},
		{Source(10, square), "0", []byte{1, 1, 1}, "no number of splits"},
		{Source(10, square), "0", position{next: math.MaxInt64, splits: 1}.encode(), "no index"},
	} {
		_, _, err := read(test.src, test.id, test.position, 10, 10)
		if err == nil || !weir.IsPermanent(err) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("split %q at %x: %v, want %q", test.id, test.position, err, test.words)
		}
	}
	if _, err := Source(10, square, Splits(0)).Splits(t.Context()); !weir.IsPermanent(err) {
		t.Error(err)
	}
}

func TestConformance(t *testing.T) {
	for _, n := range []int64{0, 1, 3, 40} {
		for _, k := range []int{1, 3} {
			t.Run(fmt.Sprintf("%d records in %d splits", n, k), func(t *testing.T) {
				want := make(map[string][]int64, k)
				for j := range k {
					want[fmt.Sprint(j)] = nil
				}
				for i := range n {
					id := fmt.Sprint(i % int64(k))
					want[id] = append(want[id], square(i))
				}
				connectortest.Source(t, connectortest.SourceConfig[int64]{
					New:  func() weir.Source[int64] { return Source(n, square, Splits(k)) },
					Want: want,
					Refused: [][]byte{
						{}, {1}, {1, 0}, {1, 1, 1},
						position{next: n + 2*int64(k), splits: int64(k)}.encode(), // after the end
						position{next: 0, splits: int64(k) + 1}.encode(),
						position{next: math.MaxInt64, splits: int64(k)}.encode(),
					},
				})
			})
		}
	}
}
