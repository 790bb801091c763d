package store_test

import (
	"fmt"
	"log"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/flink"
)

// A checkpoint is begun, its states are written, and it is published. After that it is
// complete: a restart finds it, even if the power fails at that instant. The example keeps
// it on a disk in memory; durable.OS() is the real one.
func ExampleStore() {
	fsys := crashfs.New(crashfs.Strict)
	s, err := store.Open(fsys, "/data", flink.JobIDOf("example"), store.Options{Owner: "the example"})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	newest, err := s.Recover(store.From{})
	fmt.Println("before:", newest != nil, err)
	if err := publish(s, "the state"); err != nil {
		log.Fatal(err)
	}
	newest, err = s.Recover(store.From{})
	fmt.Println("after: checkpoint", newest.ID, err)
	// Output:
	// before: false <nil>
	// after: checkpoint 1 <nil>
}

// publish makes a checkpoint with one state of one operator.
func publish(s *store.Store, state string) error {
	p, err := s.Begin()
	if err != nil {
		return err
	}
	w := p.NewWriter("the state of the operator", 0)
	if _, err := w.Write([]byte(state)); err != nil {
		return err
	}
	blob, err := w.Close() // the state is durable now
	if err != nil {
		return err
	}
	return p.Publish(&flink.Metadata{CheckpointID: p.ID(), Operators: []flink.OperatorState{{
		ID: flink.OperatorIDOf("operator"), Parallelism: 1, MaxParallelism: 128,
		Subtasks: []flink.SubtaskState{{ManagedOperator: &flink.OperatorHandle{
			States: []flink.OperatorStateMeta{{Name: "list", Offsets: []int64{0}}}, Data: blob.Handle,
		}}},
	}}}, []store.Blob{blob}, checkpoint.NewNames("example", []checkpoint.OperatorName{
		{ID: flink.OperatorIDOf("operator"), Name: "operator", Kind: "process"},
	}))
}

// Verify reads every byte of a checkpoint from the disk and compares it with the seal.
func ExampleVerify() {
	fsys := crashfs.New(crashfs.Strict)
	job := flink.JobIDOf("example")
	s, err := store.Open(fsys, "/data", job, store.Options{Owner: "the example"})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Recover(store.From{}); err != nil {
		log.Fatal(err)
	}
	if err := publish(s, "the state"); err != nil {
		log.Fatal(err)
	}
	report, err := store.Verify(fsys, s.Dir()+"/chk-1", store.VerifyOptions{Job: &job, MustBeSealed: true})
	fmt.Println(report.Verified(), err)
	// Output:
	// true <nil>
}
