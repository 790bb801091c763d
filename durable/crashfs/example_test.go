package crashfs_test

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/durable/crashfs"
)

// The file is written and synced, its name is not. A power cut may take the name away, and
// with it the file.
func ExampleSweep() {
	fsys := crashfs.New(crashfs.Strict)
	report, err := crashfs.Sweep(fsys, crashfs.Options{}, func() error {
		f, err := fsys.Create("/note")
		if err != nil {
			return err
		}
		if _, err := f.Write([]byte("kept?")); err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
		fsys.Ack("written") // the world is told that the file is safe
		return nil
	}, func(s *crashfs.State) error {
		if _, err := s.FS().Stat("/note"); err != nil && len(s.Acked()) > 0 {
			return errors.New("the file was reported safe, and it is gone")
		}
		return nil
	})
	fmt.Println(report.Bad > 0, report.Failures[0].Err, err)
	// Output:
	// true the file was reported safe, and it is gone <nil>
}
