package crashfs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A State is what a power cut may leave. It may be used until the next state is asked
// for; what FS returns may be kept.
type State struct {
	w           *walk
	fingerprint Fingerprint
	known       bool
}

// A Fingerprint identifies what can be seen of a state: what was acknowledged before, every
// name that can be reached, and the bytes of its file. Where files are declared alike
// ([FS.Alike]) it is the same whichever of them is which.
type Fingerprint [16]byte

func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

func (s *State) reset() { s.known = false }

// Point is the instant of the cut.
func (s *State) Point() *Point { return s.w.p }

// Acked lists what was acknowledged before the cut, in order.
func (s *State) Acked() []string { return s.w.p.acks }

// Weight is how many combinations of register values look like this state.
func (s *State) Weight() uint64 { return s.w.weight() }

// Fingerprint is the same for states that recovery cannot tell apart.
func (s *State) Fingerprint() Fingerprint {
	if s.known {
		return s.fingerprint
	}
	b := s.w.buf[:0]
	for _, a := range s.w.p.acks {
		b = append(b, a...)
		b = append(b, 0)
	}
	b = append(b, 1)
	b = s.appendTree(b, 0)
	s.w.buf = b
	sum := sha256.Sum256(b)
	copy(s.fingerprint[:], sum[:])
	s.known = true
	return s.fingerprint
}

// appendTree writes the entries of a directory and then a dot; an entry begins with a
// letter, so that no two trees give the same bytes. Of files that are interchangeable it
// writes what has become of them, sorted, and not which they are.
func (s *State) appendTree(b []byte, dir int) []byte {
	w := s.w
	var alike []string
	for _, e := range w.entries[dir] {
		n := &w.p.nodes[e.node]
		if s.hides(dir, e) {
			continue
		}
		if n.kin != "" {
			c := s.content(e.node)
			alike = append(alike, fmt.Sprintf("%s %s %d", n.kin, c.past, len(c.data)))
			continue
		}
		kind := byte('f')
		if n.dir {
			kind = 'd'
		}
		b = append(b, kind)
		b = binary.AppendUvarint(b, uint64(len(e.name)))
		b = append(b, e.name...)
		if n.dir {
			b = s.appendTree(b, e.node)
		} else {
			b = append(b, n.contents[w.content[e.node]].sum[:]...)
		}
	}
	slices.Sort(alike)
	for _, a := range alike {
		b = append(b, 'k')
		b = binary.AppendUvarint(b, uint64(len(a)))
		b = append(b, a...)
	}
	return append(b, '.')
}

// hides reports whether an entry is not seen: what it names is absent, or is a directory
// that has another name.
func (s *State) hides(dir int, e pentry) bool {
	w := s.w
	return w.lacking[e.node] || w.p.nodes[e.node].dir && w.home[e.node] != (place{dir, e.name})
}

// FS makes a file system that holds exactly this state, all of it durable, as it is
// when the machine has come up again: nothing is open, nothing is locked. What was
// acknowledged stays so.
func (s *State) FS() *FS {
	f := New(s.w.p.model)
	f.acks, f.alike = s.w.p.acks, s.w.p.alike
	made := map[int]*inode{0: f.root}
	var fill func(dir int)
	fill = func(dir int) {
		for _, e := range s.w.entries[dir] {
			if s.hides(dir, e) {
				continue
			}
			n, known := made[e.node]
			if !known {
				n = f.newInode(s.w.p.nodes[e.node].dir)
				n.born = true
				made[e.node] = n
				if !n.dir {
					c := s.content(e.node)
					n.data = slices.Clip(c.data)
					n.synced = n.data
					n.kin, n.past = s.w.p.nodes[e.node].kin, c.past
				}
			}
			made[dir].live[e.name] = n
			made[dir].durable[e.name] = n
			if n.dir {
				fill(e.node)
			}
		}
	}
	fill(0)
	return f
}

func (s *State) content(node int) *content {
	return &s.w.p.nodes[node].contents[s.w.content[node]]
}

// String shows the state to people: what was acknowledged, the tree with what is wrong
// with each file, and the changes of names that were lost.
func (s *State) String() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "power cut after operation %d", s.w.p.Op())
	if t := s.w.p.trace; len(t) > 0 {
		fmt.Fprintf(&b, ", %s", t[len(t)-1])
	}
	fmt.Fprintf(&b, "\nacknowledged: %s\n", cmp.Or(strings.Join(s.w.p.acks, ", "), "nothing"))
	s.list(&b, 0, "  ")
	for i, o := range s.w.outcome {
		if o == nil {
			continue
		}
		lost := make([]bool, len(s.w.p.groups[i].effects))
		for j := range lost {
			lost[j] = true
		}
		for c := o.applied; c != nil; c = c.rest {
			lost[c.effect] = false
		}
		for j, e := range s.w.p.groups[i].effects {
			if lost[j] {
				fmt.Fprintf(&b, "lost: %s\n", e.what)
			}
		}
	}
	return b.String()
}

func (s *State) list(b *bytes.Buffer, dir int, indent string) {
	for _, e := range s.w.entries[dir] {
		switch {
		case s.hides(dir, e):
		case s.w.p.nodes[e.node].dir:
			fmt.Fprintf(b, "%s%s/\n", indent, e.name)
			s.list(b, e.node, indent+"  ")
		default:
			c := s.content(e.node)
			fmt.Fprintf(b, "%s%s  %d bytes", indent, e.name, len(c.data))
			if c.class != whole {
				fmt.Fprintf(b, ", %s", c.class)
			}
			b.WriteByte('\n')
		}
	}
}
