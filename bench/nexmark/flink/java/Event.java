package weir.nexmark;

/** An event of the site. It is filled again and again: what is kept of it must be copied. */
public final class Event {
  public static final int PERSON = 1, AUCTION = 2, BID = 3;

  public int kind;
  public final Person person = new Person();
  public final Auction auction = new Auction();
  public final Bid bid = new Bid();

  public static final class Person {
    public long id, dateTime;
    public String name, email, creditCard, city, state, extra;
  }

  public static final class Auction {
    public long id, initialBid, reserve, dateTime, expires, seller, category;
    public String itemName, description, extra;
  }

  public static final class Bid {
    public long auction, bidder, price, dateTime;
    public String channel, url, extra;
  }
}
