// Package weirtest is for tests of jobs. A test pushes records, moves event time and the clock,
// crashes the job and starts it again at another parallelism, and looks at what is visible:
//
//	func TestSession(t *testing.T) {
//		weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
//			clicks, out, job := weirtest.Operator(func(in weir.Stream[click]) weir.Stream[session] {
//				return weir.Process(weir.KeyBy(in, click.ByUser), "sessions", sessions)
//			})
//			r.Start(job, run.Options{Parallelism: 2})
//			clicks.Push(click{"ann", 1000}, click{"ann", 2000})
//			r.Checkpoint()
//			clicks.Push(click{"ann", 3000}) // processed, and in no checkpoint
//			r.Crash()
//			r.Start(job, run.Options{Parallelism: 5})
//			clicks.Watermark(63_000)
//			r.Checkpoint()
//			if want := []session{{"ann", 1000, 3000, 3}}; !slices.Equal(out.Visible(), want) {
//				t.Errorf("got %v, want %v", out.Visible(), want)
//			}
//		})
//	}
//
// The engine is the real one, and so are its checkpoints; they are on a disk in memory (package
// durable/crashfs). Everything runs in a bubble of testing/synctest: nothing sleeps, and a test
// comes out the same each time.
//
//   - [Test] runs a script. [EveryCrash] runs the same script again and again, with a crash after
//     each of its steps and before each operation on the disk, and demands the same output.
//   - [Run] has the steps: Start, Settle, Advance, Checkpoint, Stop, Wait, Crash, PowerCut.
//   - A [Source] is pushed into: records, watermarks, idleness, the end. It keeps them, so that
//     a job that is started again reads on from its position.
//   - A [Sink] shows what is visible, and what was written and is not yet.
//   - [Operator] makes a source, a sink and the job between them, for what is to be tested alone.
//
// A job that has sources and sinks of its own is tested by giving them to the function that
// builds it, as weir.Source and weir.Sink:
//
//	var flights weirtest.Source[Flight]
//	var out weirtest.Sink[Enriched]
//	r.Start(func() *weir.Job { return enrichFlights(&flights, &out) }, run.Options{})
//
// The package is a thin layer: it imports weir and package run, and nothing of the engine.
package weirtest
