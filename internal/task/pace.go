package task

// An aligned source reads its splits at the pace of a group: a split whose event time is
// too far ahead of the others is not read until they have come closer.

// join makes a split a member of the group, if there is one.
func (f *fetcher) join(r *reading) {
	if f.group != nil && r.member == nil {
		r.member = f.group.Join(r.Watermark, f.most)
	}
}

// leave takes a split out of the group.
func (f *fetcher) leave(r *reading) {
	if r.member != nil {
		r.member.Leave()
	}
}

// mustWait reports whether the split is too far ahead to be read. Then resume is called
// when it is not any more.
func (f *fetcher) mustWait(r *reading) bool {
	if f.group == nil {
		return false
	}
	f.join(r)
	f.mu.Lock()
	was := r.ahead
	r.ahead = true
	f.mu.Unlock()
	if r.member.Ahead(func() { f.resume(r) }) {
		return true
	}
	f.mu.Lock()
	r.ahead = false
	f.mu.Unlock()
	if was && r.reader != nil {
		r.reader.Resumed()
	}
	return false
}

// resume has a split read again that was too far ahead.
func (f *fetcher) resume(r *reading) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.ahead && !r.busy {
		f.fresh = append(f.fresh, r)
		f.poke()
	}
}
