package weir_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/weirstream/weir"
)

// A Payment has a currency and an amount.
type Payment struct {
	At       time.Time
	Currency string
	Amount   int
}

// A Rate is what a currency is worth from a time on.
type Rate struct {
	At       time.Time
	Currency string
	Cents    int
}

func payments(job *weir.Job, all ...Payment) weir.Keyed[string, Payment] {
	in := weir.From(job, "payments", weir.Slice(all...), weir.OutOfOrder(time.Hour, func(s Payment) weir.Time { return weir.At(s.At) }))
	return weir.KeyBy(in, func(s Payment) string { return s.Currency })
}

func rates(job *weir.Job, all ...Rate) weir.Keyed[string, Rate] {
	in := weir.From(job, "rates", weir.Slice(all...), weir.OutOfOrder(time.Hour, func(r Rate) weir.Time { return weir.At(r.At) }))
	return weir.KeyBy(in, func(r Rate) string { return r.Currency })
}

// IntervalJoin joins each payment with the rates that were published within five minutes before
// it.
func ExampleIntervalJoin() {
	job := weir.NewJob("payments and rates")
	within := weir.Between(-5*time.Minute, 0)
	joined := weir.IntervalJoin(payments(job, Payment{noon(10), "EUR", 2}), rates(job, Rate{noon(4), "EUR", 108}, Rate{noon(6), "EUR", 110}, Rate{noon(11), "EUR", 111}), "near", within,
		func(s Payment, r Rate) (string, error) { return fmt.Sprint(s.Amount * r.Cents), nil })
	show(job, joined)
	// Output:
	// 220
}

// An interval may be without its bounds.
func ExampleBetween() {
	fmt.Println(weir.Between(-time.Second, 5*time.Second))
	fmt.Println(weir.Between(0, time.Minute).LowerExclusive())
	fmt.Println(weir.Between(0, time.Minute).UpperExclusive())
	// Output:
	// [-1s, 5s]
	// (0s, 1m0s]
	// [0s, 1m0s)
}

// TemporalJoin joins each payment with the rate that was valid at its time. A payment without one
// goes to a side output.
func ExampleTemporalJoin() {
	job := weir.NewJob("payments at their rates")
	none := weir.NewTag[Payment]("no rate")
	joined := weir.TemporalJoin(payments(job, Payment{noon(10), "EUR", 2}, Payment{noon(1), "EUR", 5}), rates(job, Rate{noon(11), "EUR", 111}, Rate{noon(4), "EUR", 108}), "at its time",
		func(s Payment, r Rate) (string, error) { return fmt.Sprint(s.Amount * r.Cents), nil }, weir.Unmatched(none))
	unknown := weir.Map(weir.SideOutput(joined, none), func(s Payment) (string, error) { return fmt.Sprint("no rate for ", s.Amount), nil })
	show(job, weir.Union(joined, unknown))
	// Output:
	// 216
	// no rate for 5
}

// A record of a join that is late goes to a side output. Here none is.
func ExampleLateLeft() {
	job := weir.NewJob("late payments")
	late := weir.NewTag[Payment]("late")
	joined := weir.IntervalJoin(payments(job, Payment{noon(10), "EUR", 2}), rates(job, Rate{noon(10), "EUR", 108}), "at once", weir.Between(0, 0),
		func(s Payment, r Rate) (string, error) { return fmt.Sprint(s.Amount * r.Cents), nil }, weir.LateLeft(late))
	lates := weir.Map(weir.SideOutput(joined, late), func(s Payment) (string, error) { return fmt.Sprint(s, " is late"), nil })
	show(job, weir.Union(joined, lates))
	// Output:
	// 216
}

// Distinct keeps the first record of each key.
func ExampleDropDuplicates() {
	job := weir.NewJob("distinct")
	words := weir.From(job, "words", weir.Slice("to", "be", "or", "not", "to", "be"))
	show(job, weir.DropDuplicates(weir.KeyBy(words, strings.ToUpper), "words once"))
	// Output:
	// be
	// not
	// or
	// to
}

// Deduplicate keeps the earliest record of each key.
func ExampleDeduplicate() {
	job := weir.NewJob("first payment")
	first := weir.Deduplicate(payments(job, Payment{noon(10), "EUR", 2}, Payment{noon(1), "EUR", 5}, Payment{noon(7), "USD", 3}), "first", weir.KeepFirst)
	show(job, weir.Map(first, func(s Payment) (string, error) { return fmt.Sprint(s.Currency, " ", s.Amount), nil }))
	// Output:
	// EUR 5
	// USD 3
}

// With ForgetAfter a key is new again after some time.
func ExampleForgetAfter() {
	job := weir.NewJob("once an hour")
	byCurrency := payments(job, Payment{noon(10), "EUR", 2}, Payment{noon(20), "EUR", 5})
	hourly := weir.DropDuplicates(byCurrency, "once an hour", weir.ForgetAfter(time.Hour))
	show(job, weir.Map(hourly, func(s Payment) (int, error) { return s.Amount, nil }))
	// Output:
	// 2
}

// BroadcastProcess gives every subtask the rules, and each record to one of them. The order of
// the two streams is not known, so records wait here for the end.
func ExampleBroadcastProcess() {
	job := weir.NewJob("rules")
	words := weir.KeyBy(weir.From(job, "words", weir.Slice("cat", "dog")), func(w string) string { return w })
	rules := weir.From(job, "rules", weir.Slice("cat meows", "dog barks"))
	said := weir.BroadcastProcess(words, rules, "say", func(c *weir.KeyContext[string], out *weir.Out[string]) (func(string) error, func(string) error) {
		sounds := weir.NewBroadcastMap[string, string](c, "sounds")
		end := c.EventTimer("end", func(weir.Time) error {
			sound, _ := sounds.Get(c.Key())
			out.Emit("the " + c.Key() + " " + sound)
			return nil
		})
		return func(string) error {
				end.Set(weir.MaxTime)
				return nil
			}, func(rule string) error {
				animal, sound, _ := strings.Cut(rule, " ")
				sounds.Put(animal, sound)
				return nil
			}
	})
	show(job, said)
	// Output:
	// the cat meows
	// the dog barks
}

// BroadcastFlatMap does the same for records without keys. Here each subtask counts the words
// that it has been sent; one subtask, so that there is one result.
func ExampleBroadcastFlatMap() {
	job := weir.NewJob("words")
	records := weir.From(job, "records", weir.Slice[int]())
	words := weir.From(job, "words", weir.Slice("a", "b", "a"))
	counted := weir.BroadcastFlatMap(records, words, "count", func(c *weir.Context, out *weir.Out[string]) (func(int) error, func(string) error) {
		n := weir.NewBroadcastMap[string, int64](c, "n")
		return func(int) error { return nil }, func(w string) error {
			count, _ := n.Get(w)
			n.Put(w, count+1)
			out.Emit(fmt.Sprint(w, " ", count+1))
			return nil
		}
	}).Parallelism(1)
	show(job, counted)
	// Output:
	// a 1
	// a 2
	// b 1
}
