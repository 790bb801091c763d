package inspect

import (
	"context"
	"slices"
	"testing"

	"github.com/weirstream/weir/flink"
)

// TestNamesOfOperators: a seal says what its job and operators are called and what these do; a seal
// without names says of a file which operator it is of; a uid that is given is confirmed.
func TestNamesOfOperators(t *testing.T) {
	disk := newDisk()
	dir := writeJob(t, disk, "/data", "words", 2, words)
	writeFlinks(t, disk, "/sp", words)
	r := &Reader{FS: disk}
	id := flink.OperatorIDOf("counter")
	for _, v := range []struct {
		path, job string
		uids      []string
		want      Label
	}{
		{dir, "words", nil, Label{"counter", "counter", "process"}},
		{"/sp", "", nil, Label{}},
		{"/sp", "", []string{"reader", "counter"}, Label{UID: "counter"}},
	} {
		c := open(t, r, v.path, v.uids...)
		if l := c.Operators[0].Label; c.Names.Job != v.job || l != v.want || c.Names.Operators[id] != v.want {
			t.Errorf("%s: job %q, operator %+v, want %q, %+v", v.path, c.Names.Job, l, v.job, v.want)
		}
		if unknown := c.UnknownUIDs([]string{"reader", "counter"}); !slices.Equal(unknown, []string{"reader"}) {
			t.Errorf("unknown are %q", unknown)
		}
	}

	if err := disk.Remove(dir + "/chk-2/_metadata"); err != nil {
		t.Fatal(err)
	}
	p, err := r.Look("/data")
	if err != nil {
		t.Fatal(err)
	}
	groups, _, err := r.List(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, rep := range groups[0].Reports {
		if rep.JobName != "words" && rep.Shown != "/sp" {
			t.Errorf("%s is of job %q", rep.Shown, rep.JobName)
		}
	}
	found, err := r.Search(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.NameJobs(context.Background(), found.Jobs()); err != nil || found.Jobs()[0].Name != "words" {
		t.Errorf("the job is called %q, %v", found.Jobs()[0].Name, err)
	}
}
