package weir.nexmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs queries of Nexmark in this process. Each line of the output is about one execution.
 *
 * <pre>
 * Nexmark checksum EVENTS
 * Nexmark QUERY EVENTS PARALLELISM EXECUTIONS CHECKPOINT_INTERVAL_MS DIRECTORY
 * </pre>
 */
public final class Nexmark {
  private static final Map<String, Function<DataStream<Event>, DataStream<?>>> QUERIES = Map.of(
      "q0", Stateless::q0, "q1", Stateless::q1, "q2", Stateless::q2, "q3", Sellers::q3, "q4", Winning::q4,
      "q5", Windows::q5, "q7", Windows::q7, "q8", Windows::q8, "q9", Winning::q9, "q11", Windows::q11);

  public static void main(String[] a) throws Exception {
    long n = Long.parseLong(a[1]);
    if (a[0].equals("checksum")) {
      System.out.println(Long.toHexString(Checksum.of(n)));
      return;
    }
    int parallelism = Integer.parseInt(a[2]);
    for (int i = 0; i < Integer.parseInt(a[3]); i++) {
      run(a[0], n, parallelism, Long.parseLong(a[4]), a[5]);
    }
    System.exit(0);
  }

  private static void run(String query, long n, int parallelism, long interval, String dir) throws Exception {
    EventSource.first.set(0);
    CountingSink.last.set(0);
    CountingSink.rows.reset();
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration(parallelism, interval, dir));
    env.setParallelism(parallelism);
    env.setMaxParallelism(128);
    env.getConfig().enableObjectReuse();
    DataStream<Event> events = env.addSource(new EventSource(n), TypeInformation.of(Event.class)).uid("events");
    end(QUERIES.get(query).apply(events));
    long cpu = cpu();
    env.execute(query);
    System.out.printf(Locale.ROOT, "{\"query\":\"%s\",\"events\":%d,\"rows\":%d,\"seconds\":%.6f,\"cpu_seconds\":%.3f,\"peak_bytes\":%d}%n",
        query, n, CountingSink.rows.sum(), (CountingSink.last.get() - EventSource.first.get()) / 1e9, (cpu() - cpu) / 1e9, peak());
  }

  private static <T> void end(DataStream<T> rows) { rows.addSink(new CountingSink<>()).uid("sink"); }

  private static Configuration configuration(int parallelism, long interval, String dir) {
    Configuration c = new Configuration();
    if (interval > 0) {
      c.setString("execution.checkpointing.interval", interval + "ms");
      c.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
      c.setString("execution.checkpointing.storage", "filesystem");
      c.setString("execution.checkpointing.dir", Path.of(dir).toUri().toString());
      c.setString("execution.checkpointing.num-retained", "2");
    }
    c.setString("state.backend.type", "hashmap");
    c.setString("taskmanager.memory.network.min", "256mb");
    c.setString("taskmanager.memory.network.max", "256mb");
    c.setString("taskmanager.numberOfTaskSlots", String.valueOf(parallelism));
    return c;
  }

  private static long cpu() {
    return ((com.sun.management.OperatingSystemMXBean) java.lang.management.ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  /** The largest resident size so far, 0 where the system does not say. */
  private static long peak() throws Exception {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) return 0;
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmHWM")) return Long.parseLong(line.replaceAll("\\D+", "")) * 1024;
    }
    return 0;
  }
}
