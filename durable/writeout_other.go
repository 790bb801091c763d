//go:build !(linux && (386 || amd64 || arm64 || loong64 || riscv64 || s390x))

package durable

import "os"

// startWriteOut does nothing: there is no such call here.
func startWriteOut(*os.File, int64, int64) error { return nil }
