package main

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A table is lines of aligned columns. Lines that belong to a row, such as why it is damaged,
// stand below it and are not aligned.
type table struct {
	columns []column
	rows    []row
	least   []int // widths of the columns, at least; nil if it stands alone
}

type column struct {
	head  string
	right bool // numbers
	// least, if it is not 0, says that the column may be cut on a terminal that is too narrow,
	// to this width at least: of a long name some characters are enough.
	least int
	// order is in which order columns are cut: 0 first.
	order int
	// optional says that the column is left out if there is nothing in it but dashes.
	optional bool
}

type row struct {
	cells []string
	tint  map[int]tint // of cells
	below []string
}

// alignTables makes tables of the same columns equally wide.
func alignTables(tables []table) {
	if len(tables) == 0 {
		return
	}
	list := make([]*table, len(tables))
	for i := range tables {
		list[i] = &tables[i]
	}
	leaveOut(list...)
	least := make([]int, 0)
	for _, t := range tables {
		for i, w := range t.widths(0) {
			if i == len(least) {
				least = append(least, 0)
			}
			least[i] = max(least[i], w)
		}
	}
	for i := range tables {
		tables[i].least = least
	}
}

const (
	columnGap = 2
	cutOrders = 3
)

// writeTo writes the table, each line after an indent.
func (t *table) writeTo(out *terminal, indent string) {
	if t.least == nil {
		leaveOut(t)
	}
	widths := t.widths(out.width - len(indent))
	t.line(out, indent, widths, row{cells: t.heads()})
	for _, r := range t.rows {
		t.line(out, indent, widths, r)
		for _, below := range r.below {
			out.para(indent+"  ", below)
		}
	}
}

// leaveOut removes the optional columns that have no content in any of the tables, which have
// the same columns.
func leaveOut(tables ...*table) {
	for i := len(tables[0].columns) - 1; i >= 0; i-- {
		if !tables[0].columns[i].optional || slices.ContainsFunc(tables, func(t *table) bool { return t.hasContent(i) }) {
			continue
		}
		for _, t := range tables {
			t.columns = slices.Delete(slices.Clone(t.columns), i, i+1)
			for j := range t.rows {
				t.rows[j].leaveOut(i)
			}
		}
	}
}

func (t *table) hasContent(column int) bool {
	return slices.ContainsFunc(t.rows, func(r row) bool { return r.cells[column] != "-" })
}

func (r *row) leaveOut(column int) {
	r.cells = slices.Delete(r.cells, column, column+1)
	moved := map[int]tint{}
	for i, c := range r.tint {
		if i > column {
			i--
		}
		moved[i] = c
	}
	r.tint = moved
}

func (t *table) heads() []string {
	heads := make([]string, len(t.columns))
	for i, c := range t.columns {
		heads[i] = c.head
	}
	return heads
}

// widths returns how wide each column is. On a terminal they are such that the table fits, if
// that is possible.
func (t *table) widths(limit int) []int {
	widths := make([]int, len(t.columns))
	total := -columnGap
	for i, c := range t.columns {
		widths[i] = utf8.RuneCountInString(c.head)
		if i < len(t.least) {
			widths[i] = max(widths[i], t.least[i])
		}
		for _, r := range t.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(r.cells[i]))
		}
		total += widths[i] + columnGap
	}
	if limit <= 0 {
		return widths
	}
	for order := range cutOrders {
		for i, c := range t.columns {
			if c.order == order && c.least > 0 && total > limit && widths[i] > c.least {
				w := max(c.least, widths[i]-(total-limit))
				total -= widths[i] - w
				widths[i] = w
			}
		}
	}
	return widths
}

func (t *table) line(out *terminal, indent string, widths []int, r row) {
	var b strings.Builder
	pending := 0 // spaces that are only written if something follows
	for i, cell := range r.cells {
		cell = cut(cell, widths[i])
		space := widths[i] - utf8.RuneCountInString(cell)
		if t.columns[i].right {
			pending += space
			space = 0
		}
		if cell != "" {
			b.WriteString(strings.Repeat(" ", pending))
			b.WriteString(out.tinted(r.tint[i], cell))
			pending = 0
		}
		pending += space + columnGap
	}
	out.printf("%s%s\n", indent, b.String())
}
