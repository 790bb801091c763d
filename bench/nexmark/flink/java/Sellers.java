package weir.nexmark;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.*;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.*;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;

/** Q3: auctions of category 10 joined with people in three states. */
final class Sellers extends KeyedCoProcessFunction<Long, Tuple3<Long, Long, Long>, Tuple5<Long, String, String, String, Long>, Tuple5<String, String, String, Long, Long>> {
  private static final TypeInformation<Tuple3<Long, Long, Long>> AUCTION = Types.TUPLE(Types.LONG, Types.LONG, Types.LONG);
  private static final TypeInformation<Tuple5<Long, String, String, String, Long>> PERSON = Types.TUPLE(Types.LONG, Types.STRING, Types.STRING, Types.STRING, Types.LONG);

  private transient ValueState<Tuple5<Long, String, String, String, Long>> seller;
  private transient ListState<Tuple3<Long, Long, Long>> waiting;

  static DataStream<?> q3(DataStream<Event> events) {
    var auctions = Rows.auctions(events, AUCTION, a -> a.category == 10 ? Tuple3.of(a.id, a.seller, a.dateTime) : null);
    var people = Rows.persons(events, PERSON, p -> switch (p.state) {
      case "OR", "ID", "CA" -> Tuple5.of(p.id, p.name, p.city, p.state, p.dateTime);
      default -> null;
    });
    return auctions.keyBy(a -> a.f1, Types.LONG).connect(people.keyBy(p -> p.f0, Types.LONG)).process(new Sellers())
        .returns(Types.TUPLE(Types.STRING, Types.STRING, Types.STRING, Types.LONG, Types.LONG));
  }

  @Override
  public void open(OpenContext c) {
    seller = getRuntimeContext().getState(new ValueStateDescriptor<>("seller", PERSON));
    waiting = getRuntimeContext().getListState(new ListStateDescriptor<>("auctions", AUCTION));
  }

  @Override
  public void processElement1(Tuple3<Long, Long, Long> a, Context c, Collector<Tuple5<String, String, String, Long, Long>> out) throws Exception {
    var p = seller.value();
    if (p == null) waiting.add(a.copy());
    else offer(a, p, out);
  }

  @Override
  public void processElement2(Tuple5<Long, String, String, String, Long> p, Context c, Collector<Tuple5<String, String, String, Long, Long>> out) throws Exception {
    seller.update(p.copy());
    for (var a : waiting.get()) offer(a, p, out);
    waiting.clear();
  }

  private static void offer(Tuple3<Long, Long, Long> a, Tuple5<Long, String, String, String, Long> p, Collector<Tuple5<String, String, String, Long, Long>> out) {
    out.collect(Tuple5.of(p.f1, p.f2, p.f3, a.f0, Math.max(a.f2, p.f4)));
  }
}
