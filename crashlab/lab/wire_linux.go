//go:build amd64 || arm64

package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// A peer is a process of this program at the other end of two pipes. Values go over the
// pipes as JSON, and the sender of a value waits for the answer.
type peer struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	send *json.Encoder
	recv *json.Decoder
	end  sync.Once
}

// startPeer starts a peer in the namespace. The caller stops it.
func (ns *namespace) startPeer(role string) (*peer, error) {
	cmd := self(role)
	ns.enter(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a process for a %s: %w", role, err)
	}
	return &peer{cmd: cmd, in: in, send: json.NewEncoder(in), recv: json.NewDecoder(out)}, nil
}

// stop kills the peer and waits until it has ended.
func (p *peer) stop() {
	p.end.Do(func() {
		p.in.Close()
		p.cmd.Process.Kill()
		_ = p.cmd.Wait() // it says that the process was killed
	})
}

// receive waits for a value. After patience it kills the peer.
func (p *peer) receive(v any, patience time.Duration) error {
	late := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	err := p.recv.Decode(v)
	switch {
	case !late.Stop():
		return fmt.Errorf("no answer within %v", patience)
	case errors.Is(err, io.EOF):
		return errors.New("the process has died")
	}
	return err
}

// goOn answers a message, so that the peer goes on.
func (p *peer) goOn() error { return p.send.Encode(struct{}{}) }
