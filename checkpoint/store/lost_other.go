//go:build !linux

package store

var lostErrnos []error
