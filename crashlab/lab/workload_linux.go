//go:build amd64 || arm64

package lab

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/workload"
	"github.com/weirstream/weir/durable"
)

// A task is what a process for a workload is told to do.
type task struct {
	Workload string
	Dir      string
	Setup    workload.Setup
}

// A telling is what it says in return; each but the last waits for an empty answer.
type telling struct {
	Ready  bool   // everything that was prepared is durable
	Limits string // with Ready: what Weir would warn of here

	Mark string // "ACK 3"

	Done  bool
	Error string // with Done
}

// workloadProcess is the process that writes checkpoints.
func workloadProcess() int {
	w := &world{recv: json.NewDecoder(os.Stdin), send: json.NewEncoder(os.Stdout)}
	last := telling{Done: true}
	if err := w.work(); err != nil {
		last.Error = err.Error()
	}
	if err := w.send.Encode(last); err != nil {
		return 1
	}
	io.Copy(io.Discard, os.Stdin) // until nobody listens any more
	return 0
}

// A world is the one who records.
type world struct {
	recv *json.Decoder
	send *json.Encoder
}

func (w *world) work() error {
	var t task
	if err := w.recv.Decode(&t); err != nil {
		return err
	}
	wl, ok := workload.Named(t.Workload)
	if !ok {
		return fmt.Errorf("there is no workload %q", t.Workload)
	}
	if err := wl.Prepare(t.Dir); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	mount, err := durable.ProbeMount(t.Dir)
	if err != nil {
		return err
	}
	ready := telling{Ready: true}
	for _, l := range mount.Warnings() {
		ready.Limits += l + "\n"
	}
	if err := syncAll(t.Dir); err != nil {
		return err
	}
	if err := w.tell(ready); err != nil {
		return err
	}
	return wl.Run(t.Dir, t.Setup, w)
}

func (w *world) tell(t telling) error {
	if err := w.send.Encode(t); err != nil {
		return err
	}
	return w.recv.Decode(&struct{}{})
}

func (w *world) Begin(id checkpoint.ID) error {
	return w.tell(telling{Mark: fmt.Sprintf("%s %d", judge.Begin, id)})
}

func (w *world) Ack(id checkpoint.ID) error {
	return w.tell(telling{Mark: fmt.Sprintf("%s %d", judge.Ack, id)})
}

func syncAll(dir string) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	defer unix.Close(fd)
	if err := unix.Syncfs(fd); err != nil {
		return fmt.Errorf("sync the file system: %w", err)
	}
	return nil
}
