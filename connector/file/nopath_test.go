package file

import (
	"os"
	"testing"

	"github.com/weirstream/weir"
)

// The empty path, as of a flag that was not set, is refused. Nothing is read from the working
// directory, and nothing is written to it.
func TestNoPath(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.txt", []byte("a\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Lines("").(weir.SplitPlanner).PlanSplits(t.Context(), nil)
	wantPermanent(t, err, "path is empty")
	for _, s := range []weir.Sink[string]{LinesSink(""), JSONSink[string]("")} {
		_, err := s.(weir.Claimer).Claim(t.Context(), weir.Claim{})
		wantPermanent(t, err, "path is empty")
	}
	if entries, _ := os.ReadDir("."); len(entries) != 1 {
		t.Errorf("%v is in the working directory", entries)
	}
	if s, err := Lines(".").(weir.SplitPlanner).PlanSplits(t.Context(), nil); err != nil || len(s.Read) != 1 {
		t.Errorf("the working directory has the splits %v, %v", s.Read, err)
	}
}
