package coordinator

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/weirstream/weir/checkpoint"
)

// TestScripts plays the scripts in testdata. A command is an event with its time. Below
// the line are the decisions, and when the coordinator wants to be called next.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var c *Coordinator
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			arg := func(key string) (s string) {
				if d.HasArg(key) {
					d.ScanArgs(t, key, &s)
				}
				return s
			}
			dur := func(key string) time.Duration {
				v, err := time.ParseDuration(arg(key))
				if err != nil {
					t.Fatalf("%s: %s: %v", d.Pos, key, err)
				}
				return v
			}
			num := func(key string) (n int) { d.ScanArgs(t, key, &n); return n }
			if d.Cmd == "new" {
				c = New(Config{Interval: dur("interval"), MinPause: dur("pause"), Timeout: dur("timeout"), Tolerated: num("tolerated"), Subtasks: num("subtasks")})
				return wake(c)
			}
			now := dur("at")
			var id checkpoint.ID
			if d.HasArg("id") {
				id = checkpoint.ID(num("id"))
			}
			var out []Decision
			switch d.Cmd {
			case "tick":
				out = c.Tick(now)
			case "finish":
				out = c.Finish(now)
			case "ask":
				out = c.Ask(now)
			case "begun":
				out = c.Begun(now, id)
			case "not-begun":
				out = c.NotBegun(now, errors.New(arg("why")))
			case "ack":
				out = c.Acknowledge(now, id, num("subtask"))
			case "decline":
				out = c.Decline(now, id, errors.New(arg("why")))
			case "published":
				out = c.Published(now, id)
			case "publish-failed":
				out = c.PublishFailed(now, id, errors.New(arg("why")))
			case "unknown":
				out = c.Unknown(now, id, errors.New(arg("why")))
			case "notified":
				out = c.Notified(now, id, num("subtask"))
			default:
				t.Fatalf("%s: no such event: %s", d.Pos, d.Cmd)
			}
			var b strings.Builder
			for _, decision := range out {
				fmt.Fprintln(&b, decision)
			}
			return b.String() + wake(c)
		})
	})
}

func wake(c *Coordinator) string {
	if at, ok := c.Wake(); ok {
		return fmt.Sprintf("wake at %v\n", at)
	}
	return "waiting\n"
}
