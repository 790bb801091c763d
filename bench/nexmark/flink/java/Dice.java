package weir.nexmark;

/** Random numbers, as in dice.go. */
final class Dice {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;
  private long state;

  Dice of(long n) {
    state = mix(n + GOLDEN);
    return this;
  }

  static long mix(long z) {
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  long roll() {
    state += GOLDEN;
    return mix(state);
  }

  long below(long n) { return pick(roll() >>> 32, n); }

  /** A number from 0 to n-1, of the low 32 bits of r; n is below 2^31. */
  static long pick(long r, long n) { return (r & 0xffffffffL) * n >>> 32; }

  /** A number from 0 to n-1, of the low 16 bits of r. */
  static long part(long r, long n) { return (r & 0xffff) * n >>> 16; }
}
