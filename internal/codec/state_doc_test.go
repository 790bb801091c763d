package codec

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/flink"
)

// The tables of docs/state.md are what they say. A row is a test; what is in backquotes is
// Go, JSON, or a part of an error.
func TestStateDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/state.md")
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]func(*testing.T, []string){
		"Go type | as state, and in slices and maps of it | in a struct": documentedType,
		"was | is | a value | is read as":                                documentedField,
		"tag | meaning":                                                  documentedTag,
	}
	byHeading := map[string]func(*testing.T, []string){"## Changes": documentedState, "## Keys": documentedKey}
	heading, rows := "", 0
	var check func(*testing.T, []string)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "## "):
			heading = line
		case !strings.HasPrefix(line, "|"):
			check = nil
		case check == nil:
			head := strings.Trim(line, "| ")
			if check = checks[head]; check == nil && head == "was | is | result" {
				check = byHeading[heading]
			}
			if check == nil {
				t.Fatalf("no test knows a table of %q under %q", head, heading)
			}
		case strings.HasPrefix(line, "|---"):
		default:
			rows++
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			t.Run(strings.Join(cells[:2], " "), func(t *testing.T) { check(t, cells) })
		}
	}
	if rows < 100 {
		t.Errorf("there are %d rows only", rows)
	}
}

// code is what stands in the n-th backquotes of a cell, or nothing. There may be more than
// one, around what has backquotes itself.
func code(cell string, n int) string {
	for {
		start := strings.IndexByte(cell, '`')
		if start < 0 {
			return ""
		}
		cell = cell[start:]
		quotes := cell[:len(cell)-len(strings.TrimLeft(cell, "`"))]
		inside, rest, _ := strings.Cut(cell[len(quotes):], quotes)
		if n == 0 {
			return strings.TrimSpace(inside)
		}
		cell, n = rest, n-1
	}
}

func documentedType(t *testing.T, cells []string) {
	typ := goType(t, code(cells[0], 0))
	e, err := erase(typ)
	switch want := code(cells[1], 0); {
	case strings.HasPrefix(cells[1], "refused"):
		refusedAs(t, err, cells[1])
	case err != nil:
		t.Error(err)
	case strings.HasPrefix(cells[1], "Flink's") == isAvro(e):
		t.Errorf("it is written as %s", e.serializer().TypeName())
	case want != "" && e.serializer().TypeName() != want:
		t.Errorf("it is written as Flink's %s", e.serializer().TypeName())
	}
	in, err := erase(reflect.StructOf([]reflect.StructField{{Name: "F", Type: typ}}))
	if strings.HasPrefix(cells[2], "refused") {
		refusedAs(t, err, cells[2])
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Fields []struct{ Type any }
	}
	var want any
	if err := json.Unmarshal([]byte(in.serializer().(*flink.AvroStruct).Schema.String()), &schema); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(code(cells[2], 0)), &want); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(fmt.Sprint(schema.Fields[0].Type), "Struct_2", "Struct") // the one around it is the first
	if got != fmt.Sprint(want) {
		t.Errorf("the schema is %v, want %v", got, want)
	}
}

func isAvro(e erased) bool {
	_, ok := e.serializer().(*flink.AvroStruct)
	return ok
}

// refusedAs checks that an error says all that a cell has in backquotes.
func refusedAs(t *testing.T, err error, cell string) {
	t.Helper()
	for n := 0; code(cell, n) != ""; n++ {
		if err == nil || !strings.Contains(err.Error(), code(cell, n)) {
			t.Errorf("%v does not say %q", err, code(cell, n))
		}
	}
	if code(cell, 0) == "" {
		t.Errorf("%q names nothing", cell)
	}
}

// documentedTag checks that there is such a tag.
func documentedTag(t *testing.T, cells []string) {
	tag := reflect.StructTag(code(cells[0], 0))
	if tag.Get("avro") == "" {
		t.Fatalf("%q is no tag", tag)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[int](), reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[hop]()} {
		_, err := erase(reflect.StructOf([]reflect.StructField{{Name: "F", Type: typ, Tag: tag}, {Name: "G", Type: typ}}))
		if err == nil {
			return
		}
	}
	t.Errorf("no field may have the tag %s", tag)
}

func documentedField(t *testing.T, cells []string) {
	was, now := goType(t, "struct{"+code(cells[0], 0)+"}"), goType(t, "struct{"+code(cells[1], 0)+"}")
	value := reflect.New(was)
	if err := json.Unmarshal([]byte(code(cells[2], 0)), value.Interface()); err != nil {
		t.Fatal(err)
	}
	got, err := readAs(t, value.Elem(), now)
	if strings.HasPrefix(cells[3], "refused") {
		refusedAs(t, err, cells[3])
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got.Interface())
	if err != nil || string(text) != code(cells[3], 0) {
		t.Errorf("it is read as %s, %v", text, err)
	}
}

// readAs reads what one type has written as another.
func readAs(t *testing.T, v reflect.Value, now reflect.Type) (reflect.Value, error) {
	t.Helper()
	before, err := erase(v.Type())
	if err != nil {
		t.Fatal(err)
	}
	after, err := erase(now)
	if err != nil {
		t.Fatal(err)
	}
	b, err := dynamic{before, v.Type()}.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	reading, err := after.reading(before.serializer())
	if err != nil {
		return reflect.Value{}, err
	}
	got, _, err := dynamic{reading, now}.Decode(b)
	return got, err
}

func documentedState(t *testing.T, cells []string) {
	_, err := readAs(t, reflect.Zero(goType(t, code(cells[0], 0))), goType(t, code(cells[1], 0)))
	result(t, err, "read", cells[2])
}

func documentedKey(t *testing.T, cells []string) {
	was, now := goType(t, code(cells[0], 0)), goType(t, code(cells[1], 0))
	before, err1 := erase(was)
	after, err2 := erase(now)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	result(t, sameKeyOf(before.serializer(), after.serializer(), now), "found", cells[2])
}

func result(t *testing.T, err error, good, cell string) {
	t.Helper()
	if cell == good {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if !strings.HasPrefix(cell, "refused: ") {
		t.Fatalf("%q is no result", cell)
	}
	refusedAs(t, err, cell)
}

// goType is the type that stands in a text.
func goType(t *testing.T, text string) reflect.Type {
	t.Helper()
	e, err := parser.ParseExprFrom(token.NewFileSet(), "docs/state.md", text, 0)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return typeOf(t, e)
}

var predeclared = map[string]reflect.Type{
	"bool": reflect.TypeFor[bool](), "int8": reflect.TypeFor[int8](), "int16": reflect.TypeFor[int16](), "int32": reflect.TypeFor[int32](),
	"int64": reflect.TypeFor[int64](), "int": reflect.TypeFor[int](), "uint8": reflect.TypeFor[uint8](), "uint16": reflect.TypeFor[uint16](),
	"uint32": reflect.TypeFor[uint32](), "uint64": reflect.TypeFor[uint64](), "uint": reflect.TypeFor[uint](), "uintptr": reflect.TypeFor[uintptr](),
	"float32": reflect.TypeFor[float32](), "float64": reflect.TypeFor[float64](), "complex128": reflect.TypeFor[complex128](),
	"string": reflect.TypeFor[string](), "byte": reflect.TypeFor[byte](), "any": reflect.TypeFor[any](), "error": reflect.TypeFor[error](),
	"time.Time": reflect.TypeFor[time.Time](), "time.Duration": reflect.TypeFor[time.Duration](), "netip.Addr": reflect.TypeFor[netip.Addr](),
}

func typeOf(t *testing.T, e ast.Expr) reflect.Type {
	t.Helper()
	switch e := e.(type) {
	case *ast.Ident:
		if typ := predeclared[e.Name]; typ != nil {
			return typ
		}
	case *ast.SelectorExpr:
		if typ := predeclared[e.X.(*ast.Ident).Name+"."+e.Sel.Name]; typ != nil {
			return typ
		}
	case *ast.StarExpr:
		return reflect.PointerTo(typeOf(t, e.X))
	case *ast.MapType:
		return reflect.MapOf(typeOf(t, e.Key), typeOf(t, e.Value))
	case *ast.ChanType:
		return reflect.ChanOf(reflect.BothDir, typeOf(t, e.Value))
	case *ast.FuncType:
		return reflect.TypeFor[func()]()
	case *ast.ArrayType:
		if e.Len == nil {
			return reflect.SliceOf(typeOf(t, e.Elt))
		}
		n, err := strconv.Atoi(e.Len.(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		return reflect.ArrayOf(n, typeOf(t, e.Elt))
	case *ast.StructType:
		var fields []reflect.StructField
		for _, f := range e.Fields.List {
			for _, name := range f.Names {
				field := reflect.StructField{Name: name.Name, Type: typeOf(t, f.Type)}
				if f.Tag != nil {
					field.Tag = reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
				}
				if !name.IsExported() {
					field.PkgPath = "github.com/weirstream/weir/internal/codec"
				}
				fields = append(fields, field)
			}
		}
		return reflect.StructOf(fields)
	}
	t.Fatalf("%T is no type of this test", e)
	return nil
}
