package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A result is the result of a round.
type result struct {
	counts
	difference string // what is wrong; empty if nothing is
	dir        string // the directory that is kept if something is wrong
}

// counts says how often each thing has happened.
type counts struct {
	Kills       int `json:"kills"`       // processes ended by SIGKILL
	Stops       int `json:"stops"`       // by SIGTERM, with a final checkpoint
	Ends        int `json:"ends"`        // by themselves, as the input had ended
	Failures    int `json:"failures"`    // by themselves, while the disk was full
	FullDisks   int `json:"full_disks"`  // how often the disk was filled
	Checkpoints int `json:"checkpoints"` // verified; one counts each time that it is
}

func (c *counts) add(d counts) {
	c.Kills += d.Kills
	c.Stops += d.Stops
	c.Ends += d.Ends
	c.Failures += d.Failures
	c.FullDisks += d.FullDisks
	c.Checkpoints += d.Checkpoints
}

// running is a round while it is carried out.
type running struct {
	*program
	result
	dir    string // where the processes run
	disk   *disk
	newest checkpoint.ID
	log    strings.Builder // what has happened; kept if there is a difference
}

// carryOut carries a round out in dir. It removes dir, unless it finds a difference. An
// error means that weirsoak has failed; it says nothing about the job.
func (p *program) carryOut(ctx context.Context, plan round, dir string, st *status) (res result, err error) {
	fsys := durable.OS()
	if err := durable.MkdirAll(fsys, filepath.ToSlash(dir)); err != nil {
		return res, err
	}
	l := &running{program: p, dir: dir}
	if plan.smallDisk && !p.noSmallDisk {
		if l.disk, err = makeDisk(dir); err != nil {
			return res, err
		}
		defer func() { err = errors.Join(err, l.disk.close(l.difference != "")) }()
		l.dir = l.disk.dir
	}
	for i, s := range plan.steps {
		if ctx.Err() != nil {
			break // the last process still runs
		}
		fmt.Fprintf(&l.log, "\n=== process %d: %v\n", i+1, s)
		if err := l.runStep(s); err != nil {
			return l.result, err
		}
		st.progress(l.counts)
		if l.difference != "" {
			break
		}
	}
	if l.difference == "" {
		if err := l.end(undisturbed(1 + plan.number%8)); err != nil {
			return l.result, err
		}
	}
	if l.difference == "" {
		if l.disk == nil {
			err = durable.RemoveTree(fsys, filepath.ToSlash(dir))
		}
		return l.result, err
	}
	l.result.dir = l.dir
	// The log is beside dir and not in it, because the small disk may be full.
	return l.result, durable.WriteFile(fsys, filepath.ToSlash(dir)+".log", []byte(l.log.String()))
}

// runStep runs one process and does to it what the step says.
func (l *running) runStep(s step) error {
	p, err := start(l.file, l.dir, append(s.options.args(), "--in", l.input))
	if err != nil {
		return err
	}
	began := time.Now()
	full, asked := l.disk.full(), false // whether it was so at any time of this process
	for _, e := range s.events() {
		if p.within(e.at - time.Since(began)) {
			break
		}
		switch e.do {
		case fillDisk:
			err = l.disk.fill()
			if l.disk != nil {
				full = true
				l.FullDisks++
			}
		case freeDisk:
			err = l.disk.free()
		case sendStop:
			p.stop()
			asked = true
		case sendKill:
			p.kill()
		}
		if err != nil {
			p.kill()
			<-p.done
			return err
		}
	}
	if err := p.wait(); err != nil {
		l.differs("the process hangs: %v", err)
	}
	code := p.exitCode()
	fmt.Fprintf(&l.log, "--- exit code %d\n%s", code, p.said.String())
	switch {
	case code == -1:
		l.Kills++
	case code == 0 && asked:
		l.Stops++
	case code == 0:
		l.Ends++
	case code == 1 && full:
		l.Failures++
	default:
		l.differs("the process ended with exit code %d", code)
	}
	return l.look()
}

// end runs the job to its end and compares the output.
func (l *running) end(o options) error {
	if err := l.disk.free(); err != nil {
		return err
	}
	fmt.Fprintf(&l.log, "\n=== the last process: %v\n", o.args())
	p, err := start(l.file, l.dir, append(o.args(), "--in", l.input))
	if err != nil {
		return err
	}
	if err := p.wait(); err != nil {
		l.differs("the last process hangs: %v", err)
	}
	code := p.exitCode()
	fmt.Fprintf(&l.log, "--- exit code %d\n%s", code, p.said.String())
	if code != 0 {
		l.differs("the last process ended with exit code %d", code)
	}
	if err := l.look(); err != nil || l.difference != "" {
		return err
	}
	out, err := readOutput(l.dir)
	if err != nil {
		return err
	}
	if d := out.compare(l.want); d != "" {
		l.differs("%s", d)
	}
	return nil
}

// differs notes a difference. The first one is the result.
func (l *running) differs(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(&l.log, "*** %s\n", text)
	if l.difference == "" {
		l.difference = text
	}
}
