package store

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// The campaign looks for a bad day for as long as it may:
//
//	go test ./checkpoint/store -run Campaign -v -timeout 0 -args -campaign 10m -seed 7
//
// and lives through one again with the line that it prints for each that it finds.
var (
	campaign     = flag.Duration("campaign", 0, "look for a plan that breaks the store, for so long")
	campaignSeed = flag.Uint64("seed", 1, "what the campaign draws its plans from")
	replay       = flag.String("replay", "", "live through this one plan")
)

// drawPlan makes up plan number i of a campaign.
func drawPlan(seed, i uint64) plan {
	r := rand.New(rand.NewPCG(seed, i))
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	p := plan{
		model:    one("strict", "strict", "ext4", "ext4-nodelalloc", "xfs", "btrfs", "writeback", "nojournal"),
		torn:     []int{0, 0, 64, crashfs.Sector, crashfs.Page}[r.IntN(5)], // 64: the files are small, too
		thorough: r.IntN(3) == 0,
		states:   r.IntN(4),
		retain:   1 + r.IntN(3),
		recuts:   []int{0, 0, 0, 1, 1, 2}[r.IntN(6)],
		seed:     r.Uint64(),
	}
	p.before = r.IntN(p.retain + 1)
	for range 1 + r.IntN(3) {
		p.steps += one("", "", "a", "t", "f", "o", "l", "m", "r", "R") + one("c", "c", "o", "") + one("", "", "l")
	}
	if p.steps == "" {
		p.steps = "c"
	}
	if r.IntN(3) == 0 {
		p.fault, p.at, p.sticky = one("eio", "eio-late", "enospc", "erofs"), 1+r.IntN(30), r.IntN(4) == 0
	}
	if r.IntN(4) == 0 {
		p.late = 1 + r.IntN(30)
	}
	return p
}

// Of a plan as large as the largest, so many states are looked at that it takes some
// seconds: up to planLimit at a point all of them, beyond that a sample; and of the
// recoveries one in planShare is cut again.
const (
	planLimit  = 1 << 11
	againLimit = 1 << 8 // of recoveries
	planShare  = 32
)

// run lives through a plan, or until over says that it is enough, or until it has found
// something. It tells from time to time what it has looked at since.
func (p plan) run(around func(durable.FS) durable.FS, over func() bool, tell func(tally)) (tally, error) {
	w, live, err := p.live(around)
	if err != nil {
		return tally{}, err
	}
	r := newRecutter(w, p.recuts, crashfs.Options{Limit: planLimit, Samples: planLimit / 2, Seed: p.seed})
	r.share = planShare
	r.again = crashfs.Options{Limit: againLimit, Samples: againLimit / 2, Seed: p.seed}
	r.options.Enough = func() bool { return r.found || over() }
	r.again.Enough = r.options.Enough
	r.tell = tell
	report, err := r.sweep(live)
	r.flush()
	return r.tally, errors.Join(err, report.Err())
}

// smaller lists plans that are like p, but for one thing that is left out.
func (p plan) smaller() (list []plan) {
	try := func(change func(q *plan)) {
		q := p
		if change(&q); q != p {
			list = append(list, q)
		}
	}
	try(func(q *plan) { q.recuts = 0 })
	for i := len(p.steps) - 1; i >= 0; i-- {
		try(func(q *plan) { q.steps = p.steps[:i] + p.steps[i+1:] })
	}
	try(func(q *plan) { q.states = max(0, p.states-1) })
	try(func(q *plan) { q.fault, q.at, q.sticky = "", 0, false })
	try(func(q *plan) { q.late = 0 })
	try(func(q *plan) { q.thorough = false })
	try(func(q *plan) { q.torn = 0 })
	try(func(q *plan) { q.retain = max(1, p.retain-1) })
	try(func(q *plan) { q.before = max(0, p.before-1) })
	try(func(q *plan) { q.recuts = max(0, p.recuts-1) })
	return list
}

// smallest leaves out of a plan that breaks something whatever it breaks without.
func (p plan) smallest(around func(durable.FS) durable.FS, over func() bool) plan {
	for smaller := true; smaller; {
		smaller = false
		for _, q := range p.smaller() {
			if _, err := q.run(around, over, nil); err != nil && !over() {
				p, smaller = q, true
				break
			}
		}
	}
	return p
}

// A hunt is a campaign in progress.
type hunt struct {
	seed   uint64
	around func(durable.FS) durable.FS
	say    func(format string, args ...any)
	over   atomic.Bool
	next   atomic.Uint64

	mu      sync.Mutex
	plans   int
	seen    tally
	guilty  []plan
	enough  int // violations after which it ends
	started time.Time
}

func never() bool { return false }

// once lives through the next plan.
func (h *hunt) once() {
	p := drawPlan(h.seed, h.next.Add(1)-1)
	_, err := p.run(h.around, h.over.Load, func(seen tally) {
		h.mu.Lock()
		h.seen.add(seen)
		h.mu.Unlock()
	})
	smallest := p
	if err != nil {
		smallest = p.smallest(h.around, h.over.Load)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.plans++
	if err == nil {
		return
	}
	h.guilty = append(h.guilty, smallest)
	h.say("VIOLATION: %v\nreplay: %s\nsmallest that is broken, too: %s", err, p.command(), smallest.command())
	if len(h.guilty) >= h.enough {
		h.over.Store(true)
	}
}

// all works on every core until over.
func (h *hunt) all() {
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for !h.over.Load() {
				h.once()
			}
		})
	}
	wg.Wait()
}

func (h *hunt) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := time.Since(h.started)
	perMinute := float64(h.seen.states) / d.Minutes()
	return fmt.Sprintf("%v: %d plans, %d states, %d of them distinct and judged, %d recoveries cut again, %d points sampled, %d violations; %.2f million states a minute",
		d.Round(time.Second), h.plans, h.seen.states, h.seen.distinct, h.seen.recut, h.seen.sampled, len(h.guilty), perMinute/1e6)
}

func (p plan) command() string {
	return fmt.Sprintf("go test ./checkpoint/store -run Campaign -v -timeout 0 -args -replay '%v'", p)
}

func TestCampaign(t *testing.T) {
	if *replay != "" {
		p, err := parsePlan(*replay)
		check(t, err)
		seen, err := p.run(nil, never, nil)
		t.Logf("%v: %d states, %d of them distinct and judged, %d points sampled", p, seen.states, seen.distinct, seen.sampled)
		if err != nil {
			t.Errorf("VIOLATION: %v", err)
		}
		return
	}
	if *campaign <= 0 {
		t.Skip("a campaign takes as long as it is told to: -timeout 0 -args -campaign 10m -seed 7")
	}
	debug.SetGCPercent(400) // most of what is allocated lives for one state
	say := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	h := &hunt{seed: *campaignSeed, say: say, enough: 20, started: time.Now()}
	say("campaign of %v on %d cores, seed %d", *campaign, runtime.GOMAXPROCS(0), h.seed)
	end := time.AfterFunc(*campaign, func() { h.over.Store(true) })
	defer end.Stop()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-tick.C:
				say("%v", h)
			case <-done:
				return
			}
		}
	}()
	h.all()
	close(done)
	say("%v", h)
	for _, p := range h.guilty {
		t.Errorf("violated; replay: %s", p.command())
	}
	if h.seen.distinct == 0 {
		t.Error("nothing was judged")
	}
}

// TestCampaignFinds: with any one kind of sync forgotten, the campaign finds out, and the
// line that it prints breaks the store again, and does not break it with the sync.
func TestCampaignFinds(t *testing.T) {
	for name, rule := range map[string]faultfs.Rule{
		"state files":       {Ops: faultfs.Sync, Name: "state-*"},
		"metadata":          {Ops: faultfs.Sync, Name: checkpoint.MetadataName},
		"staging directory": {Ops: faultfs.SyncDir, Name: ".inprogress-*"},
		"job's directory":   {Ops: faultfs.SyncDir, Name: testJob.String()},
		"lock file":         {Ops: faultfs.Sync, Name: ".lock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule.K, rule.Sticky, rule.Do = 1, true, faultfs.Drop
			forget := func(fsys durable.FS) durable.FS { return faultfs.New(fsys, rule) }
			var said []string
			h := &hunt{seed: 21, around: forget, enough: 1, started: time.Now(),
				say: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }}
			for range 40 { // plans, not seconds
				if h.over.Load() {
					break
				}
				h.once()
			}
			if len(h.guilty) == 0 {
				t.Fatalf("it was not found: %v", h)
			}
			t.Logf("found by plan %d: %v", h.plans, h.guilty[0])
			lines := strings.Split(said[0], "-replay '")[1:]
			for _, line := range lines {
				line, _, _ = strings.Cut(line, "'")
				p, err := parsePlan(line)
				check(t, err)
				if _, err := p.run(forget, never, nil); err == nil {
					t.Errorf("not found again: %v", p)
				}
			}
			if _, err := h.guilty[0].run(nil, never, nil); err != nil {
				t.Errorf("found without anything forgotten: %v: %v", h.guilty[0], err)
			}
			if len(lines) != 2 {
				t.Errorf("said %q", said)
			}
		})
	}
}

// TestPlanLines: a plan is what its line says, and it comes to the same every time.
func TestPlanLines(t *testing.T) {
	small := 0
	for i := range uint64(200) {
		p := drawPlan(7, i)
		if back, err := parsePlan(p.String()); err != nil || back != p {
			t.Errorf("%v came back as %v, %v", p, back, err)
		}
		if p.recuts == 0 && p.states < 3 && len(p.steps) < 4 && small < 5 {
			small++
			one, err1 := p.run(nil, never, nil)
			two, err2 := p.run(nil, never, nil)
			if one != two || err1 != nil || err2 != nil {
				t.Errorf("%v: %v, %v; the second time %v, %v", p, one, err1, two, err2)
			}
		}
	}
	if small < 5 {
		t.Errorf("%d small plans", small)
	}
	for _, line := range []string{"model=fat", "model=strict steps=x", "model=strict fault=none", "model=strict torn=a", "model=strict color=red"} {
		if p, err := parsePlan(line); err == nil {
			t.Errorf("%q is a plan: %v", line, p)
		}
	}
}
