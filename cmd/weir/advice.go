package main

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/inspect"
)

// advised adds to an error about a checkpoint what can be done on this command line. Package
// inspect knows no flags and no verbs. shown is the checkpoint as it was named.
func advised(err error, shown string) error {
	var none *inspect.NoCheckpointError
	var metadata *store.MetadataError
	var large *inspect.TooLargeError
	switch {
	case errors.As(err, &none):
		return fmt.Errorf("%w; \"weir ls %s\" lists what there is", err, none.Path)
	case errors.As(err, &metadata):
		return fmt.Errorf("%w; \"weir verify %s\" says whether an older checkpoint is intact", err, shown)
	case errors.As(err, &large):
		return fmt.Errorf("%w; --max-block raises that", err)
	}
	return err
}

// unreadText says why state was not read, and which flag changes that.
func unreadText(u inspect.Unread) string {
	switch u.Cure {
	case inspect.ByAllowOutside:
		return u.Why + "; --allow-outside reads it"
	case inspect.ByLargerMaxBlock:
		return u.Why + "; --max-block raises that"
	}
	return u.Why
}

func unreadTexts(list []inspect.Unread) []string {
	texts := make([]string, len(list))
	for i, u := range list {
		texts[i] = unreadText(u)
	}
	return texts
}
