//go:build !unix

package pack

// lock makes the folder; on this system it is up to people not to install twice
// at a time.
func (p Place) lock() (unlock func(), err error) { return func() {}, p.make() }
