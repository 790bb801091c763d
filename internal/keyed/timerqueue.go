package keyed

import "slices"

// A timer is a key, with its namespace, that is to be woken at a time.
type timer[K, N comparable] struct {
	at    int64
	hash  uint32 // of key and namespace
	space N
	key   K
}

// A timerQueue is the timers of one key group in order of time, and of hash among those of
// one time, so that one timer among any number of one time is found by searching. They are
// in runs, one after the other.
//
// A snapshot takes the list of runs as it is. The list is copied before it is changed, and
// a page before a timer in it is. Timers that go from the front change no page.
type timerQueue[K, N comparable] struct {
	runs []timerRun[K, N]
	n    int
	made uint32 // the epoch of the list
}

// A timerRun is the timers from number from up to, not including, to of a page. There is
// one at least.
type timerRun[K, N comparable] struct {
	page     *timerPage[K, N]
	at       int64 // the time of the first timer,
	hash     uint32
	epoch    uint32 // in which the page was made
	from, to uint8
}

// runSize is how many timers a page has room for.
const runSize = 64

type timerPage[K, N comparable] struct {
	space [runSize]N
	at    [runSize]int64
	key   [runSize]K
	hash  [runSize]uint32
}

func (p *timerPage[K, N]) get(i int) timer[K, N] {
	return timer[K, N]{p.at[i], p.hash[i], p.space[i], p.key[i]}
}

func (p *timerPage[K, N]) set(i int, t timer[K, N]) {
	p.at[i], p.hash[i], p.space[i], p.key[i] = t.at, t.hash, t.space, t.key
}

// copy copies the timers from up to to of another page, or of the same one, to at.
func (p *timerPage[K, N]) copy(at int, other *timerPage[K, N], from, to int) {
	copy(p.space[at:], other.space[from:to])
	copy(p.at[at:], other.at[from:to])
	copy(p.key[at:], other.key[from:to])
	copy(p.hash[at:], other.hash[from:to])
}

// clear makes the timers from up to to hold on to nothing.
func (p *timerPage[K, N]) clear(from, to int) {
	clear(p.space[from:to])
	clear(p.at[from:to])
	clear(p.key[from:to])
	clear(p.hash[from:to])
}

// earlier reports whether one time and hash come before others.
func earlier(at int64, hash uint32, otherAt int64, otherHash uint32) bool {
	return at < otherAt || at == otherAt && hash < otherHash
}

// first is the time of the first timer, if there is one.
func (q *timerQueue[K, N]) first() (at int64, ok bool) {
	if len(q.runs) == 0 {
		return 0, false
	}
	return q.runs[0].at, true
}

// search returns where the first timer is that is not earlier than a time and hash: number
// i of run r, or the end of the last run, or r is 0 and there are no runs.
func (q *timerQueue[K, N]) search(at int64, hash uint32) (r, i int) {
	low, high := 0, len(q.runs)
	for low < high { // for the first run that does not begin earlier
		mid := (low + high) / 2
		if run := &q.runs[mid]; earlier(run.at, run.hash, at, hash) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == 0 {
		if len(q.runs) == 0 {
			return 0, 0
		}
		return 0, int(q.runs[0].from)
	}
	r = low - 1
	run := &q.runs[r]
	from, to := int(run.from), int(run.to)
	for from < to {
		mid := (from + to) / 2
		if earlier(run.page.at[mid], run.page.hash[mid], at, hash) {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return r, from
}

// find returns where a timer is, or where it would be.
func (q *timerQueue[K, N]) find(t *timer[K, N]) (r, i int, found bool) {
	r, i = q.search(t.at, t.hash)
	for rr, ii := r, i; rr < len(q.runs); rr, ii = rr+1, -1 {
		run := &q.runs[rr]
		if ii < 0 {
			ii = int(run.from)
		}
		for ; ii < int(run.to); ii++ {
			if run.page.at[ii] != t.at || run.page.hash[ii] != t.hash {
				return r, i, false
			}
			if run.page.key[ii] == t.key && run.page.space[ii] == t.space {
				return rr, ii, true
			}
		}
	}
	return r, i, false
}

// insert inserts a timer that find has not found, where that would be.
func (q *timerQueue[K, N]) insert(f *freezer, end place, r, i int, t timer[K, N]) {
	q.own(f, end)
	q.n++
	if len(q.runs) == 0 {
		q.runs = append(q.runs, timerRun[K, N]{page: new(timerPage[K, N]), epoch: f.epoch})
	}
	run := &q.runs[r]
	if run.len() == runSize {
		r, i = q.split(f, end, r, i)
		run = &q.runs[r]
	}
	p := q.writable(f, end, r)
	if run.to == runSize || run.from > 0 && i-int(run.from) < int(run.to)-i { // what is before moves
		p.copy(int(run.from)-1, p, int(run.from), i)
		run.from--
		i--
	} else {
		p.copy(i+1, p, i, int(run.to))
		run.to++
	}
	p.set(i, t)
	run.begin()
}

func (run *timerRun[K, N]) len() int { return int(run.to - run.from) }

// begin notes with what the run begins.
func (run *timerRun[K, N]) begin() { run.at, run.hash = run.page.at[run.from], run.page.hash[run.from] }

// split makes room in a run that is full, and returns where i is then. A timer after all
// others begins a run of its own, so that the runs of timers that come in order are full.
func (q *timerQueue[K, N]) split(f *freezer, end place, r, i int) (int, int) {
	at := runSize / 2
	if r == len(q.runs)-1 && i == runSize {
		at = runSize
	}
	page := new(timerPage[K, N])
	if at < runSize {
		p := q.writable(f, end, r)
		page.copy(0, p, at, runSize)
		p.clear(at, runSize)
	}
	q.runs = slices.Insert(q.runs, r+1, timerRun[K, N]{page: page, epoch: f.epoch, to: uint8(runSize - at)})
	q.runs[r].to = uint8(at)
	q.runs[r+1].begin() // if it is empty, insert says it again
	if i > at || i == at && at == runSize {
		return r + 1, i - at
	}
	return r, i
}

// pop removes the first timer.
func (q *timerQueue[K, N]) pop(f *freezer, end place) timer[K, N] {
	q.own(f, end)
	q.n--
	run := &q.runs[0]
	first := int(run.from)
	t := run.page.get(first)
	if !f.sees(run.epoch, end) {
		run.page.clear(first, first+1)
	}
	if run.from++; run.from < run.to {
		run.begin()
	} else {
		q.drop(0)
	}
	return t
}

// remove removes timer i of run r.
func (q *timerQueue[K, N]) remove(f *freezer, end place, r, i int) {
	q.own(f, end)
	q.n--
	run := &q.runs[r]
	if run.len() == 1 {
		q.drop(r)
		return
	}
	p := q.writable(f, end, r)
	p.copy(i, p, i+1, int(run.to))
	run.to--
	p.clear(int(run.to), int(run.to)+1)
	run.begin()
	// Runs that have become short are joined, so that pages stay a third full at least.
	if r > 0 {
		q.join(f, end, r-1)
	}
	if r+1 < len(q.runs) {
		q.join(f, end, r)
	}
}

// join joins a run with the next one, if both are short.
func (q *timerQueue[K, N]) join(f *freezer, end place, r int) {
	run, next := &q.runs[r], &q.runs[r+1]
	n := run.len() + next.len()
	if n > runSize*3/4 {
		return
	}
	p := q.writable(f, end, r)
	if int(run.to)+next.len() > runSize {
		p.copy(0, p, int(run.from), int(run.to))
		p.clear(run.len(), int(run.to))
		run.from, run.to = 0, uint8(run.len())
	}
	p.copy(int(run.to), next.page, int(next.from), int(next.to))
	run.to += uint8(next.len())
	q.drop(r + 1)
}

// drop removes a run from the list.
func (q *timerQueue[K, N]) drop(r int) {
	if r > 0 {
		q.runs = slices.Delete(q.runs, r, r+1)
		return
	}
	q.runs[0] = timerRun[K, N]{}
	q.runs = q.runs[1:]
}

// own makes the list of runs writable: a copy, if a snapshot sees the one there is.
func (q *timerQueue[K, N]) own(f *freezer, end place) {
	if f.sees(q.made, end) {
		q.runs = slices.Clone(q.runs)
	}
	q.made = f.epoch
}

// writable returns the page of a run for writing: a copy, if a snapshot sees the one there
// is. The list is writable.
func (q *timerQueue[K, N]) writable(f *freezer, end place, r int) *timerPage[K, N] {
	run := &q.runs[r]
	if f.sees(run.epoch, end) {
		c := *run.page
		run.page, run.epoch = &c, f.epoch
	}
	return run.page
}
