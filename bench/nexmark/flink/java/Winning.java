package weir.nexmark;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.*;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.*;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;

/** The core of Q4 and Q9: each auction with its winning bid, when it has closed. An auction is (id, opens, closes, row), a bid is (auction, price, time, row). */
final class Winning<A, B> extends KeyedCoProcessFunction<Long, Tuple4<Long, Long, Long, A>, Tuple4<Long, Long, Long, B>, Tuple2<Tuple4<Long, Long, Long, A>, Tuple4<Long, Long, Long, B>>> {
  private final TypeInformation<Tuple4<Long, Long, Long, A>> auctionType;
  private final TypeInformation<Tuple4<Long, Long, Long, B>> bidType;
  private transient ValueState<Tuple4<Long, Long, Long, A>> auction;
  private transient ValueState<Tuple4<Long, Long, Long, B>> best;
  private transient ListState<Tuple4<Long, Long, Long, B>> early;
  private transient ValueState<Long> forget;

  private Winning(TypeInformation<Tuple4<Long, Long, Long, A>> auctionType, TypeInformation<Tuple4<Long, Long, Long, B>> bidType) {
    this.auctionType = auctionType;
    this.bidType = bidType;
  }

  static <A, B> SingleOutputStreamOperator<Tuple2<Tuple4<Long, Long, Long, A>, Tuple4<Long, Long, Long, B>>> of(
      DataStream<Event> events, TypeInformation<A> a, TypeInformation<B> b, Rows.Of<Event.Auction, A> auctionRow, Rows.Of<Event.Bid, B> bidRow) {
    TypeInformation<Tuple4<Long, Long, Long, A>> auctionType = Types.TUPLE(Types.LONG, Types.LONG, Types.LONG, a);
    TypeInformation<Tuple4<Long, Long, Long, B>> bidType = Types.TUPLE(Types.LONG, Types.LONG, Types.LONG, b);
    var auctions = Rows.auctions(events, auctionType, x -> Tuple4.of(x.id, x.dateTime, x.expires, auctionRow.of(x)));
    var bids = Rows.bids(events, bidType, x -> Tuple4.of(x.auction, x.price, x.dateTime, bidRow.of(x)));
    return auctions.keyBy(x -> x.f0, Types.LONG).connect(bids.keyBy(x -> x.f0, Types.LONG))
        .process(new Winning<>(auctionType, bidType)).returns(Types.TUPLE(auctionType, bidType));
  }

  @Override
  public void open(OpenContext c) {
    auction = getRuntimeContext().getState(new ValueStateDescriptor<>("auction", auctionType));
    best = getRuntimeContext().getState(new ValueStateDescriptor<>("best", bidType));
    early = getRuntimeContext().getListState(new ListStateDescriptor<>("early bids", bidType));
    forget = getRuntimeContext().getState(new ValueStateDescriptor<>("forget early bids", Types.LONG));
  }

  @Override
  public void processElement1(Tuple4<Long, Long, Long, A> a, Context c, Collector<Tuple2<Tuple4<Long, Long, Long, A>, Tuple4<Long, Long, Long, B>>> out) throws Exception {
    a = a.copy();
    auction.update(a);
    if (forget.value() != null) {
      for (var b : early.get()) offer(a, b);
      early.clear();
      c.timerService().deleteEventTimeTimer(forget.value());
      forget.clear();
    }
    c.timerService().registerEventTimeTimer(a.f2);
  }

  @Override
  public void processElement2(Tuple4<Long, Long, Long, B> b, Context c, Collector<Tuple2<Tuple4<Long, Long, Long, A>, Tuple4<Long, Long, Long, B>>> out) throws Exception {
    b = b.copy();
    var a = auction.value();
    if (a != null) {
      offer(a, b);
    } else if (b.f2 > c.timerService().currentWatermark()) {
      early.add(b);
      Long at = forget.value();
      if (at == null || at < b.f2) {
        if (at != null) c.timerService().deleteEventTimeTimer(at);
        c.timerService().registerEventTimeTimer(b.f2);
        forget.update(b.f2);
      }
    }
  }

  private void offer(Tuple4<Long, Long, Long, A> a, Tuple4<Long, Long, Long, B> b) throws Exception {
    if (b.f2 < a.f1 || b.f2 > a.f2) return;
    var was = best.value();
    if (was == null || b.f1 > was.f1 || b.f1.equals(was.f1) && b.f2 < was.f2) best.update(b);
  }

  @Override
  public void onTimer(long at, OnTimerContext c, Collector<Tuple2<Tuple4<Long, Long, Long, A>, Tuple4<Long, Long, Long, B>>> out) throws Exception {
    Long f = forget.value();
    if (f != null && f == at) {
      early.clear();
      forget.clear();
    }
    var a = auction.value();
    if (a != null && a.f2 == at) {
      var b = best.value();
      if (b != null) out.collect(Tuple2.of(a, b));
      auction.clear();
      best.clear();
    }
  }

  static DataStream<?> q4(DataStream<Event> events) {
    return of(events, Types.LONG, Types.BYTE, a -> a.category, b -> (byte) 0).keyBy(w -> w.f0.f3, Types.LONG).process(new Average())
        .returns(Types.TUPLE(Types.LONG, Types.LONG, Types.LONG));
  }

  static final class Average extends KeyedProcessFunction<Long, Tuple2<Tuple4<Long, Long, Long, Long>, Tuple4<Long, Long, Long, Byte>>, Tuple3<Long, Long, Long>> {
    private transient ValueState<Tuple2<Long, Long>> total;

    @Override
    public void open(OpenContext c) { total = getRuntimeContext().getState(new ValueStateDescriptor<>("total", Types.TUPLE(Types.LONG, Types.LONG))); }

    @Override
    public void processElement(Tuple2<Tuple4<Long, Long, Long, Long>, Tuple4<Long, Long, Long, Byte>> w, Context c, Collector<Tuple3<Long, Long, Long>> out) throws Exception {
      var t = total.value();
      t = t == null ? Tuple2.of(1L, w.f1.f1) : Tuple2.of(t.f0 + 1, t.f1 + w.f1.f1);
      total.update(t);
      out.collect(Tuple3.of(w.f0.f3, t.f1 / t.f0, w.f0.f2));
    }
  }

  /** Its rows stay in the task as they come out of the join: the pair of auction and bid. */
  static DataStream<?> q9(DataStream<Event> events) {
    return of(events, Types.TUPLE(Types.STRING, Types.STRING, Types.LONG, Types.LONG, Types.LONG, Types.LONG, Types.STRING), Types.TUPLE(Types.LONG, Types.STRING),
        (Rows.Of<Event.Auction, Tuple7<String, String, Long, Long, Long, Long, String>>) a -> Tuple7.of(a.itemName, a.description, a.initialBid, a.reserve, a.seller, a.category, a.extra),
        (Rows.Of<Event.Bid, Tuple2<Long, String>>) b -> Tuple2.of(b.bidder, b.extra));
  }
}
