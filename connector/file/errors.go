package file

import "fmt"

func errTooLong(max int) error { return fmt.Errorf("the line is longer than %d bytes", max) }
