package file

import (
	"errors"
	"io"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// A file of which less was taken than was given is of no use, even if that was not reported.
func TestSinkTakesNoShortWrite(t *testing.T) {
	var fsys durable.FS = faultfs.New(crashfs.New(crashfs.Strict), faultfs.Rule{Ops: faultfs.Write, Name: "*.inprogress", K: 1, Do: faultfs.Short})
	w := openWriter(t, LinesSinkOn(fsys, outDir), first)
	must(t, w.Write(t.Context(), []string{"one", "two"}))
	if p, err := w.Prepare(t.Context(), 1); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("prepared %x, %v", p, err)
	}
}
