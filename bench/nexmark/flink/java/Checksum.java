package weir.nexmark;

/** The checksum of events, as in checksum.go. */
final class Checksum {
  private long h;

  static long of(long n) {
    Checksum c = new Checksum();
    Site site = new Site();
    Event e = new Event();
    for (long i = 0; i < n; i++) {
      site.fill(e, i);
      c.event(e);
    }
    return c.h;
  }

  private void number(long n) { h = Dice.mix(h * 31 + n); }

  private void text(String s) {
    long k = s.length();
    for (int i = 0; i < s.length(); i++) k = k * 31 + s.charAt(i);
    number(k);
  }

  private void event(Event e) {
    number(e.kind);
    switch (e.kind) {
      case Event.PERSON -> {
        Event.Person p = e.person;
        number(p.id);
        for (String s : new String[] {p.name, p.email, p.creditCard, p.city, p.state, p.extra}) text(s);
        number(p.dateTime);
      }
      case Event.AUCTION -> {
        Event.Auction a = e.auction;
        for (long n : new long[] {a.id, a.initialBid, a.reserve, a.dateTime, a.expires, a.seller, a.category}) number(n);
        for (String s : new String[] {a.itemName, a.description, a.extra}) text(s);
      }
      default -> {
        Event.Bid b = e.bid;
        for (long n : new long[] {b.auction, b.bidder, b.price, b.dateTime}) number(n);
        for (String s : new String[] {b.channel, b.url, b.extra}) text(s);
      }
    }
  }
}
