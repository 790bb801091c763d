package run

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/checkpoint"
)

// parse returns the options that flags set.
func parse(args ...string) (o Options, level slog.Level, err error) {
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o.flags(fs, &level)
	return o, level, fs.Parse(args)
}

// Each flag sets the option that it is named after, and no other.
func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		args string
		set  func(*Options)
	}{
		{"", func(*Options) {}},
		{"--checkpoint-dir=x", func(o *Options) { o.CheckpointDir = "x" }},
		{"--checkpoint-interval=3s", func(o *Options) { o.CheckpointInterval = 3 * time.Second }},
		{"--parallelism=7", func(o *Options) { o.Parallelism = 7 }},
		{"--retain=5", func(o *Options) { o.Retain = 5 }},
		{"--inline-threshold=1KiB", func(o *Options) { o.InlineThreshold = 1 << 10 }},
		{"--inline-threshold=0", func(o *Options) { o.InlineThreshold = -1 }},
		{"--from=none", func(o *Options) { o.From = None }},
		{"--from=latest", func(o *Options) { o.From = Latest }},
		{"--from=dir", func(o *Options) { o.From = Path("dir") }},
		{"--allow-fallback", func(o *Options) { o.AllowFallback = true }},
		{"--allow-non-restored-state", func(o *Options) { o.AllowNonRestoredState = true }},
		{"--drop-prepared-output", func(o *Options) { o.DropPreparedOutput = true }},
		{"--beside-old-output", func(o *Options) { o.BesideOldOutput = true }},
		{"--forget-split=a=b --forget-split=a=c=d --forget-split=e=f", func(o *Options) {
			o.ForgetSplits = map[string][]string{"a": {"b", "c=d"}, "e": {"f"}}
		}},
		{"--drain", func(o *Options) { o.Drain = true }},
		{"--cancel-timeout=9s", func(o *Options) { o.CancelTimeout = 9 * time.Second }},
	} {
		want, level, err := parse()
		if err != nil || level != slog.LevelWarn {
			t.Fatal(level, err)
		}
		tt.set(&want)
		got, _, err := parse(strings.Fields(tt.args)...)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", tt.args, got, err, want)
		}
	}
	if _, level, err := parse("--log-level=debug"); err != nil || level != slog.LevelDebug {
		t.Errorf("the level is %v, %v", level, err)
	}
}

// Flags have the defaults of the library.
func TestFlagsHaveTheDefaults(t *testing.T) {
	flags, _, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	a, err := flags.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	a.Monitor, a.Log, b.Monitor, b.Log = nil, nil, nil, nil
	if !reflect.DeepEqual(a, b) {
		t.Errorf("flags %+v, library %+v", a, b)
	}
}

func TestWrongFlags(t *testing.T) {
	for _, arg := range []string{"--forget-split=a", "--forget-split==b", "--forget-split=a=", "--inline-threshold=much", "--inline-threshold=3GiB", "--log-level=loud", "--retain=x"} {
		if _, _, err := parse(arg); err == nil {
			t.Errorf("%s is taken", arg)
		}
	}
}

// The help has every flag and every exit code.
func TestUsage(t *testing.T) {
	var o Options
	var level slog.Level
	var help bytes.Buffer
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	fs.SetOutput(&help)
	o.flags(fs, &level)
	usage(fs)
	fs.VisitAll(func(f *flag.Flag) {
		if !strings.Contains(help.String(), "  --"+f.Name+" ") {
			t.Errorf("--%s is missing", f.Name)
		}
	})
	for _, code := range []int{ExitDone, ExitFailed, ExitUsage, ExitDamaged, ExitLocked, ExitUnfit, ExitOldOutput, ExitAborted} {
		if !strings.Contains(help.String(), fmt.Sprintf("\n  %-4d ", code)) {
			t.Errorf("exit code %d is missing", code)
		}
	}
}

// A value that an option cannot have is refused, and the error names the option.
func TestOptionsThatAreRefused(t *testing.T) {
	for want, o := range map[string]Options{
		"parallelism -1":      {Parallelism: -1},
		"parallelism 32769":   {Parallelism: checkpoint.MaxMaxParallelism + 1},
		"max parallelism 3":   {Parallelism: 4, MaxParallelism: 3},
		"max parallelism 327": {MaxParallelism: checkpoint.MaxMaxParallelism + 1, Parallelism: 1},
		"max parallelism -1":  {MaxParallelism: -1},
		"interval 999":        {CheckpointInterval: time.Millisecond - 1},
		"checkpoint timeout":  {CheckpointTimeout: -1},
		"minimum pause":       {MinPause: -1},
		"restart pause":       {Restart: Restart{Pause: -1}},
		"cancel timeout":      {CancelTimeout: -1},
		"retain -1":           {Retain: -1},
	} {
		_, err := o.withDefaults()
		if err == nil || !strings.Contains(err.Error(), want) || exitCode(fmt.Errorf("job x: %w", err)) != ExitUsage {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
	for _, o := range []Options{
		{Parallelism: 1, MaxParallelism: 1}, {Parallelism: checkpoint.MaxMaxParallelism}, {CheckpointInterval: time.Millisecond}, {Retain: 1},
		{ToleratedFailures: -1, InlineThreshold: -1, Restart: Restart{Max: -1, GiveUpOnSame: -1}},
	} {
		if _, err := o.withDefaults(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// The names of options in a message become those of flags.
func TestMessagesNameFlags(t *testing.T) {
	for message, want := range map[string]string{
		"to lose that output, set Options.DropPreparedOutput": "to lose that output, use --drop-prepared-output",
		"drop its state with Options.AllowNonRestoredState":   "drop its state with --allow-non-restored-state",
		"set Options.BesideOldOutput":                         "use --beside-old-output",
		"set Options.AllowFallback, or Options.From":          "use --allow-fallback, or --from",
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		was := os.Stderr
		os.Stderr = w
		sayError(errors.New(message))
		os.Stderr = was
		w.Close()
		if got, err := io.ReadAll(r); string(got) != want+"\n" || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}
