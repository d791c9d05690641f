package apiv3

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestCut sorts by whatever members of objects there are: numbers, texts, yes or
// no, and those of objects within.
func TestCut(t *testing.T) {
	row := func(id harrier.ID, name string, on bool, total int) obj {
		return obj{"id": id, "name": name, "enabled": on, "vulnerabilities": obj{"total": total}}
	}
	p := pages{all: []obj{row(1, "b", true, 3), row(2, "A", false, 10), row(3, "c", true, 3)}}
	for _, c := range []struct {
		order []sortKey
		want  string
	}{
		{nil, "[1 2 3]"},
		{[]sortKey{{"name", false}}, "[2 1 3]"},
		{[]sortKey{{"enabled", false}, {"id", true}}, "[2 3 1]"},
		{[]sortKey{{"vulnerabilities.total", true}, {"name", true}}, "[2 3 1]"},
	} {
		rows, total, err := p.cut(0, 10, c.order)
		var got []harrier.ID
		for _, o := range rows {
			got = append(got, o["id"].(harrier.ID))
		}
		if err != nil || total != 3 || fmt.Sprint(got) != c.want {
			t.Errorf("by %v: %v, %v; want %s", c.order, got, err, c.want)
		}
	}
	for _, name := range []string{"nose", "vulnerabilities.nose", "name.first", "vulnerabilities.total.more"} {
		if _, _, err := p.cut(0, 10, []sortKey{{name, false}}); harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("by %s: %v; want Invalid", name, err)
		}
	}
}

// TestPagesOf makes the rows of the page alone where no order needs the others.
func TestPagesOf(t *testing.T) {
	for path, want := range map[string]struct {
		made int
		ids  string
	}{
		"/api/3/sites?page=2&size=2":              {1, "[map[id:5]]"},
		"/api/3/sites?size=2":                     {2, "[map[id:1] map[id:2]]"},
		"/api/3/sites?size=2&sort=id,DESC":        {5, "[map[id:5] map[id:4]]"},
		"/api/3/sites?page=1&size=2&sort=id,DESC": {5, "[map[id:3] map[id:2]]"},
	} {
		made := 0
		q := &query{r: httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)}
		p, err := pagesOf(q, []harrier.ID{1, 2, 3, 4, 5}, func(id harrier.ID) (obj, error) {
			made++
			return obj{"id": id}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.(*pages).answer(q)
		if err != nil || made != want.made || fmt.Sprint(answer["resources"]) != want.ids || answer["page"].(obj)["totalResources"] != 5 {
			t.Errorf("%s: %v, %v with %d rows made; want %s with %d", path, answer, err, made, want.ids, want.made)
		}
	}
}
