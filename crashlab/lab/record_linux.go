//go:build amd64 || arm64

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/weirstream/weir/crashlab/blocklog"
	"github.com/weirstream/weir/crashlab/fusedisk"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
)

// A record is what a workload did to a disk.
type record struct {
	config   loopmount.Config
	workload workload.Workload
	base     *blocklog.Image
	log      blocklog.Log
	limits   string // what Weir would have warned of
}

func (r *record) name() string { return r.config.Name + "-" + r.workload.Name }

// patience is how long a process may take for its next step: far more than it needs.
const patience = 2 * time.Minute

// record makes a file system on a new disk, runs a workload on it, and goes on recording
// until the kernel has had time to write back what nobody has synced.
func (b *bench) record(ctx context.Context, c loopmount.Config, w workload.Workload) (r *record, err error) {
	r = &record{config: c, workload: w}
	disk := b.disks.Add("record-"+r.name(), c.Size)
	defer disk.Show(blocklog.NewImage()) // gives its memory free
	device, err := loopmount.Attach(disk.Path())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, device.Detach()) }()
	mkfs := exec.CommandContext(ctx, c.Mkfs[0], append(c.Mkfs[1:], device.Path)...)
	if said, err := mkfs.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", c.Mkfs[0], err, said)
	}
	dir := filepath.Join(b.tmp, "record-"+r.name())
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := c.Mount(device.Path, dir); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, loopmount.Unmount(dir)) }()
	if err := b.follow(ctx, r, disk, dir); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(b.Settle):
	}
	r.log, err = disk.Stop()
	return r, err
}

// follow runs the workload in a process of its own and puts what it tells into the log.
func (b *bench) follow(ctx context.Context, r *record, disk *fusedisk.Disk, dir string) error {
	p, err := startPeer(roleWorkload)
	if err != nil {
		return err
	}
	defer p.stop()
	defer context.AfterFunc(ctx, p.stop)()
	if err := p.send.Encode(task{r.workload.Name, dir, b.setup}); err != nil {
		return err
	}
	for {
		var t telling
		err := p.receive(&t, patience)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case t.Done && t.Error != "":
			return errors.New(t.Error)
		case t.Done:
			return nil
		case t.Ready:
			r.limits = t.Limits
			r.base = disk.Record()
		default:
			disk.Mark(t.Mark)
		}
		if err := p.send.Encode(struct{}{}); err != nil {
			return err
		}
	}
}
