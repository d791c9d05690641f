package audit

import (
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

const good = `# a comment
<check_type:"Unix" version:"2">
<if>
  <condition type:"and">
    <custom_item>
      type        : FILE_CHECK
      description : "what it is
about: \"quoted\"
<custom_item> is text here"
      file        : "/etc/passwd" || '/etc/shadow'
    </custom_item>
  </condition>
  <then> <report type:"PASSED">
    description : "a > b"
  </report> </then>
</if>
<item>
  name : "min_password_length" # or more
</item>
</check_type>
`

func TestRead(t *testing.T) {
	f, err := Read("\ufeff" + strings.ReplaceAll(good, "\n", "\r\n"))
	if err != nil || f != (File{"unix", 2}) {
		t.Errorf("Read = %+v, %v", f, err)
	}
	if f, err := Read("<group_policy: \"x\">\n</group_policy>"); err != nil || f.Kind != "windows" {
		t.Errorf("a group policy = %+v, %v", f, err)
	}
	for text, want := range map[string]string{
		"":                                      "check_type",
		"hello":                                 "line 1",
		"<check_type:\"Unix\">\n":               "<check_type> is not closed",
		"<check_type:\"Unix\">\n</if>":          "line 2",
		"<check_type:\"Unix\"":                  "no end",
		"<check_type:\"Unix\">\nfoo\n":          "line 2",
		"<a>\nkey : \"never\nends\n":            "line 2 of the audit file: the value of key",
		"\xff":                                  "UTF-8",
		"<a>\x00</a>":                           "UTF-8",
		"<a> tail":                              "follows",
		"<>":                                    "without a name",
		strings.Repeat("<a>", 65):               "deep",
		strings.Repeat("#", 4<<20+1):            "4194304",
		"<a></a>":                               "check_type",
		strings.Repeat("<item></item>", 50_001): "50000",
	} {
		_, err := Read(text)
		if harrier.KindOf(err) != harrier.Invalid || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%.40q) = %v; want Invalid with %q", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Add("<check_type:\"Unix\">\na : \"b\\\"\n</check_type>")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Read(text)
		if err == nil && (got.Kind == "" || got.Items < 0) || err != nil && harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("Read = %+v, %v", got, err)
		}
	})
}
