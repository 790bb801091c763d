package inspect

import (
	"fmt"

	"github.com/weirstream/weir/flink"
)

// A Release is a release of Flink: 100 times the major number plus the minor one.
type Release int

// String returns the release as Flink writes it, such as "1.20".
func (r Release) String() string { return fmt.Sprintf("%d.%d", r/100, r%100) }

// firstReader is the first Flink that reads each version of the metadata. Every Flink in use
// reads version 2.
var firstReader = map[int32]Release{3: 111, 4: 116, 5: 200, 6: 201}

// firstWithTag is the first Flink that knows a kind of handle, where that is later than the
// version of the metadata says.
var firstWithTag = map[flink.HandleTag]Release{
	flink.TagRelative: 111, flink.TagSavepoint: 113,
	flink.TagChangelog: 115, flink.TagChangelogMemory: 115, flink.TagChangelogFile: 115,
	flink.TagKeyGroupsV2: 115, flink.TagIncrementalV2: 116, flink.TagChangelogFileV2: 116, flink.TagChangelogV2: 116,
	flink.TagSegment: 120, flink.TagEmptySegment: 120, flink.TagPartitionableMerged: 120,
}

// FlinkSince returns the first Flink that can read the metadata with all handles in it; 0 if
// every Flink in use can. The types of the states may need a later one.
func FlinkSince(m *flink.Metadata) Release {
	first := firstReader[m.Version]
	know := func(tag flink.HandleTag) { first = max(first, firstWithTag[tag]) }
	for ref := range m.Streams() {
		switch ref.Handle.(type) {
		case *flink.RelativeHandle:
			know(flink.TagRelative)
		case *flink.SegmentHandle:
			know(flink.TagSegment)
		case *flink.EmptySegmentHandle:
			know(flink.TagEmptySegment)
		}
	}
	for i := range m.Operators {
		for j := range m.Operators[i].Subtasks {
			s := &m.Operators[i].Subtasks[j]
			for _, k := range []flink.KeyedHandle{s.ManagedKeyed, s.RawKeyed} {
				eachTag(k, know)
			}
			for _, o := range []*flink.OperatorHandle{s.ManagedOperator, s.RawOperator} {
				if o != nil && o.Merged != nil {
					know(flink.TagPartitionableMerged)
				}
			}
		}
	}
	return first
}

// eachTag yields the tags of a keyed handle and of those in it.
func eachTag(k flink.KeyedHandle, yield func(flink.HandleTag)) {
	switch k := k.(type) {
	case *flink.KeyGroupsHandle:
		yield(k.Tag)
	case *flink.IncrementalHandle:
		yield(k.Tag)
	case *flink.ChangelogHandle:
		yield(k.Tag)
		for _, list := range [][]flink.KeyedHandle{k.Materialized, k.NonMaterialized} {
			for _, m := range list {
				eachTag(m, yield)
			}
		}
	case *flink.ChangelogMemoryIncrement:
		yield(flink.TagChangelogMemory)
	case *flink.ChangelogFileIncrement:
		yield(k.Tag)
	}
}
