package weir.nexmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.CoGroupFunction;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.*;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.*;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** Q5, Q7, Q8 and Q11. */
final class Windows {
  private static final Duration SIZE = Duration.ofSeconds(10), SLIDE = Duration.ofSeconds(2);

  /** Bids per auction and window, then the largest of them per window: (auction, bids, end). */
  static DataStream<?> q5(DataStream<Event> events) {
    return Rows.bids(events, Types.LONG, b -> b.auction)
        .keyBy(a -> a, Types.LONG).window(SlidingEventTimeWindows.of(SIZE, SLIDE)).aggregate(new Count<Long>(), new Bounds())
        .returns(Types.TUPLE(Types.LONG, Types.LONG, Types.LONG, Types.LONG))
        .keyBy(c -> c.f3, Types.LONG).window(TumblingEventTimeWindows.of(SLIDE)).process(new Largest())
        .returns(Types.TUPLE(Types.LONG, Types.LONG, Types.LONG));
  }

  static final class Count<T> implements AggregateFunction<T, Long, Long> {
    public Long createAccumulator() { return 0L; }
    public Long add(T v, Long n) { return n + 1; }
    public Long getResult(Long n) { return n; }
    public Long merge(Long a, Long b) { return a + b; }
  }

  /** (key, result, start, end). */
  static final class Bounds extends ProcessWindowFunction<Long, Tuple4<Long, Long, Long, Long>, Long, TimeWindow> {
    @Override
    public void process(Long key, Context c, Iterable<Long> result, Collector<Tuple4<Long, Long, Long, Long>> out) {
      out.collect(Tuple4.of(key, result.iterator().next(), c.window().getStart(), c.window().getEnd()));
    }
  }

  static final class Largest extends ProcessWindowFunction<Tuple4<Long, Long, Long, Long>, Tuple3<Long, Long, Long>, Long, TimeWindow> {
    @Override
    public void process(Long end, Context c, Iterable<Tuple4<Long, Long, Long, Long>> counts, Collector<Tuple3<Long, Long, Long>> out) {
      long most = 0;
      for (var n : counts) most = Math.max(most, n.f1);
      for (var n : counts) if (n.f1 == most) out.collect(Tuple3.of(n.f0, n.f1, end));
    }
  }

  private static final int PARTS = 64;
  private static final TypeInformation<Tuple5<Long, Long, Long, Long, String>> BID = Types.TUPLE(Types.LONG, Types.LONG, Types.LONG, Types.LONG, Types.STRING);

  /** The highest bids of a window, in parts first: (auction, bidder, price, time, extra). */
  static DataStream<?> q7(DataStream<Event> events) {
    return Rows.bids(events, BID, b -> Tuple5.of(b.auction, b.bidder, b.price, b.dateTime, b.extra))
        .keyBy(b -> b.f0 % PARTS, Types.LONG).window(TumblingEventTimeWindows.of(SIZE)).aggregate(new Highest(), Types.LIST(BID), Types.LIST(BID))
        .flatMap(new All()).returns(BID)
        .keyBy(b -> 0L, Types.LONG).window(TumblingEventTimeWindows.of(SIZE)).aggregate(new Highest(), Types.LIST(BID), Types.LIST(BID))
        .flatMap(new All()).returns(BID);
  }

  static final class Highest implements AggregateFunction<Tuple5<Long, Long, Long, Long, String>, List<Tuple5<Long, Long, Long, Long, String>>, List<Tuple5<Long, Long, Long, Long, String>>> {
    public List<Tuple5<Long, Long, Long, Long, String>> createAccumulator() { return new ArrayList<>(1); }

    public List<Tuple5<Long, Long, Long, Long, String>> add(Tuple5<Long, Long, Long, Long, String> b, List<Tuple5<Long, Long, Long, Long, String>> best) {
      if (!best.isEmpty() && b.f2 < best.get(0).f2) return best;
      if (!best.isEmpty() && b.f2 > best.get(0).f2) best.clear();
      best.add(b.copy());
      return best;
    }

    public List<Tuple5<Long, Long, Long, Long, String>> getResult(List<Tuple5<Long, Long, Long, Long, String>> best) { return best; }

    public List<Tuple5<Long, Long, Long, Long, String>> merge(List<Tuple5<Long, Long, Long, Long, String>> a, List<Tuple5<Long, Long, Long, Long, String>> b) {
      for (var x : b) add(x, a);
      return a;
    }
  }

  static final class All implements FlatMapFunction<List<Tuple5<Long, Long, Long, Long, String>>, Tuple5<Long, Long, Long, Long, String>> {
    public void flatMap(List<Tuple5<Long, Long, Long, Long, String>> all, Collector<Tuple5<Long, Long, Long, Long, String>> out) { all.forEach(out::collect); }
  }

  /** People who have opened an auction in the window in which they have registered: (id, name, start of the window). */
  static DataStream<?> q8(DataStream<Event> events) {
    var people = Rows.persons(events, Types.TUPLE(Types.LONG, Types.STRING, Types.LONG), p -> Tuple3.of(p.id, p.name, p.dateTime));
    var sellers = Rows.auctions(events, Types.LONG, a -> a.seller);
    return people.coGroup(sellers).where(p -> p.f0, Types.LONG).equalTo(s -> s, Types.LONG).window(TumblingEventTimeWindows.of(SIZE))
        .apply(new Sold(), Types.TUPLE(Types.LONG, Types.STRING, Types.LONG));
  }

  static final class Sold implements CoGroupFunction<Tuple3<Long, String, Long>, Long, Tuple3<Long, String, Long>> {
    public void coGroup(Iterable<Tuple3<Long, String, Long>> people, Iterable<Long> sellers, Collector<Tuple3<Long, String, Long>> out) {
      if (sellers.iterator().hasNext()) for (var p : people) out.collect(Tuple3.of(p.f0, p.f1, p.f2 - p.f2 % SIZE.toMillis()));
    }
  }

  /** Bids per bidder and session: (bidder, bids, start, end). */
  static DataStream<?> q11(DataStream<Event> events) {
    return Rows.bids(events, Types.LONG, b -> b.bidder)
        .keyBy(b -> b, Types.LONG).window(EventTimeSessionWindows.withGap(SIZE)).aggregate(new Count<Long>(), new Bounds())
        .returns(Types.TUPLE(Types.LONG, Types.LONG, Types.LONG, Types.LONG));
  }
}
