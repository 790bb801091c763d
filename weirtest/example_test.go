package weirtest_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/weirtest"
)

// test runs an example as go test runs a test.
func test(f func(t *testing.T)) {
	verbose := flag.Lookup("test.v").Value
	was := verbose.String()
	verbose.Set("false") // or it would print more than the example does
	defer verbose.Set(was)
	all := func(string, string) (bool, error) { return true, nil }
	testing.RunTests(all, []testing.InternalTest{{Name: "TestExample", F: f}})
}

// double is the job under test.
func double(in weir.Source[int], out weir.Sink[int]) *weir.Job {
	job := weir.NewJob("double")
	weir.To(weir.Map(weir.From(job, "in", in), func(n int) (int, error) { return 2 * n, nil }), "out", out)
	return job
}

// A job that is built with the source and the sink of a test. In a test file the function is
// one that go test finds: func TestDouble(t *testing.T).
func ExampleTest() {
	testDouble := func(t *testing.T) {
		weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
			var in weirtest.Source[int]
			var out weirtest.Sink[int]
			r.Start(func() *weir.Job { return double(&in, &out) }, run.Options{})
			in.Push(1, 2, 3)
			r.Settle()
			fmt.Println("written", out.Written(), "visible", out.Visible())
			r.Checkpoint()
			fmt.Println("written", out.Written(), "visible", out.Visible())
		})
	}
	test(testDouble)
	// Output:
	// written [2 4 6] visible []
	// written [] visible [2 4 6]
}

// The script has no crash. EveryCrash adds one, at another place each time, and the job goes on
// at another parallelism.
func ExampleEveryCrash() {
	testDouble := func(t *testing.T) {
		weirtest.EveryCrash(t, func(t *testing.T, r *weirtest.Run) {
			var in weirtest.Source[int]
			var out weirtest.Sink[int]
			r.Start(func() *weir.Job { return double(&in, &out) }, run.Options{})
			in.Push(1, 2)
			r.Checkpoint()
			in.Push(3)
			r.Stop()
			if len(out.Visible()) != 3 {
				t.Errorf("visible: %v", out.Visible())
			}
		}, 1, 3)
		fmt.Println("failed:", t.Failed())
	}
	test(testDouble)
	// Output: failed: false
}

// One operator alone: it gets timestamps and watermarks by hand.
func ExampleOperator() {
	testDue := func(t *testing.T) {
		weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
			in, out, job := weirtest.Operator(func(in weir.Stream[string]) weir.Stream[string] {
				byName := weir.KeyBy(in, func(s string) string { return s })
				return weir.Process(byName, "late", func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
					return func(s string) error {
						out.Emit(fmt.Sprint(s, ", late: ", c.Timestamp() <= c.Watermark()))
						return nil
					}
				})
			})
			r.Start(job, run.Options{})
			in.PushAt(7, "a")
			in.Watermark(10)
			in.PushAt(10, "b")
			in.End()
			fmt.Println(r.Wait(), out.Visible())
		})
	}
	test(testDue)
	// Output: <nil> [a, late: false b, late: true]
}

// Time stands still until the test advances it.
func ExampleRun_Advance() {
	test(func(t *testing.T) {
		weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
			in, out, job := weirtest.Operator(func(in weir.Stream[string]) weir.Stream[string] {
				byName := weir.KeyBy(in, func(s string) string { return s })
				return weir.Process(byName, "alert", func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
					silent := c.ProcessingTimer("silent", func(weir.Time) error { out.Emit(c.Key() + " is silent"); return nil })
					return func(string) error { silent.Set(weir.At(c.Now()).Add(time.Hour)); return nil }
				})
			})
			r.Start(job, run.Options{})
			in.Push("a sensor")
			r.Advance(59 * time.Minute)
			fmt.Println(out.Written())
			r.Advance(time.Minute)
			fmt.Println(out.Written())
		})
	})
	// Output:
	// []
	// [a sensor is silent]
}

// Output that is in no checkpoint is lost by a crash, and comes again.
func ExampleRun_Crash() {
	test(func(t *testing.T) {
		weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
			var in weirtest.Source[int]
			var out weirtest.Sink[int]
			job := func() *weir.Job { return double(&in, &out) }
			r.Start(job, run.Options{Parallelism: 1})
			in.Push(1)
			r.Checkpoint()
			in.Push(2)
			r.Settle()
			fmt.Println(out.Visible(), out.Written())
			r.Crash()
			fmt.Println(out.Visible(), out.Written())
			r.Start(job, run.Options{Parallelism: 4})
			r.Settle()
			fmt.Println(out.Visible(), out.Written())
		})
	})
	// Output:
	// [2] [4]
	// [2] []
	// [2] [4]
}

// A power cut takes what was not synced, and never a complete checkpoint.
func ExampleRun_PowerCut() {
	test(func(t *testing.T) {
		weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
			var in weirtest.Source[int]
			var out weirtest.Sink[int]
			job := func() *weir.Job { return double(&in, &out) }
			r.Start(job, run.Options{})
			in.Push(1)
			id := r.Checkpoint()
			r.PowerCut()
			r.Start(job, run.Options{})
			fmt.Println("checkpoint", id, "restored", r.Status().Restored)
		})
	})
	// Output: checkpoint 1 restored 1
}

// Event time waits for the split that is furthest behind, unless it is idle.
func ExampleSource_Split() {
	test(func(t *testing.T) {
		weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
			in, out, job := weirtest.Operator(func(in weir.Stream[string]) weir.Stream[string] {
				return weir.Process(weir.KeyBy(in, func(string) int { return 0 }), "time", func(c *weir.KeyContext[int], out *weir.Out[string]) func(string) error {
					return func(s string) error { out.Emit(fmt.Sprint(s, " at ", c.Watermark())); return nil }
				})
			})
			a, b := in.Split("a"), in.Split("b")
			r.Start(job, run.Options{})
			a.Watermark(30)
			b.Watermark(10)
			r.Settle()
			a.Push("both")
			r.Settle()
			b.Idle()
			r.Settle()
			a.Push("b is idle")
			r.Settle()
			fmt.Println(out.Written())
		})
	})
	// Output: [both at 1970-01-01T00:00:00.010Z b is idle at 1970-01-01T00:00:00.030Z]
}
