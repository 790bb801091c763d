package weir.nexmark;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.source.legacy.RichParallelSourceFunction;
import org.apache.flink.streaming.api.watermark.Watermark;

/** The first n events; subtask j of k has the groups of 50 events j, j+k, j+2k and so on. */
public final class EventSource extends RichParallelSourceFunction<Event> implements CheckpointedFunction {
  private static final int BATCH = 512;
  private static final long LATENESS = 4000;

  /** When the first event of this execution was made. */
  static final AtomicLong first = new AtomicLong();

  private final long n;
  private volatile boolean running = true;
  private long next = -1;
  private transient ListState<Long> position;

  EventSource(long n) { this.n = n; }

  @Override
  public void run(SourceContext<Event> out) {
    int splits = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
    if (next < 0) next = (long) getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() * Site.GROUP;
    Site site = new Site();
    Event e = new Event();
    first.compareAndSet(0, System.nanoTime());
    while (running && next < n) {
      synchronized (out.getCheckpointLock()) {
        long at = 0;
        for (int i = 0; i < BATCH && next < n; i++) {
          site.fill(e, next);
          at = Site.at(next);
          out.collectWithTimestamp(e, at);
          if (++next % Site.GROUP == 0) next += (long) (splits - 1) * Site.GROUP;
        }
        out.emitWatermark(new Watermark(at - LATENESS - 1));
      }
    }
  }

  @Override
  public void cancel() { running = false; }

  @Override
  public void snapshotState(FunctionSnapshotContext c) throws Exception { position.update(List.of(next)); }

  @Override
  public void initializeState(FunctionInitializationContext c) throws Exception {
    position = c.getOperatorStateStore().getListState(new ListStateDescriptor<>("next", Long.class));
    for (long p : position.get()) next = p;
  }
}
