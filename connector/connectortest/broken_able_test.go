package connectortest

import (
	"context"
	"testing"

	"github.com/weirstream/weir"
)

// An album is a notebook that can do what a source may do beside: it plans its splits, and
// its readers bring timestamps and commit positions.
type album struct {
	notebook
	do albumWrongs
}

// albumWrongs are the ways in which an album is wrong; the zero value is right.
type albumWrongs struct {
	plan      func(known []weir.Split, p weir.SplitPlan) weir.SplitPlan
	timed     func(records [][]byte, times []weir.Time, n int) int
	committed func(r *page)
}

func (a album) PlanSplits(ctx context.Context, known []weir.Split) (p weir.SplitPlan, err error) {
	ids, err := a.Splits(ctx)
	for _, id := range ids {
		s := weir.Split{ID: id}
		for _, k := range known {
			if k.ID == id {
				s = k
			}
		}
		p.Read = append(p.Read, s)
	}
	if a.do.plan != nil {
		p = a.do.plan(known, p)
	}
	return p, err
}

func (a album) Open(ctx context.Context, split weir.Split) (weir.Reader[[]byte], error) {
	r, err := a.notebook.Open(ctx, split)
	if err != nil {
		return nil, err
	}
	return albumReader{r.(*page), a.do}, nil
}

type albumReader struct {
	*page
	do albumWrongs
}

func (r albumReader) ReadTimed(ctx context.Context, records [][]byte, times []weir.Time) (int, error) {
	n, err := r.Read(ctx, records)
	for i := range n {
		times[i] = weir.Time(i)
	}
	if r.do.timed != nil {
		n = r.do.timed(records, times, n)
	}
	return n, err
}

func (r albumReader) Committed(context.Context, []byte) error {
	if r.do.committed != nil {
		r.do.committed(r.page)
	}
	return nil
}

func albumTest(do albumWrongs) *sourceTest[[]byte] {
	return newSourceTest(SourceConfig[[]byte]{
		New:  func() weir.Source[[]byte] { return album{notebook{notebookPages(), wrongs{}}, do} },
		Want: notebookPages(),
	})
}

func TestAlbum(t *testing.T) { Source(t, albumTest(albumWrongs{}).SourceConfig) }

// Each of them is wrong in one way, and each is caught, by the check that is named.
func TestBrokenAlbums(t *testing.T) {
	asked := 0
	plan := func(f func(known []weir.Split, p weir.SplitPlan) weir.SplitPlan) albumWrongs {
		return albumWrongs{plan: f}
	}
	for _, test := range []struct {
		name     string
		do       albumWrongs
		caughtBy string
	}{
		{"a split is not planned", plan(func(_ []weir.Split, p weir.SplitPlan) weir.SplitPlan { p.Read = p.Read[1:]; return p }), "plan"},
		{"a split is planned twice", plan(func(_ []weir.Split, p weir.SplitPlan) weir.SplitPlan { p.Read = append(p.Read, p.Read[0]); return p }), "plan"},
		{"a split that is there is forgotten", plan(func(k []weir.Split, p weir.SplitPlan) weir.SplitPlan {
			if len(k) > 1 {
				p.Forget = []string{k[1].ID}
			}
			return p
		}), "plan"},
		{"what is known is not looked at", plan(func(_ []weir.Split, p weir.SplitPlan) weir.SplitPlan {
			for i := range p.Read {
				p.Read[i].Position = nil
			}
			return p
		}), "plan"},
		{"what is known is changed", plan(func(k []weir.Split, p weir.SplitPlan) weir.SplitPlan {
			for i := range k {
				k[i].Position = nil
			}
			return p
		}), "plan"},
		{"it plans something else each time", plan(func(_ []weir.Split, p weir.SplitPlan) weir.SplitPlan {
			if asked++; asked%2 == 0 {
				for i := range p.Read {
					p.Read[i].Position = encodeAt(0)
				}
			}
			return p
		}), "plan"},
		{"a record is left out with timestamps", albumWrongs{timed: func(_ [][]byte, _ []weir.Time, n int) int { return max(0, n-1) }}, "timestamps"},
		{"it says that it filled more than there is room for", albumWrongs{timed: func(r [][]byte, _ []weir.Time, n int) int { return len(r) + 1 }}, "timestamps"},
		{"other records with timestamps", albumWrongs{timed: func(r [][]byte, _ []weir.Time, n int) int {
			if n > 1 {
				r[0], r[1] = r[1], r[0]
			}
			return n
		}}, "timestamps"},
		{"a commit moves the reader", albumWrongs{committed: func(r *page) { r.at = max(0, r.at-1) }}, "commits"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantCaught(t, albumTest(test.do), sourceChecks[[]byte](), test.caughtBy)
		})
	}
}
