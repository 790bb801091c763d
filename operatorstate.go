package weir

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir/internal/flow"
)

// Operator state is what a subtask keeps for itself and not for a key. An operator asks for
// what is restored when it is opened, once for each of its states.

// restoredList returns the subtask's share of a list; nil if there is none.
func (c *Context) restoredList(name string) *flow.ListState {
	c.declared = append(c.declared, name)
	if r := c.ctx.Restored; r != nil {
		if i := slices.IndexFunc(r.Lists, func(l flow.ListState) bool { return l.Name == name }); i >= 0 {
			return &r.Lists[i]
		}
	}
	return nil
}

// restoredMap returns a broadcast map; nil if there is none.
func (c *Context) restoredMap(name string) *flow.MapState {
	c.declared = append(c.declared, name)
	if r := c.ctx.Restored; r != nil {
		if i := slices.IndexFunc(r.Maps, func(m flow.MapState) bool { return m.Name == name }); i >= 0 {
			return &r.Maps[i]
		}
	}
	return nil
}

// refuseUndeclared fails the opening if there is operator state that the operator has not
// asked for.
func (c *Context) refuseUndeclared() {
	r := c.ctx.Restored
	if r == nil {
		return
	}
	var names []string
	for _, l := range r.Lists {
		names = append(names, l.Name)
	}
	for _, m := range r.Maps {
		names = append(names, m.Name)
	}
	for _, name := range names {
		switch {
		case slices.Contains(c.declared, name):
		case c.ctx.AllowNonRestored:
			c.Log().Warn("operator state is dropped: the operator does not declare it any more", "state", name)
		default:
			c.fail(fmt.Errorf("operator state %q is in the checkpoint, and the operator does not declare it: was it renamed or removed? Give it its old name back, or drop it with Options.AllowNonRestoredState", name))
		}
	}
}
