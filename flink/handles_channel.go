package flink

import (
	"errors"

	"github.com/weirstream/weir/checkpoint"
)

// A ChannelState is records that were on their way between two subtasks when an
// unaligned checkpoint was taken. Weir's checkpoints are aligned and have none.
type ChannelState struct {
	Subtask  checkpoint.Subtask
	Merged   bool      // several channels in one stream; since version 6 of the metadata
	Channels []Channel // one, unless merged
	Size     int64
	Data     StreamHandle
}

// A Channel says where in a stream the buffers of one channel are.
type Channel struct {
	Gate    int32 // the input gate; of a result, the partition
	Index   int32 // the channel of the gate; of a result, the subpartition
	Size    int64 // if merged: how much of ChannelState.Size belongs to this channel
	Offsets []int64
}

// Version 6 begins each channel state with one of these.
const (
	channelInput        = 1
	channelResult       = 2
	channelInputMerged  = 3
	channelResultMerged = 4
)

const (
	channelStateMinSize  = 1 + 4 + 8 + 1 + 4 // of a merged one, which is the smaller
	mergedChannelMinSize = 4 + 4 + 8 + 4
)

// channelStates reads a list of channel states; plain and merged are the type bytes
// that it may have.
func (r *metadataReader) channelStates(what string, plain, merged uint8) []ChannelState {
	var list []ChannelState
	for range r.Count(what, channelStateMinSize) {
		typ := plain
		if r.version >= 6 {
			typ = r.U8()
		}
		switch typ {
		case plain:
			list = append(list, r.plainChannelState())
		case merged:
			list = append(list, r.mergedChannelState())
		default:
			r.Failf("%d is not a type that %s have", typ, what)
		}
		if r.err != nil {
			return nil
		}
	}
	return list
}

func (r *metadataReader) plainChannelState() ChannelState {
	s := ChannelState{Subtask: checkpoint.Subtask(r.I32())}
	c := Channel{Gate: r.I32(), Index: r.I32()}
	c.Offsets = r.i64s(r.Count("offsets", 8))
	s.Channels = []Channel{c}
	s.Size = r.I64()
	s.Data = r.stream()
	return s
}

func (r *metadataReader) mergedChannelState() ChannelState {
	s := ChannelState{
		Subtask: checkpoint.Subtask(r.I32()),
		Merged:  true,
		Size:    r.I64(),
		Data:    r.stream(),
	}
	end := r.sized("a list of merged channels")
	for range r.Count("channels", mergedChannelMinSize) {
		c := Channel{Gate: r.I32(), Index: r.I32(), Size: r.I64()}
		c.Offsets = r.i64s(r.Count("offsets", 8))
		s.Channels = append(s.Channels, c)
		if r.err != nil {
			break
		}
	}
	end()
	return s
}

// channelStates writes a list of channel states as version 3 has them.
func (w *handleWriter) channelStates(list []ChannelState) {
	w.count(len(list))
	for _, s := range list {
		switch {
		case s.Merged:
			w.require(errors.New("a merged channel state needs version 6"))
			return
		case len(s.Channels) != 1 || s.Channels[0].Size != 0:
			w.require(errors.New("a channel state that is not merged has one channel, without a size"))
			return
		}
		c := s.Channels[0]
		w.i32(int32(s.Subtask))
		w.i32(c.Gate)
		w.i32(c.Index)
		w.count(len(c.Offsets))
		w.i64s(c.Offsets)
		w.i64(s.Size)
		w.stream(s.Data)
	}
}
