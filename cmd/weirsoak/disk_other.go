//go:build !linux

package main

import "errors"

func noSmallDisk() string { return "they need Linux" }

func makeDisk(string) (*disk, error) { return nil, errors.ErrUnsupported }
