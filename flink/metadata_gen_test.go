package flink

import (
	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
)

// anyMetadata draws metadata of version 3.
func anyMetadata() *rapid.Generator[*Metadata] {
	return rapid.Custom(func(t *rapid.T) *Metadata {
		return &Metadata{
			Version:      3,
			CheckpointID: checkpoint.ID(rapid.Int64Min(0).Draw(t, "checkpoint id")),
			MasterStates: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) MasterState {
				return MasterState{
					Version: rapid.Int32().Draw(t, "version"),
					Name:    anyName().Draw(t, "name"),
					Payload: anyBytes().Draw(t, "payload"),
				}
			}), 0, 2).Draw(t, "master states"),
			Operators: rapid.SliceOfNDistinct(anyOperator(), 0, 3,
				func(o OperatorState) checkpoint.OperatorID { return o.ID }).Draw(t, "operators"),
		}
	})
}

func anyName() *rapid.Generator[string]  { return rapid.StringN(0, 8, -1) }
func anyBytes() *rapid.Generator[[]byte] { return rapid.SliceOfN(rapid.Byte(), 0, 16) }
func anyOffsets() *rapid.Generator[[]int64] {
	return rapid.SliceOfN(rapid.Int64(), 0, 4)
}
func anyLength() *rapid.Generator[int64] { return rapid.Int64Min(0) }

func anyOperator() *rapid.Generator[OperatorState] {
	return rapid.Custom(func(t *rapid.T) OperatorState {
		o := OperatorState{MaxParallelism: rapid.IntRange(1, checkpoint.MaxMaxParallelism).Draw(t, "max parallelism")}
		copy(o.ID[:], rapid.SliceOfN(rapid.Byte(), len(o.ID), len(o.ID)).Draw(t, "id"))
		o.Parallelism = rapid.IntRange(1, o.MaxParallelism).Draw(t, "parallelism")
		if o.FullyFinished = rapid.Bool().Draw(t, "finished"); o.FullyFinished {
			return o
		}
		if rapid.Bool().Draw(t, "coordinator") {
			o.Coordinator = &InlineHandle{Name: anyName().Draw(t, "name"), Data: anyBytes().Draw(t, "data")}
		}
		o.Subtasks = rapid.SliceOfNDistinct(anySubtask(o.Parallelism, o.MaxParallelism), 0, min(4, o.Parallelism),
			func(s SubtaskState) checkpoint.Subtask { return s.Index }).Draw(t, "subtasks")
		return o
	})
}

func anySubtask(parallelism, maxParallelism int) *rapid.Generator[SubtaskState] {
	return rapid.Custom(func(t *rapid.T) SubtaskState {
		s := SubtaskState{Index: checkpoint.Subtask(rapid.IntRange(0, parallelism-1).Draw(t, "index"))}
		if s.Finished = rapid.Bool().Draw(t, "finished"); s.Finished {
			return s
		}
		s.ManagedOperator = anyOperatorHandle().Draw(t, "managed operator")
		s.RawOperator = anyOperatorHandle().Draw(t, "raw operator")
		if rapid.Bool().Draw(t, "has managed keyed") {
			s.ManagedKeyed = anyKeyed(maxParallelism, 3).Draw(t, "managed keyed")
		}
		if rapid.Bool().Draw(t, "has raw keyed") {
			s.RawKeyed = anyKeyed(maxParallelism, 3).Draw(t, "raw keyed")
		}
		s.InputChannels = rapid.SliceOfN(anyChannelState(), 0, 2).Draw(t, "input channels")
		s.ResultSubpartitions = rapid.SliceOfN(anyChannelState(), 0, 2).Draw(t, "result subpartitions")
		return s
	})
}

func anyStream() *rapid.Generator[StreamHandle] {
	return rapid.Custom(func(t *rapid.T) StreamHandle {
		name := anyName().Draw(t, "name")
		switch rapid.SampledFrom([]HandleTag{TagInline, TagFile, TagRelative, TagSegment, TagEmptySegment, TagKeyGroups}).Draw(t, "tag") {
		case TagInline:
			return &InlineHandle{Name: name, Data: anyBytes().Draw(t, "data")}
		case TagFile:
			return &FileHandle{Path: name, Length: anyLength().Draw(t, "length")}
		case TagRelative:
			return &RelativeHandle{Path: name, Length: anyLength().Draw(t, "length")}
		case TagSegment:
			return anySegment().Draw(t, "segment")
		case TagEmptySegment:
			return &EmptySegmentHandle{}
		default:
			return anyKeyGroups(TagKeyGroups, checkpoint.MaxMaxParallelism).Draw(t, "legacy")
		}
	})
}

func anySegment() *rapid.Generator[*SegmentHandle] {
	return rapid.Custom(func(t *rapid.T) *SegmentHandle {
		return &SegmentHandle{
			Path:      anyName().Draw(t, "path"),
			Start:     rapid.Int64Range(0, 1<<62-1).Draw(t, "start"),
			Length:    rapid.Int64Range(0, 1<<62-1).Draw(t, "length"),
			Shared:    rapid.Bool().Draw(t, "shared"),
			LogicalID: anyName().Draw(t, "logical id"),
		}
	})
}

func anyRange(maxParallelism int) *rapid.Generator[checkpoint.KeyGroupRange] {
	return rapid.Custom(func(t *rapid.T) checkpoint.KeyGroupRange {
		start := rapid.IntRange(0, maxParallelism-1).Draw(t, "start")
		n := rapid.IntRange(0, min(8, maxParallelism-start)).Draw(t, "key groups")
		return checkpoint.KeyGroupRange{Start: start, End: start + n - 1}
	})
}

func anyKeyGroups(tag HandleTag, maxParallelism int) *rapid.Generator[*KeyGroupsHandle] {
	return rapid.Custom(func(t *rapid.T) *KeyGroupsHandle {
		h := &KeyGroupsHandle{Tag: tag, Range: anyRange(maxParallelism).Draw(t, "range")}
		h.Offsets = rapid.SliceOfN(rapid.Int64(), h.Range.Len(), h.Range.Len()).Draw(t, "offsets")
		h.Data = &RelativeHandle{Path: anyName().Draw(t, "path")}
		if tag == TagKeyGroupsV2 {
			h.ID = anyName().Draw(t, "id")
		}
		return h
	})
}

// anyKeyed draws a keyed handle, with other handles in it up to a depth.
func anyKeyed(maxParallelism, depth int) *rapid.Generator[KeyedHandle] {
	return rapid.Custom(func(t *rapid.T) KeyedHandle {
		tags := []HandleTag{
			TagKeyGroups, TagSavepoint, TagKeyGroupsV2, TagIncremental, TagIncrementalV2,
			TagChangelogMemory, TagChangelogFile, TagChangelogFileV2, TagChangelog, TagChangelogV2,
		}
		if depth == 0 {
			tags = tags[:len(tags)-2]
		}
		tag := rapid.SampledFrom(tags).Draw(t, "tag")
		groups := anyRange(maxParallelism).Draw(t, "range")
		id := anyName().Draw(t, "id")
		switch tag {
		case TagIncremental, TagIncrementalV2:
			h := &IncrementalHandle{
				Tag:          tag,
				CheckpointID: checkpoint.ID(rapid.Int64().Draw(t, "checkpoint id")),
				BackendID:    id,
				Range:        groups,
				Meta:         anyStream().Draw(t, "meta"),
				Shared:       anyLocalFiles().Draw(t, "shared"),
				Private:      anyLocalFiles().Draw(t, "private"),
			}
			if tag == TagIncrementalV2 {
				h.CheckpointedSize = rapid.Int64().Draw(t, "size")
				h.ID = id
			}
			return h
		case TagChangelog, TagChangelogV2:
			parts := rapid.SliceOfN(anyKeyed(maxParallelism, max(0, depth-1)), 0, 2)
			h := &ChangelogHandle{
				Tag:               tag,
				Range:             groups,
				CheckpointedSize:  rapid.Int64().Draw(t, "size"),
				Materialized:      parts.Draw(t, "materialized"),
				NonMaterialized:   parts.Draw(t, "changes"),
				MaterializationID: rapid.Int64().Draw(t, "materialization"),
				ID:                id,
			}
			h.CheckpointID = checkpoint.ID(h.MaterializationID)
			if tag == TagChangelogV2 {
				h.CheckpointID = checkpoint.ID(rapid.Int64().Draw(t, "checkpoint id"))
			}
			return h
		case TagChangelogMemory:
			return &ChangelogMemoryIncrement{
				Range: groups,
				From:  rapid.Int64().Draw(t, "from"),
				To:    rapid.Int64().Draw(t, "to"),
				Changes: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Change {
					return Change{KeyGroup: rapid.Int32().Draw(t, "key group"), Data: anyBytes().Draw(t, "data")}
				}), 0, 2).Draw(t, "changes"),
				ID: id,
			}
		case TagChangelogFile, TagChangelogFileV2:
			h := &ChangelogFileIncrement{
				Tag:   tag,
				Range: groups,
				Parts: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ChangelogPart {
					return ChangelogPart{Offset: rapid.Int64().Draw(t, "offset"), Data: anyStream().Draw(t, "data")}
				}), 0, 2).Draw(t, "parts"),
				StateSize:        rapid.Int64().Draw(t, "state size"),
				CheckpointedSize: rapid.Int64().Draw(t, "checkpointed size"),
				ID:               id,
				StorageID:        "filesystem",
			}
			if tag == TagChangelogFileV2 {
				h.StorageID = anyName().Draw(t, "storage")
			}
			return h
		default:
			return anyKeyGroups(tag, maxParallelism).Draw(t, "key groups")
		}
	})
}

func anyLocalFiles() *rapid.Generator[[]LocalFile] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) LocalFile {
		return LocalFile{Name: anyName().Draw(t, "name"), Data: anyStream().Draw(t, "data")}
	}), 0, 2)
}

// anyOperatorHandle draws an operator handle, or nil.
func anyOperatorHandle() *rapid.Generator[*OperatorHandle] {
	return rapid.Custom(func(t *rapid.T) *OperatorHandle {
		if rapid.Bool().Draw(t, "none") {
			return nil
		}
		h := &OperatorHandle{
			States: rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) OperatorStateMeta {
				return OperatorStateMeta{
					Name:    anyName().Draw(t, "name"),
					Mode:    rapid.SampledFrom([]DistributionMode{ModeSplitDistribute, ModeUnion, ModeBroadcast}).Draw(t, "mode"),
					Offsets: anyOffsets().Draw(t, "offsets"),
				}
			}), 0, 3, func(s OperatorStateMeta) string { return s.Name }).Draw(t, "states"),
		}
		if rapid.Bool().Draw(t, "merged") {
			h.Merged = &FileMerging{
				TaskOwnedDir: anyName().Draw(t, "task owned"),
				SharedDir:    anyName().Draw(t, "shared"),
				Empty:        rapid.Bool().Draw(t, "empty"),
			}
			h.Data = anySegment().Draw(t, "data")
		} else {
			h.Data = anyStream().Draw(t, "data")
		}
		return h
	})
}

func anyChannelState() *rapid.Generator[ChannelState] {
	return rapid.Custom(func(t *rapid.T) ChannelState {
		return ChannelState{
			Subtask: checkpoint.Subtask(rapid.Int32().Draw(t, "subtask")),
			Channels: []Channel{{
				Gate:    rapid.Int32().Draw(t, "gate"),
				Index:   rapid.Int32().Draw(t, "index"),
				Offsets: anyOffsets().Draw(t, "offsets"),
			}},
			Size: rapid.Int64().Draw(t, "size"),
			Data: anyStream().Draw(t, "data"),
		}
	})
}
