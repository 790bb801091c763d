package ratelimit

import (
	"context"
	"io"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/generator"
)

// letters is a source that can do all that a source may: it plans its splits, reads
// files, brings timestamps and commits positions.
type letters struct {
	planned   *[]weir.Split // what it was told to be known
	committed *[]string
}

func (letters) Splits(context.Context) ([]string, error) { panic("it plans") }
func (letters) Bounded() bool                            { return true }
func (letters) Reads(path string) bool                   { return path == "/letters" }

func (l letters) PlanSplits(_ context.Context, known []weir.Split) (weir.SplitPlan, error) {
	*l.planned = known
	return weir.SplitPlan{Read: []weir.Split{{ID: "a-c", Position: []byte("b")}}, Forget: []string{"x-z"}}, nil
}

func (l letters) Open(_ context.Context, s weir.Split) (weir.Reader[string], error) {
	return &letterReader{next: s.Position[0], committed: l.committed}, nil
}

type letterReader struct {
	next      byte
	committed *[]string
}

func (r *letterReader) Read(ctx context.Context, records []string) (int, error) {
	return r.ReadTimed(ctx, records, make([]weir.Time, len(records)))
}

func (r *letterReader) ReadTimed(_ context.Context, records []string, times []weir.Time) (n int, err error) {
	for ; n < len(records) && r.next <= 'c'; n++ {
		records[n], times[n] = string(rune(r.next)), weir.Time(r.next)
		r.next++
	}
	if r.next > 'c' {
		return n, io.EOF
	}
	return n, nil
}

func (r *letterReader) Position() []byte { return []byte{r.next} }
func (r *letterReader) Close() error     { return nil }
func (r *letterReader) Committed(_ context.Context, p []byte) error {
	*r.committed = append(*r.committed, string(p))
	return nil
}

// A source that is slowed down can do what it could.
func TestAbilitiesStay(t *testing.T) {
	var planned []weir.Split
	var committed []string
	src := Source[string](letters{&planned, &committed}, 1e6)
	plan, err := src.(weir.SplitPlanner).PlanSplits(t.Context(), []weir.Split{{ID: "x-z", Position: []byte("y")}})
	if err != nil || len(plan.Read) != 1 || len(plan.Forget) != 1 || len(planned) != 1 || planned[0].ID != "x-z" {
		t.Fatalf("planned %+v, %v; it was told of %+v", plan, err, planned)
	}
	if r := src.(weir.FileReading); !r.Reads("/letters") || r.Reads("/numbers") {
		t.Error("it does not say which files it reads")
	}
	r, err := src.Open(t.Context(), plan.Read[0])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	records, times := make([]string, 5), make([]weir.Time, 5)
	if n, err := r.(weir.TimedReader[string]).ReadTimed(t.Context(), records, times); n != 2 || err != io.EOF || records[1] != "c" || times[1] != 'c' {
		t.Error(n, err, records, times)
	}
	if err := r.(weir.Committer).Committed(t.Context(), []byte("b")); err != nil || len(committed) != 1 {
		t.Error(err, committed)
	}
}

// A source that cannot do it does not seem to.
func TestAbilitiesAreNotAdded(t *testing.T) {
	src := Source(generator.Source(10, index, generator.Splits(2)), 1e6)
	known := []weir.Split{{ID: "1", Position: []byte{3, 2}}}
	plan, err := src.(weir.SplitPlanner).PlanSplits(t.Context(), known)
	if err != nil || len(plan.Read) != 2 || plan.Read[0].Position != nil || string(plan.Read[1].Position) != "\x03\x02" || plan.Forget != nil {
		t.Fatalf("planned %+v, %v", plan, err)
	}
	if src.(weir.FileReading).Reads("anything") {
		t.Error("it reads files")
	}
	r, err := src.Open(t.Context(), plan.Read[1])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, ok := r.(weir.Committer); ok {
		t.Error("it commits: its reader would be kept open for it")
	}
	records, times := make([]int64, 2), []weir.Time{5, 5}
	if n, err := r.(weir.TimedReader[int64]).ReadTimed(t.Context(), records, times); n != 2 || err != nil || records[1] != 5 || times[1] != weir.MinTime {
		t.Error(n, err, records, times)
	}
}
