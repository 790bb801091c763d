// Package bench holds the benchmarks whose figures are in the README. Each measures Weir
// and a yardstick in the same run and reports the ratio, because machines are noisy.
// README.md says how to run them.
package bench
