package connectortest

import (
	"os"
	"strings"
	"testing"
)

// The sentences that checks quote are in the contract, word for word.
func TestChecksQuoteTheContract(t *testing.T) {
	text := func(file string) string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(strings.ReplaceAll(string(b), "//", " ")), " ")
	}
	source, sink := text("../../source.go"), text("../../sink.go")
	names := map[string]bool{}
	for _, c := range sourceChecks[int]() {
		if names["source "+c.name] = true; !strings.Contains(source, c.says) {
			t.Errorf("%s: source.go does not say %q", c.name, c.says)
		}
	}
	for _, c := range sinkChecks[int]() {
		if names["sink "+c.name] = true; !strings.Contains(sink, c.says) {
			t.Errorf("%s: sink.go does not say %q", c.name, c.says)
		}
	}
	if n := len(sourceChecks[int]()) + len(sinkChecks[int]()); n != len(names) {
		t.Errorf("%d checks have %d names", n, len(names))
	}
}
