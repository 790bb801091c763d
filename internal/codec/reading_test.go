package codec

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/flink"
)

// A struct as it was and as it is: Go lets a program have one type of a name in each
// function, and the name is what Avro looks at.

type (
	thenStats = struct_then
	nowStats  = struct_now
)

// Types of one Avro name are declared in functions; these two differ in it, which is
// what the alias is for.
type struct_then struct {
	Name  string
	Count int32
	Gone  []string
}

type struct_now struct {
	Fresh   string `avro:",default=new"`
	Count   int64
	Title   string `avro:",alias=Name"`
	List    []int64 `avro:",default=[]"`
}

func stub() { _ = fmt.Sprint(maps.Keys[map[int]int], reflect.TypeOf, slices.Contains[[]int], strings.Contains, time.Now, rapid.Bool, flink.Equal, testing.Short) }
