package checkpoint_test

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// A damaged checkpoint does not count as kept: the older intact ones stay.
func ExampleRetain() {
	have := []checkpoint.Known{
		{ID: 5, Health: checkpoint.Intact},
		{ID: 6, Health: checkpoint.Intact},
		{ID: 7, Health: checkpoint.Broken},
		{ID: 8, Health: checkpoint.Intact},
	}
	keep, drop := checkpoint.Retain(have, 2)
	fmt.Println("keep", keep, "drop", drop)
	// Output:
	// keep [6 7 8] drop [5]
}

// The names in a job's directory say what each entry is.
func ExampleParseName() {
	for _, s := range []string{"chk-12", ".inprogress-13.4", "chk-012"} {
		n := checkpoint.ParseName(s)
		fmt.Println(s, n.Kind == checkpoint.Complete, n.Kind == checkpoint.Staging, n.ID)
	}
	// Output:
	// chk-12 true false 12
	// .inprogress-13.4 false true 13
	// chk-012 false false 0
}
