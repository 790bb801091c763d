package crashfs

// remains are what a power cut may leave of the bytes of a file.
type remains struct {
	// unsynced lists the contents of a file that was written and not synced. The first
	// is what was durable before, the last all that was written.
	unsynced []class
	// reused lists the contents of a file that was removed, if the removal has not become
	// durable; nil if its blocks are never used again before.
	reused []class

	// blocks lists what may become of one block that was written and not synced, where
	// writes are torn; old is the first. block is how many bytes are written as a whole,
	// 0 if writes are not torn.
	blocks []class
	block  int64
}

// What a cut may leave where nothing orders bytes and lengths, and where a file's
// length grows only after its bytes are there.
var (
	anything = remains{
		unsynced: []class{old, partial, zero, garbage, whole},
		reused:   []class{whole, garbage},
		blocks:   []class{old, whole, zero, garbage},
	}
	lengthLast = remains{
		unsynced: []class{old, partial, whole},
		blocks:   []class{old, whole},
	}
	bytesFirst = remains{unsynced: []class{whole}}
)

// of lists what a cut may leave of one file.
func (r remains) of(n *inode) []content {
	classes := []class{whole}
	switch {
	case n.dirty:
		classes = r.unsynced
	case n.removed && len(n.data) > 0 && r.reused != nil:
		classes = r.reused
	}
	var cs []content
	for _, c := range classes {
		if data, ok := bytesOf(c, n); ok {
			cs = append(cs, newContent(c, data, n))
		}
	}
	if n.dirty && r.block > 0 && r.blocks != nil {
		cs = r.torn(n, cs)
	}
	return cs
}
