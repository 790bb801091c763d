package weirtest

import "github.com/weirstream/weir"

// Operator makes a source, a sink and a function that builds a job with what op makes between
// them: for the test of one operator, or of a few. The source has its own watermarks, see
// [Source.Watermarks].
func Operator[T, U any](op func(weir.Stream[T]) weir.Stream[U]) (in *Source[T], out *Sink[U], job func() *weir.Job) {
	in, out = &Source[T]{}, &Sink[U]{}
	return in, out, func() *weir.Job {
		j := weir.NewJob("operator under test")
		weir.To(op(weir.From(j, "in", in, in.Watermarks())), "out", out)
		return j
	}
}
