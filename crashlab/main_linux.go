//go:build amd64 || arm64

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/weirstream/weir/crashlab/lab"
	"github.com/weirstream/weir/crashlab/loopmount"
)

func main() {
	lab.Enter()
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(exitGood)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUsage)
	}
	if missing := loopmount.Missing(s.Configs); len(missing) > 0 {
		fmt.Fprintln(os.Stderr, "crashlab cannot run here:")
		for _, m := range missing {
			fmt.Fprintln(os.Stderr, "  "+m)
		}
		os.Exit(exitCannot)
	}
	os.Exit(run(s))
}

func run(s settings) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := newPrinter(s)
	begun := time.Now()
	err := lab.Run(ctx, s.Options, out.result, out.progress)
	out.end(time.Since(begun))
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "interrupted; everything is unmounted")
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(os.Stderr, "crashlab has failed:", err)
		return exitBad
	case out.err != nil:
		fmt.Fprintln(os.Stderr, "crashlab cannot write its results:", out.err)
		return exitBad
	case out.complaints > 0:
		return exitBad
	}
	return exitGood
}
