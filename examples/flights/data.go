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

// unpack writes the built-in flights into a file, so that they are read like any other
// file, and returns its name. If the file is there already, unpack does not change it.
func unpack(dir string) (string, error) {
	name := filepath.Join(dir, "flights-20k.jsonl.gz")
	if have, err := os.ReadFile(name); err == nil && bytes.HasPrefix(have, builtin) {
		return name, nil // perhaps with more flights after those
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("unpack the flights: %w", err)
	}
	if err := os.WriteFile(name, builtin, 0o666); err != nil {
		return "", fmt.Errorf("unpack the flights: %w", err)
	}
	return name, nil
}
