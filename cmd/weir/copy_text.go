package main

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/inspect"
)

// A copied is a copy that was made.
type copied struct {
	*store.Copied
	from    inspect.Place
	to      string // as it was given
	jobName string // "" if it is not known
}

// textCopied says what was copied.
func (t *tool) textCopied(c *copied) {
	out := t.out
	out.printf("%s: %s\n", printable(c.to), out.tinted(green, "copied and verified"))
	out.para("  ", "read back from the disk and as they were in "+printable(c.from.Shown)+": "+allFiles(c.Files, c.Bytes))
	out.para("  ", fmt.Sprintf("sealed as checkpoint %v of %s by incarnation %v", c.Identity.ID, jobInSentence(c.jobName, c.Identity.Job), c.Identity.Incarnation))
	if c.Resealed {
		out.para("  ", "it had no seal: this one vouches for the bytes as they were copied, not as they were first written")
	}
	if len(c.Strangers) > 0 {
		out.para("  ", "other files in the directory, not copied: "+listed(c.Strangers, 5))
	}
}
