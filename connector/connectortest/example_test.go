package connectortest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/connector/generator"
	"github.com/weirstream/weir/durable"
)

// In a test this is connectortest.Source(t, …), with a subtest for each check.
func ExampleSource() {
	even := connectortest.SourceConfig[int64]{
		New: func() weir.Source[int64] {
			return generator.Source(5, func(i int64) int64 { return 2 * i }, generator.Splits(2))
		},
		Want:    map[string][]int64{"0": {0, 4, 8}, "1": {2, 6}},
		Refused: [][]byte{{1}, {2, 3}}, // no number of splits; three of them
	}
	fmt.Println(even.Check())

	even.Want["1"] = []int64{2, 6, 10}
	fmt.Println(strings.SplitN(even.Check().Error(), "\n", 2)[0])
	// Output:
	// <nil>
	// records: split "1" from position nil, in batches of 1: it ends after 2 records, want 3
}

// In a test this is connectortest.Sink(t, …), with a subtest for each check.
func ExampleSink() {
	lines := connectortest.SinkConfig[string]{
		On: func(fsys durable.FS) connectortest.Output[string] {
			return connectortest.Output[string]{
				Sink:    file.LinesSinkOn(fsys, "/out"),
				Visible: func() ([]string, error) { return linesIn(fsys, "/out") },
			}
		},
		Record: func(i int) string { return fmt.Sprintf("record %d", i) },
	}
	fmt.Println(lines.Check())
	// Output:
	// <nil>
}

// linesIn reads the files in a folder that are not hidden, as anybody would.
func linesIn(fsys durable.FS, dir string) (lines []string, err error) {
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing was written yet
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name, ".") {
			continue
		}
		r, err := fsys.Open(path.Join(dir, e.Name))
		if err != nil {
			return nil, err
		}
		content := make([]byte, r.Size())
		_, err = r.ReadAt(content, 0)
		r.Close()
		if err != nil {
			return nil, err
		}
		lines = append(lines, strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")...)
	}
	return lines, nil
}
