package flow

import (
	"sync"

	"github.com/weirstream/weir/checkpoint"
)

// Vec is a batch of records of type T.
type Vec[T any] struct {
	Values []T
	// Times has the timestamp of each record in a job with event time. It is empty in
	// all other jobs.
	Times []Time
	pool  *sync.Pool
}

// Len is the number of records.
func (v *Vec[T]) Len() int { return len(v.Values) }

// Release clears the batch, so that it holds on to nothing, and gives it back to its
// pool, if it has one.
func (v *Vec[T]) Release() {
	clear(v.Values)
	v.Values = v.Values[:0]
	v.Times = v.Times[:0]
	if v.pool != nil {
		v.pool.Put(v)
	}
}

// NewVecPool makes a pool of batches with room for BatchSize records. Get returns
// them; Release gives them back.
func NewVecPool[T any]() *VecPool[T] {
	p := &VecPool[T]{}
	p.pool.New = func() any { return &Vec[T]{Values: make([]T, 0, BatchSize), pool: &p.pool} }
	return p
}

// VecPool recycles the batches that are sent over one edge.
type VecPool[T any] struct{ pool sync.Pool }

// Get returns an empty batch.
func (p *VecPool[T]) Get() *Vec[T] { return p.pool.Get().(*Vec[T]) }

// KeyedVec is a batch of records with their keys, one array for each, so that the key
// is taken from the record and hashed once, on the sender's side. The arrays are part of
// the batch: their addresses follow from its own, and there are no lengths to compare with.
type KeyedVec[K comparable, T any] struct {
	Keys   [BatchSize]K
	Codes  [BatchSize]int32 // Flink's hash codes of the keys
	Groups [BatchSize]checkpoint.KeyGroup
	Values [BatchSize]T
	N      int // records; after them there are no keys and values, and codes and groups of earlier ones
	// Times has the timestamp of each record in a job with event time. It is empty in
	// all other jobs.
	Times []Time
	pool  *sync.Pool
}

// Len is the number of records.
func (v *KeyedVec[K, T]) Len() int { return v.N }

// Release clears the batch and gives it back to its pool, if it has one.
func (v *KeyedVec[K, T]) Release() {
	clear(v.Keys[:v.N])
	clear(v.Values[:v.N])
	v.N = 0
	v.Times = v.Times[:0]
	if v.pool != nil {
		v.pool.Put(v)
	}
}

// NewKeyedVecPool makes a pool of keyed batches.
func NewKeyedVecPool[K comparable, T any]() *KeyedVecPool[K, T] {
	p := &KeyedVecPool[K, T]{}
	p.pool.New = func() any { return &KeyedVec[K, T]{pool: &p.pool} }
	return p
}

// KeyedVecPool recycles the keyed batches that are sent over one edge.
type KeyedVecPool[K comparable, T any] struct{ pool sync.Pool }

// Get returns an empty batch.
func (p *KeyedVecPool[K, T]) Get() *KeyedVec[K, T] { return p.pool.Get().(*KeyedVec[K, T]) }
