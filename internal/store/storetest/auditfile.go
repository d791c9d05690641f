package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// auditFiles stores, changes and removes audit files, with their texts.
func auditFiles(t *testing.T, dsn string) {
	s := open(t, dsn)
	ctx := t.Context()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f := harrier.AuditFile{
		UUID: harrier.NewUUID(at), Name: "CIS", Description: "d", Kind: "unix", Items: 3, Original: "cis.audit", Owner: 7,
		Variables: map[string]string{"WHO": "root"}, Given: map[string]string{"version": "1"}, Groups: []harrier.ID{2}, Created: at, Modified: at,
	}
	const text = "<check_type:\"Unix\">\r\n</check_type>\n"
	if err := s.InsertAuditFile(ctx, &f, text); err != nil {
		t.Fatal(err)
	}
	f.Name = "CIS 2"
	if err := s.UpdateAuditFile(ctx, &f, nil); err != nil {
		t.Fatal(err)
	}
	got, err := s.AuditFile(ctx, f.ID)
	if diff := cmp.Diff(f, got); diff != "" || err != nil {
		t.Errorf("AuditFile: %v\n%s", err, diff)
	}
	if got, err := s.AuditText(ctx, f.ID); got != text || err != nil {
		t.Errorf("AuditText = %q, %v; want %q", got, err, text)
	}
	other := "another"
	if err := s.UpdateAuditFile(ctx, &f, &other); err != nil {
		t.Fatal(err)
	}
	if got, err := s.AuditText(ctx, f.ID); got != other || err != nil {
		t.Errorf("AuditText = %q, %v; want %q", got, err, other)
	}
	if list, err := s.AuditFiles(ctx); len(list) != 1 || err != nil {
		t.Errorf("AuditFiles = %v, %v; want one", list, err)
	}
	if err := s.DeleteAuditFile(ctx, f.ID); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"AuditFile": second(s.AuditFile(ctx, f.ID)), "AuditText": second(s.AuditText(ctx, f.ID)),
		"UpdateAuditFile": s.UpdateAuditFile(ctx, &f, nil), "DeleteAuditFile": s.DeleteAuditFile(ctx, f.ID),
	} {
		if err == nil || harrier.KindOf(err) != harrier.NotFound {
			t.Errorf("%s of what is gone = %v; want NotFound", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
