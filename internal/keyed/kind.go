package keyed

import (
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// A state is one declared state of a backend, erased of its types. Each kind of state is
// an implementation: cells, which are all states that Flink calls keyed state, and timers.
// What an entry consists of, namespace and key included, only its kind knows.
type state interface {
	describe() flink.StateMeta
	size() int // entries
	// freeze is the synchronous part of a snapshot: it must not take longer for more entries.
	freeze() frozenState
	// reader returns what reads entries that were written by a state that described itself
	// as was, or says why that cannot be. The name is the same.
	reader(was *flink.StateMeta, rule nanRule) (entryReader, error)
	// lookAhead is called when a run of keys begins.
	lookAhead()
}

// A frozenState is a state as a snapshot sees it. Key groups are counted from 0 here.
type frozenState interface {
	// count is the number of entries of a key group.
	count(group int) int
	// write writes the entries of a key group. It is called once for each, in order.
	write(out *encoder, group int) error
	// release says that the state is written, or will not be. It may be called again.
	release()
}

// An entryReader puts entries of a checkpoint into a state.
type entryReader interface {
	// reserve makes room for n more entries of a key group.
	reserve(g checkpoint.KeyGroup, n int)
	// read takes the entry of a key group at the beginning of src, and returns how many
	// bytes it has.
	read(g checkpoint.KeyGroup, src []byte) (n int, err error)
}
