package file

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// loggedBy returns what is logged while f runs.
func loggedBy(t testing.TB, f func()) string {
	t.Helper()
	var b lockedBuffer
	old := slog.Default()
	defer slog.SetDefault(old)
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	f()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// A kind of warning is logged once a minute, with how many there were, and none is lost.
func TestWarningsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w warnings
		log := loggedBy(t, func() {
			for i := range 150 { // one a second
				w.warn("a file is odd", "file", i)
				if i%10 == 0 {
					w.warn("a file is even odder", "file", i)
				}
				time.Sleep(time.Second)
			}
			w.flush()
			time.Sleep(quietTime)
			w.flush()
			w.flush()
		})
		lines := strings.Split(strings.TrimSpace(log), "\n")
		count := func(kind, words string) (n int) {
			for _, l := range lines {
				if strings.Contains(l, kind) && strings.Contains(l, words) {
					n++
				}
			}
			return n
		}
		for _, want := range []struct {
			kind, words string
			n           int
		}{
			{"is odd", "", 4}, {"is odd", "file=0\n", 0}, {"is odd", "times=60", 2}, {"is odd", "file=149 times=29", 1},
			{"even odder", "", 4}, {"even odder", "times=6", 2}, {"even odder", "file=140 times=2", 1},
		} {
			if n := count(want.kind, want.words); n != want.n {
				t.Errorf("%d lines with %q and %q, want %d:\n%s", n, want.kind, want.words, want.n, log)
			}
		}
	})
}
