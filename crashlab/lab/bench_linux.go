//go:build amd64 || arm64

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"

	"github.com/weirstream/weir/crashlab/fusedisk"
	"github.com/weirstream/weir/crashlab/workload"
)

// A bench is one run of the bench.
type bench struct {
	Options
	tmp      string
	disks    *fusedisk.FS
	mounts   *namespace
	setup    workload.Setup
	progress func(format string, args ...any)
}

// replayers is how many images are mounted at the same time: while one waits for a sync the
// other computes.
const replayers = 2

// Run runs the bench. It calls report with each result, in the order of the table, and
// progress with a line that replaces the line before. When it returns, also with an error,
// nothing is mounted and no loop device is left.
func Run(ctx context.Context, o Options, report func(*Result), progress func(format string, args ...any)) (err error) {
	b := &bench{Options: o, progress: progress}
	b.setup = workload.Setup{Checkpoints: o.Checkpoints, Every: o.Every, Rate: o.JobRate}
	if b.tmp, err = os.MkdirTemp("", "crashlab-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.tmp)) }()
	if b.tmp, err = filepath.EvalSymlinks(b.tmp); err != nil { // as the kernel lists mounts
		return err
	}
	if slices.ContainsFunc(o.Workloads, func(w workload.Workload) bool { return w.Name == workload.JobName }) {
		if err := b.buildJob(ctx); err != nil {
			return err
		}
	}
	served := filepath.Join(b.tmp, "disks")
	if err := os.Mkdir(served, 0o755); err != nil {
		return err
	}
	b.disks, err = fusedisk.Serve(served, func(device int) (err error) {
		b.mounts, err = newNamespace(device, served)
		return err
	})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, b.mounts.end())
		b.disks.Wait()
	}()

	records, err := b.recordAll(ctx)
	if err != nil {
		return err
	}
	results := make([]*Result, len(records))
	reported := 0
	return each(ctx, len(records), replayers, func(ctx context.Context, i int) error {
		res, err := b.replay(ctx, records[i])
		if err != nil {
			return fmt.Errorf("%s: %w", records[i].name(), err)
		}
		records[i] = nil // its log may be large
		results[i] = res
		return nil
	}, func() {
		for reported < len(results) && results[reported] != nil {
			report(results[reported])
			reported++
		}
	})
}

// recordAll makes all records at the same time: most of the time goes into waiting for the
// kernel to write back.
func (b *bench) recordAll(ctx context.Context) ([]*record, error) {
	n := len(b.Configs) * len(b.Workloads)
	records := make([]*record, n)
	done := 0
	b.progress("recording %d workloads", n)
	err := each(ctx, n, n, func(ctx context.Context, i int) (err error) {
		c, w := b.Configs[i/len(b.Workloads)], b.Workloads[i%len(b.Workloads)]
		if records[i], err = b.record(ctx, c, w); err != nil {
			return fmt.Errorf("record %s on %s: %w", w.Name, c.Name, err)
		}
		return nil
	}, func() {
		done++
		b.progress("recorded %d of %d workloads", done, n)
	})
	return records, err
}

// each calls work with 0 to n-1, several at the same time, and after each of these it calls
// after, one call at a time. The first error ends the others, and each returns it when all
// have ended.
func each(ctx context.Context, n, atOnce int, work func(context.Context, int) error, after func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := work(ctx, i); err != nil {
				cancel(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			after()
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// buildJob builds the flights example, and runs it once undisturbed.
func (b *bench) buildJob(ctx context.Context) error {
	b.progress("building the job")
	b.setup.Binary = filepath.Join(b.tmp, "flights")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.setup.Binary, "github.com/weirstream/weir/examples/flights")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the flights example (run crashlab inside of the repository): %w\n%s", err, said)
	}
	b.progress("running the job undisturbed")
	b.setup.Expected = filepath.Join(b.tmp, "expected")
	dir := filepath.Join(b.tmp, "undisturbed")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	var err error
	b.setup.Input, err = workload.Undisturbed(dir, b.setup)
	return err
}
