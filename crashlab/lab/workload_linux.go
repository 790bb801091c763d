//go:build amd64 || arm64

package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
	"github.com/weirstream/weir/durable/probe"
)

// A task tells a workload process what to do.
type task struct {
	Disk     string // the file
	Dir      string // to mount it on
	Config   loopmount.Config
	Workload string
	Setup    workload.Setup
}

// A message is what the workload process sends. It waits for an answer to each message,
// except to an error and to the last one. The last one is empty and says that everything is
// unmounted.
type message struct {
	Ready  bool   // everything that was prepared is durable
	Limits string // with Ready: the warnings that Weir gives about the file system

	Mark string // "ACK 3"

	Done  bool
	Error string
}

// workloadProcess is the process that makes a file system and writes checkpoints.
func workloadProcess() int {
	w := &world{recv: json.NewDecoder(os.Stdin), send: json.NewEncoder(os.Stdout)}
	var t task
	if err := w.recv.Decode(&t); err != nil {
		return 1
	}
	var last message
	if err := w.work(t); err != nil {
		last.Error = err.Error()
	}
	if err := w.send.Encode(last); err != nil {
		return 1
	}
	return 0
}

// A world passes what a workload tells the world on to the process that records.
type world struct {
	recv *json.Decoder
	send *json.Encoder
}

func (w *world) work(t task) (err error) {
	wl, ok := workload.Named(t.Workload)
	if !ok {
		return fmt.Errorf("there is no workload %q", t.Workload)
	}
	device, err := loopmount.Attach(t.Disk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, device.Detach()) }()
	if err := t.Config.Make(device.Path); err != nil {
		return err
	}
	if err := t.Config.Mount(device.Path, t.Dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, loopmount.Unmount(t.Dir)) }()
	if err := wl.Prepare(t.Dir); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	mount := probe.MountOf(t.Dir)
	if err := syncAll(t.Dir); err != nil {
		return err
	}
	if err := w.tell(message{Ready: true, Limits: strings.Join(mount.Warnings(), "\n")}); err != nil {
		return err
	}
	if err := wl.Run(t.Dir, t.Setup, w); err != nil {
		return err
	}
	return w.tell(message{Done: true}) // the answer comes when the record has ended
}

func (w *world) tell(t message) error {
	if err := w.send.Encode(t); err != nil {
		return err
	}
	return w.recv.Decode(&struct{}{})
}

func (w *world) Begin(id checkpoint.ID) error {
	return w.tell(message{Mark: fmt.Sprintf("%s %d", judge.Begin, id)})
}

func (w *world) Ack(id checkpoint.ID) error {
	return w.tell(message{Mark: fmt.Sprintf("%s %d", judge.Ack, id)})
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
