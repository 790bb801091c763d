// Writes flink-1.20.txt, which has the command, to its output, and hash codes to the error output.
import org.apache.flink.api.common.typeutils.base.*;
import org.apache.flink.api.common.typeutils.base.array.*;
import org.apache.flink.api.common.typeutils.*;
import org.apache.flink.core.memory.*;
import java.io.*; import java.time.Instant; import java.util.*;
public class FlinkVectors {
  static <T> void v(String n, TypeSerializer<T> s, T x) throws Exception {
    DataOutputSerializer o=new DataOutputSerializer(64); s.serialize(x,o);
    DataOutputSerializer p=new DataOutputSerializer(64); TypeSerializerSnapshotSerializationUtil.writeSerializerSnapshot(p,s.snapshotConfiguration());
    System.out.println(n+" | "+HexFormat.of().formatHex(o.getCopyOfBuffer())+" | "+HexFormat.of().formatHex(p.getCopyOfBuffer()));
  }
  public static void main(String[] a) throws Exception {
    var S=StringSerializer.INSTANCE; var L=LongSerializer.INSTANCE;
    v("string empty",S,""); v("string a",S,"a"); v("string e-acute",S,"\u00e9"); v("string day",S,"\u65e5"); v("string grin",S,"\ud83d\ude00"); v("string x127",S,"x".repeat(127)); v("string null",S,null);
    v("string lone low",S,"a\udcff"); v("string nul",S,"\0");
    v("long min",L,Long.MIN_VALUE); v("long -2",L,-2L);
    v("int -2",IntSerializer.INSTANCE,-2); v("short -2",ShortSerializer.INSTANCE,(short)-2); v("byte -2",ByteSerializer.INSTANCE,(byte)-2);
    v("bool true",BooleanSerializer.INSTANCE,true); v("double -2.5",DoubleSerializer.INSTANCE,-2.5); v("float 1.5",FloatSerializer.INSTANCE,1.5f);
    v("bytes",BytePrimitiveArraySerializer.INSTANCE,new byte[]{1,(byte)255}); v("bytes empty",BytePrimitiveArraySerializer.INSTANCE,new byte[0]);
    v("instant",InstantSerializer.INSTANCE,Instant.ofEpochSecond(1700000000L,123456789)); v("instant before 1970",InstantSerializer.INSTANCE,Instant.ofEpochSecond(-1L,999999999));
    v("instant min",InstantSerializer.INSTANCE,Instant.MIN); v("instant max",InstantSerializer.INSTANCE,Instant.MAX); v("instant null",InstantSerializer.INSTANCE,null);
    v("list string",new ListSerializer<>(S),List.of("a","","\u65e5")); v("list empty",new ListSerializer<>(L),List.of());
    v("list list int",new ListSerializer<>(new ListSerializer<>(IntSerializer.INSTANCE)),List.of(List.of(1,2),List.of()));
    v("map string long",new MapSerializer<>(S,L),Map.of("a",1L)); v("map empty",new MapSerializer<>(S,L),Map.of());
    var m=new HashMap<String,Long>(); m.put("a",null); v("map null value",new MapSerializer<>(S,L),m);
    var lm=new LinkedHashMap<String,Long>(); lm.put("a",1L); lm.put("b",-1L); lm.put("aa",2L); v("map three",new MapSerializer<>(S,L),lm);
    v("map long list",new MapSerializer<>(L,new ListSerializer<>(S)),Map.of(-1L,List.of("x")));
    System.err.println("arrays "+Arrays.hashCode(new byte[]{})+" "+Arrays.hashCode(new byte[]{1,-1,127,-128,0}));
    System.err.println("hashes "+"\ud83d\ude00x".hashCode()+" "+"a\udcff".hashCode()+" "+Short.hashCode((short)-2)+" "+Byte.hashCode((byte)-2)+" "+Float.hashCode(1.5f)+" "+Float.hashCode(-0f)+" "+Double.hashCode(-0.0)+" "+Double.hashCode(Double.NaN)+" "+Integer.hashCode(-7)+" "+Long.hashCode(Long.MIN_VALUE));
  }
}
