package flinktest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// types are the types of values and elements.
var types = []flink.Serializer{flink.String, flink.Long, flink.Int, flink.Double, flink.Bool, flink.ByteArray}

// keyTypes are the types of keys.
var keyTypes = []flink.Serializer{flink.String, flink.Long, flink.Int}

// keysPerState is how many keys a state gets at most.
const keysPerState = 24

// randomCheckpoint has an operator for each type of key, with a state of each kind and
// type; one with operator state only; and one without any state.
func randomCheckpoint(r *rand.Rand, parallelism, maxParallelism int, canonical bool) *written {
	w := &written{
		id:        checkpoint.ID(r.Int64N(1 << 40)),
		canonical: canonical,
		inline:    func() bool { return r.IntN(2) == 0 },
		seal:      randomBytes(r, r.IntN(200)),
	}
	operator := func(uid string) Operator {
		return Operator{ID: flink.OperatorIDOf(uid), Parallelism: parallelism, MaxParallelism: maxParallelism}
	}
	for _, key := range keyTypes {
		o := writtenOperator{Operator: operator("keyed by " + key.TypeName())}
		o.Key = key
		o.Keyed = randomStates(r)
		for i, s := range o.Keyed {
			for _, k := range distinct(r, key, r.IntN(keysPerState)) {
				o.entries = append(o.entries, entry{i, k, randomState(r, &s)})
			}
		}
		r.Shuffle(len(o.entries), func(i, j int) { o.entries[i], o.entries[j] = o.entries[j], o.entries[i] })
		w.operators = append(w.operators, o)
	}
	splits := writtenOperator{Operator: operator("source")}
	for i, name := range []string{"SourceReaderState", "empty", "prepared"} {
		splits.Lists = append(splits.Lists, flink.ListMeta(name, flink.ModeSplitDistribute, flink.ByteArray))
		for range i % 3 * r.IntN(8) {
			splits.elements = append(splits.elements, element{checkpoint.Subtask(r.IntN(parallelism)), i, randomBytes(r, r.IntN(40))})
		}
	}
	stateless := writtenOperator{Operator: operator("map")}
	w.operators = append(w.operators, splits, stateless)
	return w
}

// randomStates has a state of each kind and type, in any order.
func randomStates(r *rand.Rand) []flink.StateMeta {
	var states []flink.StateMeta
	for _, s := range types {
		userKey := types[r.IntN(len(types)-1)] // no byte[]: in Java these are equal to themselves only
		states = append(states,
			flink.ValueStateMeta("value of "+s.TypeName(), s),
			flink.ListStateMeta("list of "+s.TypeName(), s),
			flink.MapStateMeta("map to "+s.TypeName(), userKey, s),
			flink.ReducingStateMeta("reduced "+s.TypeName(), s),
			flink.AggregatingStateMeta("aggregated é😀 "+s.TypeName(), s))
	}
	states = append(states,
		flink.ValueStateMeta("value of a list", flink.ListOf(flink.String)),
		flink.MapStateMeta("map to maps", flink.String, flink.MapOf(flink.Int, flink.ListOf(flink.Double))))
	r.Shuffle(len(states), func(i, j int) { states[i], states[j] = states[j], states[i] })
	return states
}

// randomState returns the value of a key in a state. No list or map is empty: to Flink an
// empty one is the same as none.
func randomState(r *rand.Rand, s *flink.StateMeta) flink.Value {
	for {
		switch v := randomNamed(r, s.Value().TypeName()).(type) {
		case []flink.Value:
			if len(v) > 0 || s.Type() != flink.TypeList {
				return v
			}
		case flink.Map:
			if len(v) > 0 || s.Type() != flink.TypeMap {
				return v
			}
		default:
			return v
		}
	}
}

// distinct returns n different values of a type, or fewer if the type does not have so many.
func distinct(r *rand.Rand, s flink.Serializer, n int) []flink.Value {
	return distinctNamed(r, s.TypeName(), n)
}

func distinctNamed(r *rand.Rand, typeName string, n int) []flink.Value {
	seen := map[string]bool{}
	var values []flink.Value
	for range n {
		if v := randomNamed(r, typeName); !seen[json(v)] {
			seen[json(v)] = true
			values = append(values, v)
		}
	}
	return values
}

// randomNamed returns a value of the type with this name.
func randomNamed(r *rand.Rand, typeName string) flink.Value {
	switch typeName {
	case "String":
		return randomString(r)
	case "Long":
		return pick(r, 0, 1, -1, math.MinInt64, math.MaxInt64, 1<<31, -1<<31, r.Int64(), -r.Int64N(1000))
	case "Integer":
		return pick(r, 0, 1, -1, math.MinInt32, math.MaxInt32, int32(r.Uint32()), -r.Int32N(1000))
	case "Double":
		return pick(r, 0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64,
			math.SmallestNonzeroFloat64, r.NormFloat64())
	case "Boolean":
		return r.IntN(2) == 0
	case "byte[]":
		return randomBytes(r, pick(r, 0, 1, 44, 300))
	}
	if in, ok := strings.CutPrefix(typeName, "List<"); ok {
		list := []flink.Value{}
		for range r.IntN(5) {
			list = append(list, randomNamed(r, in[:len(in)-1]))
		}
		return list
	}
	in, ok := strings.CutPrefix(typeName, "Map<")
	key, value, split := strings.Cut(in, ",") // no type here has a map for its keys
	if !ok || !split {
		panic(fmt.Sprintf("no value is made here for type %s", typeName))
	}
	m := flink.Map{}
	for _, k := range distinctNamed(r, key, r.IntN(5)) {
		m = append(m, flink.MapEntry{Key: k, Value: randomNamed(r, value[:len(value)-1])})
	}
	return m
}

// randomString often returns a difficult string: empty, beyond 16 bits, long, not UTF-8.
func randomString(r *rand.Rand) string {
	long := strings.Repeat("x", 127+r.IntN(200)) // the length takes two bytes
	return pick(r, "", "a", "Hello", "日本", "é\x00\n\"\\", "😀", "a𝄞b", "\xff", "cut \xe6\x97", long, long+"😀",
		strings.Repeat("日", 300), fmt.Sprintf("key-%d", r.IntN(1000)), string(randomRunes(r)))
}

func randomRunes(r *rand.Rand) []rune {
	runes := make([]rune, r.IntN(20))
	for i := range runes {
		runes[i] = pick(r, r.Int32N(0x80), r.Int32N(0xD800), 0xE000+r.Int32N(0x2000), 0x10000+r.Int32N(0x100000))
	}
	return runes
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
