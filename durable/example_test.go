package durable_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"path/filepath"

	"github.com/weirstream/weir/durable"
)

// WriteFile makes the bytes of a file durable, and SyncDir its name. After both, the file
// survives a power cut.
func ExampleWriteFile() {
	inTempDir(func(dir string) {
		fsys := durable.OS()
		fmt.Println(durable.WriteFile(fsys, path.Join(dir, "note.txt"), []byte("kept\n")))
		fmt.Println(fsys.SyncDir(dir))
		b, _ := os.ReadFile(filepath.Join(dir, "note.txt"))
		fmt.Print(string(b))
	})
	// Output:
	// <nil>
	// <nil>
	// kept
}

// FillFile is WriteFile for content that is written piece by piece.
func ExampleFillFile() {
	inTempDir(func(dir string) {
		err := durable.FillFile(durable.OS(), path.Join(dir, "squares"), func(w io.Writer) error {
			for i := range 3 {
				if _, err := fmt.Fprintln(w, i*i); err != nil {
					return err
				}
			}
			return nil
		})
		b, _ := os.ReadFile(path.Join(dir, "squares"))
		fmt.Printf("%q %v\n", b, err)
	})
	// Output:
	// "0\n1\n4\n" <nil>
}

// Rename refuses to replace a file. The new name is durable after SyncDir.
func ExampleFS() {
	inTempDir(func(dir string) {
		fsys := durable.OS()
		for _, name := range []string{"staged", "taken"} {
			if err := durable.WriteFile(fsys, path.Join(dir, name), nil); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Println(fsys.Rename(path.Join(dir, "staged"), path.Join(dir, "taken")) != nil)
		fmt.Println(fsys.Rename(path.Join(dir, "staged"), path.Join(dir, "published")))
		fmt.Println(fsys.SyncDir(dir))
	})
	// Output:
	// true
	// <nil>
	// <nil>
}

// inTempDir calls f with a temporary directory.
func inTempDir(f func(dir string)) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f(filepath.ToSlash(dir))
}
