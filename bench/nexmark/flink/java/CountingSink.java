package weir.nexmark;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.streaming.api.functions.sink.legacy.RichSinkFunction;

/**
 * Counts the rows, and remembers when the last subtask had all of them. It is a sink of the older kind: Flink does not chain
 * one of the newer kind to a source of the older kind, and then each row is serialized.
 */
public final class CountingSink<T> extends RichSinkFunction<T> {
  static final LongAdder rows = new LongAdder();
  static final AtomicLong last = new AtomicLong();

  private transient long n;

  @Override
  public void invoke(T row, Context c) { n++; }

  @Override
  public void finish() {
    rows.add(n);
    last.accumulateAndGet(System.nanoTime(), Math::max);
  }
}
