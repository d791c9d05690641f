package misc

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// LDAPAnonymous reports a directory whose entries anybody reads.
var LDAPAnonymous = check.Define(harrier.Vulnerability{
	ID: 900108, Slug: "ldap-anonymous-read", Name: "Directory entries are read without signing in", Family: family,
	Synopsis:    "The directory server shows entries to anybody.",
	Description: "A search below the naming context of the directory returned entries to a client that has not signed in. They often hold the names, groups and addresses of people.",
	Solution:    "Limit reading to users who have signed in, unless the directory is meant for everybody.",
	CWEs:        []int{306},
	References:  []string{"https://www.rfc-editor.org/rfc/rfc4513#section-5.1.1"},
}, check.Disclosure, check.Check{
	Applies: named("ldap"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		root, _, err := ldapSearch(c, 1, "", 0, "namingContexts")
		if err != nil {
			return harrier.Unknown, "", err
		}
		contexts := ldapValues(root, "namingcontexts")
		if len(contexts) == 0 {
			return harrier.Unknown, "", fmt.Errorf("the server names no context to search in")
		}
		refusals := 0
		for i, base := range contexts[:min(len(contexts), 4)] {
			entries, code, err := ldapSearch(c, byte(2+i), base, 1, "1.1")
			if err != nil {
				return harrier.Unknown, "", err
			}
			if len(entries) > 0 {
				return harrier.Present, fmt.Sprintf("A search below %q returned entries, the first of them %q.", base, entries[0].name), nil
			}
			switch code {
			case 0, 1, 8, 32, 48, 49, 50, 53: // nothing shown, or not to us
				refusals++
			}
		}
		if refusals == 0 {
			return harrier.Unknown, "", fmt.Errorf("no search was answered")
		}
		return harrier.Absent, "", nil
	},
})

// ldapEntry is an entry as a search returned it.
type ldapEntry struct {
	name       string
	attributes map[string][]string // by name in lower case
}

// ldapSearch searches base for all entries: itself for scope 0, its children for
// scope 1. At most five are asked for. The code is that of the result.
//
// Source: RFC 4511, section 4.5.
func ldapSearch(c *check.Conn, id byte, base string, scope byte, attribute string) (entries []ldapEntry, code int, err error) {
	request := check.BER(0x30, check.BERNumber(2, int(id)), check.BER(0x63,
		check.BER(4, []byte(base)), check.BER(10, []byte{scope}), check.BER(10, []byte{0}),
		check.BERNumber(2, 5), check.BERNumber(2, 5), check.BER(1, []byte{0}),
		check.BER(0x87, []byte("objectClass")), check.BER(0x30, check.BER(4, []byte(attribute)))))
	if _, err := c.Conn.Write(request); err != nil {
		return nil, 0, fmt.Errorf("send: %w", err)
	}
	var buf []byte
	for range 64 {
		for {
			tag, message, rest, ok := check.ReadBER(buf)
			if !ok {
				break
			}
			buf = rest
			if tag != 0x30 {
				return nil, 0, fmt.Errorf("unexpected reply %q", check.FirstLine(message))
			}
			done, err := ldapResponse(message, id, &entries, &code)
			if err != nil || done {
				return entries, code, err
			}
		}
		more, err := c.Ask(nil)
		if err != nil {
			return nil, 0, err
		}
		if buf = append(buf, more...); len(buf) > 1<<20 || buf[0] != 0x30 {
			return nil, 0, fmt.Errorf("unexpected reply %q", check.FirstLine(buf))
		}
	}
	return nil, 0, fmt.Errorf("the search does not end")
}

// ldapResponse adds what message says about search id; done is true at its end.
func ldapResponse(message []byte, id byte, entries *[]ldapEntry, code *int) (done bool, err error) {
	_, number, rest, ok := check.ReadBER(message)
	if !ok || !bytes.Equal(number, []byte{id}) {
		return false, fmt.Errorf("the server answered another request")
	}
	tag, body, _, ok := check.ReadBER(rest)
	if !ok {
		return false, fmt.Errorf("malformed message")
	}
	switch tag {
	case 0x64: // an entry
		_, name, attributes, ok := check.ReadBER(body)
		if !ok {
			return false, fmt.Errorf("malformed entry")
		}
		*entries = append(*entries, ldapEntry{string(name), ldapAttributes(attributes)})
	case 0x65: // the end
		_, result, _, ok := check.ReadBER(body)
		if !ok || len(result) != 1 {
			return false, fmt.Errorf("malformed result")
		}
		*code = int(result[0])
		return true, nil
	}
	return false, nil
}

// ldapAttributes reads the attributes of an entry, as far as they can be read.
func ldapAttributes(b []byte) map[string][]string {
	out := map[string][]string{}
	_, list, _, _ := check.ReadBER(b)
	for len(list) > 0 {
		_, attribute, rest, ok := check.ReadBER(list)
		if !ok {
			return out
		}
		list = rest
		_, name, set, ok := check.ReadBER(attribute)
		if !ok {
			continue
		}
		_, values, _, _ := check.ReadBER(set)
		for len(values) > 0 {
			_, value, rest, ok := check.ReadBER(values)
			if !ok {
				break
			}
			values = rest
			key := strings.ToLower(string(name))
			out[key] = append(out[key], string(value))
		}
	}
	return out
}

func ldapValues(entries []ldapEntry, attribute string) []string {
	if len(entries) == 0 {
		return nil
	}
	return entries[0].attributes[attribute]
}
