package misc

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// The operations and errors of ZooKeeper that listRoot meets.
//
// Source: ZooKeeper, zookeeper.jute and KeeperException.
const (
	zkGetChildren    = 8
	zkCloseSession   = -11
	zkNoAuth         = -102
	zkAuthFailed     = -115
	zkSessionMissing = -124 // the server wants SASL first
)

// listRoot opens a session, lists the root and closes the session.
func listRoot(c io.ReadWriter) (harrier.Verdict, string, error) {
	hello := make([]byte, 4+8+4+8) // version, last seen, timeout, session
	binary.BigEndian.PutUint32(hello[12:], 10_000)
	hello = append(hello, 0, 0, 0, 16)
	hello = append(hello, make([]byte, 16+1)...) // password, not read-only
	accepted, err := zkAsk(c, hello)
	if err != nil {
		return harrier.Unknown, "", err
	}
	if len(accepted) < 16 || binary.BigEndian.Uint32(accepted) != 0 {
		return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(accepted))
	}
	list, err := zkAsk(c, zkRequest(1, zkGetChildren, []byte("\x00\x00\x00\x01/\x00")))
	if err != nil {
		return harrier.Unknown, "", err
	}
	_, _ = zkAsk(c, zkRequest(2, zkCloseSession, nil)) // a courtesy: the session would end by itself
	if len(list) < 16 || binary.BigEndian.Uint32(list) != 1 {
		return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(list))
	}
	switch code := int32(binary.BigEndian.Uint32(list[12:])); code {
	case 0:
		if len(list) < 20 {
			return harrier.Unknown, "", fmt.Errorf("short answer")
		}
		return harrier.Present, fmt.Sprintf("The root of the tree has %d nodes.", binary.BigEndian.Uint32(list[16:])), nil
	case zkNoAuth, zkAuthFailed, zkSessionMissing:
		return harrier.Absent, "", nil
	default:
		return harrier.Unknown, "", fmt.Errorf("the server answered error %d", code)
	}
}

func zkRequest(id, operation int32, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(id))
	return append(binary.BigEndian.AppendUint32(b, uint32(operation)), body...)
}

// zkAsk sends a message and reads one, each after its length.
func zkAsk(c io.ReadWriter, message []byte) ([]byte, error) {
	if _, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...)); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(c, head); err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	size := binary.BigEndian.Uint32(head)
	if size > 64<<10 {
		return nil, fmt.Errorf("unexpected reply %q", check.FirstLine(head))
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(c, body); err != nil {
		return nil, fmt.Errorf("short answer: %w", err)
	}
	return body, nil
}
