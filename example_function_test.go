package weir_test

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/weirstream/weir"
)

func ExampleMap() {
	job := weir.NewJob("lengths")
	words := weir.From(job, "words", weir.Slice("ten", "eleven"))
	lengths := weir.Map(words, func(w string) (string, error) {
		return fmt.Sprintf("%s has %d letters", w, len(w)), nil
	})
	show(job, lengths)
	// Output:
	// eleven has 6 letters
	// ten has 3 letters
}

// Each subtask opens a replacer of its own, once, and uses it for every record.
func ExampleMapWith() {
	job := weir.NewJob("masked")
	lines := weir.From(job, "lines", weir.Slice("pin 1234", "no digits"))
	masked := weir.MapWith(lines, func(c *weir.Context) func(string) (string, error) {
		digits := strings.NewReplacer("0", "*", "1", "*", "2", "*", "3", "*", "4", "*")
		return func(line string) (string, error) { return digits.Replace(line), nil }
	})
	show(job, masked)
	// Output:
	// no digits
	// pin ****
}

func ExampleFilter() {
	job := weir.NewJob("even")
	numbers := weir.From(job, "numbers", weir.Slice(1, 2, 3, 4))
	even := weir.Filter(numbers, func(n int) (bool, error) { return n%2 == 0, nil })
	show(job, even)
	// Output:
	// 2
	// 4
}

func ExampleFlatMap() {
	job := weir.NewJob("words")
	lines := weir.From(job, "lines", weir.Slice("to be or", "not to be"))
	words := weir.FlatMap(lines, func(line string) (iter.Seq[string], error) {
		return strings.FieldsSeq(line), nil
	})
	show(job, words)
	// Output:
	// be
	// be
	// not
	// or
	// to
	// to
}

// A function that emits its records can return an error in the middle of them.
func ExampleFlatMapTo() {
	job := weir.NewJob("numbers")
	lines := weir.From(job, "lines", weir.Slice("1,20", "300"))
	numbers := weir.FlatMapTo(lines, func(line string, out *weir.Out[int]) error {
		for field := range strings.SplitSeq(line, ",") {
			n, err := strconv.Atoi(field)
			if err != nil {
				return weir.Permanent(err)
			}
			out.Emit(n)
		}
		return nil
	})
	show(job, numbers)
	// Output:
	// 1
	// 20
	// 300
}

// The function that opens a subtask makes what the records of the subtask share: here a
// counter, which is shown with the operator's figures, and a variable. The variable is not
// kept in checkpoints; use Process and NewValue for state.
func ExampleFlatMapWith() {
	job := weir.NewJob("no repeats")
	words := weir.From(job, "words", weir.Slice("a", "a", "b"))
	changes := weir.FlatMapWith(words, func(c *weir.Context, out *weir.Out[string]) func(string) error {
		dropped := c.Counter("dropped")
		last := ""
		return func(word string) error {
			if word == last {
				dropped.Add(1)
			} else {
				out.Emit(word)
			}
			last = word
			return nil
		}
	})
	show(job, changes)
	// Output:
	// a
	// b
}

// Records for which the function returns an error go to a side output, and the job goes on.
func ExampleTryMap() {
	job := weir.NewJob("numbers")
	lines := weir.From(job, "lines", weir.Slice("1", "2", "three"))
	bad := weir.NewTag[string]("not a number")
	numbers := weir.TryMap(lines, strconv.Atoi, bad)
	var rejected weir.Collector[string]
	weir.To(weir.SideOutput(numbers, bad), "rejected", &rejected)
	show(job, numbers)
	fmt.Println("rejected:", rejected.Records())
	// Output:
	// 1
	// 2
	// rejected: [three]
}

// An operator has one main output and any number of side outputs, each with records of its
// own type.
func ExampleSide() {
	job := weir.NewJob("readings")
	readings := weir.From(job, "readings", weir.Slice(19.5, 80.2, 20.1))
	alarms := weir.NewTag[string]("alarms")
	normal := weir.FlatMapWith(readings, func(c *weir.Context, out *weir.Out[float64]) func(float64) error {
		alarm := weir.Side(c, alarms)
		return func(celsius float64) error {
			if celsius > 50 {
				alarm.Emit(fmt.Sprintf("%.1f is too hot", celsius))
			} else {
				out.Emit(celsius)
			}
			return nil
		}
	})
	weir.To(normal, "normal", &weir.Collector[float64]{})
	show(job, weir.SideOutput(normal, alarms))
	// Output:
	// 80.2 is too hot
}

// SideOutput returns a side output as a stream, to be processed like any other.
func ExampleSideOutput() {
	job := weir.NewJob("ages")
	fields := weir.From(job, "fields", weir.Slice("31", "n/a", "45"))
	bad := weir.NewTag[string]("bad")
	ages := weir.TryMap(fields, strconv.Atoi, bad)
	weir.To(ages, "ages", &weir.Collector[int]{})
	report := weir.Map(weir.SideOutput(ages, bad), func(field string) (string, error) {
		return "no age: " + field, nil
	})
	show(job, report)
	// Output:
	// no age: n/a
}

func ExampleUnion() {
	job := weir.NewJob("both")
	one := weir.From(job, "one", weir.Slice("a", "c"))
	other := weir.From(job, "other", weir.Slice("b"))
	show(job, weir.Union(one, other))
	// Output:
	// a
	// b
	// c
}

// A slice is one split, which one subtask reads. Rebalance gives all subtasks of the next
// operator a share of the records.
func ExampleRebalance() {
	job := weir.NewJob("squares")
	numbers := weir.From(job, "numbers", weir.Slice(1, 2, 3))
	squares := weir.Map(weir.Rebalance(numbers), func(n int) (int, error) { return n * n, nil })
	show(job, squares)
	// Output:
	// 1
	// 4
	// 9
}

// An error that would come again is marked as permanent: the job ends at once instead of
// being restarted.
func ExamplePermanent() {
	job := weir.NewJob("strict")
	lines := weir.From(job, "lines", weir.Slice("12", "twelve"))
	numbers := weir.Map(lines, func(line string) (int, error) {
		n, err := strconv.Atoi(line)
		if err != nil {
			return 0, weir.Permanent(err)
		}
		return n, nil
	})
	weir.To(numbers, "out", &weir.Collector[int]{})
	err := runQuietly(job)
	fmt.Println(weir.IsPermanent(err), errors.Is(err, strconv.ErrSyntax))
	// Output:
	// true true
}
