//go:build !linux || !(amd64 || arm64)

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	if _, err := parse(os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		os.Exit(exitGood)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUsage)
	}
	fmt.Fprintln(os.Stderr, "crashlab cannot run here: it needs Linux with FUSE and loop devices, on amd64 or arm64")
	os.Exit(exitCannot)
}
