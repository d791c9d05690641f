package site

import (
	"context"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Folders returns the folders that by sees, by rising ID: the system's and
// by's own.
func (r *Room) Folders(ctx context.Context, by harrier.Actor) ([]harrier.Folder, error) {
	all, err := r.store.Folders(ctx)
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	var out []harrier.Folder
	for _, f := range all {
		if f.Kind != harrier.CustomFolder || f.Owner == by.User {
			out = append(out, f)
		}
	}
	return out, nil
}

// CreateFolder stores a folder of by's own and gives it an ID. It answers
// Forbidden to those who see nothing, and Invalid for a bad name.
func (r *Room) CreateFolder(ctx context.Context, by harrier.Actor, f *harrier.Folder) error {
	if !by.May(harrier.ReadOwn) {
		return harrier.Errorf(harrier.Forbidden, "you may not create folders")
	}
	if err := checkFolderName(f.Name); err != nil {
		return err
	}
	f.ID, f.Owner, f.Kind = 0, by.User, harrier.CustomFolder
	if err := r.store.InsertFolder(ctx, f); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	return nil
}

// RenameFolder gives a folder of by's own another name. It answers NotFound,
// Forbidden for a system folder, and Invalid for a bad name.
func (r *Room) RenameFolder(ctx context.Context, by harrier.Actor, id harrier.ID, name string) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		f, err := r.ownFolder(ctx, by, id)
		if err != nil {
			return err
		}
		if err := checkFolderName(name); err != nil {
			return err
		}
		f.Name = name
		if err := r.store.UpdateFolder(ctx, &f); err != nil {
			return fmt.Errorf("rename folder: %w", err)
		}
		return nil
	})
}

// DeleteFolder removes a folder of by's own; the sites in it go to the trash.
// It answers NotFound, and Forbidden for a system folder.
func (r *Room) DeleteFolder(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		if _, err := r.ownFolder(ctx, by, id); err != nil {
			return err
		}
		sites, err := r.store.Sites(ctx)
		if err != nil {
			return fmt.Errorf("delete folder: %w", err)
		}
		for _, s := range sites {
			if s.Folder != id {
				continue
			}
			s.Folder = harrier.Trash
			if err := r.store.UpdateSite(ctx, &s); err != nil {
				return fmt.Errorf("delete folder: %w", err)
			}
		}
		if err := r.store.DeleteFolder(ctx, id); err != nil {
			return fmt.Errorf("delete folder: %w", err)
		}
		return nil
	})
}

// Move puts a site that by may configure into a folder that by sees. It
// answers NotFound for the site, Forbidden, and Invalid for the folder.
func (r *Room) Move(ctx context.Context, by harrier.Actor, site, folder harrier.ID) error {
	if err := mayEdit(by); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.configurable(ctx, by, site)
		if err != nil {
			return err
		}
		s := old
		s.Folder = folder
		if folder == 0 {
			return harrier.Invalidf("folder", "no folder 0")
		}
		if err := r.checkFolder(ctx, by, &s, old); err != nil || s.Folder == old.Folder {
			return err
		}
		if err := r.store.UpdateSite(ctx, &s); err != nil {
			return fmt.Errorf("move site: %w", err)
		}
		return r.audit(ctx, by, "site.move", site, fmt.Sprintf("folder %d", folder))
	})
}

// ownFolder returns a folder of by's own, NotFound for one that by does not
// see, and Forbidden for a system folder.
func (r *Room) ownFolder(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Folder, error) {
	f, err := r.store.Folder(ctx, id)
	switch {
	case err != nil && harrier.KindOf(err) != harrier.NotFound:
		return f, fmt.Errorf("load folder: %w", err)
	case err != nil || f.Kind == harrier.CustomFolder && f.Owner != by.User || !by.May(harrier.ReadOwn):
		return f, harrier.Errorf(harrier.NotFound, "no folder %d", id)
	case f.Kind != harrier.CustomFolder:
		return f, harrier.Errorf(harrier.Forbidden, "the folder %q can not be changed", f.Name)
	}
	return f, nil
}

func checkFolderName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return harrier.Invalidf("name", "must not be empty")
	case len(name) > 255:
		return harrier.Invalidf("name", "is longer than 255 bytes")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return harrier.Invalidf("name", "has control characters")
	}
	return nil
}
