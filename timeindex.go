package weir

import "slices"

// A timeIndex finds entries of a map state by their time, in order. The state has no order: a
// map of a few entries is looked through, and for the others of one key the index has their
// times, sorted. It is no state: what it has is made again when it is needed.
type timeIndex[K comparable] struct {
	large map[K]*sortedTimes
	times []Time  // for what between returns
	keys  []int64 // of a map
}

// fewTimes is how many entries are looked through.
const fewTimes = 32

// timedMap is a map state by time, of the current key.
type timedMap interface {
	Len() int
	AppendKeys(dst []int64) []int64
}

type sortedTimes struct {
	times []Time // those from first on
	first int
}

// add says that there is an entry for a time that was not there.
func (x *timeIndex[K]) add(key K, at Time) {
	if len(x.large) == 0 {
		return
	}
	if s := x.large[key]; s != nil {
		s.add(at)
	}
}

// remove says that the entry for a time is gone, and that so many are left.
func (x *timeIndex[K]) remove(key K, at Time, left int) {
	if len(x.large) == 0 {
		return
	}
	switch s := x.large[key]; {
	case s == nil:
	case left < fewTimes/2:
		delete(x.large, key)
	default:
		s.remove(at)
	}
}

// between returns the times from one to another, in order. They are good until the next call.
func (x *timeIndex[K]) between(m timedMap, key K, from, to Time) []Time {
	if m.Len() <= fewTimes {
		x.times = x.appendTimes(x.times[:0], m, from, to)
		return x.times
	}
	s := x.large[key]
	if s == nil {
		s = &sortedTimes{times: x.appendTimes(nil, m, MinTime, MaxTime)}
		if x.large == nil {
			x.large = make(map[K]*sortedTimes)
		}
		x.large[key] = s
	}
	times := s.times[s.first:]
	i, _ := slices.BinarySearch(times, from)
	j, found := slices.BinarySearch(times, to)
	if found {
		j++
	}
	return times[i:max(i, j)]
}

// appendTimes appends the times in a map from one to another, in order.
func (x *timeIndex[K]) appendTimes(dst []Time, m timedMap, from, to Time) []Time {
	x.keys = m.AppendKeys(x.keys[:0])
	for _, k := range x.keys {
		if at := Time(k); at >= from && at <= to {
			dst = append(dst, at)
		}
	}
	slices.Sort(dst)
	return dst
}

func (s *sortedTimes) add(at Time) {
	times := s.times[s.first:]
	i := len(times)
	if i > 0 && times[i-1] > at {
		i, _ = slices.BinarySearch(times, at)
	}
	s.times = slices.Insert(s.times, s.first+i, at)
}

func (s *sortedTimes) remove(at Time) {
	times := s.times[s.first:]
	i, found := slices.BinarySearch(times, at)
	switch {
	case !found:
	case i > 0:
		s.times = slices.Delete(s.times, s.first+i, s.first+i+1)
	default: // most often the earliest goes
		if s.first++; s.first > len(s.times)/2 {
			s.times = slices.Delete(s.times, 0, s.first)
			s.first = 0
		}
	}
}
