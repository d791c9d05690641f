package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

var dicomProtocol = Protocol{
	Name: "dicom", Transport: harrier.TCP, Ports: []uint16{104, 11112, 4242, 2761, 2762},
	Hello: func(Target) []byte { return dicomAssociate },
	Done:  func(b []byte) bool { return len(b) >= 6 && uint64(len(b)) >= 6+uint64(binary.BigEndian.Uint32(b[2:])) },
	Reply: isDICOM,
	Learn: learnDICOM,
}

// Identifiers of DICOM: its context, the service of verification, the plainest
// transfer syntax.
const (
	dicomContext      = "1.2.840.10008.3.1.1.1"
	dicomVerification = "1.2.840.10008.1.1"
	dicomImplicit     = "1.2.840.10008.1.2"
)

// dicomAssociate asks for an association to verify that the peer is there.
//
// Source: DICOM PS3.8, section 9.3.2; PS3.7, annex D.
var dicomAssociate = func() []byte {
	item := func(kind byte, body string) string {
		return string([]byte{kind, 0, byte(len(body) >> 8), byte(len(body))}) + body
	}
	body := "\x00\x01\x00\x00" + fmt.Sprintf("%-16s%-16s", "ANY-SCP", "HARRIER") + strings.Repeat("\x00", 32) +
		item(0x10, dicomContext) +
		item(0x20, "\x01\x00\x00\x00"+item(0x30, dicomVerification)+item(0x40, dicomImplicit)) +
		item(0x50, item(0x51, "\x00\x00\x40\x00")+item(0x52, "2.25.6872")+item(0x55, "HARRIER"))
	return append(binary.BigEndian.AppendUint32([]byte{1, 0}, uint32(len(body))), body...)
}()

// isDICOM takes an acceptance that repeats the context, a rejection, or an abort.
//
// Source: DICOM PS3.8, sections 9.3.3, 9.3.4 and 9.3.8.
func isDICOM(b []byte) bool {
	if len(b) < 10 || b[1] != 0 {
		return false
	}
	size := binary.BigEndian.Uint32(b[2:])
	switch b[0] {
	case 2:
		return size >= 68 && len(b) > 74 && b[6] == 0 && b[7] == 1 && b[74] == 0x10 && strings.Contains(string(b[74:]), dicomContext)
	case 3:
		return size == 4 && len(b) == 10 && b[6] == 0 && (b[7] == 1 || b[7] == 2) && b[8] >= 1 && b[8] <= 3 && b[9] >= 1 && b[9] <= 10
	case 7:
		return size == 4 && len(b) == 10 && b[6] == 0 && b[7] == 0 && b[8] == 2 && b[9] <= 6
	}
	return false
}

// dicomUser reads the class and the version name of the implementation.
func dicomUser(b []byte) (class, name string) {
	c := cursor{b: b}
	for c.skip(74); len(c.b) > 0; {
		kind := c.u8()
		c.skip(1)
		item := cursor{b: c.bytes(c.be16())}
		for kind == 0x50 && len(item.b) > 0 {
			kind := item.u8()
			item.skip(1)
			switch value := padText(item.bytes(item.be16())); kind {
			case 0x52:
				class = value
			case 0x55:
				name = value
			}
		}
	}
	return class, name
}

// dicomNames are products by the names of their versions.
var dicomNames = []struct {
	pattern      *regex
	product, cpe string
}{
	{pattern(`^OFFIS_DCMTK_(\d)(\d)(\d)$`), "OFFIS DCMTK", "offis:dcmtk"},
	{pattern(`^ORTHANC_(\d+)\.(\d+)\.(\d+)$`), "Orthanc", "orthanc-server:orthanc"},
	{pattern(`^dcm4che-(\d+)\.(\d+)\.(\d+)$`), "dcm4che", "dcm4che:dcm4che"},
}

func learnDICOM(_ context.Context, x *talk, first []byte, _ bool) {
	switch first[0] {
	case 3:
		x.fact("dicom.rejected", fmt.Sprintf("%d.%d.%d", first[7], first[8], first[9]))
		x.fact("auth.required", yesNo(first[8] == 1 && (first[9] == 3 || first[9] == 7))) // who asks or who is asked is not known
		return
	case 7:
		return
	}
	class, name := dicomUser(first)
	x.fact("dicom.class", class)
	x.fact("dicom.implementation", name)
	x.fact("auth.required", "no")
	for _, p := range dicomNames {
		if m := p.pattern.FindStringSubmatch(name); m != nil {
			x.is(p.product, p.cpe, strings.Join(m[1:], "."), name)
		}
	}
}
