//go:build !linux

package raw

import "time"

// Session is what Open never returns here.
type Session struct {
	*Sender
	*Receiver
}

// Sender lets packets go; only on Linux.
type Sender struct{}

// Receiver reads packets; only on Linux.
type Receiver struct{}

// Keep is the environment variable that makes Early do nothing.
const Keep = "HARRIER_PRIVILEGES"

// Open answers ErrDenied.
func Open(Filter) (*Session, error) { return nil, ErrDenied }

// Allowed reports false.
func Allowed() bool { return false }

// Early does nothing.
func Early(int) error { return nil }

// Release does nothing.
func Release() {}

// ReservePorts answers ErrDenied.
func ReservePorts(int) (first uint16, release func(), err error) { return 0, nil, ErrDenied }

// NewSender returns a Sender that sends nothing.
func (*Session) NewSender() *Sender { return &Sender{} }

// Close does nothing.
func (*Session) Close() error { return nil }

// Send answers ErrDenied.
func (*Sender) Send([]Out) (int, error) { return 0, ErrDenied }

// Skipped is 0.
func (*Sender) Skipped() uint64 { return 0 }

// Next answers ErrDenied.
func (*Receiver) Next(time.Duration, func([]In)) error { return ErrDenied }

// Drops is 0.
func (*Receiver) Drops() uint64 { return 0 }
