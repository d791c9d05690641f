package nessus

import (
	"context"
	"errors"
	"io"
	"mime/multipart"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// folderItem is a folder.
//
// Source: nessus-api.md, section 8.
type folderItem struct {
	ID      harrier.ID `json:"id"`
	Name    string     `json:"name"`
	Type    string     `json:"type"`
	Default int        `json:"default_tag"`
	Custom  int        `json:"custom"`
	Unread  int        `json:"unread_count"`
}

// folders lists the folders of by; what is unread in them comes from sites.
func (a api) folders(ctx context.Context, by harrier.Actor, sites []harrier.Site) ([]folderItem, error) {
	list, err := a.Sites.Folders(ctx, by)
	if err != nil {
		return nil, err
	}
	out := make([]folderItem, len(list))
	for i, f := range list {
		out[i] = folderItem{f.ID, f.Name, string(f.Kind), zeroOne(f.Kind == harrier.MainFolder), zeroOne(f.Kind == harrier.CustomFolder), 0}
		for _, s := range sites {
			if folderOf(s) == f.ID && !s.Read && s.LastScan != 0 && f.Kind != harrier.TrashFolder {
				out[i].Unread++
			}
		}
	}
	return out, nil
}

// foldersReply is the answer of GET /folders.
type foldersReply struct {
	Folders []folderItem `json:"folders"`
}

func (a api) listFolders(ctx context.Context, by harrier.Actor, _ struct{}) (foldersReply, error) {
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return foldersReply{}, err
	}
	list, err := a.folders(ctx, by, sites)
	return foldersReply{list}, err
}

// folderCreate is the body of POST /folders.
type folderCreate struct {
	Name kit.Text `json:"name"`
}

// idReply names what was made.
type idReply struct {
	ID harrier.ID `json:"id"`
}

func (a api) createFolder(ctx context.Context, by harrier.Actor, q folderCreate) (idReply, error) {
	f := harrier.Folder{Name: string(q.Name), Kind: harrier.CustomFolder}
	err := a.Sites.CreateFolder(ctx, by, &f)
	return idReply{f.ID}, err
}

// folderRename is a PUT /folders/{id}.
type folderRename struct {
	byID
	folderCreate
}

func (a api) renameFolder(ctx context.Context, by harrier.Actor, q folderRename) (kit.Empty, error) {
	return kit.Empty{}, a.Sites.RenameFolder(ctx, by, q.ID, string(q.Name))
}

func (a api) deleteFolder(ctx context.Context, by harrier.Actor, q byID) (kit.Empty, error) {
	return kit.Empty{}, a.Sites.DeleteFolder(ctx, by, q.ID)
}

// uploadRequest is a POST /file/upload.
type uploadRequest struct {
	Parts *multipart.Reader `from:"multipart"`
}

// uploadReply is the name under which the file was kept.
type uploadReply struct {
	File string `json:"fileuploaded"`
}

// uploadFile keeps the part Filedata; other parts are passed over.
func (a api) uploadFile(ctx context.Context, by harrier.Actor, q uploadRequest) (uploadReply, error) {
	for {
		part, err := q.Parts.NextPart()
		if errors.Is(err, io.EOF) {
			return uploadReply{}, harrier.Invalidf("Filedata", "the form has no such file")
		}
		if err != nil {
			return uploadReply{}, harrier.Errorf(harrier.Invalid, "the form is malformed").Because(err)
		}
		if part.FormName() != "Filedata" {
			continue
		}
		name := part.FileName()
		if name == "" {
			name = "Filedata"
		}
		stored, err := a.Reports.Upload(ctx, by, name, part)
		return uploadReply{stored}, err
	}
}
