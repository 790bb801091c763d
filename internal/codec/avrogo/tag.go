package avrogo

import (
	"fmt"
	"slices"
	"strings"
)

// A tag is what `avro:"…"` says of a field. It is the avro package's own language: a
// name, and then options.
type tag struct {
	name    string
	aliases []string
	logical string  // a unit of time, or uuid
	dflt    *string // the text of default=, or nil
	inline  bool
}

// leftOut is the tag of a field that is not written.
const leftOut = "-"

// parseTag parses the text of a tag. If it makes no sense, the second result says why.
func parseTag(text string) (t tag, wrong string) {
	if strings.HasPrefix(text, "-") && text != leftOut {
		return t, "a field is left out by `avro:\"-\"` and nothing else: remove what follows the -"
	}
	name, options, _ := strings.Cut(text, ",")
	t.name = name
	for options != "" {
		if strings.HasPrefix(options, "default=") { // the last one: it may have commas
			rest := strings.TrimPrefix(options, "default=")
			t.dflt = &rest
			break
		}
		var option string
		option, options = cutOption(options)
		key, value, _ := strings.Cut(option, "=")
		switch {
		case option == "inline":
			t.inline = true
		case option == "omitzero", key == "type-alias", option == "":
			// The avro package's; of no consequence here.
		case key == "alias":
			t.aliases = append(t.aliases, strings.Split(strings.Trim(value, "[]"), ",")...)
		case option == "uuid" || slices.Contains(unitNames(), option):
			t.logical = option
		default:
			return t, fmt.Sprintf("the tag has the option %q, which is not known: it may have alias=, default=, inline, uuid, "+
				"or a unit of time such as timestamp-micros", option)
		}
	}
	if t.inline && (t.name != "" || len(t.aliases) > 0 || t.logical != "" || t.dflt != nil) {
		return t, "inline makes the fields of the struct fields of the struct around it, so that there is nothing a name or " +
			"another option could be of: remove those"
	}
	return t, ""
}

// cutOption cuts off the first option. A comma in brackets does not end it.
func cutOption(options string) (option, rest string) {
	depth := 0
	for i, c := range options {
		switch c {
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		case ',':
			if depth <= 0 {
				return options[:i], options[i+1:]
			}
		}
	}
	return options, ""
}
