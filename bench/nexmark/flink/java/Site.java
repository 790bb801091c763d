package weir.nexmark;

/** The rules, as in generator.go and price.go. Not for several threads. */
final class Site {
  static final int PERSONS = 1, AUCTIONS = 3, GROUP = 50;
  private static final long FIRST_PERSON = 1000, FIRST_AUCTION = 1000, FIRST_CATEGORY = 10;
  private static final int CATEGORIES = 5, ACTIVE_PEOPLE = 1000, IN_FLIGHT_AUCTIONS = 100, LEAD = 10;
  private static final int HOT_AUCTION_RATIO = 2, HOT_SELLER_RATIO = 4, HOT_BIDDER_RATIO = 4, HOT_CHANNEL_RATIO = 2, HOT_ONE_OF = 100;
  private static final int PERSON_BYTES = 200, AUCTION_BYTES = 500, BID_BYTES = 100;
  private static final long PER_MILLI = 10, BASE_TIME = 1_436_918_400_000L;

  private static final int PRICE_BITS = 10, PRICE_UNIT = 1 << 16;
  private static final long[] PRICES = prices();

  private final Dice dice = new Dice();

  private static long[] prices() {
    double[] root = new double[PRICE_BITS];
    double r = 1e6;
    for (int k = 0; k < PRICE_BITS; k++) root[k] = r = Math.sqrt(r);
    long[] p = new long[(1 << PRICE_BITS) + 1];
    for (int i = 0; i < 1 << PRICE_BITS; i++) {
      double v = 100.0;
      for (int k = 0; k < PRICE_BITS; k++) if ((i >> (PRICE_BITS - 1 - k) & 1) == 1) v = v * root[k];
      p[i] = (long) (v * PRICE_UNIT);
    }
    p[1 << PRICE_BITS] = 100_000_000L * PRICE_UNIT;
    return p;
  }

  private static long price(long r) {
    int i = (int) (r >>> 16 & ((1 << PRICE_BITS) - 1));
    return (PRICES[i] + ((PRICES[i + 1] - PRICES[i]) * (r & 0xffff) >> 16) + PRICE_UNIT / 2) / PRICE_UNIT;
  }

  static long at(long n) { return BASE_TIME + n / PER_MILLI; }

  void fill(Event e, long n) {
    Dice d = dice.of(n);
    long at = n % GROUP;
    if (at < PERSONS) fillPerson(e, n, d);
    else if (at < PERSONS + AUCTIONS) fillAuction(e, n, d);
    else fillBid(e, n, d);
  }

  private static void fillPerson(Event e, long n, Dice d) {
    e.kind = Event.PERSON;
    Event.Person p = e.person;
    long a = d.roll(), b = d.roll(), c = d.roll();
    p.id = FIRST_PERSON + lastPerson(n);
    p.name = Text.NAMES[(int) Dice.pick(a, Text.NAMES.length)];
    p.email = Text.EMAILS[(int) (a >>> 32) & (Text.ROWS - 1)];
    p.creditCard = Text.CREDIT_CARDS[(int) (a >>> 48) & (Text.ROWS - 1)];
    p.city = Text.CITIES[(int) Dice.pick(b, Text.CITIES.length)];
    p.state = Text.STATES[(int) Dice.pick(b >>> 32, Text.STATES.length)];
    p.dateTime = at(n);
    p.extra = Text.extra(c, 8 + p.name.length() + p.email.length() + p.creditCard.length() + p.city.length() + p.state.length(), PERSON_BYTES);
  }

  private static void fillAuction(Event e, long n, Dice d) {
    e.kind = Event.AUCTION;
    Event.Auction a = e.auction;
    long r = d.roll(), s = d.roll(), t = d.roll(), u = d.roll();
    a.id = FIRST_AUCTION + lastAuction(n);
    a.itemName = Text.ITEM_NAMES[(int) r & (Text.ROWS - 1)];
    a.description = Text.DESCRIPTIONS[(int) (r >>> 16) & (Text.ROWS - 1)];
    a.initialBid = price(r >>> 32);
    a.reserve = a.initialBid + price(s);
    a.dateTime = at(n);
    long horizon = at(n + IN_FLIGHT_AUCTIONS * GROUP / AUCTIONS) - a.dateTime;
    a.expires = a.dateTime + 1 + Dice.pick(t, Math.max(2 * horizon, 1));
    a.seller = FIRST_PERSON + (Dice.part(s >>> 32, HOT_SELLER_RATIO) > 0 ? lastPerson(n) / HOT_ONE_OF * HOT_ONE_OF : somePerson(n, t >>> 32));
    a.category = FIRST_CATEGORY + Dice.part(s >>> 48, CATEGORIES);
    a.extra = Text.extra(u, 8 + a.itemName.length() + a.description.length() + 5 * 8, AUCTION_BYTES);
  }

  private static void fillBid(Event e, long n, Dice d) {
    e.kind = Event.BID;
    Event.Bid b = e.bid;
    long r = d.roll(), s = d.roll(), t = d.roll();
    b.auction = FIRST_AUCTION + (Dice.part(r, HOT_AUCTION_RATIO) > 0 ? lastAuction(n) / HOT_ONE_OF * HOT_ONE_OF : someAuction(n, s));
    b.bidder = FIRST_PERSON + (Dice.part(r >>> 16, HOT_BIDDER_RATIO) > 0 ? lastPerson(n) / HOT_ONE_OF * HOT_ONE_OF + 1 : somePerson(n, s >>> 32));
    b.price = price(r >>> 32);
    if (Dice.part(t, HOT_CHANNEL_RATIO) == 0) {
      int i = (int) Dice.pick(t >>> 16, Text.CHANNELS);
      b.channel = Text.OTHER_CHANNELS[i];
      b.url = Text.OTHER_URLS[i];
    } else {
      int i = (int) (t >>> 16) & (Text.HOT_CHANNELS.length - 1);
      b.channel = Text.HOT_CHANNELS[i];
      b.url = Text.HOT_URLS[i];
    }
    b.dateTime = at(n);
    b.extra = Text.extra(t >>> 32, 4 * 8, BID_BYTES);
  }

  private static long lastPerson(long n) { return n / GROUP * PERSONS + Math.min(n % GROUP, PERSONS - 1); }

  private static long lastAuction(long n) { return n / GROUP * AUCTIONS + Math.min(n % GROUP - PERSONS, AUCTIONS - 1); }

  private static long somePerson(long n, long r) {
    long people = lastPerson(n) + 1, active = Math.min(people, ACTIVE_PEOPLE);
    return people - active + Dice.pick(r, active + LEAD);
  }

  private static long someAuction(long n, long r) {
    long last = lastAuction(n), first = Math.max(last - IN_FLIGHT_AUCTIONS, 0);
    return first + Dice.pick(r, last - first + 1 + LEAD);
  }
}
