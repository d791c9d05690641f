package securitycenter

import (
	"context"
	"encoding/json"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// userPreference is what a user likes. Only the time zone is asked for.
type userPreference struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Tag   string `json:"tag"`
}

// zonePreference names the time zone in which a user's days begin.
const zonePreference = "timezone"

// nowOf is the time in the zone of by's days: of what they said, else that of the
// console.
//
// Source: section 28, "day boundary".
func (a api) nowOf(ctx context.Context, by harrier.Actor) time.Time {
	now := a.Now()
	if by.User == 0 {
		return now
	}
	u, err := a.Identity.User(ctx, by, by.User)
	if err != nil { // who has just gone asks no more
		return now
	}
	for _, p := range preferencesOfUser(u) {
		if p.Name != zonePreference || p.Value == "" {
			continue
		}
		if zone, err := time.LoadLocation(p.Value); err == nil {
			return now.In(zone)
		}
	}
	return now
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

// givenPreferences are the preferences of a request.
type givenPreferences []struct {
	Name  kit.Text `json:"name"`
	Value kit.Text `json:"value"`
	Tag   kit.Text `json:"tag"`
}

// apply puts them in the place of those of u with their names.
func (in givenPreferences) apply(u *harrier.User) error {
	list := preferencesOfUser(*u)
next:
	for _, p := range in {
		one := userPreference{string(p.Name), string(p.Value), string(p.Tag)}
		if one.Name == zonePreference && one.Value != "" {
			if _, err := time.LoadLocation(one.Value); err != nil || one.Value == "Local" {
				return harrier.Invalidf("preferences", "there is no time zone %q", cut(one.Value, 64))
			}
		}
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
		return err
	}
	if len(list) > maxPreferences {
		return harrier.Invalidf("preferences", "are more than %d", maxPreferences)
	}
	u.Given = cloneMap(u.Given)
	u.Given[keptPreferences] = string(text)
	return nil
}

// updatePreferences puts preferences in the place of those with their names.
func (a api) updatePreferences(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var in struct {
		Preferences givenPreferences `json:"preferences"`
	}
	if err := q.body(&in); err != nil {
		return nil, err
	}
	u, err := a.Identity.User(ctx, by, by.User)
	if err != nil {
		return nil, err
	}
	if err := in.Preferences.apply(&u); err != nil {
		return nil, err
	}
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
