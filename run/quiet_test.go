package run_test

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// Without Options.Log a job logs warnings and errors, and nothing else.
func TestQuietByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		was := slog.Default()
		slog.SetDefault(log.logger())
		defer slog.SetDefault(was)
		opts := options(t, 1)
		opts.Log = nil
		fails := false
		job := weir.NewJob("quiet")
		weir.To(weir.Map(weir.From(job, "in", weir.Slice(numbers(10)...)), func(n int64) (int64, error) {
			if fails {
				fails = false
				return 0, errors.New("once")
			}
			return n, nil
		}), "out", &weir.Collector[int64]{})
		for range 2 {
			if err := run.Local(t.Context(), job, opts); err != nil {
				t.Fatal(err)
			}
		}
		if n := log.count("level=INFO"); n != 0 || log.count("level=WARN", "dir=") > 1 {
			t.Errorf("logged, though nothing needs attention:\n%s", log.text())
		}
		opts.From, opts.BesideOldOutput, fails = run.None, true, true
		if err := run.Local(t.Context(), job, opts); err != nil {
			t.Fatal(err)
		}
		if log.count("level=WARN", "attempt failed", "once", "job=quiet") != 1 {
			t.Errorf("a restart is not logged:\n%s", log.text())
		}
	})
}
