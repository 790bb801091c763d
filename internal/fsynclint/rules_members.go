package fsynclint

import "fmt"

// D031, D040, D041 at a commit: what was wrong with files that belong to it.

func (j *judge) memberRules(u *unit, by Ref) {
	for _, n := range append(u.members(), u.file) {
		if n == nil || n.dir {
			continue
		}
		if n.badSync.Line > 0 {
			j.find("D040", n.path(), Finding{
				What:  fmt.Sprintf("a sync of %s failed, and %s came all the same", n.path(), u.what()),
				First: n.badSync, Second: u.commit, Then: u.what(), Missing: "a new file in place of " + n.path(),
				After: u.listing(map[*file]string{n: "any mixture of what was written, zeros and what was there before"}),
			})
		}
		if n.badWrite.Line > 0 {
			j.find("D041", n.path(), Finding{
				What:  fmt.Sprintf("a write to %s failed, and %s came all the same", n.path(), u.what()),
				First: n.badWrite, Second: u.commit, Then: u.what(), Missing: "a new file in place of " + n.path(),
				After: u.listing(map[*file]string{n: "cut short"}),
			})
		}
		if n.isNew() && !n.excl && (looksUnique(n.born) || n == u.file && u.how == byRename) {
			j.find("D031", n.path(), Finding{
				What:  fmt.Sprintf("%s was opened without O_EXCL", joinTwo(n.homeDir(), n.born)),
				First: n.made, Second: u.commit, Then: u.what(), Missing: "O_EXCL",
				After: u.listing(map[*file]string{n: "what two writers make of it"}),
			})
		}
	}
}

func (f *file) homeDir() string {
	if f.home == nil {
		return ""
	}
	return f.home.dir.path()
}
