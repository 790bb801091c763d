package connectortest

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// A world is where the output of one scenario is, while processes come and go.
type world[T any] struct {
	test      *sinkTest[T]
	disk      durable.FS // what is really there; nil if it is elsewhere
	through   durable.FS // what the sink sees of it
	elsewhere *Output[T]

	alive   map[weir.SinkID]*process[T] // that runs a sink now, or has ended
	started int                         // processes
}

// world makes one with nothing in it.
func (s *sinkTest[T]) world() *world[T] {
	if s.On != nil {
		return s.on(crashfs.New(crashfs.Strict))
	}
	out := s.Elsewhere()
	return &world[T]{test: s, elsewhere: &out}
}

// on is the world on a disk.
func (s *sinkTest[T]) on(disk durable.FS) *world[T] {
	return &world[T]{test: s, disk: disk, through: disk}
}

// onlooker is the output as any other program sees it.
func (w *world[T]) onlooker() Output[T] {
	if w.elsewhere != nil {
		return *w.elsewhere
	}
	return w.test.On(w.disk)
}

// visible are the numbers of the records that are visible, sorted.
func (w *world[T]) visible() ([]int, error) {
	records, err := w.onlooker().Visible()
	if err != nil {
		return nil, fmt.Errorf("look at the output: %w", err)
	}
	numbers := make([]int, 0, len(records))
	for _, r := range records {
		n, ok := w.test.numbers.of(r)
		if !ok {
			return nil, fmt.Errorf("visible: %s, which was never written", text(r))
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers, nil
}

// shows makes sure that the records that are visible are those of [0, n), each once, and
// also those of more.
func (w *world[T]) shows(n int, more ...int) error {
	want := slices.Sorted(slices.Values(append(numbersTo(n), more...)))
	got, err := w.visible()
	if err != nil {
		return err
	}
	return difference(got, want)
}

// between makes sure that the records of [0, least) are visible, and nothing beyond
// [0, most), and nothing twice.
func (w *world[T]) between(least, most int) error {
	got, err := w.visible()
	if err != nil {
		return err
	}
	for i, n := range got {
		switch {
		case i > 0 && got[i-1] == n:
			return fmt.Errorf("record %d is visible twice", n)
		case n >= most:
			return fmt.Errorf("record %d is visible, and not in a complete checkpoint: those have %d records", n, most)
		}
	}
	for n := range least {
		if _, ok := slices.BinarySearch(got, n); !ok {
			return fmt.Errorf("record %d is not visible, and Commit has returned for %d records", n, least)
		}
	}
	return nil
}

// clean makes sure that nothing is left that is not visible.
func (w *world[T]) clean() error {
	leftovers := w.onlooker().Leftovers
	if leftovers == nil {
		return nil
	}
	left, err := leftovers()
	if err != nil {
		return fmt.Errorf("look for leftovers: %w", err)
	}
	if len(left) > 0 {
		return fmt.Errorf("left: %q", left)
	}
	return nil
}

func numbersTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// difference says, for people, how two sorted sets of numbers differ.
func difference(got, want []int) error {
	if slices.Equal(got, want) {
		return nil
	}
	for i, n := range got {
		if i > 0 && got[i-1] == n {
			return fmt.Errorf("record %d is visible twice: got %s, want %s", n, few(got), few(want))
		}
		if _, ok := slices.BinarySearch(want, n); !ok {
			return fmt.Errorf("record %d is visible, and should not be: got %s, want %s", n, few(got), few(want))
		}
	}
	for _, n := range want {
		if _, ok := slices.BinarySearch(got, n); !ok {
			return fmt.Errorf("record %d is not visible: got %s, want %s", n, few(got), few(want))
		}
	}
	return fmt.Errorf("got %s, want %s", few(got), few(want))
}

func few(numbers []int) string {
	if len(numbers) <= 20 {
		return fmt.Sprint(numbers)
	}
	return fmt.Sprintf("%v and %d more", numbers[:20], len(numbers)-20)
}

// A numbering knows records by their numbers.
type numbering[T any] struct {
	record func(int) T
	made   []T
	index  map[string][]int // by how they look
}

// maxRecords is how many records a scenario writes at the most.
const maxRecords = 1 << 13

// of is the number of a record.
func (n *numbering[T]) of(r T) (int, bool) {
	look := fmt.Sprintf("%+v", r)
	for {
		for _, i := range n.index[look] {
			if reflect.DeepEqual(n.made[i], r) {
				return i, true
			}
		}
		if len(n.made) >= maxRecords {
			break
		}
		n.make(2*len(n.made) + 64)
	}
	// Records with pointers in them may look otherwise.
	i := slices.IndexFunc(n.made, func(m T) bool { return reflect.DeepEqual(m, r) })
	return i, i >= 0
}

func (n *numbering[T]) make(upTo int) {
	if n.index == nil {
		n.index = make(map[string][]int)
	}
	for i := len(n.made); i < upTo; i++ {
		r := n.record(i)
		look := fmt.Sprintf("%+v", r)
		n.made = append(n.made, r)
		n.index[look] = append(n.index[look], i)
	}
}

// recordsDiffer makes sure that the configuration can be tested with.
func (s *sinkTest[T]) recordsDiffer() error {
	for i := range 64 {
		if n, ok := s.numbers.of(s.Record(i)); !ok || n != i {
			return fmt.Errorf("the configuration's Record gives the same for %d and %d, or does not always give the same", i, n)
		}
	}
	w := s.world()
	if got, err := w.visible(); err != nil || len(got) > 0 {
		return fmt.Errorf("before anything was written %d records are visible, %w", len(got), err)
	}
	return nil
}
