package checkpoint

import (
	"cmp"
	"slices"
)

// Health is what is known of a checkpoint beyond its name.
type Health uint8

// The states of health.
const (
	Unknown Health = iota // there, not looked at
	Intact                // published by this job manager, or verified by it
	Broken                // looked at and found damaged
)

// A Known is a checkpoint that is there, and what is known of it.
type Known struct {
	ID     ID
	Health Health
}

// Retain decides which checkpoints stay, so that n intact ones are kept, and at least one.
// A checkpoint may go if there are n newer ones that are known to be intact. So the newest
// never goes, and one that is unknown or broken never counts as kept. Both results are in
// ascending order.
func Retain(have []Known, n int) (keep, drop []ID) {
	n = max(n, 1)
	intact := 0
	for _, k := range newestFirst(have) {
		if intact >= n {
			drop = append(drop, k.ID)
			continue
		}
		keep = append(keep, k.ID)
		if k.Health == Intact {
			intact++
		}
	}
	slices.Reverse(keep)
	slices.Reverse(drop)
	return keep, drop
}

// VerifyNext is the checkpoint to verify next so that Retain can let more go: the newest one
// of unknown health. It is not ok if no verification would make a difference.
func VerifyNext(have []Known, n int) (ID, bool) {
	hopeful := slices.Clone(have)
	for i := range hopeful {
		if hopeful[i].Health == Unknown {
			hopeful[i].Health = Intact
		}
	}
	_, most := Retain(hopeful, n)
	if _, sure := Retain(have, n); len(sure) == len(most) {
		return 0, false
	}
	for _, k := range newestFirst(have) {
		if k.Health == Unknown {
			return k.ID, true
		}
	}
	return 0, false
}

func newestFirst(have []Known) []Known {
	sorted := slices.Clone(have)
	slices.SortFunc(sorted, func(a, b Known) int { return cmp.Compare(b.ID, a.ID) })
	return sorted
}
