package strictjson

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gowebpki/jcs"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func TestPlainJSONIsRead(t *testing.T) {
	got, err := Decode([]byte(" {\"a\": [1, -2.50, true, false, null, \"\\u00e6\\ud83d\\ude00\\n\\/\"], \"\": {}, \"e\": []}\n"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"a": []any{json.Number("1"), json.Number("-2.50"), true, false, nil, "æ😀\n/"}, "": map[string]any{}, "e": []any{},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
}

// Hostile input 36.
func TestTextsThatReadersDifferOnAreRefused(t *testing.T) {
	cases := map[string][]string{
		"json.duplicate-member":  {`{"a":1,"a":2}`, `{"x":{"a":1,"\u0061":2}}`},
		"json.trailing-data":     {`{} {}`, `1 2`, "{}\x00", `[]]`},
		"json.byte-order-mark":   {"\ufeff{}"},
		"json.utf8":              {"\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\""},
		"json.lone-surrogate":    {`"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud800x"`, `"\udc00\ud800"`},
		"json.nul":               {`"\u0000"`, `{"a\u0000":1}`},
		"json.control-character": {"\"a\nb\"", "\"\x00\"", "\"\\n\x01\""},
		"json.too-deep":          {strings.Repeat("[", 65) + strings.Repeat("]", 65), strings.Repeat(`{"a":`, 10_000)},
		"json.inexact-number": {
			`1e400`, `9007199254740993`, `9007199254740992`, `-9007199254740993`, `1e-400`, `-0`, `-0.0`, `1e16`,
			`0.1000000000000000055511151231257827`, `1` + strings.Repeat("0", 100), `1e99999999999999999999`,
		},
		"json.syntax": {
			``, ` `, `{`, `[`, `"`, `{"a"}`, `{"a":}`, `{a:1}`, `[1,]`, `{"a":1,}`, `01`, `1.`, `.5`, `+1`, `1e`, `--1`, `NaN`, `tru`,
			`nulll`[:3], `"\x"`, `"\u12"`, `"\u12G4"`, `'a'`, `[1 2]`, `{"a":1 "b":2}`, `/**/1`, `"\`,
		},
	}
	for rule, texts := range cases {
		for _, text := range texts {
			if v, err := Decode([]byte(text), Limits{}); err == nil || fault.RuleOf(err) != rule {
				t.Errorf("%.40q: got %v, %v, want %s", text, v, err, rule)
			}
		}
	}
	_, err := Decode([]byte(`"12345678"`), Limits{Bytes: 9})
	if fault.RuleOf(err) != "json.too-large" {
		t.Errorf("got %v", err)
	}
}

func TestNumbersThatSurviveAreKeptAsWritten(t *testing.T) {
	for _, text := range []string{"0", "1", "-1", "9007199254740991", "-9007199254740991", "0.1", "37.5", "1.50", "1e2", "1E+2", "2.5e-7", "0.0", "0e5", "123456.789", "0.30000000000000004"} {
		got, err := Decode([]byte(text), Limits{})
		if err != nil || got != json.Number(text) {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}

type inner struct {
	KID string `json:"kid"`
}

type outer struct {
	Alg     string            `json:"alg"`
	Inner   *inner            `json:"inner"`
	List    []inner           `json:"list"`
	Map     map[string]inner  `json:"map"`
	Raw     json.RawMessage   `json:"raw"`
	Any     any               `json:"any"`
	Ignored string            `json:"-"`
	Headers map[string]string `json:"headers"`
	inner
}

// Hostile input 54.
func TestMembersMustMatchInCase(t *testing.T) {
	for _, text := range []string{
		`{"Alg":"x"}`, `{"alg":"x","ALG":"y"}`, `{"inner":{"KID":"x"}}`, `{"inner":{"\u212Aid":"x"}}`, `{"list":[{"kid":"x"},{"Kid":"y"}]}`, `{"map":{"a":{"kiD":"x"}}}`, `{"KID":"x"}`,
	} {
		for _, read := range []func([]byte, any, Limits) error{Unmarshal, UnmarshalOpen} {
			var v outer
			if err := read([]byte(text), &v, Limits{}); fault.RuleOf(err) != "json.member-case" {
				t.Errorf("%s: got %v", text, err)
			}
		}
	}
	var v outer
	if err := Unmarshal([]byte(`{"alg":"a","inner":{"kid":"b"},"map":{"K":{"kid":"c"}},"raw":{"ALG":1},"any":{"Alg":1},"kid":"d","headers":{"Kid":"x","kid":"y"}}`), &v, Limits{}); err != nil {
		t.Fatal(err)
	}
	if v.Alg != "a" || v.Inner.KID != "b" || v.Map["K"].KID != "c" || v.KID != "d" || v.Headers["Kid"] != "x" {
		t.Errorf("read %+v", v)
	}
}

func TestCallerDecidesAboutUnknownMembers(t *testing.T) {
	text := []byte(`{"alg":"a","new":1,"inner":{"other":2}}`)
	var v outer
	if err := UnmarshalOpen(text, &v, Limits{}); err != nil || v.Alg != "a" {
		t.Errorf("open: %+v, %v", v, err)
	}
	if err := Unmarshal(text, &v, Limits{}); fault.RuleOf(err) != "json.unknown-member" {
		t.Errorf("closed: %v", err)
	}
	if err := Unmarshal([]byte(`{"alg":1}`), &v, Limits{}); fault.RuleOf(err) != "json.type" {
		t.Errorf("type: %v", err)
	}
}

func TestCanonicalFormIsThatOfRFC8785(t *testing.T) {
	for in, want := range map[string]string{
		// RFC 8785, section 3.2.3.
		`{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}`: "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
		`[4.50, 2e-3, 0.000001, 1e-7, 0.0, 100.0, 1.5e300, 5e-324, 1.5E+22]`: `[4.5,0.002,0.000001,1e-7,0,100,1.5e+300,5e-324,1.5e+22]`,
		`"\u0001\u001f\b\f\n\r\t\"\\\/<&"`:                                   `"\u0001\u001f\b\f\n\r\t\"\\/<&"`,
	} {
		// Large numbers are not read from outside; write them all the same.
		var tree any
		if err := json.Unmarshal([]byte(in), &tree); err != nil {
			t.Fatal(err)
		}
		got, err := Canonical(tree)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	}
	for _, v := range []any{json.Number("9007199254740993"), 1 << 60, func() {}, "\xff", json.Number("x")} {
		if _, err := Canonical(v); err == nil {
			t.Errorf("%v was written", v)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e3,"\ud83d\ude00",null,true]}`, `{"a":1,"A":2}`, `"\ud800"`, `1e400`, "\ufeff1", `{"a":{"a":{"a":[[[]]]}}}`,
		`{"a":"\/","b":"\u000b\u001F\n\u0008","c":1.50,"d":1e21,"e":[ ]}`, `{"\ue000":1,"\ud83d\ude00":2}`, `{"b":1,"a":2}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data, Limits{})
		if err != nil {
			return
		}
		var theirs any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(&theirs); err != nil || !reflect.DeepEqual(v, theirs) {
			t.Fatalf("encoding/json reads %v, %v; we read %v", theirs, err, v)
		}
		canonical, err := Canonical(v)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if read, _ := parse(data, Limits{}); read.canonical != bytes.Equal(canonical, data) {
			t.Fatalf("the text is canonical: %v; the canonical form is %s", read.canonical, canonical)
		}
		if value, err := Read(data, Limits{}); err != nil || value.Canonical() != string(canonical) {
			t.Fatalf("the value is %s, %v; the canonical form is %s", value.Canonical(), err, canonical)
		}
		reference, err := jcs.Transform(data)
		if _, isTree := v.(map[string]any); isTree && (err != nil || !bytes.Equal(reference, canonical)) {
			t.Fatalf("jcs writes %s, %v; we write %s", reference, err, canonical)
		}
		again, err := Decode(canonical, Limits{})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if twice, err := Canonical(again); err != nil || !bytes.Equal(canonical, twice) {
			t.Fatalf("the canonical form is not stable: %s, %s", canonical, twice)
		}
	})
}

// every has each kind of field that is read without encoding/json, and some that are
// not.
type every struct {
	Text    string            `json:"text"`
	Bool    bool              `json:"bool"`
	Int     int               `json:"int"`
	Int8    int8              `json:"int8"`
	Int64   int64             `json:"int64"`
	Uint16  uint16            `json:"uint16"`
	Float   float64           `json:"float"`
	Number  json.Number       `json:"number"`
	Raw     json.RawMessage   `json:"raw"`
	Any     any               `json:"any"`
	Bytes   []byte            `json:"bytes"`
	Texts   []string          `json:"texts"`
	Array   [2]int            `json:"array"`
	Map     map[string]*every `json:"map"`
	Numbers map[int]string    `json:"numbers"`
	Next    *every            `json:"next"`
	List    []every           `json:"list"`
	Time    time.Time         `json:"time"`
	Quoted  struct {
		N int64 `json:"n,string"`
	} `json:"quoted"`
	Named inner `json:"named"`
	Plain int
	inner
}

// What is stored is what encoding/json stores.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		`{"alg":"a","inner":{"kid":"b"},"list":[{"kid":"c"}],"map":{"x":{"kid":"d"}}}`,
		`{"text":"a\u00e6","bool":true,"int":-1,"int8":127,"int64":9007199254740991,"uint16":65535,"float":1.5,"number":2,"raw":{"a": 1 },"any":[1,"b"]}`,
		`{"bytes":"AAE=","texts":["a",null],"array":[1,2,3],"map":{"x":{"text":"y"},"z":null},"numbers":{"7":"a"},"next":{"next":{"text":"b"}},"list":[{"int":1},{}]}`,
		`{"time":"2026-01-02T12:00:00Z","quoted":{"n":"7"},"named":{"kid":"x"},"Plain":3,"kid":"y"}`,
		`{"text":null,"bool":null,"int":null,"raw":null,"any":null,"texts":null,"map":null,"next":null,"list":null,"time":null}`,
		`{"int8":128}`, `{"int":1.0}`, `{"int":1e2}`, `{"uint16":-1}`, `{"text":1}`, `{"bool":"true"}`, `{"texts":"a"}`, `{"map":[]}`, `{"list":{}}`, `{"next":[]}`, `{"number":"2"}`,
		`[]`, `null`, `"a"`, `1`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var open, closed outer
		if Unmarshal(data, &closed, Limits{}) == nil {
			if err := UnmarshalOpen(data, &open, Limits{}); err != nil || !reflect.DeepEqual(open, closed) {
				t.Fatalf("open reads %+v, %v; closed reads %+v", open, err, closed)
			}
		}
		var ours, theirs every
		err := Unmarshal(data, &ours, Limits{})
		if err != nil && fault.RuleOf(err) != "json.type" {
			return // it was not read at all
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if failed := decoder.Decode(&theirs); (failed == nil) != (err == nil) || err == nil && !reflect.DeepEqual(ours, theirs) {
			t.Fatalf("encoding/json stores %+v, %v; we store %+v, %v", theirs, failed, ours, err)
		}
	})
}
