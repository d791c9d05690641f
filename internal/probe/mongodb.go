package probe

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

var mongodbProtocol = Protocol{
	Name: "mongodb", Transport: harrier.TCP, Ports: []uint16{27017, 27018, 27019},
	Common: true,
	Hello:  func(Target) []byte { return mongoQuery("isMaster") },
	Done:   mongoDone,
	Reply:  func(b []byte) bool { d := mongoReply(b); return d["maxWireVersion"] != "" || d["ismaster"] != "" },
	Banner: isMongoRefusal,
	Learn:  learnMongoDB,
}

// isMongoRefusal takes what the port for drivers answers to HTTP.
func isMongoRefusal(b []byte) bool {
	return bytes.HasPrefix(b, []byte("HTTP/1.")) && bytes.Contains(b, []byte("trying to access MongoDB over HTTP on the native driver port"))
}

// mongoQuery runs a command on the admin database by the oldest message, which
// every server still answers for this purpose.
//
// Source: MongoDB wire protocol, OP_QUERY; BSON specification 1.1.
func mongoQuery(command string) []byte {
	doc := append([]byte{0x10}, command...)
	doc = append(doc, 0, 1, 0, 0, 0, 0)
	doc = append(binary.LittleEndian.AppendUint32(nil, uint32(4+len(doc))), doc...)
	body := append([]byte{0, 0, 0, 0}, "admin.$cmd\x00"...)
	body = append(body, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)
	body = append(body, doc...)
	return mongoMessage(2004, body)
}

// mongoOpMsg runs a command by the message of today.
func mongoOpMsg(command string) []byte {
	doc := append([]byte{0x10}, command...)
	doc = append(doc, 0, 1, 0, 0, 0)
	doc = append(append(doc, 2), "$db\x00\x06\x00\x00\x00admin\x00\x00"...)
	doc = append(binary.LittleEndian.AppendUint32(nil, uint32(4+len(doc))), doc...)
	return mongoMessage(2013, append([]byte{0, 0, 0, 0, 0}, doc...))
}

func mongoMessage(code uint32, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(16+len(body)))
	b = binary.LittleEndian.AppendUint32(b, 0x6872)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, code)
	return append(b, body...)
}

func mongoDone(b []byte) bool {
	return len(b) >= 16 && uint64(len(b)) >= uint64(binary.LittleEndian.Uint32(b))
}

// mongoReply reads the document of a reply: its text and number fields.
func mongoReply(b []byte) map[string]string {
	if len(b) < 21 || binary.LittleEndian.Uint32(b[8:]) != 0x6872 {
		return nil
	}
	switch binary.LittleEndian.Uint32(b[12:]) {
	case 1:
		if len(b) >= 36 {
			return bsonFields(b[36:])
		}
	case 2013:
		return bsonFields(b[21:])
	}
	return nil
}

// bsonFields reads the fields of a document up to the first of a type that it
// does not know; documents within are skipped.
func bsonFields(b []byte) map[string]string {
	out := map[string]string{}
	if len(b) < 5 {
		return out
	}
	b = b[4:]
	for len(b) > 1 && b[0] != 0 {
		kind := b[0]
		name, rest, found := bytes.Cut(b[1:], []byte{0})
		if !found {
			break
		}
		size, known := bsonSize(kind, rest)
		if !known || size > len(rest) {
			break
		}
		switch kind {
		case 2:
			out[string(name)] = string(bytes.TrimRight(rest[4:size], "\x00"))
		case 8:
			out[string(name)] = map[byte]string{0: "false", 1: "true"}[rest[0]]
		case 16:
			out[string(name)] = itoa(int(int32(binary.LittleEndian.Uint32(rest))))
		case 1:
			out[string(name)] = "number"
		}
		b = rest[size:]
	}
	return out
}

// bsonSize is how many bytes the value at b takes.
func bsonSize(kind byte, b []byte) (size int, known bool) {
	switch kind {
	case 1, 9, 17, 18:
		return 8, true
	case 7:
		return 12, true
	case 8:
		return 1, true
	case 10:
		return 0, true
	case 16:
		return 4, true
	}
	if len(b) < 4 {
		return 0, false
	}
	n := binary.LittleEndian.Uint32(b)
	switch {
	case n > maxReply:
		return 0, false
	case kind == 2:
		return 4 + int(n), true
	case (kind == 3 || kind == 4) && n >= 5:
		return int(n), true
	case kind == 5:
		return 5 + int(n), true
	}
	return 0, false
}

func learnMongoDB(ctx context.Context, x *talk, first []byte, _ bool) {
	hello := mongoReply(first)
	x.fact("mongodb.set", hello["setName"])
	x.fact("mongodb.me", hello["me"])
	x.s.Product = "MongoDB"
	reply, err := x.ask(ctx, mongoOpMsg("buildInfo"), mongoDone)
	if err == nil {
		if v := versionText(mongoReply(reply)["version"]); v != "" {
			x.is("MongoDB", "mongodb:mongodb", v, "buildInfo version "+v)
		}
	}
	if reply, err = x.ask(ctx, mongoOpMsg("listDatabases"), mongoDone); err == nil {
		switch d := mongoReply(reply); {
		case d["codeName"] == "Unauthorized" || d["code"] == "13":
			x.fact("auth.required", "yes")
		case d["errmsg"] == "" && len(d) > 0:
			x.fact("auth.required", "no")
		}
	}
}
