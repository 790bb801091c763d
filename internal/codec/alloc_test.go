package codec

import "testing"

// What a job does for every record allocates nothing that it need not.
func TestAllocations(t *testing.T) {
	allocations(t, "a key of usual length", 1)
	allocations(t, "", 0)
	allocations(t, airport("München"), 1)
	allocations(t, int64(1)<<40, 0)
	allocations(t, meters(1)<<40, 0)
	allocations(t, 1<<40, 0)
	allocations(t, int32(-1), 0)
	allocations(t, 2.5, 0)
	allocations(t, true, 0)
	allocations(t, hop{"MUC", 7, true}, 1)
	allocations(t, uint64(1)<<63, 0)
	allocations(t, [16]byte{1}, 0)
}

// To ask for a codec again costs nothing to speak of.
func TestAskingAgain(t *testing.T) {
	asking[string](t)
	asking[map[string]int64](t)
	asking[map[airport][]everything](t)
	asking[chan int](t) // and no more if there is none
	asking[any](t)
}

func asking[T any](t *testing.T) {
	t.Helper()
	ForExchange[T]()
	if n := testing.AllocsPerRun(100, func() { ForExchange[T]() }); n != 0 {
		t.Errorf("%T: asking again allocates %v times", *new(T), n)
	}
	if c, _ := Of[T](); c != nil {
		if again, _ := ForExchange[T](); any(again) != any(c) {
			t.Errorf("%T: there are two codecs", *new(T))
		}
	}
}

func allocations[K comparable](t *testing.T, k K, decoding float64) {
	t.Helper()
	c := of[K](t)
	hash, err := HashOf(c)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, 100)
	if n := testing.AllocsPerRun(100, func() { dst, _ = c.Append(dst[:0], k) }); n != 0 {
		t.Errorf("%T: Append allocates %v times", k, n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = c.Decode(dst) }); n != decoding {
		t.Errorf("%T: Decode allocates %v times, want %v", k, n, decoding)
	}
	if n := testing.AllocsPerRun(100, func() { _ = hash(k) }); n != 0 {
		t.Errorf("%T: the hash allocates %v times", k, n)
	}
}
