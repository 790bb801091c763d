package main

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/weirstream/weir/checkpoint"
)

// textCheck tells all about one checkpoint.
func (t *tool) textCheck(c *check) {
	out := t.out
	what := string(c.state) + unsealedNote(c)
	between := " "
	if n := utf8.RuneCountInString(c.shown + ": " + what); out.width > 0 && n > out.width {
		between = "\n  "
	}
	out.printf("%s:%s%s\n", printable(c.shown), between, out.tinted(c.state.tint(), what))
	for i, f := range c.findings {
		if i == maxFindings {
			out.printf("  %s; --json has them all\n", counted(len(c.findings)-i, "more finding"))
			break
		}
		out.para("  ", printable(f.String()))
	}
	if c.failure != nil {
		out.para("  ", printable(c.failure.Error()))
	}
	switch {
	case c.asWritten && c.state != unreadable:
		out.para("  ", "every byte is as it was written: the metadata, and "+c.filesText())
	case c.state == whole:
		out.para("  ", "presence, length and structure checked: the metadata, and "+c.filesText())
		out.para("  ", wholeMeans)
	}
	if c.sealed != nil && *c.sealed {
		out.para("  ", fmt.Sprintf("sealed as checkpoint %v of job %v by incarnation %v", c.id, c.job, c.incarnation))
	}
	t.textStructure(c)
	if len(c.strangers) > 0 {
		out.para("  ", "not its own, ignored: "+listed(c.strangers, 5))
	}
}

// maxFindings is how much of what is wrong is shown.
const maxFindings = 20

const wholeMeans = "without a seal nothing tells whether the bytes are those that were written"

// filesText is how much state there is in files.
func (c *check) filesText() string {
	if c.files == 0 {
		return "no state files, all state is in it"
	}
	return counted(c.files, "state file") + ", " + byteCount(c.bytes)
}

func unsealedNote(c *check) string {
	if c.state == whole {
		return ", not sealed"
	}
	return ""
}

// maxUnread is how many reasons are shown why state was not read.
const maxUnread = 10

func (t *tool) textStructure(c *check) {
	out := t.out
	if s := c.structure; s != nil {
		out.printf("  %s of %s read to the last byte, %s decoded\n", grouped(int64(s.parsed)), counted(s.streams, "stream"), entryCount(s.entries))
		for i, u := range s.unread {
			if i == maxUnread {
				out.printf("  not decoded: %s more; --json has them all\n", grouped(int64(len(s.unread)-i)))
				break
			}
			out.para("  ", "not decoded: "+u.share()+": "+printable(u.why))
		}
	}
	if len(c.outside) > 0 {
		out.para("  ", fmt.Sprintf("not looked at: %s in other directories; --allow-outside does: %s",
			counted(len(c.outside), "file"), listed(c.outside, 2)))
	}
}

// textWayOut says what is left to do when a job's checkpoint is damaged.
func (t *tool) textWayOut(c *check, j *jobDir, intact *check) {
	t.out.para("  ", wayOut(c, j, intact))
}

func wayOut(c *check, j *jobDir, intact *check) string {
	at := checkpoint.ParseName(path.Base(c.name)).ID
	newest, _ := j.newest()
	older := "no older checkpoint is intact"
	if intact != nil {
		older = fmt.Sprintf("chk-%v is intact (%s)", intact.id, intact.state)
	}
	switch {
	case newest > at:
		return fmt.Sprintf("%s; a restart takes chk-%v, which is newer", older, newest)
	case !j.weirsNow(c):
		return older
	case c.asWritten:
		return fmt.Sprintf("%s; a restart takes chk-%v all the same, as its seal is in order", older, at)
	case intact != nil:
		return fmt.Sprintf("%s; a restart refuses chk-%v: start the job with --allow-fallback to go back "+
			"to chk-%v, which repeats what came after it, or restore chk-%v from a backup", older, at, intact.id, at)
	default:
		return fmt.Sprintf("%s; a restart refuses chk-%v: restore one from a backup, or start the job from "+
			"a savepoint with --from PATH, or from nothing with --from none", older, at)
	}
}

// weirsNow tells whether a Weir job would find c.
func (j *jobDir) weirsNow(c *check) bool {
	return j != nil && (j.weirs || c.sealed != nil && *c.sealed)
}

// A verifyTable is written line by line, as verifying takes its time.
type verifyTable struct {
	table
	widths []int
}

func newVerifyTable(targets []target) *verifyTable {
	v := &verifyTable{table: table{columns: []column{{head: "JOB", shrinks: true}, {head: "CHECKPOINT"}, {head: "STATE"}, {head: "FOUND"}}}}
	for _, at := range targets {
		job, name := "", path.Base(at.name)
		if at.j != nil && at.j.job != nil {
			job = at.j.job.String()
		} else if at.j == nil {
			name = at.shown
		}
		v.rows = append(v.rows, row{cells: []string{orDash(job), printable(name), string(unreadable), ""}})
	}
	return v
}

// roomForFound is how much of a narrow terminal is left for what was found.
const roomForFound = 45

func (v *verifyTable) head(out *terminal) {
	limit := 0
	if out.width > 0 {
		limit = max(1, out.width-roomForFound)
	}
	v.widths = v.table.widths(limit)
	v.widths[len(v.widths)-1] = 0 // as wide as it is
	v.line(out, "", v.widths, row{cells: v.heads()})
}

func (v *verifyTable) write(out *terminal, i int, c *check) {
	indent := columnGap * (len(v.widths) - 1)
	for _, w := range v.widths {
		indent += w
	}
	r := v.rows[i]
	r.cells[2] = string(c.state)
	r.tint = map[int]tint{2: c.state.tint()}
	if out.width > 0 && out.width-indent < minFold { // a long path leaves no room beside it
		v.line(out, "", v.widths, r)
		out.para("  ", c.found())
		return
	}
	found := fold(c.found(), out.width-indent)
	r.cells[3] = found[0]
	v.line(out, "", v.widths, r)
	for _, line := range found[1:] {
		out.printf("%s%s\n", strings.Repeat(" ", indent), line)
	}
}

// found is what was found, in one line.
func (c *check) found() string {
	files := counted(c.files, "state file") + ", " + byteCount(c.bytes)
	if c.files == 0 {
		files = "no state files"
	}
	switch {
	case c.state == gone:
		return "deleted meanwhile by the job"
	case c.failure != nil:
		return printable(c.failure.Error())
	case len(c.findings) > 0:
		s := printable(c.findings[0].String())
		if n := len(c.findings) - 1; n > 0 {
			s += fmt.Sprintf("; and %d more", n)
		}
		return s
	case c.state == whole:
		s := files + ", not sealed" + c.decodedText()
		if len(c.outside) > 0 {
			s += "; " + counted(len(c.outside), "file") + " elsewhere not looked at"
		}
		return s
	default:
		return files + c.decodedText()
	}
}

// decodedText says how much was decoded, and whether it is all.
func (c *check) decodedText() string {
	switch st := c.structure; {
	case st == nil:
		return ""
	case st.parsed < st.streams:
		return fmt.Sprintf("; %s decoded, %d of %s read to the last byte", entryCount(st.entries), st.parsed, counted(st.streams, "stream"))
	default:
		return "; " + entryCount(st.entries) + " decoded"
	}
}

// textEnd says what to do about jobs that would not restart, and what was not looked at.
func (v *verification) textEnd(jobs []*jobDir) {
	out := v.t.out
	if summarize(v.done).Whole > 0 {
		out.para("", wholeMeans)
	}
	for _, j := range jobs {
		newest, ok := j.newest()
		if !ok {
			continue
		}
		if c, intact := v.newestOf(j, newest); c != nil && c.state == damaged {
			out.para("", printable(c.shown)+": "+wayOut(c, j, intact))
		}
	}
	for _, j := range jobs {
		var names []string
		for _, n := range append(j.scan.SetAside, j.scan.Leftovers...) {
			names = append(names, n.String())
		}
		if len(names) > 0 {
			out.para("", printable(j.shown)+": not complete, not verified: "+listed(names, 5))
		}
	}
}

// newestOf finds a job's newest checkpoint among those verified, and the newest good one
// that is older.
func (v *verification) newestOf(j *jobDir, newest checkpoint.ID) (c, intact *check) {
	for _, x := range v.done {
		n := checkpoint.ParseName(path.Base(x.name))
		switch {
		case path.Dir(x.name) != j.name || n.Kind != checkpoint.Complete:
		case n.ID == newest:
			c = x
		case intact == nil && x.good():
			intact = x
		}
	}
	return c, intact
}

func (s summaryLine) text() string {
	parts := []string{}
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, grouped(int64(n))+" "+what)
		}
	}
	add(s.Verified, "verified")
	add(s.Whole, "whole without a seal")
	add(s.Damaged, "damaged")
	add(s.Incomplete, "incomplete")
	add(s.Unreadable, "unreadable")
	all := counted(s.Checkpoints, "checkpoint")
	if len(parts) == 0 {
		return all
	}
	return all + ": " + strings.Join(parts, ", ")
}
