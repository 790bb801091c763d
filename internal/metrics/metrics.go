// Package metrics keeps the figures of a running job: counters, gauges and histograms, grouped
// by operator and subtask. It knows no exporter. A program that shows figures reads a
// [Registry].
//
// A metric is found by its name once, when its operator is opened. After that each use of it
// is one atomic operation, and the engine uses it once per batch and not once per record.
package metrics

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Scope says what a group of metrics is about. Fields that do not apply are empty: the figures
// of the job itself have an empty Operator.
type Scope struct {
	Operator string
	Subtask  int
}

// A Registry holds all groups of one job. The zero value is ready to use.
type Registry struct {
	mu     sync.Mutex
	groups map[Scope]*Group
}

// Group returns the group of a scope. It makes the group if there is none, so that the
// figures of an operator go on across restarts.
func (r *Registry) Group(s Scope) *Group {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.groups[s]
	if g == nil {
		g = &Group{}
		if r.groups == nil {
			r.groups = make(map[Scope]*Group)
		}
		r.groups[s] = g
	}
	return g
}

// A Value is a metric as it was when it was read.
type Value struct {
	Scope
	Name string
	Kind Kind
	// Number is the value of a counter or gauge.
	Number int64
	// Distribution is the value of a histogram, nil for the others.
	Distribution *Distribution
}

// Kind is what sort of metric a value comes from.
type Kind uint8

const (
	KindCounter Kind = iota
	KindGauge
	KindHistogram
)

func (k Kind) String() string { return [...]string{"counter", "gauge", "histogram"}[k] }

// Read returns all metrics, in the order of operator, subtask and name.
func (r *Registry) Read() []Value {
	r.mu.Lock()
	scopes := make([]Scope, 0, len(r.groups))
	for s := range r.groups {
		scopes = append(scopes, s)
	}
	slices.SortFunc(scopes, compareScopes)
	groups := make([]*Group, len(scopes))
	for i, s := range scopes {
		groups[i] = r.groups[s]
	}
	r.mu.Unlock()
	var values []Value
	for i, g := range groups {
		values = g.read(values, scopes[i])
	}
	return values
}

// A Group holds the metrics of one scope. A nil group returns metrics that work and are not
// shown.
type Group struct {
	mu      sync.Mutex
	metrics map[string]metric
}

// metric is a counter, gauge or histogram.
type metric interface{ value() Value }

// Counter returns the counter of a name. It makes the counter if there is none.
func (g *Group) Counter(name string) *Counter {
	return find(g, name, func() *Counter { return &Counter{} })
}

// Gauge returns the gauge of a name. It makes the gauge if there is none.
func (g *Group) Gauge(name string) *Gauge { return find(g, name, func() *Gauge { return &Gauge{} }) }

// Histogram returns the histogram of a name. It makes the histogram if there is none.
func (g *Group) Histogram(name string) *Histogram {
	return find(g, name, func() *Histogram { return &Histogram{} })
}

// find returns the metric of a name. If a metric of another kind has the name already, it
// returns a new one that is not shown.
func find[M metric](g *Group, name string, fresh func() M) M {
	if g == nil {
		return fresh()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if m, ok := g.metrics[name]; ok {
		if same, ok := m.(M); ok {
			return same
		}
		return fresh()
	}
	if g.metrics == nil {
		g.metrics = make(map[string]metric)
	}
	m := fresh()
	g.metrics[name] = m
	return m
}

func (g *Group) read(dst []Value, s Scope) []Value {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := len(dst)
	for name, m := range g.metrics {
		v := m.value()
		v.Scope, v.Name = s, name
		dst = append(dst, v)
	}
	slices.SortFunc(dst[from:], func(a, b Value) int { return compareStrings(a.Name, b.Name) })
	return dst
}

// A Counter only grows.
type Counter struct{ n atomic.Int64 }

// Add adds n, which must not be negative.
func (c *Counter) Add(n int64) { c.n.Add(n) }

// Load returns the count.
func (c *Counter) Load() int64 { return c.n.Load() }

func (c *Counter) value() Value { return Value{Kind: KindCounter, Number: c.Load()} }

// A Gauge is a number that rises and falls.
type Gauge struct{ n atomic.Int64 }

// Set sets the number.
func (g *Gauge) Set(n int64) { g.n.Store(n) }

// Load returns the number.
func (g *Gauge) Load() int64 { return g.n.Load() }

func (g *Gauge) value() Value { return Value{Kind: KindGauge, Number: g.Load()} }
