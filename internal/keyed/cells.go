package keyed

import (
	"fmt"
	"unsafe"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// cells is the kind of all states that Flink calls keyed state: for each key and
// namespace a V, which is a value or what a list or a map is made of. An entry is
// namespace, key and value.
type cells[K, N comparable, V any] struct {
	table   *Table[K, N, V]
	backend *Backend[K]
	meta    flink.StateMeta
	spaces  codec.Codec[N]
	form    form[V]
	visitor
	// afterFreeze is called when the table has been frozen; it may be nil.
	afterFreeze func()
}

// A form is how the V of a table are written and read.
type form[V any] interface {
	// write writes a V as a snapshot sees it.
	write(out *encoder, z *freeze, v *V) error
	// read takes the V at the beginning of src, and returns how many bytes it has.
	read(src []byte) (V, int, error)
	// reading returns the form that reads what a state with another description wrote. The
	// type of state is the same.
	reading(was *flink.StateMeta) (form[V], error)
}

// declare adds a state of cells to a backend. The description is that without namespaces.
func declare[K, N comparable, V any](b *Backend[K], meta flink.StateMeta, spaces codec.Codec[N], form func(*freezer) form[V]) (*cells[K, N, V], error) {
	s := &cells[K, N, V]{
		table:   NewTable[K, N, V](&b.Current, b.keyGroups, b.own),
		backend: b, meta: meta.InNamespace(spaces.Serializer()), spaces: spaces,
	}
	s.form = form(&s.table.freezer)
	return s, b.add(s)
}

func (s *cells[K, N, V]) describe() flink.StateMeta { return s.meta }
func (s *cells[K, N, V]) size() int                 { return s.table.Len() }
func (s *cells[K, N, V]) lookAhead()                { s.table.lookAhead() }

func (s *cells[K, N, V]) freeze() frozenState {
	f := &frozenCells[K, N, V]{frozen: s.table.freeze(), cells: s}
	if s.afterFreeze != nil {
		s.afterFreeze()
	}
	return f
}

type frozenCells[K, N comparable, V any] struct {
	frozen *frozen[K, N, V]
	cells  *cells[K, N, V] // for what does not change
}

func (f *frozenCells[K, N, V]) release()            { f.frozen.release() }
func (f *frozenCells[K, N, V]) count(group int) int { return f.frozen.groups[group].n }

func (f *frozenCells[K, N, V]) write(out *encoder, group int) (err error) {
	g := &f.frozen.groups[group]
	for p := range g.list {
		entries := g.page(p)
		for i := range entries {
			if err := f.writeEntry(out, &entries[i]); err != nil {
				return err
			}
			if err := out.room(); err != nil {
				return err
			}
		}
		f.frozen.wrote(placeOf(group, p+1))
	}
	f.frozen.wrote(placeOf(group+1, 0))
	return f.frozen.failed()
}

func (f *frozenCells[K, N, V]) writeEntry(out *encoder, e *entry[K, N, V]) (err error) {
	s := f.cells
	if unsafe.Sizeof(e.space) == 0 {
		out.buf = append(out.buf, 0)
	} else if out.buf, err = s.spaces.Append(out.buf, e.space); err != nil {
		return fmt.Errorf("namespace %v of key %v: %w", e.space, e.key, err)
	}
	if out.buf, err = s.backend.codec.Append(out.buf, e.key); err != nil {
		return fmt.Errorf("key %v: %w", e.key, err)
	}
	if err = s.form.write(out, f.frozen.freeze, &e.value); err != nil {
		return fmt.Errorf("value of key %v: %w", e.key, err)
	}
	return nil
}

func (s *cells[K, N, V]) reader(was *flink.StateMeta, rule nanRule) (entryReader, error) {
	switch {
	case was.Kind != s.meta.Kind:
		return nil, fmt.Errorf("it was a %s, and the job declares it as %s", was.Kind, s.meta.Kind)
	case was.Type() != s.meta.Type():
		return nil, fmt.Errorf("it was a %s state, and the job declares it as %s", was.Type(), s.meta.Type())
	case !flink.Equal(was.Namespace(), s.spaces.Serializer()):
		return nil, fmt.Errorf("it was kept per %s, and the job keeps it per %s", was.Namespace().TypeName(), s.spaces.Serializer().TypeName())
	}
	form, err := s.form.reading(was)
	if err != nil {
		return nil, err
	}
	return &cellReader[K, N, V]{cells: s, form: form, rule: rule}, nil
}

type cellReader[K, N comparable, V any] struct {
	cells *cells[K, N, V]
	form  form[V]
	rule  nanRule
}

func (r *cellReader[K, N, V]) reserve(g checkpoint.KeyGroup, n int) { r.cells.table.reserve(g, n) }

func (r *cellReader[K, N, V]) read(g checkpoint.KeyGroup, src []byte) (at int, err error) {
	s := r.cells
	space, at, err := s.spaces.Decode(src)
	if err != nil {
		return 0, err
	}
	key, n, err := s.backend.codec.Decode(src[at:])
	if err != nil {
		return 0, fmt.Errorf("key: %w", err)
	}
	at += n
	dropped, err := dropsKey(r.rule, key, g)
	if err != nil {
		return 0, err
	}
	v, n, err := r.form.read(src[at:])
	if err != nil {
		return 0, fmt.Errorf("value of key %v: %w", key, err)
	}
	at += n
	if dropped {
		return at, nil
	}
	s.backend.Set(key, g)
	s.table.in(space)
	ref, existed := s.table.Ref()
	if existed {
		return 0, fmt.Errorf("a key that is there twice: %v", key)
	}
	*ref = v
	return at, nil
}
