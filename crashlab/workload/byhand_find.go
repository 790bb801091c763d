package workload

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/crashlab/judge"
)

// handMetadata returns metadata with the names and lengths of the state files, as Flink's
// metadata has, filled up to the length that Flink's had.
func handMetadata(id checkpoint.ID) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "checkpoint %d\n", id)
	for i := range stateFiles {
		fmt.Fprintf(&b, "%s %d\n", stateName(id, i), stateBytes)
	}
	b.Write(content(id, stateFiles, metadataBytes-b.Len()))
	return b.Bytes()
}

// findByHand is a recovery that is better than Flink's: it compares every byte with what
// was written, and goes back until it finds a whole checkpoint. If it reports a checkpoint
// as torn, Flink would restore it, because Flink compares lengths only.
func findByHand(dir string, _ Setup, _ int) judge.Finding {
	job := handDir(dir)
	entries, err := os.ReadDir(job)
	if err != nil {
		return judge.Finding{Refused: err.Error()}
	}
	var ids []checkpoint.ID
	for _, e := range entries {
		if n := checkpoint.ParseName(e.Name()); n.Kind == checkpoint.Complete {
			ids = append(ids, n.ID)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Backward(ids) {
		looksWhole, bad := lookByHand(handCheckpoint(job, id), id)
		switch {
		case bad == "":
			return judge.Finding{Recovered: id}
		case looksWhole:
			return judge.Finding{Torn: fmt.Sprintf("checkpoint %v has all its files, in their lengths, but %s", id, bad)}
		}
	}
	return judge.Finding{}
}

// lookByHand reports whether all files that the metadata names are there in their lengths,
// and says what is wrong with them.
func lookByHand(dir string, id checkpoint.ID) (looksWhole bool, bad string) {
	metadata, err := os.ReadFile(filepath.Join(dir, "_metadata"))
	if err != nil {
		return false, err.Error()
	}
	want := handMetadata(id)
	head := bytes.Index(want, []byte(stateName(id, stateFiles-1)))
	if len(metadata) < head || !bytes.Equal(metadata[:head], want[:head]) {
		return false, "_metadata cannot be read" // Flink finds neither its magic nor its handles
	}
	looksWhole = true
	note := func(name string, have, want []byte) {
		if len(have) != len(want) {
			looksWhole = false
		}
		if !bytes.Equal(have, want) && bad == "" {
			bad = fmt.Sprintf("%s has %d bytes of %d that are not what was written", name, wrongBytes(have, want), len(want))
		}
	}
	note("_metadata", metadata, want)
	for i := range stateFiles {
		have, err := os.ReadFile(filepath.Join(dir, stateName(id, i)))
		if err != nil {
			return false, err.Error()
		}
		note(stateName(id, i), have, content(id, i, stateBytes))
	}
	return looksWhole, bad
}

func wrongBytes(have, want []byte) (n int) {
	for i, b := range want {
		if i >= len(have) || have[i] != b {
			n++
		}
	}
	return n
}
