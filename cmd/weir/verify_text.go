package main

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

// textReport says all about one checkpoint.
func (t *tool) textReport(rep *inspect.Report) {
	out := t.out
	what := rep.Verdict.String() + unsealedNote(rep)
	between := " "
	if n := utf8.RuneCountInString(rep.Shown + ": " + what); out.width > 0 && n > out.width {
		between = "\n  "
	}
	out.printf("%s:%s%s\n", printable(rep.Shown), between, out.tinted(verdictTint(rep.Verdict), what))
	for i, f := range rep.Findings {
		if i == maxFindings {
			out.printf("  %s; --json has them all\n", counted(len(rep.Findings)-i, "more finding"))
			break
		}
		out.para("  ", printable(f.String()))
	}
	if rep.Failure != nil {
		out.para("  ", printable(advised(rep.Failure, rep.Shown).Error()))
	}
	switch {
	case rep.AsWritten && rep.Verdict != inspect.Unreadable:
		out.para("  ", "every byte is as it was written: "+allFiles(rep.Files, rep.Bytes))
	case rep.Verdict == inspect.Whole:
		out.para("  ", "presence, length and structure checked: "+allFiles(rep.Files, rep.Bytes))
		out.para("  ", wholeMeans)
	}
	if rep.IsSealed() {
		out.para("  ", fmt.Sprintf("sealed as checkpoint %v of %s by incarnation %v", rep.ID, jobInSentence(rep.JobName, *rep.Job), rep.Incarnation))
	}
	t.textStructure(rep)
	if len(rep.Strangers) > 0 {
		out.para("  ", "other files in the directory, ignored: "+listed(rep.Strangers, 5))
	}
}

// allFiles says which files a checkpoint consists of.
func allFiles(n int, bytes int64) string {
	if n == 0 {
		return "the metadata, which has all state in it"
	}
	return "the metadata, and " + stateFiles(n, bytes)
}

// maxFindings is how many findings are shown.
const maxFindings = 20

const wholeMeans = "without a seal it cannot be known whether the bytes are those that were written"

func unsealedNote(rep *inspect.Report) string {
	if rep.Verdict == inspect.Whole {
		return ", not sealed"
	}
	return ""
}

// maxUnread is how many reasons are shown why state was not decoded.
const maxUnread = 10

func (t *tool) textStructure(rep *inspect.Report) {
	out := t.out
	if s := rep.Structure; s != nil {
		out.printf("  %s of %s read to the last byte, %s decoded\n", bytesize.Grouped(int64(s.Parsed)), counted(s.Streams, "stream"), entryCount(s.Entries))
		for i, u := range s.Unread {
			if i == maxUnread {
				out.printf("  not decoded: %s more; --json has them all\n", bytesize.Grouped(int64(len(s.Unread)-i)))
				break
			}
			out.para("  ", "not decoded: "+share(u)+": "+printable(unreadText(u.Unread)))
		}
	}
	if n := len(rep.Outside); n > 0 {
		out.para("  ", fmt.Sprintf("not looked at: %s in other directories; --allow-outside does: %s", counted(n, "file"), listed(rep.Outside, 2)))
	}
}

// wayOut says what can be done when a job's checkpoint is damaged. intact is the newest older
// one that is good, nil if there is none.
func wayOut(rep *inspect.Report, j *inspect.Job, intact *inspect.Report) string {
	id := checkpoint.ParseName(path.Base(rep.Path)).ID
	newest, _ := j.Newest()
	older := "no older checkpoint is intact"
	if intact != nil {
		older = fmt.Sprintf("chk-%v is intact (%v)", intact.ID, intact.Verdict)
	}
	switch {
	case newest > id:
		return fmt.Sprintf("%s; a restart begins with chk-%v, which is newer", older, newest)
	case !rep.Restart:
		return older
	case rep.AsWritten:
		return fmt.Sprintf("%s; a restart begins with chk-%v all the same, because its seal is in order", older, id)
	case intact != nil:
		return fmt.Sprintf("%s; a restart refuses chk-%v: start the job with --allow-fallback to go back "+
			"to chk-%v, which repeats what came after it, or restore chk-%v from a backup", older, id, intact.ID, id)
	default:
		return fmt.Sprintf("%s; a restart refuses chk-%v: restore one from a backup, or start the job from "+
			"a savepoint with --from PATH, or from nothing with --from none", older, id)
	}
}

// A verifyTable is written line by line, because verifying takes time.
type verifyTable struct {
	table
	widths []int
}

// newVerifyTable returns a table with a line for each target. What lies in no job's directory
// is shown by its path below within.
func newVerifyTable(targets []inspect.Target, within string) *verifyTable {
	v := &verifyTable{table: table{columns: append(jobColumns(), column{head: "CHECKPOINT"}, column{head: "STATE"}, column{head: "FOUND"})}}
	for _, at := range targets {
		job, id, name := "-", "-", strings.TrimPrefix(at.Shown, within+"/")
		if at.Job != nil {
			job, id = jobCells(at.Job.Name, at.Job.ID)
			name = path.Base(at.Path)
		}
		v.rows = append(v.rows, row{cells: []string{job, id, printable(name), inspect.Unreadable.String(), ""}})
	}
	leaveOut(&v.table)
	return v
}

// roomForFound is how many columns of a narrow terminal are left for what was found.
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

func (v *verifyTable) write(out *terminal, i int, rep *inspect.Report) {
	indent := columnGap * (len(v.widths) - 1)
	for _, w := range v.widths {
		indent += w
	}
	r := v.rows[i]
	state, found := len(r.cells)-2, len(r.cells)-1
	r.cells[state] = rep.Verdict.String()
	r.tint = map[int]tint{state: verdictTint(rep.Verdict)}
	if out.width > 0 && out.width-indent < minFold { // a long path leaves no room beside it
		v.line(out, "", v.widths, r)
		out.para("  ", foundText(rep))
		return
	}
	lines := fold(foundText(rep), out.width-indent)
	r.cells[found] = lines[0]
	v.line(out, "", v.widths, r)
	for _, line := range lines[1:] {
		out.printf("%s%s\n", strings.Repeat(" ", indent), line)
	}
}

// foundText says in one line what was found.
func foundText(rep *inspect.Report) string {
	files := counted(rep.Files, "state file") + ", " + bytesize.Format(rep.Bytes)
	if rep.Files == 0 {
		files = "no state files"
	}
	switch {
	case rep.Verdict == inspect.Gone:
		return "deleted meanwhile by the job"
	case rep.Failure != nil:
		return printable(advised(rep.Failure, rep.Shown).Error())
	case len(rep.Findings) > 0:
		return printable(rep.Reason())
	case rep.Verdict == inspect.Whole:
		s := files + ", not sealed" + decodedText(rep.Structure)
		if len(rep.Outside) > 0 {
			s += "; " + counted(len(rep.Outside), "file") + " elsewhere not looked at"
		}
		return s
	default:
		return files + decodedText(rep.Structure)
	}
}

// decodedText says how much was decoded, and whether that is all.
func decodedText(s *inspect.Structure) string {
	switch {
	case s == nil:
		return ""
	case s.Parsed < s.Streams:
		return fmt.Sprintf("; %s decoded, %d of %s read to the last byte", entryCount(s.Entries), s.Parsed, counted(s.Streams, "stream"))
	default:
		return "; " + entryCount(s.Entries) + " decoded"
	}
}

// textEnd says what to do about jobs that would not restart, and what was not verified.
func (v *verification) textEnd(jobs []*inspect.Job) {
	out := v.t.out
	if summarize(v.done).Whole > 0 {
		out.para("", wholeMeans)
	}
	for _, j := range jobs {
		newest, ok := j.Newest()
		if !ok {
			continue
		}
		if rep, intact := v.newestOf(j, newest); rep != nil && rep.Verdict == inspect.Damaged {
			out.para("", printable(rep.Shown)+": "+wayOut(rep, j, intact))
		}
	}
	for _, j := range jobs {
		var names []string
		for _, n := range append(j.Scan.SetAside, j.Scan.Leftovers...) {
			names = append(names, n.String())
		}
		if len(names) > 0 {
			out.para("", printable(j.Shown)+": not complete, not verified: "+listed(names, 5))
		}
	}
}

// newestOf finds the newest checkpoint of a job among those verified, and the newest good one
// that is older.
func (v *verification) newestOf(j *inspect.Job, newest checkpoint.ID) (rep, intact *inspect.Report) {
	for _, x := range v.done {
		n := checkpoint.ParseName(path.Base(x.Path))
		switch {
		case path.Dir(x.Path) != j.Path || n.Kind != checkpoint.Complete:
		case n.ID == newest:
			rep = x
		case intact == nil && x.Verdict.Good():
			intact = x
		}
	}
	return rep, intact
}

func (s summaryLine) text() string {
	parts := []string{}
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, bytesize.Grouped(int64(n))+" "+what)
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
