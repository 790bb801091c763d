package fsynclint

import "fmt"

// D060: a commit is acknowledged too early.

func (j *judge) ackRule(u *unit, o *open, by Ref) {
	ns := u.needs(by)
	if len(ns) == 0 {
		return
	}
	what := "standard output"
	if o.socket {
		what = "a socket"
	}
	lost := map[*file]string{}
	barrier := ""
	for _, n := range ns {
		lost[n.node] = missing
		barrier = "fsync(" + n.entry.dirPath() + ")"
		if n.kind == needData {
			lost[n.node] = u.torn()
			barrier = "fsync(" + n.node.path() + ")"
		}
	}
	j.find("D060", u.entry.path(), Finding{
		What:  fmt.Sprintf("%s was written to when %s was not durable yet", what, u.entry.path()),
		First: u.commit, Second: by, Then: "the acknowledgement", Missing: barrier,
		After:   u.listing(lost),
		assumed: assumed(ns),
	})
}
