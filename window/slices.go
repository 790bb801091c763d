package window

import "github.com/weirstream/weir/eventtime"

// Sliding windows overlap. Cut at every time at which one of them begins or ends, they
// become slices that belong to several windows each: what is in a slice needs to be kept
// and added up once. Between the beginnings of two windows one ends, so there are at most
// two slices for each.

// Slice returns the slice that a time is in.
func (s *Shape) Slice(at eventtime.Time) Bounds {
	in, cut := s.into(at), s.Size%s.Slide // where in between a window ends, unless it is where one begins
	if in < cut {
		return around(at, in, cut-in)
	}
	return around(at, in-cut, s.Slide-in)
}

// Slices returns how many slices a window has.
func (s *Shape) Slices() int64 {
	n := s.Size / s.Slide
	if s.Size%s.Slide != 0 {
		n = 2*n + 1
	}
	return n
}
