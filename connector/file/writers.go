package file

import "sync"

// writers are those of a sink that are open in this process. What one of them has prepared
// needs no second look before it becomes visible. Whoever is not known here, or not any
// more, is not trusted.
type writers struct {
	mu   sync.Mutex
	open map[inProgress]bool // by the name of a writer's files, without the counter
}

func newWriters() *writers { return &writers{open: make(map[inProgress]bool)} }

func (w *writers) opened(name inProgress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[name.writer()] = true
}

func (w *writers) closed(name inProgress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, name.writer())
}

// wrote tells whether a writer that is open has prepared p.
func (w *writers) wrote(p prepared) bool {
	name, ok := parseInProgress(p.hidden)
	w.mu.Lock()
	defer w.mu.Unlock()
	return ok && w.open[name.writer()]
}

// writer is what the names of all files of one writer have in common.
func (n inProgress) writer() inProgress {
	n.counter = 0
	return n
}
