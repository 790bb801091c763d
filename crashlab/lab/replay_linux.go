//go:build amd64 || arm64

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/weirstream/weir/crashlab/blocklog"
	"github.com/weirstream/weir/crashlab/fusedisk"
	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/workload"
)

// replay cuts the power at chosen moments of a record and judges what is left.
func (b *bench) replay(ctx context.Context, r *record) (res *Result, err error) {
	begun := time.Now()
	res = &Result{
		Config: r.config, Workload: r.workload, Expect: expected(r.config, r.workload),
		Writes: r.log.Writes(), Flushes: r.log.Flushes(), Length: r.log.End(),
		Acked: judge.ToldBefore(r.log, len(r.log)).Acked,
	}
	mountPoint, err := b.newMountPoint(r)
	if err != nil {
		return nil, err
	}
	defer func() {
		mountPoint.peer.stop()
		err = errors.Join(err, b.mounts.release(mountPoint.Dir))
	}()
	defer context.AfterFunc(ctx, mountPoint.peer.stop)()

	player := blocklog.NewPlayer(r.base, r.log)
	cuts := blocklog.Plan(r.log, b.Images, b.Seed)
	for i, c := range cuts {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.progress("%s: %d of %d power cuts", r.name(), i, len(cuts))
		restart := 0
		if r.workload.Name == workload.JobName && chosen(i, len(cuts), b.Restarts) {
			restart = i + 1
			res.Tally.Restarts++
		}
		f, err := mountPoint.recover(player.Image(c), restart)
		if err != nil {
			return nil, fmt.Errorf("the power cut %v: %w", c, err)
		}
		told := judge.ToldBefore(r.log, c.Before)
		state, why := judge.Verdict(told, f)
		res.Tally.Add(r.log, c, told, state)
		if state != judge.OK && len(res.Bad) < maxBad {
			bad := BadImage{Cut: c.String(), State: state, Why: why}
			if b.Keep != "" {
				if bad.Kept, err = keep(b.Keep, r.name(), player.Image(c), r.config.Size, c, state, why); err != nil {
					return nil, err
				}
			}
			res.Bad = append(res.Bad, bad)
		}
	}
	res.Took = time.Since(begun)
	res.complain(r.limits)
	return res, nil
}

// chosen reports whether the i-th of all is one of n that are spread evenly.
func chosen(i, all, n int) bool { return (i+1)*n/all > i*n/all }

// complain notes what is not as expected.
func (res *Result) complain(limits string) {
	if c := res.Expect.Complaint(&res.Tally); c != "" {
		res.Complaints = append(res.Complaints, c)
	}
	if res.Acked < 2 {
		res.Complaints = append(res.Complaints, fmt.Sprintf("%d checkpoints were reported complete, so nothing could be lost: the result proves nothing", res.Acked))
	}
	// Weir must warn at the start of a job exactly if the file system is not one that keeps
	// the promise.
	switch {
	case res.Config.Keeps && limits != "":
		res.Complaints = append(res.Complaints, "Weir warns about this file system: "+strings.TrimSpace(limits))
	case !res.Config.Keeps && limits == "":
		res.Complaints = append(res.Complaints, "Weir does not warn about this file system")
	}
}

// A mountPoint is where images are mounted, one after the other.
type mountPoint struct {
	disk *fusedisk.Disk
	peer *peer
	request
}

func (b *bench) newMountPoint(r *record) (*mountPoint, error) {
	dir := filepath.Join(b.tmp, "replay-"+r.name())
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	p, err := b.mounts.startPeer(roleRecovery)
	if err != nil {
		return nil, err
	}
	disk := b.disks.Add("replay-"+r.name(), r.config.Size)
	return &mountPoint{
		disk: disk, peer: p,
		request: request{Disk: disk.Path(), Dir: dir, Config: r.config.Name, Workload: r.workload.Name, Setup: b.setup},
	}, nil
}

// recover mounts an image and recovers from it.
func (b *mountPoint) recover(image *blocklog.Image, restart int) (judge.Finding, error) {
	b.disk.Show(image)
	p := b.request
	p.Restart = restart
	if err := b.peer.send.Encode(p); err != nil {
		return judge.Finding{}, err
	}
	var d response
	if err := b.peer.receive(&d, patience); err != nil {
		return judge.Finding{}, err
	}
	if d.Error != "" {
		return judge.Finding{}, errors.New(d.Error)
	}
	return d.Finding, nil
}
