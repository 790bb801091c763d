package query

import (
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Directories is a row of Q22.
type Directories struct {
	Auction, Bidder, Price int64
	Channel                string
	Dir1, Dir2, Dir3       string
	At                     weir.Time
}

// Q22 takes the three directories out of each bid's URL.
func Q22(events weir.Stream[site.Event]) weir.Stream[Directories] {
	return bids(events, func(b site.Bid) (Directories, bool) {
		_, rest, _ := strings.Cut(b.URL, "//")
		_, rest, _ = strings.Cut(rest, "/")
		dir1, rest, _ := strings.Cut(rest, "/")
		dir2, rest, _ := strings.Cut(rest, "/")
		dir3, _, _ := strings.Cut(rest, "/")
		return Directories{b.Auction, b.Bidder, b.Price, b.Channel, dir1, dir2, dir3, b.DateTime}, true
	})
}
