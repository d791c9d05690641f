package pack

import "github.com/harrier-scan/harrier"

// Reserve keeps others from updating content at the same time; installing and
// loading go on. It answers Conflict while somebody does. The reservation is gone
// with the process.
func (p Place) Reserve() (release func(), err error) {
	release, free, err := p.hold("update.lock", false)
	if err != nil {
		return nil, err
	}
	if !free {
		return nil, harrier.Errorf(harrier.Conflict, "another process is updating the content in %s", p.dir)
	}
	return release, nil
}

// lock waits until nobody else installs.
func (p Place) lock() (unlock func(), err error) {
	unlock, _, err = p.hold("lock", true)
	return unlock, err
}
