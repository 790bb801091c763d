package inspect_test

import (
	"fmt"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/inspect"
)

// Values that are easily taken for each other are written so that they are not.
func ExampleText() {
	for _, v := range []flink.Value{"caf\xe9", `caf\xe9`, []byte("cafe"), "5", int64(5), 5.0, "a\u200bb"} {
		fmt.Printf("%-12s %s\n", inspect.Text(v), inspect.JSON(v))
	}
	// Output:
	// "caf\xe9"    {"$text":"Y2Fm6Q=="}
	// "caf\\xe9"   "caf\\xe9"
	// b"cafe"      {"$bytes":"Y2FmZQ=="}
	// "5"          "5"
	// 5            5
	// 5.0          5.0
	// "a\u200bb"   "a\u200bb"
}
