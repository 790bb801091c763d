package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weirstream/weir"
)

// plan: a source that plans its splits plans those that there are, whatever is known of
// them, each at a position from which the right records come. It changes nothing of what
// it is shown, and plans the same when it is asked again.
func (s *sourceTest[T]) plan() error {
	if _, ok := s.New().(weir.SplitPlanner); !ok {
		return passedOver("the source does not plan its splits")
	}
	if err := s.planned(nil, nil); err != nil {
		return fmt.Errorf("at the beginning: %w", err)
	}
	known, read, err := s.someKnown()
	if err != nil {
		return err
	}
	for i, k := range known {
		if err := s.planned(k, read[i]); err != nil {
			return fmt.Errorf("with positions of %d splits: %w", len(k), err)
		}
	}
	return nil
}

// someKnown returns what a job may know at some moments, and how many records of each
// split it has read then: the first record of each split, half of it, all of it, and
// half of every other split.
func (s *sourceTest[T]) someKnown() (known [][]weir.Split, read []map[string]int, err error) {
	const moments = 4
	known, read = make([][]weir.Split, moments), make([]map[string]int, moments)
	for i := range read {
		read[i] = map[string]int{}
	}
	for n, id := range s.ids() {
		src := s.New()
		r, err := s.open(src, id, nil)
		if err != nil {
			return nil, nil, err
		}
		want := len(s.Want[id])
		at := []int{min(1, want), want / 2, s.everything(src, want), want / 2}
		steps, err := r.until(s.everything(src, want), 1, nil)
		r.reader.Close()
		if err != nil {
			return nil, nil, err
		}
		for i, goal := range at {
			if i == moments-1 && n%2 == 0 {
				continue
			}
			position, got := positionAfter(steps, goal)
			if position == nil {
				continue
			}
			known[i] = append(known[i], weir.Split{ID: id, Position: position})
			read[i][id] = got
		}
	}
	return known, read, nil
}

// positionAfter is the position after the first step by which n records were read, and how
// many were; nil if there is none.
func positionAfter[T any](steps []step[T], n int) (position []byte, read int) {
	for _, st := range steps {
		read += len(st.records)
		if position = st.was; read >= n && n > 0 {
			break
		}
	}
	return position, read
}

// planned asks for a plan and reads what it plans. read says how many records of the known
// splits have been read.
func (s *sourceTest[T]) planned(known []weir.Split, read map[string]int) error {
	src := s.New()
	shown := copied(known)
	plan, err := s.ask(src, shown)
	if err != nil {
		return err
	}
	if !sameSplits(shown, known) {
		return errors.New("PlanSplits has changed the splits that it was shown")
	}
	if len(plan.Forget) > 0 {
		return fmt.Errorf("PlanSplits forgets %q, and all splits are there", plan.Forget)
	}
	var ids []string
	for _, r := range plan.Read {
		ids = append(ids, r.ID)
	}
	if slices.Sort(ids); !slices.Equal(ids, s.ids()) {
		return fmt.Errorf("PlanSplits plans the splits %q, want %q", ids, s.ids())
	}
	again, err := s.ask(src, copied(known))
	if err != nil {
		return fmt.Errorf("asked again: %w", err)
	}
	if !sameSplits(sorted(again.Read), sorted(plan.Read)) {
		return errors.New("PlanSplits plans something else when it is asked again")
	}
	for _, r := range plan.Read {
		want := s.Want[r.ID]
		if err := s.follow(src, r.ID, r.Position, want[min(read[r.ID], len(want)):], 3, len(want)); err != nil {
			return fmt.Errorf("after %d records, from the planned position: %w", read[r.ID], err)
		}
	}
	return nil
}

// ask calls PlanSplits.
func (s *sourceTest[T]) ask(src weir.Source[T], known []weir.Split) (plan weir.SplitPlan, err error) {
	err = soon("PlanSplits", s.patience, func() (err error) {
		plan, err = src.(weir.SplitPlanner).PlanSplits(context.Background(), known)
		return err
	})
	if err != nil {
		return plan, fmt.Errorf("plan splits: %w", err)
	}
	return plan, nil
}

func copied(splits []weir.Split) (all []weir.Split) {
	for _, k := range splits {
		all = append(all, weir.Split{ID: k.ID, Position: bytes.Clone(k.Position)})
	}
	return all
}

func sorted(splits []weir.Split) []weir.Split {
	return slices.SortedFunc(slices.Values(splits), func(a, b weir.Split) int { return strings.Compare(a.ID, b.ID) })
}

func sameSplits(a, b []weir.Split) bool {
	return slices.EqualFunc(a, b, func(a, b weir.Split) bool { return a.ID == b.ID && bytes.Equal(a.Position, b.Position) })
}
