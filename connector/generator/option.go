package generator

// An Option changes how records are generated.
type Option func(*options)

type options struct {
	splits int
}

// Splits deals the indexes out to k splits, which are read at the same time: split j has
// j, j+k, j+2k and so on. A job cannot be restored with another k. The default is 1.
func Splits(k int) Option { return func(o *options) { o.splits = k } }
