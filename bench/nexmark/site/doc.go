// Package site is the auction site of Nexmark: a stream of people who register, auctions
// that they open and bids that they make, by the published rules of the benchmark and its
// published settings.
//
// An event is made from its number alone. So a source may have any number of splits, and
// each of them makes the same events as a single one would. Nothing is allocated for an
// event: its strings come from tables.
//
//	event.go      what an event is
//	generator.go  the rules
//	dice.go       random numbers that are the same in any language
//	price.go      prices
//	text.go       strings
//	source.go     the events as a source, as fast as possible or at a rate
//	checksum.go   a checksum, to compare the generator with one in another language
package site
