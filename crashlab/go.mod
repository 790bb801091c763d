module github.com/weirstream/weir/crashlab

go 1.26.0

replace github.com/weirstream/weir => ../

require (
	github.com/hanwen/go-fuse/v2 v2.12.1
	github.com/weirstream/weir v0.0.0-00010101000000-000000000000
	golang.org/x/sys v0.49.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/klauspost/cpuid/v2 v2.2.10 // indirect
	github.com/twmb/avro v1.9.0 // indirect
	github.com/twmb/murmur3 v1.2.2 // indirect
	github.com/zeebo/xxh3 v1.1.0 // indirect
	golang.org/x/term v0.47.0 // indirect
)
