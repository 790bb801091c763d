package main

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint/store"
)

// A copied is what came of a copy.
type copied store.Copied

// textCopied tells what came of a copy.
func (t *tool) textCopied(c *copied, from place, to string) {
	out := t.out
	out.printf("%s: %s\n", printable(to), out.tinted(green, "copied and verified"))
	files := "no state files, all state is in it"
	if c.Files > 0 {
		files = counted(c.Files, "state file") + ", " + byteCount(c.Bytes)
	}
	out.para("  ", "read back from the disk and as they were in "+printable(from.shown)+": the metadata, and "+files)
	out.para("  ", fmt.Sprintf("sealed as checkpoint %v of job %v by incarnation %v", c.Identity.ID, c.Identity.Job, c.Identity.Incarnation))
	if c.Resealed {
		out.para("  ", "it had no seal: this one vouches for the bytes as they were copied, not as they were once written")
	}
	if len(c.Strangers) > 0 {
		out.para("  ", "not its own, not copied: "+listed(c.Strangers, 5))
	}
}
