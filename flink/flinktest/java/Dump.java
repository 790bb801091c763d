import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.BooleanSerializer;
import org.apache.flink.api.common.typeutils.base.DoubleSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.RoundRobinOperatorStateRepartitioner;
import org.apache.flink.runtime.checkpoint.StateAssignmentOperation;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.checkpoint.metadata.MetadataV3Serializer;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.runtime.state.OperatorStateBackendParametersImpl;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.TaskStateManager;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.filesystem.AbstractFsCheckpointStorageAccess;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.util.SimpleUserCodeClassLoader;

/**
 * Restores checkpoints with Flink's own classes and prints their content.
 *
 * <p>Its first line is Flink's version. Then it answers requests, one per line of standard input, four fields between tabs:
 *
 * <pre>checkpoint directory, plan file, parallelism to restore at, file to write the metadata to again</pre>
 *
 * by one line of JSON per operator and per entry of its state, sorted, and "ok"; or by "error", a tab and why. The metadata go to
 * the file in the version that this Flink writes, and to the file with ".v3" after its name in version 3.
 *
 * <p>The plan has what the job would declare: the states and their types. Each line has one of these, with tabs between its fields:
 *
 * <pre>
 * operator     ID         PARALLELISM   MAX-PARALLELISM
 * key          TYPE
 * VALUE        NAME       TYPE                       also REDUCING and AGGREGATING
 * LIST         NAME       List&lt;TYPE&gt;
 * MAP          NAME       Map&lt;TYPE,TYPE&gt;
 * SPLIT_DISTRIBUTE  NAME  TYPE                       a list in operator state, by the type of its elements
 * </pre>
 *
 * The lines of an operator come after it. The plan must have everything that is in the checkpoint.
 */
public final class Dump {
    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        out.println(EnvironmentInformation.getVersion());
        out.flush();
        for (String request = in.readLine(); request != null; request = in.readLine()) {
            try {
                String[] field = request.split("\t", -1);
                for (String line : new Dump(field[0], Plan.read(field[1]), Integer.parseInt(field[2])).lines(field[3])) {
                    out.println(line);
                }
                out.println("ok");
            } catch (Exception | LinkageError | AssertionError e) {
                out.println("error\t" + stack(e).replace("\n", "\\n"));
            }
            out.flush();
        }
    }

    private static String stack(Throwable e) {
        StringWriter s = new StringWriter();
        e.printStackTrace(new PrintWriter(s));
        return s.toString();
    }

    private final String directory;
    private final Map<String, Plan> plan;
    private final int parallelism;
    private final List<String> lines = new ArrayList<>();

    private Dump(String directory, Map<String, Plan> plan, int parallelism) {
        this.directory = directory;
        this.plan = plan;
        this.parallelism = parallelism;
    }

    private List<String> lines(String again) throws Exception {
        CheckpointMetadata metadata = load();
        lines.add("{\"checkpoint\":" + metadata.getCheckpointId() + "}");
        for (OperatorState operator : metadata.getOperatorStates()) {
            String id = operator.getOperatorID().toHexString();
            Plan planned = plan.remove(id);
            check(planned != null, "operator " + id + " is not in the plan");
            planned.checkShape(operator);
            lines.add("{\"operator\":\"" + id + "\",\"parallelism\":" + operator.getParallelism()
                    + ",\"maxParallelism\":" + operator.getMaxParallelism() + "}");
            dumpKeyed(operator, planned);
            dumpLists(operator, planned);
        }
        check(plan.isEmpty(), "operators " + plan.keySet() + " are not in the checkpoint");
        store(metadata, again);
        Collections.sort(lines);
        return lines;
    }

    /** Finds the metadata in the directory and loads them, as a job that starts from it does. */
    private CheckpointMetadata load() throws Exception {
        CompletedCheckpointStorageLocation at = AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(directory);
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(at.getMetadataHandle().openInputStream()))) {
            return Checkpoints.loadCheckpointMetadata(in, Dump.class.getClassLoader(), at.getExternalPointer());
        }
    }

    private static void store(CheckpointMetadata metadata, String file) throws Exception {
        try (OutputStream out = Files.newOutputStream(Path.of(file))) {
            Checkpoints.storeCheckpointMetadata(metadata, out);
        }
        try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(Path.of(file + ".v3")))) {
            Checkpoints.storeCheckpointMetadata(metadata, out, MetadataV3Serializer.INSTANCE);
        }
    }

    // Keyed state.

    private void dumpKeyed(OperatorState operator, Plan planned) throws Exception {
        int maxParallelism = operator.getMaxParallelism();
        for (KeyGroupRange range : StateAssignmentOperation.createKeyGroupPartitions(maxParallelism, parallelism)) {
            var handles = StateAssignmentOperation.getManagedKeyedStateHandles(operator, range);
            if (planned.key == null) {
                check(handles.isEmpty(), "operator " + planned.id + " has keyed state, but no key in the plan");
                continue;
            }
            CloseableRegistry closing = new CloseableRegistry();
            AbstractKeyedStateBackend<Object> backend = new HashMapStateBackend()
                    .createKeyedStateBackend(new KeyedStateBackendParametersImpl<>(
                            ENVIRONMENT, new JobID(), planned.id, planned.key.serializer, maxParallelism, range,
                            null, TtlTimeProvider.DEFAULT, new UnregisteredMetricsGroup(), handles, closing));
            int entries = 0;
            for (Keyed state : planned.keyed) {
                entries += dumpState(backend, planned, state, range, maxParallelism);
            }
            check(entries == backend.numKeyValueStateEntries(), "operator " + planned.id + ", key groups " + range + ": "
                    + backend.numKeyValueStateEntries() + " entries were restored, of which the plan's states have " + entries);
            backend.dispose();
            closing.close();
        }
    }

    /** Asks for every key, one by one, as a job would, and returns how many there are. */
    private int dumpState(
            AbstractKeyedStateBackend<Object> backend, Plan planned, Keyed state, KeyGroupRange range, int maxParallelism)
            throws Exception {
        State handle = backend.getPartitionedState(
                VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, state.descriptor);
        List<Object> keys = backend.getKeys(state.name(), VoidNamespace.INSTANCE).collect(Collectors.toList());
        for (Object key : keys) {
            int group = KeyGroupRangeAssignment.assignToKeyGroup(key, maxParallelism);
            String at = "operator " + planned.id + ", state " + state.name() + ": key " + planned.key.json(key);
            check(range.contains(group), at + " belongs to key group " + group + ", but is in one of " + range);
            backend.setCurrentKey(key);
            String value = state.read(handle);
            check(value != null, at + " is there, but nothing is found where it is looked for, in key group " + group);
            lines.add("{\"operator\":\"" + planned.id + "\",\"" + state.kind + "\":" + string(state.name())
                    + ",\"group\":" + group + ",\"key\":" + planned.key.json(key) + ",\"value\":" + value + "}");
        }
        return keys.size();
    }

    // Operator state.

    private void dumpLists(OperatorState operator, Plan planned) throws Exception {
        List<List<OperatorStateHandle>> written = new ArrayList<>();
        for (int subtask = 0; subtask < operator.getParallelism(); subtask++) {
            OperatorSubtaskState state = operator.getState(subtask);
            written.add(state == null ? List.of() : new ArrayList<>(state.getManagedOperatorState()));
        }
        for (List<OperatorStateHandle> handles : StateAssignmentOperation.applyRepartitioner(
                RoundRobinOperatorStateRepartitioner.INSTANCE, written, operator.getParallelism(), parallelism)) {
            dumpLists(handles, planned);
        }
    }

    private void dumpLists(Collection<OperatorStateHandle> handles, Plan planned) throws Exception {
        CloseableRegistry closing = new CloseableRegistry();
        OperatorStateBackend backend = new HashMapStateBackend().createOperatorStateBackend(
                new OperatorStateBackendParametersImpl(ENVIRONMENT, planned.id, handles, closing));
        TreeSet<String> unplanned = new TreeSet<>(backend.getRegisteredStateNames());
        unplanned.addAll(backend.getRegisteredBroadcastStateNames());
        for (Map.Entry<String, Type> state : planned.lists.entrySet()) {
            unplanned.remove(state.getKey());
            for (Object element : backend.getListState(
                    new ListStateDescriptor<>(state.getKey(), state.getValue().serializer)).get()) {
                lines.add("{\"operator\":\"" + planned.id + "\",\"SPLIT_DISTRIBUTE\":" + string(state.getKey())
                        + ",\"element\":" + state.getValue().json(element) + "}");
            }
        }
        check(unplanned.isEmpty(), "operator " + planned.id + " has operator states that are not in the plan: " + unplanned);
        backend.dispose();
        closing.close();
    }

    // What the backends need from their task.

    private static final Environment ENVIRONMENT = answering(Environment.class, Map.of(
            "getExecutionConfig", new ExecutionConfig(),
            "getUserCodeClassLoader", SimpleUserCodeClassLoader.create(Dump.class.getClassLoader()),
            "getTaskStateManager", answering(TaskStateManager.class, Map.of(
                    "createLocalRecoveryConfig", LocalRecoveryConfig.BACKUP_AND_RECOVERY_DISABLED))));

    /** An object whose methods return these answers; any other method fails. */
    private static <T> T answering(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            check(answers.containsKey(method.getName()), "Flink asks for " + method);
            return answers.get(method.getName());
        }));
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }

    /** A string in JSON, in ASCII, one UTF-16 unit after the other. */
    static String string(String s) {
        StringBuilder json = new StringBuilder("\"");
        for (char unit : s.toCharArray()) {
            if (unit < ' ' || unit > '~' || unit == '"' || unit == '\\') {
                json.append(String.format("\\u%04x", (int) unit));
            } else {
                json.append(unit);
            }
        }
        return json.append('"').toString();
    }

    /** A type that keys, values and elements can have: how Flink writes it, and how it looks in JSON. */
    private static final class Type {
        final TypeSerializer<Object> serializer;
        private final Function<Object, String> json;

        @SuppressWarnings("unchecked")
        private <T> Type(TypeSerializer<T> serializer, Function<T, String> json) {
            this.serializer = (TypeSerializer<Object>) serializer;
            this.json = (Function<Object, String>) json;
        }

        String json(Object value) {
            return value == null ? "null" : json.apply(value);
        }

        static Type of(String name) {
            List<Type> in = arguments(name);
            switch (in.isEmpty() ? name : name.substring(0, name.indexOf('<'))) {
                case "String":
                    return new Type(StringSerializer.INSTANCE, Dump::string);
                case "Long":
                    return new Type(LongSerializer.INSTANCE, String::valueOf);
                case "Integer":
                    return new Type(IntSerializer.INSTANCE, String::valueOf);
                case "Boolean":
                    return new Type(BooleanSerializer.INSTANCE, String::valueOf);
                case "Double": // the bits, as NaN is not a number in JSON
                    return new Type(DoubleSerializer.INSTANCE, d -> String.format("\"%016x\"", Double.doubleToRawLongBits(d)));
                case "byte[]":
                    return new Type(BytePrimitiveArraySerializer.INSTANCE, Type::hex);
                case "List":
                    return new Type(new ListSerializer<>(in.get(0).serializer), in.get(0)::list);
                case "Map":
                    return new Type(new MapSerializer<>(in.get(0).serializer, in.get(1).serializer),
                            map -> map(in.get(0), in.get(1), map.entrySet()));
                default:
                    throw new IllegalArgumentException("the plan has type " + name);
            }
        }

        /** The text between the outermost angle brackets. */
        static List<Type> arguments(String name) {
            List<Type> found = new ArrayList<>();
            int depth = 0;
            int start = 0;
            for (int i = 0; i < name.length(); i++) {
                char c = name.charAt(i);
                depth += c == '<' ? 1 : c == '>' ? -1 : 0;
                if (c == '<' && depth == 1) {
                    start = i + 1;
                } else if (c == '>' && depth == 0 || c == ',' && depth == 1) {
                    found.add(of(name.substring(start, i)));
                    start = i + 1;
                }
            }
            return found;
        }

        private static String hex(byte[] bytes) {
            StringBuilder hex = new StringBuilder("\"");
            for (byte b : bytes) {
                hex.append(String.format("%02x", b));
            }
            return hex.append('"').toString();
        }

        String list(Iterable<Object> elements) {
            return "[" + StreamSupport.stream(elements.spliterator(), false).map(this::json)
                    .collect(Collectors.joining(",")) + "]";
        }

        /** Pairs, sorted by their text. */
        static String map(Type key, Type value, Iterable<Map.Entry<Object, Object>> entries) {
            return "[" + StreamSupport.stream(entries.spliterator(), false)
                    .map(e -> "[" + key.json(e.getKey()) + "," + value.json(e.getValue()) + "]").sorted()
                    .collect(Collectors.joining(",")) + "]";
        }
    }

    /** What the job would declare of one operator. */
    private static final class Plan {
        final String id;
        final int parallelism;
        final int maxParallelism;
        Type key;
        final List<Keyed> keyed = new ArrayList<>();
        final Map<String, Type> lists = new LinkedHashMap<>();

        private Plan(String[] field) {
            id = field[1];
            parallelism = Integer.parseInt(field[2]);
            maxParallelism = Integer.parseInt(field[3]);
        }

        static Map<String, Plan> read(String file) throws Exception {
            Map<String, Plan> plans = new HashMap<>();
            Plan last = null;
            for (String line : Files.readAllLines(Path.of(file))) {
                String[] field = line.split("\t", -1);
                switch (field[0]) {
                    case "operator":
                        last = new Plan(field);
                        plans.put(last.id, last);
                        break;
                    case "key":
                        last.key = Type.of(field[1]);
                        break;
                    case "SPLIT_DISTRIBUTE":
                        last.lists.put(field[1], Type.of(field[2]));
                        break;
                    default:
                        last.keyed.add(Keyed.of(field[0], field[1], Type.of(field[2]), Type.arguments(field[2])));
                }
            }
            return plans;
        }

        void checkShape(OperatorState operator) {
            check(operator.getParallelism() == parallelism && operator.getMaxParallelism() == maxParallelism,
                    "operator " + id + " has parallelism " + operator.getParallelism() + " of "
                            + operator.getMaxParallelism() + ", planned is " + parallelism + " of " + maxParallelism);
        }
    }

    /** A keyed state: how the job would declare it, and how it reads what the current key has in it, null if nothing. */
    private static final class Keyed {
        final String kind;
        final StateDescriptor<State, ?> descriptor;
        private final Reader<State> reader;

        interface Reader<S extends State> {
            String read(S handle) throws Exception;
        }

        @SuppressWarnings("unchecked")
        private <S extends State> Keyed(String kind, StateDescriptor<S, ?> descriptor, Reader<S> reader) {
            this.kind = kind;
            this.descriptor = (StateDescriptor<State, ?>) descriptor;
            this.reader = (Reader<State>) reader;
        }

        String name() {
            return descriptor.getName();
        }

        String read(State handle) throws Exception {
            return reader.read(handle);
        }

        /** Of a list or map, {@code in} has its parts. */
        static Keyed of(String kind, String name, Type type, List<Type> in) {
            switch (kind) {
                case "VALUE":
                    return new Keyed(kind, new ValueStateDescriptor<>(name, type.serializer),
                            (ValueState<Object> s) -> orNull(s.value(), type::json));
                case "REDUCING":
                    return new Keyed(kind, new ReducingStateDescriptor<>(name, (a, b) -> a, type.serializer),
                            (ReducingState<Object> s) -> orNull(s.get(), type::json));
                case "AGGREGATING":
                    return new Keyed(kind, new AggregatingStateDescriptor<>(name, new Accumulated(), type.serializer),
                            (AggregatingState<Object, Object> s) -> orNull(s.get(), type::json));
                case "LIST":
                    return new Keyed(kind, new ListStateDescriptor<>(name, in.get(0).serializer),
                            (ListState<Object> s) -> orNull(s.get(), in.get(0)::list));
                case "MAP":
                    return new Keyed(kind, new MapStateDescriptor<>(name, in.get(0).serializer, in.get(1).serializer),
                            (MapState<Object, Object> s) -> s.isEmpty() ? null : Type.map(in.get(0), in.get(1), s.entries()));
                default:
                    throw new IllegalArgumentException("the plan has a state of kind " + kind);
            }
        }

        private static <T> String orNull(T value, Function<T, String> json) {
            return value == null ? null : json.apply(value);
        }
    }

    /** An aggregation whose result is its accumulator. */
    @SuppressWarnings("serial")
    private static final class Accumulated implements AggregateFunction<Object, Object, Object> {
        @Override
        public Object createAccumulator() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object add(Object value, Object accumulator) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object getResult(Object accumulator) {
            return accumulator;
        }

        @Override
        public Object merge(Object a, Object b) {
            throw new UnsupportedOperationException();
        }
    }
}
