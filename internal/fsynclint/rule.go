package fsynclint

// A RuleID names a rule. The ids are part of what programs read: they keep their meaning.
type RuleID string

// Severity of a finding.
type Severity int

const (
	// Info is no fault, but good to know.
	Info Severity = iota
	// Warning is a fault by POSIX, or in circumstances that the trace does not show.
	Warning
	// Error: a power cut loses what the program took for durable.
	Error
)

func (s Severity) String() string { return [...]string{"info", "warning", "error"}[s] }

// A Rule says what is looked for.
type Rule struct {
	ID       RuleID
	Severity Severity
	Fault    string // what the program does
	Why      string // what a power cut makes of it
	Cure     string // the cheapest one
}

// Rules lists all rules.
var Rules = []Rule{
	{"D001", Error, "a file is written and closed, and never synced, and then committed", "closing a file does not write it to the disk: after a power cut it is empty, cut short or full of zeros", "fsync the file on the descriptor that wrote it, before close"},
	{"D002", Error, "a file gets its final name before its bytes are synced", "the new name may reach the disk before the bytes: an empty file, or one of the right length full of zeros, in place of what was there", "fsync the file before rename or link"},
	{"D003", Error, "the bytes are synced after the file got its final name", "until then the final name may stand for an empty file, or one full of zeros", "move the fsync before rename or link"},
	{"D004", Error, "a file is written again after its last sync, and then committed", "the last sync does not cover what was written after it", "fsync once more, after the last write"},
	{"D010", Error, "the name that commits is not made durable", "rename, link and create change the directory in memory; until it is synced, the power can undo them (seconds, on all common file systems)", "fsync the directory after the rename"},
	{"D011", Error, "a new directory's own name is not made durable", "the directory may be gone after a power cut, with all that is in it, whatever was synced in it", "fsync the parent directory, once, after mkdir and before anything relies on it"},
	{"D012", Warning, "files are created and the directory that has their names is not synced", "POSIX lets the bytes survive and the name not; ext4, XFS and Btrfs as they are mounted by default keep both", "fsync the directory after the last file was made in it"},
	{"D013", Warning, "a new directory's parent is synced, and neither the directory nor a file in it is", "on ext4 without a journal the name survives and the directory does not", "fsync the new directory, too"},
	{"D020", Error, "what came before is destroyed before what replaces it is durable", "the removal can reach the disk first: then neither is there", "sync files, directory and parent of the new generation first, then remove the old one"},
	{"D021", Warning, "the last older generation is removed", "there is no second copy, should the disk damage the only one", "keep two generations"},
	{"D022", Info, "a removal is not synced", "what was removed may come back after a power cut; this is harmless if whoever reads takes the newest and checks it", "none needed; fsync the directory if it must stay gone"},
	{"D030", Error, "a file that is in use is overwritten or truncated in place", "a power cut in between leaves a mixture of old and new, or nothing of either", "write a new file, fsync it and rename it over the old one; or sync a journal or a copy first"},
	{"D031", Warning, "a file with a name of its own is opened without O_EXCL", "two writers, or one that a crash has left behind, write the same file", "add O_EXCL"},
	{"D032", Warning, "a file is moved to another directory to commit it", "two directories change, which reach the disk in any order; and it does not work from one file system to another", "make the temporary file in the directory of the final name"},
	{"D040", Error, "a sync failed, and the file is synced again or committed all the same", "after a failed sync Linux holds the lost pages for clean: the next sync succeeds and writes nothing", "give the file up, and write another one under another name"},
	{"D041", Error, "a write failed, and the file is committed all the same", "what was to be written is not there", "check every write, and give the file up after an error"},
	{"D042", Warning, "a file is synced on a descriptor that another process opened after the writer had closed it", "an error in writing it back before that is not reported to this descriptor", "fsync where it is written, before close"},
	{"D050", Warning, "sync_file_range is the only sync", "it writes neither the length nor the name of the file, and does not flush the disk's cache", "fsync the file"},
	{"D051", Info, "sync or syncfs is used", "it is right, and waits for everybody's data", "none needed; fsync of the files waits for these alone"},
	{"D052", Warning, "a file is written by a shared mapping that is not synced", "stores to a mapping are as volatile as writes", "msync with MS_SYNC, or fsync, after the last store"},
	{"D053", Info, "syncs are repeated", "a sync of what has not changed costs a round trip and, on many disks, a flush", "leave the second one out; run those of different files in parallel"},
	{"D060", Error, "the world is told before the commit is durable", "whoever was told acts on something that a power cut can undo", "send the answer after the last sync"},
	{"D070", Info, "the file system may not keep what is synced", "", "use a local file system with a journal, mounted as usual"},
	{"D090", Info, "the trace does not show everything", "", "trace all processes with the command that --help shows"},
}

// ruleOf finds a rule.
func ruleOf(id RuleID) Rule {
	for _, r := range Rules {
		if r.ID == id {
			return r
		}
	}
	return Rule{ID: id}
}

// A Finding is a fault that the trace shows, one for all that look the same.
type Finding struct {
	Rule     Rule
	Severity Severity
	Count    int    // how often it was found
	What     string // of which file, in a sentence
	// First and Second are the calls, in the order of the trace, between which something is
	// missing. Second.Line is 0 if nothing more came.
	First, Second Ref
	Then          string // what Second is: "the removal", "the end of the trace"
	Missing       string // the sync that should stand between them
	After         []string
	Cure          string // as in Rule, with names

	assumed bool
}

// find adds a finding, or counts it with one that is alike: of the same rule, of a file
// whose path has the same shape.
func (j *judge) find(id RuleID, at string, f Finding) *Finding {
	key := string(id) + " " + shapeOf(at)
	if old := j.index[key]; old != nil {
		old.Count++
		old.assumed = old.assumed && f.assumed
		old.Severity = max(old.Severity, f.Severity)
		return old
	}
	if len(j.findings) >= maxFindings {
		j.dropped++
		return &f
	}
	f.Rule, f.Count = ruleOf(id), 1
	f.Severity = max(f.Severity, f.Rule.Severity)
	if f.Cure == "" {
		f.Cure = f.Rule.Cure
	}
	j.index[key] = &f
	j.findings = append(j.findings, &f)
	return &f
}

// lower makes a finding less severe than its rule, where the trace does not show enough.
func (f *Finding) lower(s Severity) {
	if f.Count == 1 {
		f.Severity = s
	}
}
