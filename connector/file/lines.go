package file

import "github.com/weirstream/weir"

// Lines is a source of the lines of a file, or of the files in a folder, without their
// ends ("\n" or "\r\n"). What is in a line is not looked at; it need not be UTF-8.
func Lines(path string, opts ...Option) weir.Source[string] {
	return newSource(path, opts, func() decoder[string] {
		return func(line []byte, record *string) (bool, error) {
			*record = string(line)
			return true, nil
		}
	})
}
