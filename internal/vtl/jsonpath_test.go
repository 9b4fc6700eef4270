package vtl

import "testing"

func TestJSONPath(t *testing.T) {
	store := `{"books":[{"title":"A","price":8.95,"tags":["x"],"isbn":"1"},{"title":"B","price":12,"tags":[]},{"title":"C d","price":9,"used":true,"isbn":null}],
		"people":{"ann":{"age":30},"bob":{"age":40}},"max":10,"a.b":1}`
	value, err := ParseJSON(store)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, want string }{
		{"$.books[?(@.price < 10)].title", `["A","C d"]`},
		{"$.books[?(@.price<=9&&@.used)].title", `["C d"]`},
		{"$.books[?(@.isbn)].title", `["A","C d"]`},
		{"$.books[?(!@.isbn)].title", `["B"]`},
		{"$.books[?(@.isbn == null)].title", `["C d"]`},
		{"$.books[?(@.title == 'C d')].price", `[9]`},
		{`$.books[?(@.title == "A" || @.title == 'B')].price`, `[8.95,12]`},
		{"$.books[?(@['title'] != 'A')].title", `["B","C d"]`},
		{"$.books[?(@.price == '12')].title", `[]`},
		{"$.books[?((@.price > 8 && @.price < 9) || @.price >= 12)].title", `["A","B"]`},
		{"$.books[?(@.title =~ /c.*/i)].title", `["C d"]`},
		{"$.books[?(@.title in ['A', 'B'])].title", `["A","B"]`},
		{"$.books[?(@.title nin ['A', 'B'])].title", `["C d"]`},
		{"$.books[?(@.tags.length() > 0)].title", `["A"]`},
		{"$.books[?(@.used == true)].title", `["C d"]`},
		{"$.people[?(@.age > 35)]", `[{"age":40}]`},
		{"$..[?(@.age)].age", `[30,40]`},
		{"$.books[0:2].title", `["A","B"]`},
		{"$.books[-1:].title", `["C d"]`},
		{"$.books[:1].title", `["A"]`},
		{"$.books[5:9]", `[]`},
		{"$.books[-1].title", `"C d"`},
		{"$.books.length()", `3`},
		{"$.books[*].price.max()", `12.0`},
		{"$.books[0].title.length()", `1`},
		{"$.people.keys()", `["ann","bob"]`},
		{"$.books[*].price.sum()", `29.95`},
		{"$.books[1].price.avg()", `null`},
		{"$['a.b']", `1`},
		{"$..age", `[30,40]`},
		{"$.*.ann.age", `[30]`},
	} {
		t.Run(tt.path, func(t *testing.T) {
			found, _, err := JSONPath(value, tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if got := JSON(found); got != tt.want {
				t.Errorf("found %s, want %s", got, tt.want)
			}
		})
	}
}
