//go:build amd64 || arm64

package lab

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/weirstream/weir/crashlab/blocklog"
	"github.com/weirstream/weir/crashlab/fusedisk"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
)

// A record is everything that a workload wrote to a disk.
type record struct {
	config   loopmount.Config
	workload workload.Workload
	base     *blocklog.Image
	log      blocklog.Log
	limits   string // the warnings that Weir gives about the file system
}

func (r *record) name() string { return r.config.Name + "-" + r.workload.Name }

// patience is how long a process may take for its next step. It is far more than a step
// needs.
const patience = 2 * time.Minute

// record runs a workload on a file system on a new disk, and goes on recording until the
// kernel has had time to write back what was not synced.
func (b *bench) record(ctx context.Context, c loopmount.Config, w workload.Workload) (r *record, err error) {
	r = &record{config: c, workload: w}
	disk := b.disks.Add("record-"+r.name(), c.Size)
	defer disk.Show(blocklog.NewImage()) // frees its memory
	dir := filepath.Join(b.tmp, "record-"+r.name())
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	p, err := b.mounts.startPeer(roleWorkload)
	if err != nil {
		return nil, err
	}
	defer func() {
		p.stop()
		err = errors.Join(err, b.mounts.release(dir))
	}()
	defer context.AfterFunc(ctx, p.stop)()
	if err := p.send.Encode(task{disk.Path(), dir, c, w.Name, b.setup}); err != nil {
		return nil, err
	}
	if err := r.follow(p, disk); err != nil {
		return nil, cmp.Or(ctx.Err(), err)
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(b.Settle):
	}
	if r.log, err = disk.Stop(); err != nil {
		return nil, err
	}
	if err := p.goOn(); err != nil {
		return nil, err
	}
	return r, p.receive(new(message), patience) // it has unmounted
}

// follow puts the marks that a workload sends into the log, until the workload is done.
func (r *record) follow(p *peer, disk *fusedisk.Disk) error {
	for {
		var t message
		if err := p.receive(&t, patience); err != nil {
			return err
		}
		switch {
		case t.Error != "":
			return errors.New(t.Error)
		case t.Done:
			return nil
		case t.Ready:
			r.limits = t.Limits
			r.base = disk.Record()
		default:
			disk.Mark(t.Mark)
		}
		if err := p.goOn(); err != nil {
			return err
		}
	}
}
