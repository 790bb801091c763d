package crashfs_test

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// The reference enumerates states in the most simple-minded way: every combination of
// every register, reachable or not, each one built and written down. The simulator
// decides only what can be reached, merges what looks the same, and weighs the rest;
// on random scenarios it must come to the same trees with the same weights.

type refNode struct {
	num     int
	dir     bool
	born    bool
	entries map[string]*refNode // live
	durable map[string]*refNode
	data    string // live
	synced  string
	removed bool
}

type refEffect struct {
	dir, child *refNode
	makes      bool // child is new
	sets       map[string]*refNode
}

type reference struct {
	nodes   []*refNode
	pending []refEffect
	opened  []*refNode
	model   string
}

// sequence: all changes of names are in one order, and a cut leaves the first of them.
func (r *reference) sequence() bool { return r.model != "strict" && r.model != "nojournal" }

func newReference(m crashfs.Model) *reference {
	r := &reference{model: m.String()}
	r.node(true).born = true
	return r
}

func (r *reference) node(dir bool) *refNode {
	n := &refNode{num: len(r.nodes), dir: dir}
	if dir {
		n.entries, n.durable = map[string]*refNode{}, map[string]*refNode{}
	}
	r.nodes = append(r.nodes, n)
	return n
}

func refApply(to map[string]*refNode, sets map[string]*refNode) {
	for name, n := range sets {
		if n == nil {
			delete(to, name)
		} else {
			to[name] = n
		}
	}
}

func (r *reference) change(dir, child *refNode, makes bool, sets map[string]*refNode) {
	refApply(dir.entries, sets)
	r.pending = append(r.pending, refEffect{dir, child, makes, sets})
}

// synced tells which of the pending effects a sync of n makes durable.
func (r *reference) synced(n *refNode) map[int]bool {
	durable := map[int]bool{}
	switch r.model {
	case "strict", "nojournal":
		for i, e := range r.pending {
			durable[i] = e.dir == n
		}
	case "xfs":
		last := -1
		for i, e := range r.pending {
			if e.dir == n || e.child == n {
				last = i
			}
		}
		for i := range last + 1 {
			durable[i] = true
		}
	case "btrfs":
		r.logged(n, durable)
	default:
		for i := range r.pending {
			durable[i] = true
		}
	}
	return durable
}

// logged adds to what Btrfs logs until there is nothing more to add.
func (r *reference) logged(n *refNode, durable map[int]bool) {
	for more := true; more; {
		more = false
		for i, e := range r.pending {
			wanted := e.dir == n || e.child == n
			for j, l := range r.pending {
				if !durable[j] {
					continue
				}
				made := slices.ContainsFunc(r.pending, func(m refEffect) bool { return m.makes && m.child == l.dir })
				if made && e.child == l.dir {
					wanted = true // a new directory above
				}
				for name := range l.sets {
					if _, ok := e.sets[name]; ok && e.dir == l.dir && i < j {
						wanted = true // the same name, earlier
					}
				}
			}
			if wanted && !durable[i] {
				durable[i], more = true, true
			}
		}
	}
}

func (r *reference) sync(n *refNode) {
	n.born = true
	n.synced = n.data
	var kept []refEffect
	durable := r.synced(n)
	for i, e := range r.pending {
		if durable[i] {
			refApply(e.dir.durable, e.sets)
		} else {
			kept = append(kept, e)
		}
	}
	r.pending = kept
}

// find returns the node, and the directory that name is in.
func (r *reference) find(name string) (n, dir *refNode) {
	n = r.nodes[0]
	for part := range strings.SplitSeq(strings.Trim(name, "/"), "/") {
		if part == "" {
			continue
		}
		dir = n
		if n = n.entries[part]; n == nil {
			return nil, dir
		}
	}
	return n, dir
}

func (r *reference) contentsOf(n *refNode) []string {
	fresh := len(n.data) - len(n.synced)
	anything := !r.sequence() || r.model == "writeback"
	switch {
	case fresh > 0 && r.model == "ext4-nodelalloc":
		return []string{n.data}
	case fresh > 0 && !anything:
		return []string{n.synced, n.data[:len(n.synced)+fresh/2], n.data}
	case fresh > 0:
		return []string{n.synced, n.data[:len(n.synced)+fresh/2], n.data,
			n.synced + strings.Repeat("0", fresh), n.synced + strings.Repeat("?", fresh)}
	case n.removed && n.data != "" && anything:
		return []string{n.data, strings.Repeat("?", len(n.data))}
	}
	return []string{n.data}
}

// states counts how many combinations come to each tree.
func (r *reference) states() map[string]uint64 {
	trees := map[string]uint64{}
	var masks [][]bool
	if r.sequence() {
		for k := range len(r.pending) + 1 {
			mask := make([]bool, len(r.pending))
			for i := range k {
				mask[i] = true
			}
			masks = append(masks, mask)
		}
	} else {
		for m := range 1 << len(r.pending) {
			mask := make([]bool, len(r.pending))
			for i := range mask {
				mask[i] = m>>i&1 == 1
			}
			masks = append(masks, mask)
		}
	}
	const lacking = "absent"
	values := make([][]string, len(r.nodes))
	for i, n := range r.nodes {
		values[i] = []string{"dir"}
		if !n.dir {
			values[i] = r.contentsOf(n)
		}
		if r.model == "nojournal" && !n.born {
			values[i] = append(values[i], lacking)
		}
	}
	for _, mask := range masks {
		entries := map[*refNode]map[string]*refNode{}
		for _, n := range r.nodes {
			entries[n] = maps.Clone(n.durable)
		}
		for i, e := range r.pending {
			if mask[i] {
				refApply(entries[e.dir], e.sets)
			}
		}
		chosen := make([]string, len(r.nodes))
		var choose func(i int)
		choose = func(i int) {
			if i < len(r.nodes) {
				for _, v := range values[i] {
					chosen[i] = v
					choose(i + 1)
				}
				return
			}
			trees[r.tree(entries, chosen, lacking)]++
		}
		choose(0)
	}
	return trees
}

// tree writes a state down, breadth first: a directory is at home where it is met first.
func (r *reference) tree(entries map[*refNode]map[string]*refNode, chosen []string, lacking string) string {
	type item struct {
		node *refNode
		path string
	}
	var lines []string
	seen := map[*refNode]bool{r.nodes[0]: true}
	for queue := []item{{r.nodes[0], ""}}; len(queue) > 0; queue = queue[1:] {
		dir := queue[0]
		for _, name := range slices.Sorted(maps.Keys(entries[dir.node])) {
			n := entries[dir.node][name]
			p := dir.path + "/" + name
			switch {
			case chosen[n.num] == lacking:
			case !n.dir:
				lines = append(lines, p+"="+chosen[n.num])
			case !seen[n]:
				seen[n] = true
				lines = append(lines, p+"/")
				queue = append(queue, item{n, p})
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

// treeOf writes a materialised state down in the same way.
func treeOf(t *testing.T, fsys durable.FS) string {
	var lines []string
	var list func(dir string)
	list = func(dir string) {
		entries, err := fsys.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name)
			if e.Dir {
				lines = append(lines, name+"/")
				list(name)
				continue
			}
			data, err := readFile(fsys, name)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, name+"="+legible(data))
		}
	}
	list("/")
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

// legible writes zeros as 0 and garbage as ?. What was written are letters, and the first
// byte of garbage is the complement of one; all after it is garbage too.
func legible(data []byte) string {
	s := []byte(nil)
	for i, b := range data {
		switch {
		case b == 0:
			s = append(s, '0')
		case b >= 0x80:
			return string(s) + strings.Repeat("?", len(data)-i)
		default:
			s = append(s, b)
		}
	}
	return string(s)
}

// dice is splitmix64 again: the scenarios must not depend on the code under test.
type dice uint64

func (d *dice) roll(n int) int {
	*d += 0x9E3779B97F4A7C15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int((z ^ z>>31) % uint64(n))
}

// step does one random operation on both. It returns false if that one is not possible.
func (r *reference) step(t *testing.T, d *dice, fsys *crashfs.FS, open map[*refNode]durable.File) bool {
	names := []string{"/a", "/b", "/d", "/d/a", "/d/b", "/e", "/e/a", "/d/e"}
	name := names[d.roll(len(names))]
	n, dir := r.find(name)
	if dir == nil || !dir.dir {
		return false
	}
	if parent, _ := r.find(path.Dir(name)); parent == nil || !parent.dir {
		return false
	}
	base := path.Base(name)
	switch op := d.roll(8); {
	case op == 0 && n == nil && base >= "d":
		must(fsys.Mkdir(name))
		n := r.node(true)
		r.change(dir, n, true, map[string]*refNode{base: n})
	case op <= 1 && n == nil && base < "d":
		f, err := fsys.Create(name)
		must(err)
		n := r.node(false)
		open[n] = f
		r.opened = append(r.opened, n)
		r.change(dir, n, true, map[string]*refNode{base: n})
	case op <= 3 && len(r.opened) > 0:
		n := r.opened[d.roll(len(r.opened))] // which may have lost its name
		data := strings.Repeat(string(rune('A'+d.roll(26))), 1+d.roll(4))
		_, err := open[n].Write([]byte(data))
		must(err)
		n.data += data
	case op == 4 && n != nil && open[n] != nil:
		must(open[n].Sync())
		r.sync(n)
	case op == 5:
		if n == nil || !n.dir {
			n, name = dir, path.Dir(name)
		}
		must(fsys.SyncDir(name))
		r.sync(n)
	case op == 6 && n != nil:
		if n.dir && len(n.entries) > 0 {
			return false
		}
		must(fsys.Remove(name))
		n.removed = true
		r.change(dir, n, false, map[string]*refNode{base: nil})
	case op == 7 && n != nil:
		newname := names[d.roll(len(names))]
		if fsys.Rename(name, newname) != nil {
			return false
		}
		_, to := r.find(newname)
		if to == dir {
			r.change(dir, n, false, map[string]*refNode{base: nil, path.Base(newname): n})
		} else {
			r.change(to, n, false, map[string]*refNode{path.Base(newname): n})
			r.change(dir, n, false, map[string]*refNode{base: nil})
		}
	default:
		return false
	}
	return true
}

func TestAgainstReference(t *testing.T) {
	t.Parallel()
	first, seeds := 0, 250
	if testing.Short() { // a sample, another one each time; a failure names its seed
		first, seeds = rand.IntN(1<<20), 12
	}
	for _, model := range everyModel {
		t.Run(model.String(), func(t *testing.T) {
			t.Parallel()
			compared, most := 0, 0
			for seed := first; seed < first+seeds; seed++ {
				d := dice(seed)
				fsys := crashfs.New(model)
				ref := newReference(model)
				open := map[*refNode]durable.File{}
				for range 40 {
					if !ref.step(t, &d, fsys, open) {
						continue
					}
					p := fsys.Point()
					if p.Size() > 3000 {
						break
					}
					got := map[string]uint64{}
					prints := map[crashfs.Fingerprint]string{}
					for s := range p.States(crashfs.Options{}) {
						tree := treeOf(t, s.FS())
						got[tree] += s.Weight()
						if other, ok := prints[s.Fingerprint()]; ok && other != tree {
							t.Fatalf("seed %d: one fingerprint for two trees\n%s\n%s", seed, other, tree)
						}
						prints[s.Fingerprint()] = tree
					}
					want := ref.states()
					if !maps.Equal(got, want) {
						t.Fatalf("seed %d after\n%s\ngot\n%s\nwant\n%s", seed,
							strings.Join(fsys.Trace(), "\n"), weights(got), weights(want))
					}
					total := uint64(0)
					for _, w := range want {
						total += w
					}
					if p.Size() != total {
						t.Fatalf("seed %d: size %d, want %d", seed, p.Size(), total)
					}
					// Garbage is written as ? here, but that of one file is not that of another.
					printed, trees := legibleOnly(maps.Values(prints)), legibleOnly(maps.Keys(want))
					if printed != trees {
						t.Fatalf("seed %d: %d fingerprints of %d trees", seed, printed, trees)
					}
					compared++
					most = max(most, len(want))
				}
			}
			t.Logf("%d points compared with %d seeds from %d on, the largest with %d different states", compared, seeds, first, most)
			if compared < 8*seeds {
				t.Errorf("only %d points compared", compared)
			}
		})
	}
}

func legibleOnly(trees iter.Seq[string]) int {
	n := 0
	for tree := range trees {
		if !strings.Contains(tree, "?") {
			n++
		}
	}
	return n
}

func weights(m map[string]uint64) string {
	var b strings.Builder
	for _, tree := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%6d  %s\n", m[tree], tree)
	}
	return b.String()
}
