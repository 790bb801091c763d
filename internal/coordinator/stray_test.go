package coordinator

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/weirstream/weir/checkpoint"
)

// An event that does not belong to the phase, or is of another checkpoint, changes nothing.
func TestStrayEvents(t *testing.T) {
	const id, now = 7, time.Hour
	why := errors.New("reason")
	phases := []struct {
		name  string
		bring func(c *Coordinator)
		takes []string // of the events below, with the right id
	}{
		{"idle", func(*Coordinator) {}, nil},
		{"beginning", func(c *Coordinator) { c.Tick(now) }, []string{"begun", "not begun"}},
		{"collecting", func(c *Coordinator) { c.Tick(now); c.Begun(now, id) }, []string{"ack", "decline"}},
		{"publishing", func(c *Coordinator) { c.Tick(now); c.Begun(now, id); ack(c, now, id) }, []string{"published", "publish failed", "unknown"}},
		{"finishing", func(c *Coordinator) { finish(c, now, id) }, []string{"notified"}},
		{"done", func(c *Coordinator) { finish(c, now, id); c.Notified(now, id, 0); c.Notified(now, id, 1) }, nil},
		{"outcome unknown", func(c *Coordinator) { c.Tick(now); c.Begun(now, id); ack(c, now, id); c.Unknown(now, id, why) }, nil},
		{"failed", func(c *Coordinator) { c.Tick(now); c.NotBegun(now, why) }, nil},
	}
	events := []struct {
		name string
		of   func(c *Coordinator, id checkpoint.ID) []Decision
	}{
		{"begun", func(c *Coordinator, id checkpoint.ID) []Decision { return c.Begun(now, id) }},
		{"not begun", func(c *Coordinator, _ checkpoint.ID) []Decision { return c.NotBegun(now, why) }},
		{"ack", func(c *Coordinator, id checkpoint.ID) []Decision { return c.Acknowledge(now, id, 0) }},
		{"decline", func(c *Coordinator, id checkpoint.ID) []Decision { return c.Decline(now, id, why) }},
		{"published", func(c *Coordinator, id checkpoint.ID) []Decision { return c.Published(now, id) }},
		{"publish failed", func(c *Coordinator, id checkpoint.ID) []Decision { return c.PublishFailed(now, id, why) }},
		{"unknown", func(c *Coordinator, id checkpoint.ID) []Decision { return c.Unknown(now, id, why) }},
		{"notified", func(c *Coordinator, id checkpoint.ID) []Decision { return c.Notified(now, id, 0) }},
	}
	for _, p := range phases {
		for _, e := range events {
			for _, of := range []checkpoint.ID{0, id - 1, id} {
				c, same := phased(p.bring), phased(p.bring)
				began := e.name == "begun" || e.name == "not begun" // whichever id it has
				takes := slices.Contains(p.takes, e.name) && (of == id || began)
				out := e.of(c, of)
				if changed := !reflect.DeepEqual(c, same) || len(out) > 0; changed != takes {
					t.Errorf("%s, %s of checkpoint %d: %v, changed %t", p.name, e.name, of, out, changed)
				}
			}
		}
	}
}

func phased(bring func(*Coordinator)) *Coordinator {
	c := New(Config{Interval: time.Minute, Timeout: time.Minute, Subtasks: 2})
	bring(c)
	return c
}

func ack(c *Coordinator, now time.Duration, id checkpoint.ID) {
	for i := range c.cfg.Subtasks {
		c.Acknowledge(now, id, i)
	}
}

func finish(c *Coordinator, now time.Duration, id checkpoint.ID) {
	c.Finish(now)
	c.Begun(now, id)
	ack(c, now, id)
	c.Published(now, id)
}

// Why a checkpoint failed is counted: of the abort, and of the end of the attempt.
func TestCauses(t *testing.T) {
	const id, now = 7, time.Hour
	why := errors.New("reason")
	for _, e := range []struct {
		want Cause
		of   func(c *Coordinator) []Decision
	}{
		{Expired, func(c *Coordinator) []Decision { c.Begun(now, id); return c.Tick(2 * now) }},
		{Declined, func(c *Coordinator) []Decision { c.Begun(now, id); return c.Decline(now, id, why) }},
		{NotTriggered, func(c *Coordinator) []Decision { return c.NotBegun(now, why) }},
		{NotFinalized, func(c *Coordinator) []Decision {
			c.Begun(now, id)
			ack(c, now, id)
			return c.PublishFailed(now, id, why)
		}},
		{OutcomeUnknown, func(c *Coordinator) []Decision {
			c.Begun(now, id)
			ack(c, now, id)
			return c.Unknown(now, id, why)
		}},
	} {
		out := e.of(phased(func(c *Coordinator) { c.Tick(now) }))
		if len(out) == 0 {
			t.Errorf("%v: nothing is decided", e.want)
		}
		for _, d := range out {
			if d.Cause != e.want {
				t.Errorf("%v: %v has the cause %v", e.want, d, d.Cause)
			}
		}
	}
}

// Missing says whom a checkpoint waits for, and since when; that is since its trigger.
func TestMissing(t *testing.T) {
	c := New(Config{Interval: time.Minute, Timeout: time.Minute, Subtasks: 3})
	missing := func(want string) {
		t.Helper()
		id, since, subtasks := c.Missing()
		if got := fmt.Sprint(id, since, subtasks); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	missing("0 0s []")
	c.Tick(time.Minute)
	missing("0 0s []")
	c.Begun(61*time.Second, 7)
	missing("7 1m0s [0 1 2]")
	c.Acknowledge(62*time.Second, 7, 1)
	missing("7 1m0s [0 2]")
	ack(c, 63*time.Second, 7)
	missing("0 0s []")
	if c.Finishing() {
		t.Error("an ordinary checkpoint is the final one")
	}
	c.Published(64*time.Second, 7)
	missing("0 0s []")
	finish(c, 70*time.Second, 8)
	if !c.Finishing() {
		t.Error("the final checkpoint is not the final one")
	}
}
