package weir.nexmark;

import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** Rows of one kind of event. */
final class Rows {
  interface Of<E, R> extends java.io.Serializable {
    /** Returns the row of an event, or null if it has none. */
    R of(E e);
  }

  static <R> SingleOutputStreamOperator<R> bids(DataStream<Event> events, TypeInformation<R> type, Of<Event.Bid, R> of) {
    return events.flatMap((FlatMapFunction<Event, R>) (e, out) -> {
      R r;
      if (e.kind == Event.BID && (r = of.of(e.bid)) != null) out.collect(r);
    }).returns(type);
  }

  static <R> SingleOutputStreamOperator<R> auctions(DataStream<Event> events, TypeInformation<R> type, Of<Event.Auction, R> of) {
    return events.flatMap((FlatMapFunction<Event, R>) (e, out) -> {
      R r;
      if (e.kind == Event.AUCTION && (r = of.of(e.auction)) != null) out.collect(r);
    }).returns(type);
  }

  static <R> SingleOutputStreamOperator<R> persons(DataStream<Event> events, TypeInformation<R> type, Of<Event.Person, R> of) {
    return events.flatMap((FlatMapFunction<Event, R>) (e, out) -> {
      R r;
      if (e.kind == Event.PERSON && (r = of.of(e.person)) != null) out.collect(r);
    }).returns(type);
  }
}
