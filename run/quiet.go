package run

import (
	"context"
	"log/slog"
	"sync"
)

// quiet passes on warnings and errors only. It is the log of a program that has not set
// Options.Log.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }

// warned has the warnings about file systems that this process has logged.
var warned sync.Map

// firstTime reports whether this is the first time that this process logs a warning about a
// mount. One line is enough, even if several jobs keep their checkpoints there.
func firstTime(warning, where string) bool {
	_, before := warned.LoadOrStore(warning+"\x00"+where, true)
	return !before
}
