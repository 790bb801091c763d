package probe_test

import (
	"fmt"

	"github.com/weirstream/weir/durable/probe"
)

// MountIn judges a directory by a mountinfo file, which may come from another machine.
func ExampleMountIn() {
	mountinfo := `25 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw
30 25 0:26 / /tmp rw - tmpfs tmpfs rw
`
	for _, dir := range []string{"/var/lib/job", "/tmp/job"} {
		m, err := probe.MountIn(mountinfo, dir)
		fmt.Println(dir, m.Type, m.Limits()[0].Severity == probe.Broken, err)
	}
	// Output:
	// /var/lib/job ext4 false <nil>
	// /tmp/job tmpfs true <nil>
}
