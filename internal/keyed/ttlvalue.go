package keyed

import "github.com/weirstream/weir/internal/codec"

// NewAgedValue declares a state of one value per key with a time to live.
func NewAgedValue[K comparable, V any](b *Backend[K], name string, kind Kind, c codec.Codec[V], ttl TTL) (*Slot[V], error) {
	values, visit, err := newValues(b, name, kind, Voids, codec.Codec[Aged[V]](aging[V]{c}))
	if err != nil {
		return nil, err
	}
	s := &agedSlot[V]{inner: values.In(Void{}), ttl: ttl, visit: visit}
	s.Slot = Slot[V]{now: s.inner.now, in: s}
	s.forget()
	b.sweepers = append(b.sweepers, s)
	return &s.Slot, nil
}

// An agedSlot is the slot of a state of aged values. What it hands out is never the slot's
// own, so that a write comes to ensure, which notes the time.
type agedSlot[V any] struct {
	Slot[V]
	inner *Slot[Aged[V]]
	ttl   TTL
	visit visit[Aged[V]]
}

func (s *agedSlot[V]) look() {
	v, ok := s.inner.Get()
	if ok && s.ttl.expired(v.At) {
		s.inner.Clear()
		ok = false
	}
	if !ok {
		s.forget()
		s.seq = *s.now
		return
	}
	if s.ttl.OnRead {
		if at := s.ttl.used(v.At); at != v.At {
			ref, _ := s.inner.Ref()
			ref.At = at
		}
	}
	s.seq, s.ref, s.has = *s.now, &s.inner.ref.Value, true
}

func (s *agedSlot[V]) ensure() (existed bool) {
	v, existed := s.inner.Ref()
	if existed && s.ttl.expired(v.At) {
		*v, existed = Aged[V]{}, false
	}
	if !existed {
		v.At = s.ttl.Now()
	}
	v.At = s.ttl.used(v.At)
	s.seq, s.ref, s.has = *s.now, &v.Value, true
	return existed
}

func (s *agedSlot[V]) remove() bool {
	_, had := s.Get()
	s.forget()
	s.inner.Clear()
	return had
}

// step is the sweeper's.
func (s *agedSlot[V]) step() bool {
	if !s.visit(func(v *Aged[V]) bool { return s.ttl.expired(v.At) }) {
		return false
	}
	return s.inner.Clear()
}
