package loopmount

import (
	"fmt"
	"slices"
	"strings"
)

// A Config is a file system with its options.
type Config struct {
	Name    string   // for the flag -fs
	Type    string   // for mount(2)
	Size    int64    // of the disk, in bytes
	Mkfs    []string // the command that makes it; the device is appended
	Options string   // for mount(2)
	Fsck    []string // the command that is run before mounting after a power cut, if any

	// Keeps says that the file system keeps what was synced, so Weir's promise holds on it.
	Keeps bool
	// Log1Loses says that Flink's sequence before the fix loses every checkpoint on it. If
	// not, an older checkpoint stays.
	Log1Loses bool
}

const mib = 1 << 20

// ext4 makes a configuration without discards and without lazy initialisation: both would
// write to the disk at other moments, which have nothing to do with checkpoints.
func ext4(name, options string, features ...string) Config {
	return Config{
		Name: name, Type: "ext4", Size: 128 * mib, Options: options,
		Mkfs: append([]string{"mkfs.ext4", "-q", "-F", "-b", "4096",
			"-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0"}, features...),
		Log1Loses: true,
	}
}

// Configs has all configurations, in the order of the table.
var Configs = []Config{
	keeps(ext4("ext4", "")),
	regresses(keeps(ext4("ext4-nodelalloc", "nodelalloc"))),
	ext4("ext4-writeback", "data=writeback"),
	ext4("ext4-fastcommit", "", "-O", "fast_commit"),
	checked(ext4("ext4-nojournal", "", "-O", "^has_journal")),
	keeps(Config{
		Name: "xfs", Type: "xfs", Size: 320 * mib, Log1Loses: true,
		Mkfs: []string{"mkfs.xfs", "-q", "-f", "-K"},
	}),
	keeps(Config{
		Name: "btrfs", Type: "btrfs", Size: 256 * mib, Options: "nodiscard",
		Mkfs: []string{"mkfs.btrfs", "-q", "-f", "-K"},
	}),
}

func keeps(c Config) Config     { c.Keeps = true; return c }
func regresses(c Config) Config { c.Log1Loses = false; return c }
func checked(c Config) Config {
	c.Fsck = []string{"e2fsck", "-f", "-y"}
	return c
}

// Parse reads a list of names, separated by commas; "all" stands for all of them.
func Parse(list string) (configs []Config, err error) {
	if list == "all" {
		return Configs, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(Configs, func(c Config) bool { return c.Name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("there is no file system %q here: want %s, or all", name, strings.Join(Names(), ", "))
		}
		configs = append(configs, Configs[i])
	}
	return configs, nil
}

// Names returns the names of all configurations.
func Names() (names []string) {
	for _, c := range Configs {
		names = append(names, c.Name)
	}
	return names
}
