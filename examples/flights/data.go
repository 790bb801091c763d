package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed flights-20k.jsonl.gz
var builtin []byte

// unpack puts the built-in flights into a file, so that they are read like any other
// file, and returns its name. A file that is there already is left as it is.
func unpack(dir string) (string, error) {
	name := filepath.Join(dir, "flights-20k.jsonl.gz")
	if have, err := os.ReadFile(name); err == nil && bytes.HasPrefix(have, builtin) {
		return name, nil // perhaps with flights appended to it
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("unpack the flights: %w", err)
	}
	if err := os.WriteFile(name, builtin, 0o666); err != nil {
		return "", fmt.Errorf("unpack the flights: %w", err)
	}
	return name, nil
}
