package site

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

func TestFolders(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	mine, other := h.users[0], h.users[1]
	f := harrier.Folder{ID: 1, Name: "audits", Kind: harrier.MainFolder}
	noError(t, "CreateFolder", h.CreateFolder(ctx, mine, &f))
	if f.ID <= harrier.MyScans || f.Owner != 1 || f.Kind != harrier.CustomFolder {
		t.Errorf("CreateFolder gave %+v", f)
	}
	ids := func(by harrier.Actor) []harrier.ID {
		list, err := h.Folders(ctx, by)
		noError(t, "Folders", err)
		var out []harrier.ID
		for _, f := range list {
			out = append(out, f.ID)
		}
		return out
	}
	if diff := cmp.Diff([]harrier.ID{harrier.Trash, harrier.MyScans, f.ID}, ids(mine)); diff != "" {
		t.Errorf("own folders (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]harrier.ID{harrier.Trash, harrier.MyScans}, ids(other)); diff != "" {
		t.Errorf("another's folders (-want +got):\n%s", diff)
	}

	for _, bad := range []string{"", "  ", "a\nb", string(make([]byte, 300))} {
		wantKind(t, "CreateFolder", h.CreateFolder(ctx, mine, &harrier.Folder{Name: bad}), harrier.Invalid)
		wantKind(t, "RenameFolder", h.RenameFolder(ctx, mine, f.ID, bad), harrier.Invalid)
	}
	wantKind(t, "CreateFolder by nobody", h.CreateFolder(ctx, harrier.Actor{}, &harrier.Folder{Name: "x"}), harrier.Forbidden)
	noError(t, "RenameFolder", h.RenameFolder(ctx, mine, f.ID, "reviews"))
	if got, err := h.db.Folder(ctx, f.ID); err != nil || got.Name != "reviews" {
		t.Errorf("after RenameFolder %+v, %v", got, err)
	}
	for _, c := range []struct {
		name string
		by   harrier.Actor
		id   harrier.ID
		want harrier.Kind
	}{
		{"the trash", mine, harrier.Trash, harrier.Forbidden},
		{"My Scans", mine, harrier.MyScans, harrier.Forbidden},
		{"My Scans, as an administrator", h.users[2], harrier.MyScans, harrier.Forbidden},
		{"another's", other, f.ID, harrier.NotFound},
		{"none", mine, 999, harrier.NotFound},
	} {
		wantKind(t, "RenameFolder of "+c.name, h.RenameFolder(ctx, c.by, c.id, "x"), c.want)
		wantKind(t, "DeleteFolder of "+c.name, h.DeleteFolder(ctx, c.by, c.id), c.want)
	}

	in := h.site(t, harrier.Site{Folder: f.ID})
	out := h.site(t, harrier.Site{})
	noError(t, "DeleteFolder", h.DeleteFolder(ctx, mine, f.ID))
	for id, want := range map[harrier.ID]harrier.ID{in.ID: harrier.Trash, out.ID: harrier.MyScans} {
		if s, err := h.Site(ctx, mine, id); err != nil || s.Folder != want {
			t.Errorf("site %d is in folder %d, %v; want %d", id, s.Folder, err, want)
		}
	}
}

// TestSharedSiteInFolder: a folder is its owner's; others see what is shared
// with them in My Scans, and by saving that move nothing.
func TestSharedSiteInFolder(t *testing.T) {
	ctx := t.Context()
	h := open(t)
	mine, other := h.users[0], h.users[1]
	f := harrier.Folder{Name: "mine"}
	noError(t, "CreateFolder", h.CreateFolder(ctx, mine, &f))
	s := h.site(t, harrier.Site{Folder: f.ID, Grants: []harrier.Grant{{User: 2, Level: harrier.MayConfigure}}})
	seen, err := h.Site(ctx, other, s.ID)
	if err != nil || seen.Folder != harrier.MyScans {
		t.Errorf("to another the site is in folder %d, %v; want My Scans", seen.Folder, err)
	}
	if list, err := h.Sites(ctx, other); err != nil || len(list) != 1 || list[0].Folder != harrier.MyScans {
		t.Errorf("Sites = %+v, %v; want it in My Scans", list, err)
	}
	seen.Name = "renamed by another"
	noError(t, "Update by another", h.Update(ctx, other, &seen))
	noError(t, "Move by another to where it seems to be", h.Move(ctx, other, s.ID, harrier.MyScans))
	if got, err := h.Site(ctx, mine, s.ID); err != nil || got.Folder != f.ID || got.Name != "renamed by another" {
		t.Errorf("to its owner the site is in folder %d, named %q, %v; want folder %d", got.Folder, got.Name, err, f.ID)
	}
	wantKind(t, "Move into another's folder", h.Move(ctx, other, s.ID, 999), harrier.Invalid)
	wantKind(t, "Move into no folder", h.Move(ctx, mine, s.ID, 0), harrier.Invalid)
	noError(t, "Move to the trash", h.Move(ctx, other, s.ID, harrier.Trash))
	if got, err := h.Site(ctx, mine, s.ID); err != nil || got.Folder != harrier.Trash {
		t.Errorf("the site is in folder %d, %v; want the trash", got.Folder, err)
	}
}
