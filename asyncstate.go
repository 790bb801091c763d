package weir

import (
	"fmt"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// asyncState is the operator state with the requests of Async, under Flink's name. An element
// is a record as Flink's StreamElementSerializer writes it: a byte that says whether it has a
// timestamp, the timestamp, and the record. Flink has watermarks there as well. Weir writes
// none: at another place than where it was made, a watermark would be wrong.
const asyncState = "_async_wait_operator_state_"

const (
	recordWithTimestamp    = 0
	recordWithoutTimestamp = 1
	onlyWatermark          = 2
)

// Snapshot keeps all records that have not been passed on, in their order. If a job that is
// drained has come to the end of time there are none.
func (o *asyncOp[T, U]) Snapshot(CheckpointID) (s flow.Snapshot, err error) {
	defer guard(o.c.ctx, &err)
	if err := o.misused(nil); err != nil {
		return s, err
	}
	if o.ends() && o.c.ctx.Drain {
		if err := o.await(o.empty); err != nil {
			return s, err
		}
		if err := o.c.ctx.Flush(); err != nil { // before the barrier
			return s, err
		}
	}
	l := flow.ListState{Name: asyncState, Element: flink.StreamElement(o.records.Serializer())}
	for e := o.first; e != nil; e = e.after {
		if e.isMark {
			continue
		}
		b, err := appendStreamRecord(nil, o.records, e.value, e.at)
		if err != nil {
			return s, blame(o.c.ctx, Permanent(fmt.Errorf("keep the request for record %+v: %w", e.value, err)))
		}
		l.Elements = append(l.Elements, b)
	}
	s.Lists = append(s.Lists, l)
	return s, nil
}

func appendStreamRecord[T any](dst []byte, c codec.Codec[T], v T, at Time) ([]byte, error) {
	if at == MinTime {
		dst = append(dst, recordWithoutTimestamp)
	} else {
		dst = flink.AppendI64(append(dst, recordWithTimestamp), int64(at))
	}
	return c.Append(dst, v)
}

// restore takes in what a checkpoint holds; list may be nil.
func (o *asyncOp[T, U]) restore(list *flow.ListState) error {
	if list == nil || len(list.Elements) == 0 {
		return nil
	}
	records, err := asyncReading(o.records, list)
	if err != nil {
		return fmt.Errorf("operator state %q: %w", asyncState, err)
	}
	for i, b := range list.Elements {
		if err := o.restoreElement(records, b); err != nil {
			return fmt.Errorf("operator state %q: element %d: %w", asyncState, i, err)
		}
	}
	return nil
}

func asyncReading[T any](c codec.Codec[T], list *flow.ListState) (codec.Codec[T], error) {
	if list.Element == nil {
		return nil, fmt.Errorf("it was written as bytes, and not as requests")
	}
	parts, ok := flink.PartsLike(list.Element, flink.StreamElement(c.Serializer()))
	if !ok {
		return nil, fmt.Errorf("it was written as %s, and not as requests", list.Element.TypeName())
	}
	return codec.Reading(c, parts[0])
}

func (o *asyncOp[T, U]) restoreElement(records codec.Codec[T], b []byte) error {
	c, at := flink.NewCursor(b), MinTime
	switch tag := c.U8(); tag {
	case recordWithTimestamp:
		at = Time(c.I64())
	case recordWithoutTimestamp:
	case onlyWatermark:
		return nil
	default:
		c.Failf("stream element of kind %d", tag)
	}
	if err := c.Err(); err != nil {
		return err
	}
	v, n, err := records.Decode(b[c.Offset():])
	if err != nil {
		return err
	}
	if left := len(b) - c.Offset() - n; left > 0 {
		return fmt.Errorf("%d bytes are left after the record", left)
	}
	o.add(v, at)
	return nil
}
