package file_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/run"
)

// A job that follows a folder and writes to another one, with the real engine: logs are
// rotated in every way, the job is stopped and started, and fails in between. Every line
// comes out once.
func TestFollowingJob(t *testing.T) {
	for _, parallelism := range []int{1, 3} {
		t.Run(fmt.Sprint(parallelism), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { followingJob(t, parallelism) })
		})
	}
}

func followingJob(t *testing.T, parallelism int) {
	old := slog.Default()
	defer slog.SetDefault(old)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	ok(t, os.Mkdir(in, 0o777))
	path := func(name string) string { return filepath.Join(in, name) }
	var want []string
	add := func(name string, n int) {
		f, err := os.OpenFile(path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
		ok(t, err)
		for range n {
			line := fmt.Sprintf("%s %d", name, len(want))
			want = append(want, line)
			fmt.Fprintln(f, line)
		}
		ok(t, f.Close())
	}
	var fail atomic.Bool
	start := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		job := weir.NewJob("following")
		lines := weir.From(job, "in", file.Lines(in, file.Follow(), file.Include("*.log")))
		weir.To(weir.Map(lines, func(s string) (string, error) {
			if fail.CompareAndSwap(true, false) {
				return "", errors.New("a failure now and then")
			}
			return s, nil
		}), "out", file.LinesSink(out))
		go func() {
			done <- run.Local(ctx, job, run.Options{CheckpointDir: filepath.Join(dir, "chk"), CheckpointInterval: time.Second, Parallelism: parallelism})
		}()
		return func() {
			cancel()
			if err := <-done; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, run.ErrStopped) {
				t.Fatal(err)
			}
		}
	}
	add("a.log", 5)
	add("b.log", 5)
	stop := start()
	for round := range 6 {
		time.Sleep(10 * time.Second)
		add("a.log", 10)
		switch round % 3 {
		case 0:
			ok(t, os.Rename(path("a.log"), path(fmt.Sprint("a.log.", round))))
			add("a.log", 3)
		case 1:
			b, err := os.ReadFile(path("a.log"))
			ok(t, err)
			ok(t, os.WriteFile(path(fmt.Sprint("a.log.", round)), b, 0o666))
			ok(t, os.Truncate(path("a.log"), 0))
			add("a.log", 7)
		case 2:
			stop()
			add("b.log", 20)
			ok(t, os.Rename(path("b.log"), path(fmt.Sprint("b.log.", round))))
			add(fmt.Sprintf("c%d.log", round), 4)
			stop = start()
		}
		add("b.log", 1)
		fail.Store(round%2 == 0)
		time.Sleep(3 * time.Second)
		add("a.log", 2)
	}
	time.Sleep(30 * time.Second)
	stop()
	var got []string
	parts, err := filepath.Glob(filepath.Join(out, "part-*"))
	ok(t, err)
	for _, p := range parts {
		b, err := os.ReadFile(p)
		ok(t, err)
		got = append(got, strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %d lines, want %d", len(got), len(want))
		count := map[string]int{}
		for _, l := range want {
			count[l]++
		}
		for _, l := range got {
			count[l]--
		}
		for l, n := range count {
			if n != 0 {
				t.Errorf("%q: %+d too few", l, n)
			}
		}
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
