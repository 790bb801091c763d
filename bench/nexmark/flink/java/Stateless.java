package weir.nexmark;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;

/** Q0 to Q2. Their rows never leave the task, so they are plain objects. */
final class Stateless {
  public static final class Passed {
    public long auction, bidder, price, dateTime;
    public String extra;

    Passed(Event.Bid b, long price) {
      auction = b.auction;
      bidder = b.bidder;
      this.price = price;
      dateTime = b.dateTime;
      extra = b.extra;
    }
  }

  public static final class Selected {
    public long auction, price, at;

    Selected(Event.Bid b) {
      auction = b.auction;
      price = b.price;
      at = b.dateTime;
    }
  }

  static DataStream<?> q0(DataStream<Event> events) {
    return Rows.bids(events, TypeInformation.of(Passed.class), b -> new Passed(b, b.price));
  }

  static DataStream<?> q1(DataStream<Event> events) {
    return Rows.bids(events, TypeInformation.of(Passed.class), b -> new Passed(b, b.price * 908));
  }

  static DataStream<?> q2(DataStream<Event> events) {
    return Rows.bids(events, TypeInformation.of(Selected.class), b -> b.auction % 123 == 0 ? new Selected(b) : null);
  }
}
