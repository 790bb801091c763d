package faultfs_test

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// The first sync of a file fails, as on a full disk.
func ExampleNew() {
	fsys := faultfs.New(crashfs.New(crashfs.Strict), faultfs.Rule{Ops: faultfs.Sync, K: 1, Err: syscall.ENOSPC})
	err := durable.WriteFile(fsys, "/note", []byte("text"))
	fmt.Println(errors.Is(err, syscall.ENOSPC), fsys.Fired(0), fsys.StillOpen())
	// Output:
	// true 1 []
}
