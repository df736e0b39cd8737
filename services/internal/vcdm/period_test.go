package vcdm

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var periodTable = formTable{"4.9", baseCredential, credentialForm, []formCase{
	{name: "no dates"},
	{name: "validFrom with milliseconds", suite: "credential-validfrom-ms-ok", set: `"validFrom": "2023-02-26T01:02:58.447Z"`},
	{name: "validFrom with a zone", suite: "credential-validfrom-tz-ok", set: `"validFrom": "2023-02-25T19:10:39-06:00"`},
	{name: "validFrom far in the future", set: `"validFrom": "9999-12-31T23:59:59Z"`},
	{name: "validUntil", suite: "credential-validuntil-ok", set: `"validFrom": "2023-02-26T01:19:19Z", "validUntil": "2023-02-26T01:19:20Z"`},
	{name: "validUntil with milliseconds", suite: "credential-validuntil-ms-ok",
		set: `"validFrom": "2023-02-26T01:20:00Z", "validUntil": "2023-02-26T01:20:18.477Z"`},
	{name: "validUntil with a zone", suite: "credential-validuntil-tz-ok",
		set: `"validFrom": "2023-02-26T01:21:23Z", "validUntil": "2023-02-25T19:21:29-06:00"`},
	{name: "validUntil alone, in the past", set: `"validUntil": "2001-01-01T00:00:00Z"`},
	{name: "validFrom and validUntil are the same instant", set: `"validFrom": "2023-02-26T01:00:00Z", "validUntil": "2023-02-26T02:00:00+01:00"`},

	{name: "validFrom in words", suite: "credential-validfrom-invalid-fail", set: `"validFrom": "Sat 25 Feb 2023 07:16:31 PM CST"`, rule: "validFrom"},
	{name: "validUntil as in mail", suite: "credential-validuntil-invalid-fail",
		set: `"validFrom": "2023-02-26T01:21:51Z", "validUntil": "Sun, 26 Feb 2023 01:22:14 +0000"`, rule: "validUntil"},
	{name: "validUntil before validFrom", suite: "credential-validUntil-validFrom-fail",
		set: `"validFrom": "2027-02-26T01:00:00Z", "validUntil": "2025-02-26T01:00:00Z"`, rule: "dates-inverted"},
	{name: "validUntil before validFrom, by their zones alone",
		set: `"validFrom": "2023-02-26T01:00:00-01:00", "validUntil": "2023-02-26T01:30:00Z"`, rule: "dates-inverted"},
	{name: "validFrom is null", set: `"validFrom": null`, rule: "validFrom"},
	{name: "validFrom is a number", set: `"validFrom": 1677373378`, rule: "validFrom"},
	{name: "validFrom is a list", set: `"validFrom": ["2023-02-26T01:02:58Z"]`, rule: "validFrom"},
	{name: "validUntil is null", set: `"validUntil": null`, rule: "validUntil"},
	{name: "validUntil is an object", set: `"validUntil": {"@value": "2023-02-26T01:02:58Z"}`, rule: "validUntil"},
	{name: "issuanceDate of version 1.1", set: `"issuanceDate": "2023-02-26T01:02:58Z"`, rule: "issuanceDate"},
	{name: "expirationDate of version 1.1", set: `"validFrom": "2023-02-26T01:02:58Z", "expirationDate": "2024-02-26T01:02:58Z"`, rule: "expirationDate"},
}}

// Section 5.8, whose expression is that of XML Schema 1.1 part 2, section 3.4.28.
var timeTable = formTable{"5.8", baseCredential, credentialForm, []formCase{
	{name: "UTC", set: `"validFrom": "2023-01-01T00:00:00Z"`},
	{name: "the largest offset", set: `"validFrom": "2023-01-01T00:00:00+14:00"`},
	{name: "an offset of a quarter of an hour", set: `"validFrom": "2023-01-01T00:00:00-08:45"`},
	{name: "the midnight that ends a day", set: `"validFrom": "2023-01-01T24:00:00.000Z"`},
	{name: "a leap day", set: `"validFrom": "2024-02-29T00:00:00Z"`},
	{name: "more digits than nanoseconds have", set: `"validFrom": "2024-02-29T00:00:00.123456789012Z"`},

	{name: "no offset", set: `"validFrom": "2023-01-01T00:00:00"`, rule: "validFrom"},
	{name: "a date alone", set: `"validFrom": "2023-01-01"`, rule: "validFrom"},
	{name: "no seconds", set: `"validFrom": "2023-01-01T00:00Z"`, rule: "validFrom"},
	{name: "a lower-case t", set: `"validFrom": "2023-01-01t00:00:00Z"`, rule: "validFrom"},
	{name: "a lower-case z", set: `"validFrom": "2023-01-01T00:00:00z"`, rule: "validFrom"},
	{name: "a space for the T", set: `"validFrom": "2023-01-01 00:00:00Z"`, rule: "validFrom"},
	{name: "an offset without colon", set: `"validFrom": "2023-01-01T00:00:00+0100"`, rule: "validFrom"},
	{name: "an offset of hours alone", set: `"validFrom": "2023-01-01T00:00:00+01"`, rule: "validFrom"},
	{name: "an offset beyond 14 hours", set: `"validFrom": "2023-01-01T00:00:00+14:01"`, rule: "validFrom"},
	{name: "an offset of 15 hours", set: `"validFrom": "2023-01-01T00:00:00-15:00"`, rule: "validFrom"},
	{name: "an offset of 60 minutes", set: `"validFrom": "2023-01-01T00:00:00+01:60"`, rule: "validFrom"},
	{name: "a zone by name", set: `"validFrom": "2023-01-01T00:00:00 CET"`, rule: "validFrom"},
	{name: "a leap second", set: `"validFrom": "2016-12-31T23:59:60Z"`, rule: "validFrom"},
	{name: "after the midnight that ends a day", set: `"validFrom": "2023-01-01T24:00:01Z"`, rule: "validFrom"},
	{name: "a fraction after that midnight", set: `"validFrom": "2023-01-01T24:00:00.001Z"`, rule: "validFrom"},
	{name: "hour 25", set: `"validFrom": "2023-01-01T25:00:00Z"`, rule: "validFrom"},
	{name: "minute 60", set: `"validFrom": "2023-01-01T00:60:00Z"`, rule: "validFrom"},
	{name: "an hour of one digit", set: `"validFrom": "2023-01-01T1:00:00Z"`, rule: "validFrom"},
	{name: "a point without fraction", set: `"validFrom": "2023-01-01T00:00:00.Z"`, rule: "validFrom"},
	{name: "a comma for the point", set: `"validFrom": "2023-01-01T00:00:00,5Z"`, rule: "validFrom"},
	{name: "month 13", set: `"validFrom": "2023-13-01T00:00:00Z"`, rule: "validFrom"},
	{name: "month 0", set: `"validFrom": "2023-00-01T00:00:00Z"`, rule: "validFrom"},
	{name: "day 0", set: `"validFrom": "2023-01-00T00:00:00Z"`, rule: "validFrom"},
	{name: "day 32", set: `"validFrom": "2023-01-32T00:00:00Z"`, rule: "validFrom"},
	{name: "a leap day in a year without", set: `"validFrom": "2023-02-29T00:00:00Z"`, rule: "validFrom"},
	{name: "the midnight that ends a day that is none", set: `"validFrom": "2023-02-30T24:00:00Z"`, rule: "validFrom"},
	{name: "white space around", set: `"validFrom": " 2023-01-01T00:00:00Z"`, rule: "validFrom"},
	{name: "a line after", set: `"validFrom": "2023-01-01T00:00:00Z\n"`, rule: "validFrom"},
	{name: "digits of another script", set: `"validFrom": "２０２３-01-01T00:00:00Z"`, rule: "validFrom"},
	{name: "a year before the common era", set: `"validFrom": "-0044-03-15T00:00:00Z"`, rule: "validFrom"},
	{name: "a year of five digits", set: `"validFrom": "12023-01-01T00:00:00Z"`, rule: "validFrom"},
	{name: "a year of two digits", set: `"validFrom": "23-01-01T00:00:00Z"`, rule: "validFrom"},
	{name: "the year 0", set: `"validFrom": "0000-01-01T00:00:00Z"`, rule: "validFrom"},
	{name: "the year 0 by its zone", set: `"validFrom": "0001-01-01T00:00:00+01:00"`, rule: "validFrom"},
	{name: "the instant that stands for none", set: `"validFrom": "0001-01-01T00:00:00Z"`, rule: "validFrom"},
	{name: "the year 10000 by its zone", set: `"validFrom": "9999-12-31T23:59:59-01:00"`, rule: "validFrom"},
	{name: "the year 10000 by its midnight", set: `"validFrom": "9999-12-31T24:00:00Z"`, rule: "validFrom"},
}}

func TestInstantIsThePointInTime(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2023-01-01T00:00:00Z":            time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC),
		"2023-01-01T00:00:00.25Z":         time.Date(2023, 1, 1, 0, 0, 0, 250e6, time.UTC),
		"2023-03-26T02:30:00+01:00":       time.Date(2023, 3, 26, 1, 30, 0, 0, time.UTC),
		"2023-12-31T24:00:00Z":            time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
		"2024-02-28T24:00:00.00+14:00":    time.Date(2024, 2, 28, 10, 0, 0, 0, time.UTC),
		"2023-01-01T00:00:00-00:00":       time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC),
		"2024-02-29T00:00:00.9999999999Z": time.Date(2024, 2, 29, 0, 0, 0, 999999999, time.UTC),
	} {
		got, err := Instant(decode(t, `{"created": "`+text+`"}`), "created")
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if got, err := Instant(decode(t, "{}"), "created"); err != nil || !got.IsZero() {
		t.Errorf("missing: %v, %v", got, err)
	}
	if _, err := Instant(decode(t, `{"created": "soon"}`), "created"); fault.RuleOf(err) != "credential.created" {
		t.Errorf("refused with %v", err)
	}
}

// Hostile input 27: inverted dates are refused by their form, above.
func TestCheckDates(t *testing.T) {
	instant := func(hour int) time.Time { return time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		from, until, now time.Time
		rule             string
	}{
		"no dates":              {now: instant(12)},
		"between":               {instant(11), instant(13), instant(12), ""},
		"at the beginning":      {instant(12), instant(13), instant(12), ""},
		"27 not yet valid":      {instant(13), instant(14), instant(12), "credential.not-yet-valid"},
		"27 expired":            {instant(10), instant(11), instant(12), "credential.expired"},
		"27 at the very end":    {instant(10), instant(12), instant(12), "credential.expired"},
		"no end":                {from: instant(10), now: instant(12)},
		"27 end, no beginning":  {until: instant(10), now: instant(12), rule: "credential.expired"},
		"end, no beginning yet": {until: instant(13), now: instant(12)},
	} {
		err := (&Credential{ValidFrom: c.from, ValidUntil: c.until}).CheckDates(c.now)
		if c.rule == "" && err != nil || c.rule != "" && fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An issuer's clock may run ahead of a reader's, by a minute at most.
func TestClocksMayDifferByAMinute(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	if err := (&Credential{ValidFrom: now.Add(time.Minute)}).CheckDates(now); err != nil {
		t.Error(err)
	}
	if err := (&Credential{ValidFrom: now.Add(time.Minute + time.Second)}).CheckDates(now); fault.RuleOf(err) != "credential.not-yet-valid" {
		t.Error(err)
	}
}

func TestFormatInstantIsTheReverseOfInstant(t *testing.T) {
	at := time.Date(2026, 7, 2, 14, 30, 5, 0, time.FixedZone("", 2*60*60))
	got, err := Instant(decode(t, `{"validFrom": "`+FormatInstant(at)+`"}`), "validFrom")
	if err != nil || !got.Equal(at) {
		t.Errorf("got %v, %v", got, err)
	}
}
