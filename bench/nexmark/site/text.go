package site

import (
	"fmt"
	"math/bits"
	"strings"
)

// Tables of strings. Each is made once, from dice of its own.

const (
	rows     = 1024   // of a table of strings
	channels = 10_000 // beside the hot ones

	variants  = 64   // of the extra text of an event
	variantBy = 1024 // bytes from one to the next: no extra text is longer
)

var (
	firstNames = []string{"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"}
	lastNames  = []string{"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"}
	cities     = []string{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"}
	states     = []string{"AZ", "CA", "ID", "OR", "WA", "WY"}
)

// hotChannels have half of all bids.
var hotChannels = [4]channel{{name: "Google"}, {name: "Facebook"}, {name: "Baidu"}, {name: "Apple"}}

type channel struct{ name, url string }

var (
	names         [99]string // of people: each first name with each last name
	emails        [rows]string
	creditCards   [rows]string
	itemNames     [rows]string
	descriptions  [rows]string
	otherChannels [channels]channel
	text          string
)

func init() {
	for i := range names {
		names[i] = firstNames[i/len(lastNames)] + " " + lastNames[i%len(lastNames)]
	}
	d := diceOf(-1)
	for i := range rows {
		emails[i] = word(&d, 7, ' ') + "@" + word(&d, 5, ' ') + ".com"
	}
	for i := range rows {
		creditCards[i] = fmt.Sprintf("%04d %04d %04d %04d", d.below(10_000), d.below(10_000), d.below(10_000), d.below(10_000))
	}
	for i := range rows {
		itemNames[i] = word(&d, 20, ' ')
	}
	for i := range rows {
		descriptions[i] = word(&d, 100, ' ')
	}
	for i := range hotChannels {
		hotChannels[i].url = baseURL(&d)
	}
	for i := range otherChannels {
		url := baseURL(&d)
		if d.below(10) > 0 {
			id := int32(bits.Reverse32(uint32(i)))
			url += fmt.Sprintf("&channel_id=%d", max(id, -id))
		}
		otherChannels[i] = channel{fmt.Sprintf("channel-%d", i), url}
	}
	letters := make([]byte, variants*variantBy)
	for i := range letters {
		letters[i] = 'a' + byte(d.below(26))
	}
	text = string(letters)
}

// word returns a word of 3 to longest-1 letters, in which one of 13 is the special one.
func word(d *dice, longest int64, special byte) string {
	w := make([]byte, 3+d.below(longest-3))
	for i := range w {
		if w[i] = special; d.below(13) > 0 {
			w[i] = 'a' + byte(d.below(26))
		}
	}
	return strings.Trim(string(w), " ")
}

func baseURL(d *dice) string {
	return "https://www.nexmark.com/" + word(d, 5, '_') + "/" + word(d, 5, '_') + "/" + word(d, 5, '_') + "/item.htm?query=1"
}

// extra returns the text that brings an event of the given size to the average size: it is
// up to a fifth shorter or longer. r has 32 random bits.
func extra(r uint64, size, average int64) string {
	if size > average {
		return ""
	}
	rest := average - size
	by := (rest*2 + 5) / 10 // a fifth, rounded
	if by > 0 {
		rest += pick(r<<6, 2*by) - by
	}
	from := int64(r>>26&(variants-1)) * variantBy
	return text[from : from+rest]
}
