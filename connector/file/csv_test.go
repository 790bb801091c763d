package file

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
)

type airport struct {
	Code    string
	City    string `csv:"city name"`
	Flights int    `csv:"flights"`
	Height  *float64
	Opened  *time.Time
	Notes   []byte `csv:"notes"`
	Private bool
	Ignored func() `csv:"-"`
}

const airportsHeader = "city name,Code,flights,unknown,Height,notes,Private\n"

func TestCSVReplay(t *testing.T) {
	height := 13.5
	long := strings.Repeat("long, \"\"quoted\"\"\nfield ", 7_000)
	content := airportsHeader +
		"New York,JFK,12,x,13.5,,true\n" +
		"\"Paris, \"\"France\"\"\",CDG,-1,,,\"a\nb\r\nc\n\",0\r\n" +
		"\n\r\n" +
		"Ürümqi,URC,0,\"\n\n\",,日本,false\n" +
		"\"" + long + "\",,3,,,,1\n" +
		"last,L,4,,,,T"
	want := []airport{
		{Code: "JFK", City: "New York", Flights: 12, Height: &height, Notes: []byte{}, Private: true},
		{Code: "CDG", City: "Paris, \"France\"", Flights: -1, Notes: []byte("a\nb\nc\n")},
		{Code: "URC", City: "Ürümqi", Notes: []byte("日本")},
		{City: strings.ReplaceAll(long, `""`, `"`), Flights: 3, Notes: []byte{}, Private: true},
		{City: "last", Code: "L", Flights: 4, Notes: []byte{}, Private: true},
	}
	for _, p := range packings {
		for _, start := range []string{"", bom, "\n\n"} {
			t.Run(fmt.Sprintf("%s/%q", p.name, start), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "in")
				write(t, path, p.pack(start+content))
				malformed := filepath.Join(t.TempDir(), "in")
				write(t, malformed, p.pack(start+content+"\n\"\",,3,,,,1\n1,2\n"))
				c := conforming(func() weir.Source[airport] { return CSV[airport](path) }, want)
				c.Failing = func() weir.Source[airport] { return CSV[airport](malformed) }
				connectortest.Source(t, c)
			})
		}
	}
}

func TestCSVMalformed(t *testing.T) {
	ok := "a,A,1,,,,1\n"
	for _, test := range []struct {
		record string
		line   int
		words  string
	}{
		{"b,B,2,,,,1,\n", 3, "8 fields, and the header has 7"},
		{"b,B\n", 3, "2 fields, and the header has 7"},
		{"b,B,2.5,,,,1\n", 3, `column "flights": strconv.ParseInt: parsing "2.5"`},
		{"b,B,,,,,1\n", 3, `column "flights"`},
		{"b,B,2,,,,maybe\n", 3, `column "Private"`},
		{"b,B\"B,2,,,,1\n", 3, `bare "`},
		{"\"b\" ,B,2,,,,1\n", 3, `extraneous or missing "`},
		{"\"\n\n\",B,2,,,,1\nb,\"B\n\"x,2,,,,1\n", 6, `extraneous or missing "`},
	} {
		t.Run(fmt.Sprintf("%.20q", test.record), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in.csv")
			write(t, path, []byte(airportsHeader+ok+test.record+ok))
			_, err := read(CSV[airport](path), "in.csv", nil, 100)
			wantPermanent(t, err, fmt.Sprintf("%s:%d: ", path, test.line), test.words)
			src := CSV[airport](path, SkipMalformed())
			got, _ := mustRead(t, src, "in.csv", nil)
			if n := len(got); n < 2 || got[0].Code != "A" || got[n-1].Code != "A" {
				t.Errorf("the records around it are not there: %+v", got)
			}
			if n := src.(interface{ Skipped() int64 }).Skipped(); n != 1 {
				t.Errorf("%d records were skipped", n)
			}
		})
	}
}

// What is wrong with the header is wrong with the file.
func TestCSVHeader(t *testing.T) {
	for header, words := range map[string]string{
		"Code,flights,notes,Private":                                       `no column "city name" for the field City`,
		"city name;Code;flights;notes;Private":                             `no column "Code"`,
		"city name,Code,flights,notes,Private,Code":                        `two columns "Code"`,
		"city name,Co\"de,flights,notes,Private":                           `bare "`,
		"city name,Code,flights,notes,Private," + strings.Repeat("x", 999): "longer than 500 bytes",
	} {
		for _, opts := range [][]Option{{MaxLine(500)}, {MaxLine(500), SkipMalformed()}} {
			path := filepath.Join(t.TempDir(), "in.csv")
			write(t, path, []byte(header+"\na,A,1,n,1\n"))
			_, err := read(CSV[airport](path, opts...), "in.csv", nil, 100)
			wantPermanent(t, err, path+":1: ", words)
		}
	}
	path := filepath.Join(t.TempDir(), "in.csv")
	write(t, path, []byte("Private;Code;flights;notes;city name\nfalse;A;1;\"n;\";\"a\"\n"))
	got, _ := mustRead(t, CSV[airport](path, Comma(';')), "in.csv", nil)
	if want := []airport{{Code: "A", City: "a", Flights: 1, Notes: []byte("n;")}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

type base struct{ ID int }

func TestCSVTypes(t *testing.T) {
	type good struct {
		base `csv:"-"`
		base2
		U8   uint8
		F    float32
		When time.Time
		P    *string
	}
	path := filepath.Join(t.TempDir(), "in.csv")
	write(t, path, []byte("Name,U8,F,When,P\nn,255,0.5,2024-02-29T12:00:00Z,\n"))
	got, _ := mustRead(t, CSV[good](path), "in.csv", nil)
	if len(got) != 1 || got[0].Name != "n" || got[0].U8 != 255 || got[0].F != 0.5 || got[0].When.Year() != 2024 || got[0].P != nil {
		t.Errorf("got %+v", got)
	}
	write(t, path, []byte("Name,U8,F,When\nn,256,0.5,2024-02-29T12:00:00Z\n"))
	_, err := read(CSV[good](path), "in.csv", nil, 1)
	wantPermanent(t, err, `column "U8"`, "out of range")
	for what, src := range map[string]interface {
		weir.SplitPlanner
	}{
		"are structs":     CSV[string](path).(weir.SplitPlanner),
		"the field F":     CSV[struct{ F []int }](path).(weir.SplitPlanner),
		"field G":         CSV[struct{ G func() }](path).(weir.SplitPlanner),
		"the field base2": CSV[struct{ *base2 }](path).(weir.SplitPlanner),
		"'\\n'":           CSV[good](path, Comma('\n')).(weir.SplitPlanner),
		"'é'":             CSV[good](path, Comma('é')).(weir.SplitPlanner),
	} {
		_, err := src.PlanSplits(t.Context(), nil)
		wantPermanent(t, err, what)
	}
}

type base2 struct{ Name string }

// A quote that is not closed takes what follows with it, but not more than MaxLine says in
// one piece, and not more memory.
func TestCSVOpenQuote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.csv")
	write(t, path, []byte("Name\na\n\"b\n"+strings.Repeat("line\n", 1_000_000)))
	_, err := read(CSV[base2](path, MaxLine(1000)), "in.csv", nil, 100)
	wantPermanent(t, err, path+":3: ", "longer than 1000 bytes")
	r, err := CSV[base2](path, MaxLine(1000), SkipMalformed()).Open(t.Context(), weir.Split{ID: "in.csv"})
	must(t, err)
	defer r.Close()
	n := 0
	for err == nil {
		var m int
		m, err = r.Read(t.Context(), make([]base2, 10))
		n += m
	}
	if n != 1 || len(r.(*reader[base2]).scan.buf) > 2*bufferBytes {
		t.Errorf("%d records, a buffer of %d bytes", n, len(r.(*reader[base2]).scan.buf))
	}
}

// A follower reads a record when it is whole, and rotation takes the header along.
func TestCSVFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "in.csv")
		write(t, path, []byte("Na"))
		src := CSV[base2](dir, Follow())
		r, err := src.Open(t.Context(), weir.Split{ID: "in.csv"})
		must(t, err)
		defer r.Close()
		var got []string
		all := func() {
			records := make([]base2, 3)
			for {
				n, err := r.Read(t.Context(), records)
				must(t, err)
				if n == 0 {
					return
				}
				for _, x := range records[:n] {
					got = append(got, x.Name)
				}
			}
		}
		for _, part := range []string{"me\n", "\"a\n", "b\"\n", "c\nd", "\n"} {
			all()
			add(t, path, []byte(part))
		}
		all()
		if want := []string{"a\nb", "c", "d"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		at := r.Position()
		add(t, path, []byte("e\n"))
		r2, err := CSV[base2](dir, Follow()).Open(t.Context(), weir.Split{ID: "in.csv", Position: at})
		must(t, err)
		defer r2.Close()
		records := make([]base2, 3)
		if n, err := r2.Read(t.Context(), records); n != 1 || err != nil || records[0].Name != "e" {
			t.Errorf("after a restart: %d records, %v, %v", n, err, records[0])
		}
	})
}

// FuzzCSV compares the source with encoding/csv, in one go and from the positions in
// between. Where that finds an error the source does too, and it cuts the rest alike.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"a\n", "\"a\nb\"\nc\n", "a,b\n\"\"\"\",\"\"\n", "\r\n\"a\r\n\"\r\n", "a\"b\nc\n", "\"a\"b\nc\n\"", "\"\r", "a\r\rb\n\r", "\"a\",\"b\r\n\"\r", "\"a\"\r,\"b\nc,d\n", "\"a\"\r\"b\nc,d\n",
	} {
		f.Add([]byte(s), uint8(1))
	}
	dir := f.TempDir()
	type cells struct{ A, B string }
	f.Fuzz(func(t *testing.T, body []byte, batch uint8) {
		content := append([]byte("A,B\n"), body...)
		path := filepath.Join(dir, "in")
		write(t, path, content)
		var want []cells
		var wrong int64
		std := csv.NewReader(bytes.NewReader(content))
		std.FieldsPerRecord = -1
		for i := 0; ; i++ {
			record, err := std.Read()
			if record == nil && err != nil && err.Error() == "EOF" {
				break
			}
			switch {
			case err != nil || len(record) != 2:
				wrong++
			case i > 0:
				want = append(want, cells{record[0], record[1]})
			}
		}
		src := CSV[cells](path, SkipMalformed())
		steps, err := read(src, "in", nil, 1+int(batch))
		if err != nil {
			t.Fatal(err)
		}
		var got []cells
		for _, s := range steps {
			got = append(got, s.records...)
		}
		if !same(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		if n := src.(interface{ Skipped() int64 }).Skipped(); n != wrong {
			t.Fatalf("%d records skipped, want %d", n, wrong)
		}
		seen := 0
		for _, s := range steps {
			seen += len(s.records)
			again, _ := mustRead(t, CSV[cells](path, SkipMalformed()), "in", s.position)
			if !same(again, want[seen:]) {
				t.Fatalf("after %d records: got %q, want %q", seen, again, want[seen:])
			}
		}
	})
}
