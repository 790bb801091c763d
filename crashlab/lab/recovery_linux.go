//go:build amd64 || arm64

package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
)

// A request asks a recovery process to mount an image and to recover from it.
type request struct {
	Disk     string // the file
	Dir      string // to mount it on
	Config   string
	Workload string
	Setup    workload.Setup
	Restart  int // see workload.Find
}

// A response is its answer.
type response struct {
	Finding judge.Finding
	Error   string // of the bench itself
}

// recoveryProcess is the process that mounts images and recovers from them.
func recoveryProcess() int {
	requests, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var p request
		if err := requests.Decode(&p); err != nil {
			if errors.Is(err, io.EOF) {
				return 0
			}
			return 1
		}
		var d response
		var err error
		if d.Finding, err = p.recover(); err != nil {
			d.Error = err.Error()
		}
		if err := answers.Encode(d); err != nil {
			return 1
		}
	}
}

func (p request) recover() (f judge.Finding, err error) {
	configs, err := loopmount.Parse(p.Config)
	if err != nil {
		return f, err
	}
	c := configs[0]
	w, ok := workload.Named(p.Workload)
	if !ok {
		return f, fmt.Errorf("there is no workload %q", p.Workload)
	}
	// Each image gets a loop device of its own, so that nothing of another is in any cache.
	device, err := loopmount.Attach(p.Disk)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, device.Detach()) }()
	if err := c.Check(device.Path); err != nil {
		return judge.Finding{Unmountable: err.Error()}, nil
	}
	if err := c.Mount(device.Path, p.Dir); err != nil {
		return judge.Finding{Unmountable: err.Error()}, nil
	}
	defer func() { err = errors.Join(err, loopmount.Unmount(p.Dir)) }()
	return w.Find(p.Dir, p.Setup, p.Restart), nil
}
