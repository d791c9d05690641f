package databases

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// MongoDBNoAuth reports a MongoDB server that lists its databases for anybody.
var MongoDBNoAuth = check.Define(harrier.Vulnerability{
	ID: 81777, Slug: "mongodb-no-auth", Name: "MongoDB Service Without Authentication Detection", Family: family,
	Synopsis:    "The MongoDB server obeys commands of anybody.",
	Description: "The server lists its databases for a client that has not signed in. Who reaches the port reads, changes and deletes all data.",
	Solution:    "Turn authorization on in the configuration, create users, and bind the server to the addresses that need it.",
	CWEs:        []int{306},
	References:  []string{"https://www.mongodb.com/docs/manual/administration/security-checklist/"},
}, check.Takeover, check.Check{
	Applies: namedOr("mongodb", 27017),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		if _, err := c.Write(mongoMessage(listDatabases())); err != nil {
			return harrier.Unknown, "", fmt.Errorf("send: %w", err)
		}
		body, err := readMongo(c)
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case bytes.Contains(body, []byte("\x04databases\x00")):
			return harrier.Present, "The server answered listDatabases without signing in.", nil
		case bytes.Contains(body, []byte("\x10code\x00\x0d\x00\x00\x00")), bytes.Contains(body, []byte("requires authentication")):
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", errors.New("listDatabases failed for another reason than a missing sign-in")
	},
})

// listDatabases is {listDatabases: 1, nameOnly: true, $db: "admin"}.
//
// Source: bsonspec.org, version 1.1.
func listDatabases() []byte {
	fields := []byte("\x10listDatabases\x00\x01\x00\x00\x00\x08nameOnly\x00\x01\x02$db\x00\x06\x00\x00\x00admin\x00")
	doc := binary.LittleEndian.AppendUint32(nil, uint32(len(fields)+5))
	return append(append(doc, fields...), 0)
}

const (
	mongoOpMsg  = 2013
	mongoHeader = 16
)

// mongoMessage wraps a document in OP_MSG.
//
// Source: MongoDB wire protocol, OP_MSG.
func mongoMessage(doc []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(mongoHeader+5+len(doc)))
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, mongoOpMsg)
	b = append(b, 0, 0, 0, 0, 0) // flags, one section of kind 0
	return append(b, doc...)
}

// readMongo reads an answer to request 1 and returns its sections, at most
// 64 KiB of them.
func readMongo(r io.Reader) ([]byte, error) {
	head := make([]byte, mongoHeader)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	size, to, op := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[8:]), binary.LittleEndian.Uint32(head[12:])
	if size < mongoHeader || size > 48<<20 || to != 1 || op != mongoOpMsg {
		return nil, fmt.Errorf("unexpected reply %q", check.FirstLine(head))
	}
	body, err := io.ReadAll(io.LimitReader(r, min(int64(size-mongoHeader), 64<<10)))
	if err != nil {
		return nil, fmt.Errorf("short answer: %w", err)
	}
	return body, nil
}
