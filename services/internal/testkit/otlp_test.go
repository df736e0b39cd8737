package testkit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

func TestCollectorKeepsSpansOfOneTraceFromTwoServices(t *testing.T) {
	t.Parallel()
	collector := testkit.StartOTLP(t)
	start := func(service string) *telemetry.Telemetry {
		tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: service, Endpoint: collector.Endpoint(), MetricInterval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		return tel
	}
	issuer, police := start("issuer"), start("police")

	first, end := telemetry.Span(issuer.Into(t.Context()), "offer.Issue", telemetry.Case.String("case_1"))
	row := telemetry.Traceparent(first)
	telemetry.Count(first, "offers.issued", 1, telemetry.Outcome.String("ok"))
	end(nil)
	later, end := telemetry.Span(telemetry.Continue(police.Into(t.Context()), row), "appointment.Book")
	telemetry.Took(later, "booking", 0.5)
	end(nil)
	for _, tel := range []*telemetry.Telemetry{issuer, police} {
		if err := tel.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	spans := collector.Spans()
	if len(spans) != 2 {
		t.Fatalf("%d spans", len(spans))
	}
	offer, booking := spans[0], spans[1]
	if offer.Service != "issuer" || offer.Name != "offer.Issue" || offer.Attributes["ks.case"] != "case_1" || offer.Parent != "" || offer.Start.IsZero() {
		t.Errorf("%+v", offer)
	}
	if booking.Service != "police" || booking.TraceID != offer.TraceID || booking.Parent != offer.SpanID || len(booking.TraceID) != 32 {
		t.Errorf("%+v after %+v", booking, offer)
	}
	if issued, booked := collector.Points("issuer"), collector.Points("police"); issued != 1 || booked != 1 || collector.Points("tax") != 0 {
		t.Errorf("%d and %d points", issued, booked)
	}
	for _, want := range []string{
		"span offer.Issue ", "ks.case:case_1", "metric kompetansespor.offers.issued ", "ks.outcome:ok", "point kompetansespor.booking ", "service.name:police",
	} {
		if !strings.Contains(collector.Text(), want) {
			t.Errorf("the text lacks %q:\n%s", want, collector.Text())
		}
	}
}
