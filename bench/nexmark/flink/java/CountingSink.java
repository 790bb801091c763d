package weir.nexmark;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Counts the rows, and remembers when the last subtask had all of them. */
public final class CountingSink<T> implements Sink<T> {
  static final LongAdder rows = new LongAdder();
  static final AtomicLong last = new AtomicLong();

  @Override
  public SinkWriter<T> createWriter(WriterInitContext c) {
    return new SinkWriter<>() {
      private long n;

      @Override
      public void write(T row, Context c) { n++; }

      @Override
      public void flush(boolean endOfInput) {
        if (!endOfInput) return;
        rows.add(n);
        n = 0;
        last.accumulateAndGet(System.nanoTime(), Math::max);
      }

      @Override
      public void close() {}
    };
  }
}
