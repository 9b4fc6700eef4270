package vtl

import (
	"errors"
	"strings"
	"testing"
)

// variables are what the tables below render with.
func variables() Names {
	claims := NewMap().Put("email", "a@b.c").Put("custom:role", "admin").ShowAs("null")
	return Names{
		"context":        NewMap().Put("stage", "prod").Put("authorizer", NewMap().Put("claims", claims)),
		"stageVariables": NewMap().Put("host", "example.com"),
		"util":           Utilities{},
		"n":              int64(7),
		"s":              "Hello",
		"list":           &List{Items: []any{"a", "b", "c"}},
		"input": &Input{
			Body:   `{"name":"Ann","tags":["x","y"],"nested":{"deep":{"n":1}},"price":1.50,"quote":"it's"}`,
			Path:   NewMap().Put("id", "42").Put("both", "path"),
			Query:  NewMap().Put("q", "search").Put("both", "query"),
			Header: NewMap().Put("X-Id", "h"),
		},
	}
}

func TestRender(t *testing.T) {
	for _, tt := range []struct{ name, template, want string }{
		{"plain text stays as it is", "a # b $ c 100% \\ {}", "a # b $ c 100% \\ {}"},
		{"a claim is a property", `{"email":"$context.authorizer.claims.email"}`, `{"email":"a@b.c"}`},
		{"a claim with a colon needs brackets", `$context.authorizer.claims['custom:role']`, "admin"},
		{"a claim in double quoted brackets is the same", `$context.authorizer.claims["custom:role"]`, "admin"},
		{"claims as a whole render null", `{"c":$context.authorizer.claims}`, `{"c":null}`},
		{"claims put into a variable are a map", `#set($c = $context.authorizer.claims)$c.get('email') $c.keySet()`, "a@b.c [email, custom:role]"},
		{"what is missing renders nothing", `[$context.nothing][$nothing][$!nothing.at.all]`, "[][][]"},
		{"formal references end at the brace", `${context.stage}s-${stageVariables.host}`, "prods-example.com"},
		{"a dot that no name follows is text", `$context.stage.`, "prod."},
		{"an array right behind a reference is text", `$s[not an index]`, "Hello[not an index]"},
		{"an escaped reference is text", `\$s \#if`, "$s #if"},
		{"comments vanish", "a## to the end\nb#* all\nof it *#c", "abc"},
		{"unparsed text is not evaluated", "#[[ $s #if ]]#", " $s #if "},
		{"set and arithmetic", `#set($x = 2 + 3 * 4 - 1)$x #set($x = ($x + 1) / 2)$x #set($x = $x % 4)$x`, "13 7 3"},
		{"division by zero is null and leaves the variable", `#set($x = 1)#set($x = 4 / 0)$x`, "1"},
		{"text and a number join", `#set($x = "n" + 1)$x`, "n1"},
		{"double quotes interpolate and single quotes do not", `#set($a = "<$s>")#set($b = '<$s>')$a $b`, "<Hello> <$s>"},
		{"if, elseif and else", `#if($n > 9)a#elseif($n == 7)b#{else}c#end`, "b"},
		{"else in braces", `#if(false)a#{else}b#end`, "b"},
		{"and, or, not and their words", `#if($n == 7 && !($s == "x"))1#end#if($nothing or $n eq 7)2#end#if(not $nothing)3#end`, "123"},
		{"an empty text is true and null is false", `#if("")1#end#if($nothing)2#end`, "1"},
		{"directives eat the end of their line", "#if(true)\na\n#end\nb\n#set($x = 1)\nc", "a\nb\nc"},
		{"foreach knows where it is", `#foreach($x in $list)$foreach.count:$x#if($foreach.hasNext), #end#end`, "1:a, 2:b, 3:c"},
		{"break leaves the loop", `#foreach($x in [1..9])#if($x > 3)#break#end$x#end.`, "123."},
		{"stop leaves the template", `a#stop b`, "a"},
		{"the loop's variable is gone afterwards", `#set($x = "o")#foreach($x in $list)#end$x$foreach.count`, "o"},
		{"lists and maps of the template print as Java's", `#set($l = [1, "a", {"k": 'v'}])$l $l[1] $l.get(2).k $l.size()`, "[1, a, {k=v}] a v 3"},
		{"entries have keys and values", `#set($m = {"a": 1, "b": 2})#foreach($e in $m.entrySet())$e.key=$e.getValue();#end`, "a=1;b=2;"},
		{"maps can be put into", `#set($m = {})#set($m.a = 1)#set($m["b"] = 2)#set($x = $m.put("c", 3))$m`, "{a=1, b=2, c=3}"},
		{"a macro runs with its arguments", `#macro(pair $k $v)"$k":"$v"#end{#pair("a" $s), #pair('b', 2)}`, `{"a":"Hello", "b":"2"}`},
		{"a macro's parameters hide and give back", `#set($x = 1)#macro(m $x)[$x]#end#m("in")$x#m()`, "[in]1[]"},
		{"a macro sets what is seen behind it", `#macro(m)#set($y = 5)#end#m()$y`, "5"},
		{"a macro may call itself", `#macro(m $n)$n#if($n > 0)#set($k = $n - 1)#m($k)#end#end#m(3)`, "3210"},
		{"the first macro of a name counts", `#macro(m)1#end#macro(m)2#end#m()`, "1"},
		{"what is no macro yet is text", `#m(1)#macro(m $x)$x#end#m(2)`, "#m(1)2"},
		{"a macro in braces", `#macro(m $x)<$x>#end#{m}(1)s`, "<1>s"},
		{"break leaves a macro", `#macro(m)a#break b#end#m()c`, "ac"},
		{"a definition renders where it is used", `#define($d)$x;#end#set($x = 1)$d#set($x = 2)$d`, "1;2;"},
		{"a definition is a text to others", `#define($d) ab #end#set($t = $d.trim())<$t>"$d"`, `<ab>" ab "`},
		{"loops know those around them", `#foreach($i in ["a", "b"])#foreach($j in [1..2])$foreach.parent.count$j#if($velocityHasNext),#end#end #end`, "11,12 21,22 "},
		{"text turns to numbers", `#set($i = 0)#set($n = $i.parseInt("41") + 1)$n #set($d = $i.parseDouble("1.5"))$d`, "42 1.5"},
		{"more methods of text", `$s.indexOf("l", 3) $s.startsWith("l", 2) $s.split("l", 2) $s.compareToIgnoreCase("hello") $s.repeat(2) $s.hashCode() $s.isEmpty()`, "3 true [He, lo] 0 HelloHello 69609650 false"},
		{"more methods of lists", `#set($l = [1, 2, 3])#set($q = $l.add(0, 9))$l $l.subList(1, 3) $l.contains(3) $l.remove(0) $l.isEmpty()`, "[9, 1, 2, 3] [1, 2] true 9 false"},
		{"more methods of maps", `#set($m = {"a": 1})#set($q = $m.putIfAbsent("a", 2))#set($q = $m.putIfAbsent("b", 3))$m $m.getOrDefault("c", 4) $m.keySet() $m.values()`, "{a=1, b=3} 4 [a, b] [1, 3]"},
		{"methods of text", `$s.length() $s.toUpperCase() $s.substring(1,3) $s.replaceAll("l+", "[$0]") $s.contains("ell") $s.indexOf("l")`, "5 HELLO el He[ll]o true 2"},
		{"Java's groups in a replacement", `$s.replaceAll("(H)(e)", "$2$1")`, "eHllo"},
		{"split drops empty ends", `#set($v = "a,b,,")#foreach($p in $v.split(","))<$p>#end`, "<a><b>"},
		{"the input's body, path and json", `$input.path('$.name') $input.json('$.tags') $input.path('$.nested.deep') $input.path('$.tags')[1]`, `Ann ["x","y"] {"n":1} y`},
		{"a path without the dollar sign", `$input.json('nested.deep.n') $input.path('tags[0]')`, "1 x"},
		{"several places are a list", `$input.json("$.tags[*]") $input.json('$..n') $input.json("$['name','price']")`, `["x","y"] [1] ["Ann",1.5]`},
		{"a place that is not there is empty", `[$input.path('$.no')] $input.json('$.no')`, `[] ""`},
		{"parameters are looked for in path, query and header", `$input.params('id') $input.params('q') $input.params('X-Id') $input.params('both') [$input.params('no')]`, "42 search h path []"},
		{"parameters by place", `$input.params().querystring.both $input.params().header.get('X-Id') $input.params().path`, "query h {id=42, both=path}"},
		{"util escapes", `$util.escapeJavaScript("it's ""a/b""") $util.urlEncode("a b&c") $util.base64Encode("hi") $util.base64Decode("aGk=") $util.urlDecode("a%20b")`, `it\'s \"a\/b\" a+b%26c aGk= hi a b`},
		{"util parses JSON", `#set($o = $util.parseJson('{"a":{"b":[1,2]}}'))$o.a.b[1] $o`, `2 {"a":{"b":[1,2]}}`},
		{"numbers print as Java's", `#set($x = 1.0)$x #set($x = 12345678.5)$x #set($x = 0.0001)$x`, "1.0 1.23456785E7 1.0E-4"},
		{"comparison of a number with a text is by text", `#if($n == "7")yes#end`, "yes"},
		{"an unknown method is null", `[$s.nothing()]`, "[]"},
		{"unknown directives are text", `#foo(1) #`, "#foo(1) #"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			template, err := Parse(tt.template)
			if err != nil {
				t.Fatal(err)
			}
			got, err := template.Render(variables())
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.template, got, tt.want)
			}
		})
	}
}

func TestBrokenTemplates(t *testing.T) {
	for _, tt := range []struct{ name, template, problem string }{
		{"if without end", "#if(true) a", "ends before #end"},
		{"end without if", "a #end", "#end without"},
		{"set without a value", "#set($x = )", "expected a value"},
		{"set without a reference", "#set(x = 1)", "needs a reference"},
		{"a string without an end", `#set($x = "abc)`, "closing quote"},
		{"a brace without an end", "${context.stage", "closing brace"},
		{"a comment without an end", "#* abc", "no *#"},
		{"a template of another file", "#parse('x')", "#parse is not supported"},
		{"a file", "#include('x')", "#include is not supported"},
		{"a template made by a template", "#evaluate('$x')", "#evaluate is not supported"},
		{"a macro without a name", "#macro()#end", "needs a name"},
		{"a macro whose parameter is no reference", "#macro(a b)#end", "must be a reference"},
		{"a macro without end", "#macro(a $b) x", "ends before #end"},
		{"a call without an end", "#macro(a $b)#end#a(1", "ends where a value"},
		{"a definition without a name", "#define(x)#end", "needs a reference"},
		{"a method call without an end", "$s.replace('a'", "expected"},
		{"nested beyond reason", strings.Repeat("#if(true)", 100), "too deeply"},
		{"parentheses beyond reason", "#set($x = " + strings.Repeat("(", 1000), "too deeply"},
		{"negation beyond reason", "#set($x = " + strings.Repeat("!", 10000) + "1)", "too deeply"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.template)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(syntax.Problem, tt.problem) {
				t.Errorf("got %v, want a syntax error about %q", err, tt.problem)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct{ name, template string }{
		{"output", `#set($x = "aaaaaaaaaa")#foreach($i in [1..9])#set($x = "$x$x$x$x$x$x$x$x$x$x")#end$x`},
		{"loops", `#foreach($i in [1..1001])#end`},
		{"steps", `#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])x#end#end#end`},
		{"a replacement that explodes", `#set($x = "a")#foreach($i in [1..99])#set($x = $x.replace("a", "aaaaaaaaaa"))#end`},
		{"a list that holds itself", `#set($l = [])#foreach($i in [1..20])#set($q = $l.add($l))#end$l`},
		{"a list of lists of lists", `#set($l = ["x"])#foreach($i in [1..60])#set($l = [$l, $l])#end$l`},
		{"a map of maps of maps", `#set($m = {"a": "x"})#foreach($i in [1..60])#set($m = {"a": $m, "b": $m})#end$m`},
		{"JSON that holds itself", `#set($m = $util.parseJson('{"a":[]}'))#foreach($i in [1..20])#set($q = $m.a.add($m))#end$m`},
		{"comparing lists of lists", `#set($l = ["x"])#set($m = ["x"])#foreach($i in [1..14])#set($l = [$l, $l])#set($m = [$m, $m])#end#foreach($i in [1..1000])#if($l == $m)#end#end`},
		{"searching among lists of lists", `#set($l = ["x"])#foreach($i in [1..30])#set($l = [$l, $l])#end#set($m = [$l, $l, $l])#foreach($i in [1..1000])#if($m.contains($l))#end#end`},
		{"a macro that calls itself", `#macro(m $x)#m($x)#end#m(1)`},
		{"a macro that doubles itself", `#macro(m $x)#m("$x$x")#m("$x$x")#end#m("ab")`},
		{"a definition that uses itself", `#define($d)$d#end$d`},
		{"a definition that doubles", `#define($a)xxxxxxxxxx#end#set($s = "$a")#foreach($i in [1..60])#set($s = "$s$s")#end`},
		{"a text that is repeated", `#set($x = "aaaaaaaaaa")#set($x = $x.repeat(9000000))`},
		{"filters within filters", `#set($b = [1..1000])#foreach($i in $b)#foreach($j in $b)#set($x = $input.path("$..[?(@..[?(@..[?(@.a)])])]"))#end#end`},
		{"a pattern that explodes", `#set($x = "a")#foreach($i in [1..99])#set($x = $x.replaceAll("a", "aaaaaaaaaa"))#end`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			template, err := Parse(tt.template)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := template.Render(variables()); !errors.Is(err, ErrLimit) {
				t.Errorf("got %d bytes and %v, want ErrLimit", len(out), err)
			}
		})
	}
}

// TestAMapThatHoldsItsOwnEntryHasAnEnd: a recursion without end would take the whole process along.
func TestAMapThatHoldsItsOwnEntryHasAnEnd(t *testing.T) {
	for _, source := range []string{
		`#set($m = {})#set($q = $m.put("a", $m))#foreach($e in $m.entrySet())#set($q = $m.put("b", $e))#end$m`,
		`#set($m = $util.parseJson('{}'))#set($q = $m.put("a", $m))#foreach($e in $m.entrySet())#set($q = $m.put("b", $e))#end$m`,
		`#set($m = $util.parseJson('{}'))#set($l = [$m])#set($q = $m.put("a", $l))#foreach($e in $m.entrySet())#set($q = $l.add($e))#end$e $l`,
	} {
		template, err := Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := template.Render(variables()); err == nil && len(out) > OutputLimit {
			t.Errorf("%s rendered %d bytes", source, len(out))
		}
	}
}

func TestAFailingFunctionFailsTheTemplate(t *testing.T) {
	for _, text := range []string{`$util.parseJson("{")`, `$util.base64Decode("*")`, `$input.json("$.x[?(@.a ~ 1)]")`, `$input.json("$.x[?(@.a")`, `$input.json("$.x[?(1)]")`, `$input.json("$.name.nonsense()")`, `$input.json("$.x[?(@.a =~ /(/)]")`, `$s.matches("(")`} {
		template, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := template.Render(variables()); err == nil {
			t.Errorf("%s rendered %q, want an error", text, out)
		}
	}
}

func TestLiteralTemplatesAreRecognised(t *testing.T) {
	template, err := Parse(`{"statusCode": 200}`)
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := template.Literal(); !ok || text != `{"statusCode": 200}` {
		t.Errorf("got %q, %v", text, ok)
	}
	template, _ = Parse(`$s`)
	if _, ok := template.Literal(); ok {
		t.Error("a reference is no literal")
	}
}

func FuzzParseAndRender(f *testing.F) {
	for _, seed := range []string{
		`{"a":"$context.authorizer.claims['custom:role']"}`, `#set($x = [1..3])#foreach($i in $x)$i#end`,
		`#if($a == "b")x#elseif(!$c)y#else z#end`, `$input.json('$.a[0]["b"]') ${x.y()} \$ #* *# ## #[[x]]#`,
		`#set($m = {"a": {"b": -1.5}})$m.a["b"].toString()`, `#macro(m $x, $y)$x#m($y)#end#m("a" [1])#{m}()`, `#define($d)#foreach($k in $m.keySet())$k#end#end$d`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Column < 1 {
				t.Fatalf("the error %v is no syntax error with a place", err)
			}
			return
		}
		out, err := template.Render(variables())
		if err == nil && len(out) > OutputLimit {
			t.Fatalf("%d bytes of output", len(out))
		}
	})
}

func FuzzJSONPath(f *testing.F) {
	for _, seed := range []string{"$.a.b", "$['a'][0]", "$..n", "a[*]", "$.tags[0,1]", "$.tags[?(@ == 'x' || !(@.a >= 1.5 && @ in [1, 'y']))]", "$.a.b[1:-1].length()", "$..[?(@.n =~ /a|b/i)]"} {
		f.Add(seed)
	}
	value, err := ParseJSON(`{"a":{"b":[1,2,{"n":3}]},"tags":["x","y"]}`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if found, ok, err := JSONPath(value, path); err == nil && ok {
			JSON(found)
		}
	})
}
