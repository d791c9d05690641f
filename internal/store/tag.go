package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

var tags = table[harrier.Tag]{
	name: "tag", noun: "tag", taken: "a tag with this UUID exists already",
	columns: "uuid name kind color weight built_in rule owner given created modified",
	row: func(t *harrier.Tag) []any {
		return []any{
			longName{&t.UUID},
			&t.Name, &t.Kind, &t.Color, &t.Weight, &t.BuiltIn, &t.Rule, &t.Owner,
			document{&t.Given},
			moment{&t.Created},
			moment{&t.Modified},
		}
	},
	id:   func(t *harrier.Tag) *harrier.ID { return &t.ID },
	uuid: func(t *harrier.Tag) *harrier.UUID { return &t.UUID },
}

// InsertTag stores t and gives it an ID.
func (db *DB) InsertTag(ctx context.Context, t *harrier.Tag) error { return tags.insert(ctx, db, t) }

// UpdateTag stores t over the one with its ID.
func (db *DB) UpdateTag(ctx context.Context, t *harrier.Tag) error { return tags.update(ctx, db, t) }

// DeleteTag removes a tag with its uses.
func (db *DB) DeleteTag(ctx context.Context, id harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, "DELETE FROM tag_use WHERE tag = $1", int64(id)); err != nil {
			return fmt.Errorf("delete tag %d: %w", id, err)
		}
		return tags.delete(ctx, db, id)
	})
}

// Tag returns a tag.
func (db *DB) Tag(ctx context.Context, id harrier.ID) (harrier.Tag, error) {
	return tags.byID(ctx, db, id)
}

// Tags returns all tags by rising ID.
func (db *DB) Tags(ctx context.Context) ([]harrier.Tag, error) {
	return tags.list(ctx, db, "ORDER BY id")
}

// AddTagUse puts a tag on something; again changes nothing.
func (db *DB) AddTagUse(ctx context.Context, u harrier.TagUse) error {
	_, err := db.exec(ctx, "INSERT INTO tag_use (tag, place, object) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		int64(u.Tag), string(u.On), int64(u.Object))
	if err != nil {
		return fmt.Errorf("use tag %d: %w", u.Tag, err)
	}
	return nil
}

// RemoveTagUse takes a tag off something; where it is not, nothing changes.
func (db *DB) RemoveTagUse(ctx context.Context, u harrier.TagUse) error {
	_, err := db.exec(ctx, "DELETE FROM tag_use WHERE tag = $1 AND place = $2 AND object = $3", int64(u.Tag), string(u.On), int64(u.Object))
	if err != nil {
		return fmt.Errorf("take tag %d off: %w", u.Tag, err)
	}
	return nil
}

// TagUses returns what tags were put on places of one kind, by tag and object:
// all of a tag, or of all tags for 0.
func (db *DB) TagUses(ctx context.Context, tag harrier.ID, on harrier.TagPlace) ([]harrier.TagUse, error) {
	return db.tagUses(ctx, "place = $1 AND ($2 = 0 OR tag = $2)", string(on), int64(tag))
}

// TagUsesOn returns the tags that were put on any of some objects of one kind,
// in no order.
func (db *DB) TagUsesOn(ctx context.Context, on harrier.TagPlace, objects ...harrier.ID) ([]harrier.TagUse, error) {
	var out []harrier.TagUse
	for part := range slices.Chunk(objects, manyAtOnce) {
		list, err := db.tagUses(ctx, "object IN ("+placeholders(manyAtOnce)+") AND place = "+fmt.Sprintf("$%d", manyAtOnce+1),
			append(idArguments(part), string(on))...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

func (db *DB) tagUses(ctx context.Context, where string, args ...any) ([]harrier.TagUse, error) {
	var out []harrier.TagUse
	err := db.rows(ctx, "SELECT tag, place, object FROM tag_use WHERE "+where+" ORDER BY tag, place, object", args, func(scan func(...any) error) error {
		var u harrier.TagUse
		if err := scan(&u.Tag, &u.On, &u.Object); err != nil {
			return err
		}
		out = append(out, u)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read uses of tags: %w", err)
	}
	return out, nil
}

// TagCarriers returns the assets that carry a tag, by rising ID.
func (db *DB) TagCarriers(ctx context.Context, tag harrier.ID) ([]harrier.ID, error) {
	var out []harrier.ID
	err := db.rows(ctx, "SELECT asset FROM asset_tag WHERE tag = $1 ORDER BY asset", []any{int64(tag)}, func(scan func(...any) error) error {
		var id harrier.ID
		if err := scan(&id); err != nil {
			return err
		}
		out = append(out, id)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the assets of tag %d: %w", tag, err)
	}
	return out, nil
}

// SetTagCarriers notes more and fewer assets that carry a tag.
func (db *DB) SetTagCarriers(ctx context.Context, tag harrier.ID, more, fewer []harrier.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for text, list := range map[string][]harrier.ID{
			"INSERT INTO asset_tag (tag, asset) VALUES ($1, $2) ON CONFLICT DO NOTHING": more,
			"DELETE FROM asset_tag WHERE tag = $1 AND asset = $2":                       fewer,
		} {
			for _, id := range list {
				if _, err := db.exec(ctx, text, int64(tag), int64(id)); err != nil {
					return fmt.Errorf("set the assets of tag %d: %w", tag, err)
				}
			}
		}
		return nil
	})
}

// TagsCarried returns the tags that some assets carry, in no order.
func (db *DB) TagsCarried(ctx context.Context, assets ...harrier.ID) ([]harrier.TagUse, error) {
	var out []harrier.TagUse
	for part := range slices.Chunk(assets, manyAtOnce) {
		err := db.rows(ctx, "SELECT tag, asset FROM asset_tag WHERE asset IN ("+placeholders(manyAtOnce)+")", idArguments(part), func(scan func(...any) error) error {
			u := harrier.TagUse{On: harrier.OnAsset}
			if err := scan(&u.Tag, &u.Object); err != nil {
				return err
			}
			out = append(out, u)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the tags of assets: %w", err)
		}
	}
	return out, nil
}

// TagWeights returns the assets whose importance is that of a tag, and what it
// was before.
func (db *DB) TagWeights(ctx context.Context) (map[harrier.ID]int, error) {
	out := map[harrier.ID]int{}
	err := db.rows(ctx, "SELECT asset, before FROM tag_weight", nil, func(scan func(...any) error) error {
		var id harrier.ID
		var before int
		if err := scan(&id, &before); err != nil {
			return err
		}
		out[id] = before
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read weights of tags: %w", err)
	}
	return out, nil
}

// KeepTagWeight notes what the importance of an asset was before a tag's came;
// what was noted already stays.
func (db *DB) KeepTagWeight(ctx context.Context, asset harrier.ID, before int) error {
	_, err := db.exec(ctx, "INSERT INTO tag_weight (asset, before) VALUES ($1, $2) ON CONFLICT DO NOTHING", int64(asset), before)
	if err != nil {
		return fmt.Errorf("keep the weight of asset %d: %w", asset, err)
	}
	return nil
}

// DropTagWeight forgets what KeepTagWeight noted.
func (db *DB) DropTagWeight(ctx context.Context, asset harrier.ID) error {
	if _, err := db.exec(ctx, "DELETE FROM tag_weight WHERE asset = $1", int64(asset)); err != nil {
		return fmt.Errorf("drop the weight of asset %d: %w", asset, err)
	}
	return nil
}
