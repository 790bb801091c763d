package weirtest_test

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir"
)

// stamped is a record and its timestamp.
type stamped struct {
	rec
	ts weir.Time
}

// An op is an operator of random jobs. To add one, add it to ops: how the job is built with it,
// and what comes out of it, computed of all its input at once, without an engine. What comes
// out must not depend on the order of the input: records of several subtasks have none.
type op struct {
	name    string
	inputs  int
	outputs int // 0 for one
	// needsTime says that the output depends on the timestamps of the input.
	needsTime bool
	// keepsTime says that the timestamps of the output do not depend on the order of the input.
	keepsTime bool
	// punctual says that the output depends on which records are late.
	punctual bool
	build    func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec]
	batch    func(n node, in [][]stamped) [][]stamped
}

func opOf(name string) op {
	return ops[slices.IndexFunc(ops, func(o op) bool { return o.name == name })]
}

// builder builds one job. planted is the bug that is planted in it, "" for none.
type builder struct {
	job     *weir.Job
	planted string
	starts  int // how often the job was built
	index   int // of the node
}

func (b *builder) name(n node) string { return fmt.Sprintf("%s %d", n.Op, b.index) }

func (b *builder) keyed(in weir.Stream[rec]) weir.Keyed[int64, rec] { return weir.KeyBy(in, rec.key) }

// at sets the parallelism of an operator.
func at(s weir.Stream[rec], n node) []weir.Stream[rec] {
	if n.P > 0 {
		s = s.Parallelism(n.P)
	}
	return []weir.Stream[rec]{s}
}

type (
	keyContext = *weir.KeyContext[int64]
	recOut     = *weir.Out[rec]
)

// far is after all moments of the input, and before the end of time.
const far = weir.Time(1) << 40

func windowOf(ts weir.Time, n node) (start, end weir.Time) {
	size := weir.Time(3 + n.A)
	start = ts / size * size
	return start, start + size - 1
}

var ops = []op{
	{
		name: "map", inputs: 1, keepsTime: true,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			if b.planted == "depends on the subtask" {
				return at(weir.MapWith(in[0], func(c *weir.Context) func(rec) (rec, error) {
					return func(r rec) (rec, error) { r = mapped(n, r); r.V += int64(c.Subtask()); return r, nil }
				}), n)
			}
			return at(weir.Map(in[0], func(r rec) (rec, error) { return mapped(n, r), nil }), n)
		},
		batch: each(func(n node, r stamped) []stamped { r.rec = mapped(n, r.rec); return []stamped{r} }),
	},
	{
		name: "filter", inputs: 1, keepsTime: true,
		build: func(_ *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return at(weir.Filter(in[0], func(r rec) (bool, error) { return passes(n, r), nil }), n)
		},
		batch: each(func(n node, r stamped) []stamped {
			if !passes(n, r.rec) {
				return nil
			}
			return []stamped{r}
		}),
	},
	{
		name: "flatmap", inputs: 1, keepsTime: true,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			if b.planted == "a record is held back" {
				return at(weir.FlatMapWith(in[0], func(_ *weir.Context, out recOut) func(rec) error {
					var held []rec
					return func(r rec) error {
						for _, h := range held {
							out.Emit(h)
						}
						held = copies(n, r)
						return nil
					}
				}), n)
			}
			return at(weir.FlatMapTo(in[0], func(r rec, out recOut) error {
				for _, c := range copies(n, r) {
					out.Emit(c)
				}
				return nil
			}), n)
		},
		batch: each(func(n node, r stamped) (all []stamped) {
			for _, c := range copies(n, r.rec) {
				all = append(all, stamped{c, r.ts})
			}
			return all
		}),
	},
	{
		name: "side", inputs: 1, outputs: 2, keepsTime: true,
		build: func(_ *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			tag := weir.NewTag[rec]("side")
			main := at(weir.FlatMapWith(in[0], func(c *weir.Context, out recOut) func(rec) error {
				side := weir.Side(c, tag)
				return func(r rec) error {
					if passes(n, r) {
						out.Emit(r)
					} else {
						side.Emit(r)
					}
					return nil
				}
			}), n)[0]
			return []weir.Stream[rec]{main, weir.SideOutput(main, tag)}
		},
		batch: func(n node, in [][]stamped) [][]stamped {
			out := make([][]stamped, 2)
			for _, r := range in[0] {
				i := 1
				if passes(n, r.rec) {
					i = 0
				}
				out[i] = append(out[i], r)
			}
			return out
		},
	},
	{
		name: "union", inputs: 2, keepsTime: true,
		build: func(_ *builder, _ node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return []weir.Stream[rec]{weir.Union(in[0], in[1])}
		},
		batch: func(_ node, in [][]stamped) [][]stamped { return [][]stamped{slices.Concat(in...)} },
	},
	{
		name: "rebalance", inputs: 1, keepsTime: true,
		build: func(_ *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return at(weir.Rebalance(in[0]), n)
		},
		batch: func(_ node, in [][]stamped) [][]stamped { return in },
	},
	{ // the running counts of each key
		name: "count", inputs: 1,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			if b.planted == "state outside of the checkpoint" {
				return at(weir.Process(b.keyed(in[0]), b.name(n), func(_ keyContext, out recOut) func(rec) error {
					counts := make(map[int64]int64)
					return func(r rec) error {
						counts[r.K]++
						out.Emit(rec{K: r.K, V: counts[r.K]})
						return nil
					}
				}), n)
			}
			keyed := b.keyed(in[0])
			if b.planted == "a key that another process makes otherwise" {
				salt := int64(b.starts)
				keyed = weir.KeyBy(in[0], func(r rec) int64 { return r.K + 100*salt })
			}
			counts := weir.Aggregate(keyed, b.name(n), weir.Count[rec]())
			return at(weir.Map(counts, func(kv weir.KeyValue[int64, int64]) (rec, error) { return rec{K: kv.Key % 100, V: kv.Value}, nil }), n)
		},
		batch: byKey(func(_ node, k int64, all []stamped) (out []rec) {
			for i := range all {
				out = append(out, rec{K: k, V: int64(i + 1)})
			}
			return out
		}),
	},
	{ // the same by Reduce
		name: "reduce", inputs: 1,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			ones := weir.Map(in[0], func(r rec) (rec, error) { return rec{K: r.K, V: n.A}, nil })
			return at(weir.Reduce(b.keyed(ones), b.name(n), func(a, b rec) (rec, error) { a.V += b.V; return a, nil }), n)
		},
		batch: byKey(func(n node, k int64, all []stamped) (out []rec) {
			for i := range all {
				out = append(out, rec{K: k, V: n.A * int64(i+1)})
			}
			return out
		}),
	},
	{ // each key once
		name: "distinct", inputs: 1,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return at(weir.Process(b.keyed(in[0]), b.name(n), func(c keyContext, out recOut) func(rec) error {
				seen := weir.NewValue[bool](c, "seen")
				return func(r rec) error {
					if _, ok := seen.Get(); !ok {
						seen.Set(true)
						out.Emit(rec{K: r.K})
					}
					return nil
				}
			}), n)
		},
		batch: byKey(func(_ node, k int64, all []stamped) []rec { return []rec{{K: k}} }),
	},
	{ // each record, when event time has come to it
		name: "hold", inputs: 1, needsTime: true, keepsTime: true,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return at(weir.Process(b.keyed(in[0]), b.name(n), func(c keyContext, out recOut) func(rec) error {
				type kept struct {
					R  rec
					Ts weir.Time
				}
				held := weir.NewList[kept](c, "held")
				due := c.EventTimers("due", func(at weir.Time) error {
					var rest []kept
					for k := range held.All() {
						if k.Ts == at {
							out.Emit(k.R)
						} else {
							rest = append(rest, k)
						}
					}
					held.Set(rest)
					return nil
				})
				return func(r rec) error {
					held.Add(kept{r, c.Timestamp()})
					due.Register(c.Timestamp())
					return nil
				}
			}), n)
		},
		batch: func(_ node, in [][]stamped) [][]stamped { return in },
	},
	{ // the sum of each window
		name: "window", inputs: 1, needsTime: true, keepsTime: true, punctual: true,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return at(weir.Process(b.keyed(in[0]), b.name(n), func(c keyContext, out recOut) func(rec) error {
				sums := weir.NewMap[int64, int64](c, "sums")
				field := make(map[[2]int64]bool)
				end := c.EventTimers("end", func(at weir.Time) error {
					if b.planted == "a timer in a field" && !field[[2]int64{c.Key(), int64(at)}] {
						return nil
					}
					sum, _ := sums.Get(int64(at))
					sums.Remove(int64(at))
					out.Emit(rec{K: c.Key(), V: sum, At: at})
					return nil
				})
				return func(r rec) error {
					_, at := windowOf(c.Timestamp(), n)
					sum, _ := sums.Get(int64(at))
					sums.Put(int64(at), sum+r.V)
					field[[2]int64{r.K, int64(at)}] = true
					end.Register(at)
					return nil
				}
			}), n)
		},
		batch: func(n node, in [][]stamped) [][]stamped {
			type window struct {
				k  int64
				at weir.Time
			}
			sums := make(map[window]int64)
			for _, r := range in[0] {
				_, at := windowOf(r.ts, n)
				sums[window{r.K, at}] += r.V
			}
			var out []stamped
			for w, sum := range sums {
				out = append(out, stamped{rec{K: w.k, V: sum, At: w.at}, w.at})
			}
			return [][]stamped{out}
		},
	},
	{ // whether each record is late
		name: "late", inputs: 1, needsTime: true, keepsTime: true, punctual: true,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return at(weir.Process(b.keyed(in[0]), b.name(n), func(c keyContext, out recOut) func(rec) error {
				return func(r rec) error {
					if c.Watermark() >= c.Timestamp() {
						r.V = -1
					}
					out.Emit(r)
					return nil
				}
			}), n)
		},
		batch: func(_ node, in [][]stamped) [][]stamped { return in },
	},
	{ // the latest timestamp and the sum of each key, by a timer that moves
		name: "last", inputs: 1, needsTime: true,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return at(weir.Process(b.keyed(in[0]), b.name(n), func(c keyContext, out recOut) func(rec) error {
				sum := weir.NewReducing(c, "sum", func(a, b int64) (int64, error) { return a + b, nil })
				latest := weir.NewAggregating(c, "latest", weir.Max(func(t int64) int64 { return t }))
				end := c.EventTimer("end", func(at weir.Time) error {
					v, _ := sum.Get()
					last, _, err := latest.Get()
					out.Emit(rec{K: c.Key(), V: v, ID: int64(at - far), At: weir.Time(last)})
					return err
				})
				return func(r rec) error {
					if err := latest.Add(int64(c.Timestamp())); err != nil {
						return err
					}
					last, _, err := latest.Get()
					end.Set(far + weir.Time(last))
					return cmpOr(err, sum.Add(r.V))
				}
			}), n)
		},
		batch: byKey(func(_ node, k int64, all []stamped) []rec {
			r := rec{K: k, At: weir.MinTime}
			for _, s := range all {
				r.V += s.V
				r.At = max(r.At, s.ts)
			}
			r.ID = int64(r.At)
			return []rec{r}
		}),
	},
	{ // all records of a key, and their number, at the end
		name: "all", inputs: 1,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			var opts []weir.StateOption
			if b.planted == "a codec that loses a field" {
				opts = append(opts, weir.WithCodec(lossy))
			}
			return at(weir.Process(b.keyed(in[0]), b.name(n), func(c keyContext, out recOut) func(rec) error {
				all := weir.NewList[rec](c, "all", opts...)
				number := weir.NewValue[int64](c, "number")
				end := c.EventTimer("end", func(weir.Time) error {
					v, _ := number.Get()
					for r := range all.All() {
						out.Emit(r)
					}
					out.Emit(rec{K: c.Key(), V: v, ID: int64(all.Len())})
					return nil
				})
				return func(r rec) error {
					v, _ := number.Get()
					number.Set(v + 1)
					all.Add(r)
					end.Set(far)
					return nil
				}
			}), n)
		},
		batch: byKey(func(_ node, k int64, all []stamped) (out []rec) {
			for _, r := range all {
				out = append(out, r.rec)
			}
			return append(out, rec{K: k, V: int64(len(all)), ID: int64(len(all))})
		}),
	},
	{ // all pairs of records with one key
		name: "join", inputs: 2,
		build: func(b *builder, n node, in []weir.Stream[rec]) []weir.Stream[rec] {
			return at(weir.CoProcess(b.keyed(in[0]), b.keyed(in[1]), b.name(n), func(c keyContext, out recOut) (func(rec) error, func(rec) error) {
				left, right := weir.NewList[rec](c, "left"), weir.NewList[rec](c, "right")
				return func(l rec) error {
						left.Add(l)
						for r := range right.All() {
							out.Emit(paired(l, r))
						}
						return nil
					}, func(r rec) error {
						right.Add(r)
						if b.planted == "a join that depends on the order" {
							return nil
						}
						for l := range left.All() {
							out.Emit(paired(l, r))
						}
						return nil
					}
			}), n)
		},
		batch: func(_ node, in [][]stamped) [][]stamped {
			var out []stamped
			for _, l := range in[0] {
				for _, r := range in[1] {
					if l.K == r.K {
						out = append(out, stamped{rec: paired(l.rec, r.rec)})
					}
				}
			}
			return [][]stamped{out}
		},
	},
	// Windows, and the joins of package weir, belong here.
}

func mapped(n node, r rec) rec {
	r.V = (r.V*(n.A+1) + n.B) % 1000
	return r
}

func passes(n node, r rec) bool { return r.V%(n.A+2) > 0 }

// copies are what flatmap makes of a record: some with other keys.
func copies(n node, r rec) (all []rec) {
	for i := range (r.V + n.A) % 3 {
		c := r
		c.K = (r.K + i*n.B) % 7
		all = append(all, c)
	}
	return all
}

func paired(l, r rec) rec { return rec{K: l.K, V: (l.V*31 + r.V) % 1000, ID: l.ID*1000 + r.ID} }

func cmpOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// lossy writes records without their ids.
var lossy = weir.CustomCodec("lossy", 1,
	func(dst []byte, r rec) ([]byte, error) { return fmt.Appendf(dst, "%d %d %d", r.K, r.V, r.At), nil },
	func(src []byte) (r rec, err error) {
		_, err = fmt.Sscanf(string(src), "%d %d %d", &r.K, &r.V, &r.At)
		return r, err
	})

// each makes a batch of what becomes of one record.
func each(f func(n node, r stamped) []stamped) func(node, [][]stamped) [][]stamped {
	return func(n node, in [][]stamped) [][]stamped {
		var out []stamped
		for _, r := range in[0] {
			out = append(out, f(n, r)...)
		}
		return [][]stamped{out}
	}
}

// byKey makes a batch of what becomes of all records of a key. The timestamps do not count.
func byKey(f func(n node, k int64, all []stamped) []rec) func(node, [][]stamped) [][]stamped {
	return func(n node, in [][]stamped) [][]stamped {
		keys := make(map[int64][]stamped)
		for _, r := range in[0] {
			keys[r.K] = append(keys[r.K], r)
		}
		var out []stamped
		for k, all := range keys {
			for _, r := range f(n, k, all) {
				out = append(out, stamped{rec: r})
			}
		}
		return [][]stamped{out}
	}
}
