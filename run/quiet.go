package run

import (
	"context"
	"log/slog"
	"sync"
)

// quiet passes on what needs attention, and nothing else: what a program that has not asked
// for a log gets.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }

// warned has the warnings about file systems that this process has given.
var warned sync.Map

// firstTime reports whether a warning is given for the first time in this process: a file
// system stays what it is, however many jobs keep their checkpoints on it.
func firstTime(warning, where string) bool {
	_, before := warned.LoadOrStore(warning+"\x00"+where, true)
	return !before
}
