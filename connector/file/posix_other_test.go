//go:build !unix

package file

import "testing"

func mkfifo(t *testing.T, path string)           { t.Skip("there are no named pipes") }
func lower(t *testing.T, f func(release func())) { t.Skip("there is no limit of descriptors") }
