package weir.nexmark;

import java.util.function.IntFunction;

/** Strings, as in text.go. */
final class Text {
  static final int ROWS = 1024, CHANNELS = 10_000;
  private static final int VARIANTS = 64, VARIANT_BY = 1024;

  private static final String[] FIRST = {"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"};
  private static final String[] LAST = {"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"};
  static final String[] CITIES = {"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"};
  static final String[] STATES = {"AZ", "CA", "ID", "OR", "WA", "WY"};
  static final String[] HOT_CHANNELS = {"Google", "Facebook", "Baidu", "Apple"};

  private static final Dice DICE = new Dice().of(-1);
  static final String[] NAMES = table(FIRST.length * LAST.length, i -> FIRST[i / LAST.length] + " " + LAST[i % LAST.length]);
  static final String[] EMAILS = table(ROWS, i -> word(7, ' ') + "@" + word(5, ' ') + ".com");
  static final String[] CREDIT_CARDS = table(ROWS, i -> String.format("%04d %04d %04d %04d", DICE.below(10_000), DICE.below(10_000), DICE.below(10_000), DICE.below(10_000)));
  static final String[] ITEM_NAMES = table(ROWS, i -> word(20, ' '));
  static final String[] DESCRIPTIONS = table(ROWS, i -> word(100, ' '));
  static final String[] HOT_URLS = table(HOT_CHANNELS.length, i -> baseUrl());
  static final String[] OTHER_CHANNELS = table(CHANNELS, i -> "channel-" + i);
  static final String[] OTHER_URLS = table(CHANNELS, i -> {
    String url = baseUrl();
    return DICE.below(10) > 0 ? url + "&channel_id=" + Math.abs(Integer.reverse(i)) : url;
  });
  private static final String LETTERS = letters();
  /** The extra texts that were needed so far, by variant and length: substring would make a new one each time. */
  private static final String[] EXTRA = new String[VARIANTS * VARIANT_BY];

  private static String[] table(int n, IntFunction<String> row) {
    String[] t = new String[n];
    for (int i = 0; i < n; i++) t[i] = row.apply(i);
    return t;
  }

  private static String word(int longest, char special) {
    StringBuilder w = new StringBuilder();
    for (long n = 3 + DICE.below(longest - 3); n > 0; n--) w.append(DICE.below(13) > 0 ? (char) ('a' + DICE.below(26)) : special);
    int from = 0, to = w.length();
    while (from < to && w.charAt(from) == ' ') from++;
    while (from < to && w.charAt(to - 1) == ' ') to--;
    return w.substring(from, to);
  }

  private static String baseUrl() {
    return "https://www.nexmark.com/" + word(5, '_') + "/" + word(5, '_') + "/" + word(5, '_') + "/item.htm?query=1";
  }

  private static String letters() {
    StringBuilder b = new StringBuilder();
    for (int i = 0; i < VARIANTS * VARIANT_BY; i++) b.append((char) ('a' + DICE.below(26)));
    return b.toString();
  }

  static String extra(long r, int size, int average) {
    if (size > average) return "";
    int rest = average - size;
    int by = (rest * 2 + 5) / 10;
    if (by > 0) rest += (int) Dice.pick(r << 6, 2 * by) - by;
    int from = (int) (r >>> 26 & (VARIANTS - 1)) * VARIANT_BY;
    String s = EXTRA[from + rest];
    if (s == null) EXTRA[from + rest] = s = LETTERS.substring(from, from + rest);
    return s;
  }
}
