package loopmount

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// A Device is a loop device on a file. The kernel removes it by itself once neither this
// process nor a mount has it open, also if the process is killed.
type Device struct {
	Path string
	fd   int
}

// Attach puts a loop device on a file.
func Attach(file string) (*Device, error) {
	backing, err := unix.Open(file, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	defer unix.Close(backing)
	control, err := unix.Open("/dev/loop-control", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/loop-control: %w", err)
	}
	defer unix.Close(control)
	for {
		n, err := unix.IoctlRetInt(control, unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("find a free loop device: %w", err)
		}
		d, err := configure(n, backing)
		if !errors.Is(err, unix.EBUSY) { // EBUSY: another process has taken it meanwhile
			return d, err
		}
	}
}

func configure(n, backing int) (*Device, error) {
	path := fmt.Sprintf("/dev/loop%d", n)
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) { // no udev makes the files in /dev
		if err := unix.Mknod(path, unix.S_IFBLK|0o600, int(unix.Mkdev(7, uint32(n)))); err != nil {
			return nil, fmt.Errorf("make %s: %w", path, err)
		}
		fd, err = unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	config := unix.LoopConfig{Fd: uint32(backing), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}}
	if err := unix.IoctlLoopConfigure(fd, &config); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("configure %s: %w", path, err)
	}
	return &Device{Path: path, fd: fd}, nil
}

// Detach removes the loop device. If a mount uses the device, it is removed when that is
// unmounted.
func (d *Device) Detach() error {
	if err := unix.Close(d.fd); err != nil {
		return fmt.Errorf("detach %s: %w", d.Path, err)
	}
	return nil
}

// Make makes the file system on a device.
func (c Config) Make(device string) error {
	said, err := exec.Command(c.Mkfs[0], append(c.Mkfs[1:], device)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", c.Mkfs[0], err, said)
	}
	return nil
}

// Check runs the configuration's fsck, if it has one, on a device before it is mounted after
// a power cut.
func (c Config) Check(device string) error {
	if len(c.Fsck) == 0 {
		return nil
	}
	said, err := exec.Command(c.Fsck[0], append(c.Fsck[1:], device)...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == fsckCorrected {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", c.Fsck[0], err, said)
	}
	return nil
}

// fsckCorrected is fsck's exit code for errors that were found and corrected.
const fsckCorrected = 1

// Mount mounts a device on dir. With that the file system recovers from the power cut.
func (c Config) Mount(device, dir string) error {
	if err := unix.Mount(device, dir, c.Type, 0, c.Options); err != nil {
		return fmt.Errorf("mount %s as %s: %w", device, c.Type, err)
	}
	return nil
}

// Unmount unmounts what is on dir.
func Unmount(dir string) error {
	for range 50 {
		err := unix.Unmount(dir, 0)
		if errors.Is(err, unix.EBUSY) { // a process that was killed may take a moment to go
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err != nil {
			return &os.PathError{Op: "unmount", Path: dir, Err: err}
		}
		return nil
	}
	return &os.PathError{Op: "unmount", Path: dir, Err: unix.EBUSY}
}
