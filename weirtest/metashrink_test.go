package weirtest_test

import (
	"encoding/json"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// shrink makes the story smaller for as long as it still fails. It returns the smallest one,
// and how it fails.
func (s story) shrink(t *testing.T, diff string) (story, string) {
	tries := 0
	for again := true; again; {
		again = false
		for smaller := range s.smaller() {
			if tries++; tries > 1000 {
				return s, diff
			}
			if d := smaller.tell(t); d != "" {
				s, diff, again = smaller, d, true
				break
			}
		}
	}
	return s, diff
}

// smaller yields the story with one thing less.
func (s story) smaller() iter.Seq[story] {
	return func(yield func(story) bool) {
		for size := (len(s.Script) + 1) / 2; size > 0; size /= 2 {
			for i := 0; i+size <= len(s.Script); i += size {
				less := s
				less.Script = slices.Delete(slices.Clone(s.Script), i, i+size)
				if !yield(less) {
					return
				}
			}
		}
		for i := range s.Job.Nodes {
			less := s
			less.Job = s.Job.without(i)
			if !yield(less) {
				return
			}
		}
		for i, m := range s.Script {
			for j := range m.Recs {
				less := s
				less.Script = slices.Clone(s.Script)
				less.Script[i].Recs = slices.Delete(slices.Clone(m.Recs), j, j+1)
				if !yield(less) {
					return
				}
			}
		}
		for i, w := range s.Widths {
			less := s
			less.Widths = slices.Clone(s.Widths)
			if w > 1 {
				less.Widths[i]--
			} else if len(s.Widths) > 1 {
				less.Widths = slices.Delete(less.Widths, i, i+1)
			} else {
				continue
			}
			if !yield(less) {
				return
			}
		}
	}
}

// without returns the job without a node. What it makes is replaced by the first that it
// reads.
func (j randomJob) without(i int) randomJob {
	first := len(j.Sources) // of the streams that it makes
	for _, n := range j.Nodes[:i] {
		first += max(1, opOf(n.Op).outputs)
	}
	made := max(1, opOf(j.Nodes[i].Op).outputs)
	nodes := slices.Clone(j.Nodes[:i])
	for _, n := range j.Nodes[i+1:] {
		n.In = slices.Clone(n.In)
		for k, in := range n.In {
			switch {
			case in >= first+made:
				n.In[k] -= made
			case in >= first:
				n.In[k] = j.Nodes[i].In[0]
			}
		}
		nodes = append(nodes, n)
	}
	j.Nodes = nodes
	return j
}

// A story that fails shrinks to a few moments, and its text tells the same story.
func TestShrink(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	s, diff := story{}, ""
	for diff == "" {
		s = draw(rng, "count")
		s.Planted = "state outside of the checkpoint"
		diff = s.tell(t)
	}
	s, diff = s.shrink(t, diff)
	records := 0
	for _, m := range s.Script {
		records += len(m.Recs)
	}
	if len(s.Job.Nodes) != 1 || records > 2 || len(s.Script) > 4 {
		t.Errorf("%d nodes, %d records, %d moments: %v", len(s.Job.Nodes), records, len(s.Script), s)
	}
	var again story
	if err := json.Unmarshal([]byte(s.String()), &again); err != nil || !reflect.DeepEqual(again, s) || again.tell(t) == "" {
		t.Errorf("%v (%v) is another story than %v", again, err, s)
	}
	t.Logf("%v\n%s", s, diff)
}
