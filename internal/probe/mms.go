package probe

import "bytes"

// learnMMS opens a session, presentation, association and MMS in one message,
// and asks the server who it is. Nothing is written.
//
// Source: ITU-T X.225 section 8 (session), X.226 (presentation), X.227
// (association); ISO 9506-2, Initiate and Identify; IEC 61850-8-1, annex on the
// communication profile.
func (x *talk) learnMMS(w *wire) bool {
	b, err := w.ask(cotpData(mmsConnect()), tpktDone)
	body := cotpBody(b)
	if err != nil || len(body) < 4 || body[0] != 0x0e || !bytes.Contains(body, mmsSyntax) { // the session's ACCEPT
		return false
	}
	x.is("MMS server", "", "", "MMS association accepted")
	b, err = w.ask(cotpData(mmsIdentify()), tpktDone)
	if err != nil {
		return true
	}
	id, ok := parseMMSIdentify(cotpBody(b))
	if !ok {
		return true
	}
	x.fact("device.vendor", id[0])
	x.fact("device.model", id[1])
	x.fact("device.firmware", id[2])
	x.is(oneLine(id[0]+" "+id[1]), "", versionText(id[2]), "MMS Identify: "+id[0]+", "+id[1]+", "+id[2])
	return true
}

// mmsSyntax is the object identifier of MMS's abstract syntax without its
// last arc, 1.0.9506.2.
var mmsSyntax = []byte{0x28, 0xca, 0x22, 0x02}

// The syntaxes that the presentation offers, with their numbers in this
// connection: association 1, MMS 3.
const (
	associationContext = 1
	mmsContext         = 3
)

// mmsConnect is the CONNECT of a session with everything above it inside.
func mmsConnect() []byte {
	initiate := berOf(0xa8,
		[]byte{0x80, 3, 0, 0xfd, 0xe8}, // detail of 65,000 octets
		[]byte{0x81, 1, 5}, []byte{0x82, 1, 5}, []byte{0x83, 1, 10},
		berOf(0xa4, []byte{0x80, 1, 1}, []byte{0x81, 3, 5, 0xf1, 0}, []byte{0x82, 12, 3, 0xee, 0x1c, 0, 0, 4, 8, 0, 0, 0x79, 0xef, 0x18}))
	association := berOf(0x60,
		[]byte{0x80, 2, 7, 0x80},
		berOf(0xa1, []byte{6, 5, 0x28, 0xca, 0x22, 2, 3}), // context: MMS
		berOf(0xbe, berOf(0x28, []byte{2, 1, mmsContext}, berOf(0xa0, initiate))))
	transfer := berOf(0x30, []byte{6, 2, 0x51, 1}) // basic encoding
	contexts := berOf(0xa4,
		berOf(0x30, []byte{2, 1, associationContext}, []byte{6, 4, 0x52, 1, 0, 1}, transfer),
		berOf(0x30, []byte{2, 1, mmsContext}, []byte{6, 5, 0x28, 0xca, 0x22, 2, 1}, transfer))
	presentation := berOf(0x31,
		berOf(0xa0, []byte{0x80, 1, 1}), // normal mode
		berOf(0xa2, []byte{0x81, 4, 0, 0, 0, 1}, []byte{0x82, 4, 0, 0, 0, 1}, contexts, berOf(0x61, presented(associationContext, association))))
	session := octets("05 06 13 01 00 16 01 02 14 02 0002 33 02 0001 34 02 0001") // item, requirements, selectors
	session = append(session, sessionItem(0xc1, presentation)...)
	return sessionItem(0x0d, session)
}

// sessionItem writes a part of the session protocol; a length from 255 on takes
// three octets.
func sessionItem(kind byte, b []byte) []byte {
	if len(b) < 255 {
		return append([]byte{kind, byte(len(b))}, b...)
	}
	return append([]byte{kind, 0xff, byte(len(b) >> 8), byte(len(b))}, b...)
}

// presented wraps data of a syntax.
func presented(context byte, b []byte) []byte {
	return berOf(0x30, []byte{2, 1, context}, berOf(0xa0, b))
}

// mmsIdentify is a confirmed request, number 1, for the service Identify.
func mmsIdentify() []byte {
	request := berOf(0xa0, []byte{2, 1, 1}, []byte{0x82, 0})
	return append([]byte{1, 0, 1, 0}, berOf(0x61, presented(mmsContext, request))...)
}

// parseMMSIdentify reads vendor, model and revision.
func parseMMSIdentify(b []byte) (id [3]string, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte{1, 0, 1, 0})
	if !ok {
		return id, false
	}
	e, _, ok := readBER(b)
	for _, tag := range []byte{0x61, 0x30, 0xa0} { // into user data, its values, the value
		if !ok || e.tag != tag {
			return id, false
		}
		if tag == 0x30 { // behind the number of the syntax
			parts := e.children()
			if len(parts) < 2 {
				return id, false
			}
			e = parts[1]
		} else {
			e, _, ok = readBER(e.body)
		}
	}
	if !ok || e.tag != 0xa1 { // the answer to a confirmed request
		return id, false
	}
	for _, part := range e.children() {
		if part.tag == 0xa2 {
			for _, text := range part.children() {
				if text.tag >= 0x80 && text.tag <= 0x82 {
					id[text.tag-0x80] = clip(oneLine(string(text.body)), 200)
				}
			}
			return id, id[0] != ""
		}
	}
	return id, false
}
