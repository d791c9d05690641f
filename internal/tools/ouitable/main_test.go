package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/harrier-scan/harrier/internal/oui"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	const head = "Registry,Assignment,Organization Name,Organization Address\n"
	for name, text := range map[string]string{
		".lastupdate": "1661630937\n",
		"oui.csv":     head + "MA-L,00000C,\"Cisco  Systems, Inc\",somewhere\nMA-L,741AE0,IEEE Registration Authority,there\n",
		"mam.csv":     head + "MA-M,741AE09,Private,\n",
		"oui36.csv":   head + "MA-S,70B3D5F2F,TELEPLATFORMS,here\n",
		"iab.csv":     head,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "table.bin")
	if err := run(dir, out); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if tab, err := oui.Read(bytes.NewReader(b)); err != nil || tab.Len() != 2 || tab.Date.Format("2006-01-02") != "2022-08-27" {
		t.Errorf("the table = %+v, %v; want two assignments of 2022-08-27", tab, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "iab.csv"), []byte(head+"IAB,00,Short,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, out); err == nil {
		t.Error("run took a prefix of another length")
	}
}
