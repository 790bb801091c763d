package checkpoint

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseName(t *testing.T) {
	for s, want := range map[string]Name{
		"chk-1":                         {Kind: Complete, ID: 1},
		"chk-9223372036854775807":       {Kind: Complete, ID: 1<<63 - 1},
		".inprogress-7.3":               {Kind: Staging, ID: 7, Incarnation: 3},
		".trash-7":                      {Kind: Trash, ID: 7},
		".trash-7.2":                    {Kind: Trash, ID: 7, Copy: 2},
		".damaged-7":                    {Kind: Damaged, ID: 7},
		".damaged-7.1":                  {Kind: Damaged, ID: 7, Copy: 1},
		".lock":                         {Kind: Furniture, Text: ".lock"},
		"shared":                        {Kind: Furniture, Text: "shared"},
		"taskowned":                     {Kind: Furniture, Text: "taskowned"},
		"chk-0":                         {Text: "chk-0"},
		"chk-":                          {Text: "chk-"},
		"chk--1":                        {Text: "chk--1"},
		"chk-+1":                        {Text: "chk-+1"},
		"chk-01":                        {Text: "chk-01"},
		"chk-1.1":                       {Text: "chk-1.1"},
		"chk-1 ":                        {Text: "chk-1 "},
		"chk-9223372036854775808":       {Text: "chk-9223372036854775808"},
		"Chk-1":                         {Text: "Chk-1"},
		".inprogress-7":                 {Text: ".inprogress-7"},
		".inprogress-7.":                {Text: ".inprogress-7."},
		".inprogress-7.0":               {Text: ".inprogress-7.0"},
		".inprogress-7.1.1":             {Text: ".inprogress-7.1.1"},
		".trash-7.0":                    {Text: ".trash-7.0"},
		".trash-7.":                     {Text: ".trash-7."},
		".trash-7.99999999999":          {Text: ".trash-7.99999999999"},
		".damaged-":                     {Text: ".damaged-"},
		"":                              {},
		"0b5e1d52-0000-4000-8000-12345": {Text: "0b5e1d52-0000-4000-8000-12345"},
	} {
		if got := ParseName(s); got != want {
			t.Errorf("%q is %+v, want %+v", s, got, want)
		}
	}
}

func TestNamesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := Name{
			Kind: rapid.SampledFrom([]Kind{Complete, Staging, Trash, Damaged}).Draw(t, "kind"),
			ID:   ID(rapid.Int64Min(1).Draw(t, "id")),
		}
		switch n.Kind {
		case Staging:
			n.Incarnation = Incarnation(rapid.Int64Min(1).Draw(t, "incarnation"))
		case Trash, Damaged:
			n.Copy = int(rapid.Int32Min(0).Draw(t, "copy"))
		}
		if got := ParseName(n.String()); got != n {
			t.Fatalf("%+v is written %q, which is %+v", n, n, got)
		}
	})
	// Whatever a name is, it is written as it was read: no two names mean the same.
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`(chk-|\.inprogress-|\.trash-|\.damaged-|)[0-9.+-]{0,5}`).Draw(t, "name")
		if got := ParseName(s).String(); got != s {
			t.Fatalf("%q is read and written again as %q", s, got)
		}
	})
}

func TestPaths(t *testing.T) {
	job := JobID{0xab, 15: 1}
	d := JobDirIn("/base", job)
	for got, want := range map[string]string{
		string(d):        "/base/ab000000000000000000000000000001",
		d.Complete(7):    "/base/ab000000000000000000000000000001/chk-7",
		d.Lock():         "/base/ab000000000000000000000000000001/.lock",
		d.Join("x"):      "/base/ab000000000000000000000000000001/x",
		MetadataIn("d"):  "d/_metadata",
		FileIn("d", "f"): "d/f",
		d.Path(Name{Kind: Staging, ID: 7, Incarnation: 2}): "/base/ab000000000000000000000000000001/.inprogress-7.2",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestPlainName(t *testing.T) {
	for _, bad := range []string{"", ".", "..", "_metadata", "a/b", "/a", "a/", `a\b`, "a\x00", strings.Repeat("x", 256)} {
		if PlainName(bad) {
			t.Errorf("%q can be a state file's name", bad)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		if PlainName(name) && path.Dir(FileIn("d", name)) != "d" {
			t.Fatalf("%q leads to %q", name, FileIn("d", name))
		}
	})
}
