package inspect

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Selection says which part of a checkpoint is meant. The zero value means all of it.
type Selection struct {
	Operator string // an id, name or uid; "" for all
	State    string // a name; "" for all
}

// has reports whether a state is selected.
func (s Selection) has(state *State) bool { return s.State == "" || s.State == state.Name }

// Missing returns an error if what is selected is in none of the checkpoints, which must
// have been loaded with that selection. The error says what there is with a similar name.
func (s Selection) Missing(loaded ...*Checkpoint) error {
	var labels, states []string
	operator, state := false, false
	for _, c := range loaded {
		operator = operator || len(c.Operators) > 0
		for i := range c.Meta.Operators {
			l := c.Names.of(c.Meta.Operators[i].ID)
			labels = append(labels, l.Name, l.UID)
		}
		for _, op := range c.Operators {
			for _, h := range op.Handles {
				for _, st := range h.States {
					state = state || st.Name == s.State
					states = append(states, st.Name)
				}
			}
		}
	}
	switch {
	case s.Operator != "" && !operator:
		return fmt.Errorf("no operator has the id, name or uid %s%s", Quoted(s.Operator), didYouMean(s.Operator, labels))
	case s.State != "" && !state:
		return fmt.Errorf("no state is called %s%s", Quoted(s.State), didYouMean(s.State, states))
	}
	return nil
}

// didYouMean ends a sentence with the known words that are most like word; if none is, with
// the first of them.
func didYouMean(word string, known []string) string {
	best := max(1, utf8.RuneCountInString(word)/3) + 1 // as many changes are not like it any more
	var all, like []string
	for _, k := range known {
		quoted := Quoted(k)
		if k == "" || slices.Contains(all, quoted) {
			continue
		}
		all = append(all, quoted)
		switch d := distance(strings.ToLower(word), strings.ToLower(k)); {
		case d < best:
			best, like = d, []string{quoted}
		case d == best && len(like) > 0:
			like = append(like, quoted)
		}
	}
	const most = 5
	switch {
	case len(like) > 0:
		return "; did you mean " + strings.Join(like[:min(most, len(like))], " or ") + "?"
	case len(all) > most:
		return fmt.Sprintf("; there are %s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	case len(all) > 0:
		return "; there is " + strings.Join(all, ", ")
	}
	return ""
}

// distance returns how many characters must be inserted, removed, replaced or swapped with
// their neighbour to make b of a. Of words longer than maxWord it looks at the beginning.
func distance(a, b string) int {
	const maxWord = 100
	s, t := []rune(a), []rune(b)
	s, t = s[:min(len(s), maxWord)], t[:min(len(t), maxWord)]
	before, last := make([]int, len(t)+1), make([]int, len(t)+1) // rows i-2 and i-1
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row := make([]int, len(t)+1)
		row[0] = i
		for j := 1; j <= len(t); j++ {
			replace := last[j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			row[j] = min(replace, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}
