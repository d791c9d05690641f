package securitycenter

import (
	"context"
	"encoding/json"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// userPreference is what a user likes: nothing of Harrier asks for it.
type userPreference struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Tag   string `json:"tag"`
}

// maxPreferences is how many preferences of a user are kept.
const maxPreferences = 50

// keptPreferences is the key under which they are kept.
const keptPreferences = "preferences"

func preferencesOfUser(u harrier.User) []userPreference {
	out := []userPreference{}
	_ = json.Unmarshal([]byte(u.Given[keptPreferences]), &out) // none, where there are none
	return out
}

// updatePreferences puts preferences in the place of those with their names.
func (a api) updatePreferences(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in struct {
		Preferences []struct {
			Name  kit.Text `json:"name"`
			Value kit.Text `json:"value"`
			Tag   kit.Text `json:"tag"`
		} `json:"preferences"`
	}
	if err := q.body(&in); err != nil {
		return nil, err
	}
	u, err := a.Identity.User(ctx, by, by.User)
	if err != nil {
		return nil, err
	}
	list := preferencesOfUser(u)
next:
	for _, p := range in.Preferences {
		one := userPreference{string(p.Name), string(p.Value), string(p.Tag)}
		for i := range list {
			if list[i].Name == one.Name && list[i].Tag == one.Tag {
				list[i] = one
				continue next
			}
		}
		list = append(list, one)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	if len(list) > maxPreferences {
		return nil, harrier.Invalidf("preferences", "are more than %d", maxPreferences)
	}
	u.Given = cloneMap(u.Given)
	u.Given[keptPreferences] = string(text)
	if err := a.Identity.Update(ctx, by, &u); err != nil {
		return nil, err
	}
	w, err := a.newCurrentUser(ctx, by, u)
	return pick(w, q.fields(), "id", "uuid"), err
}

// switchUser refuses: no user is linked with another one.
func (a api) switchUser(context.Context, harrier.Actor, *query) (any, error) {
	return nil, harrier.Errorf(harrier.Invalid, "There is no linked user to switch to.")
}
