package logfs_test

import (
	"fmt"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/logfs"
)

// The log has one line for each operation that changes something or makes it durable.
func ExampleNew() {
	fsys := logfs.New(crashfs.New(crashfs.Strict), func(line string) { fmt.Println(line) })
	if err := durable.WriteFile(fsys, "/note", []byte("text")); err != nil {
		fmt.Println(err)
	}
	if err := fsys.SyncDir("/"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// create /note
	// write /note 4
	// sync /note
	// close /note
	// sync-dir /
}
