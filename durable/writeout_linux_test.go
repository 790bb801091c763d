package durable

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
)

// TestWriteOutErrorIsFinal: an error of the request to begin to write a large file to the
// disk is not passed over. A pipe takes bytes, and refuses the request.
func TestWriteOutErrorIsFinal(t *testing.T) {
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	drained := make(chan error)
	go func() { _, err := io.Copy(io.Discard, pr); drained <- err }()
	o := &osFile{f: pw}
	buf := make([]byte, writeOutBytes-1)
	if n, err := o.Write(buf); n != len(buf) || err != nil {
		t.Fatalf("%d, %v: it is too early to begin", n, err)
	}
	_, first := o.Write(buf[:1])
	if !errors.Is(first, syscall.ESPIPE) {
		t.Errorf("the write that begins the write-out: %v", first)
	}
	if _, err := o.Write(buf[:1]); err == nil || err != first {
		t.Errorf("the write after it: %v, want %v", err, first)
	}
	if err := o.Sync(); err == nil || err != first {
		t.Errorf("the sync after it: %v, want %v", err, first)
	}
	if err := errors.Join(o.Close(), <-drained, pr.Close()); err != nil {
		t.Error(err)
	}
}
