package codec

// A NeverError says that values of a type can never leave the process.
type NeverError struct{ What string }

func (e *NeverError) Error() string { return e.What }

// ForRecord returns the codec of records that cross an exchange.
func ForRecord[T any]() (Codec[T], error) { return Of[T]() }
