package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
	"github.com/weirstream/weir/window"
)

// Q12 counts the bids of each bidder in every ten seconds of processing time.
func Q12(events weir.Stream[site.Event]) weir.Stream[Bids] {
	return countBids(events, window.Tumbling(windowSize).ProcessingTime())
}
