package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/web"
)

const head = "Fornavn;Etternavn;Epost-adresse;Telefonnummer;Land;Fødselsdato;Fødested;Fødeland;Nasjonalitet;Kjønn;" +
	"Passnummer;Passutsteder;Utstederland;Utstedt dato;Gyldig til;Stillingstittel;Yrkeskode;Startdato;Stillingsprosent;Årslønn i NOK;Utdanningsnivå"

const lisa = `Lisa;Johnson;lisa@example.com;+1 212 345 6789;USA;01.01.1990;New York;US;US;Kvinne;123456789;U.S. Department of State;US;01.01.2023;01.01.2033;Researcher;2512;01.01.2027;100,00 %;634 700 NOK;master`

// send imports a file as Kari does.
func send(t *testing.T, b *pagetest.Browser, content string) *pagetest.Doc {
	t.Helper()
	return b.Get("/imports").Is(http.StatusOK).SubmitFile("/imports", "file", content, "signatory.role", "HR manager",
		"declarations.qualifications_confirmed", "yes", "declarations.information_verified", "yes")
}

// issueAll lets the desk issue what waits in files.
func issueAll(t *testing.T, p *portal) {
	t.Helper()
	for {
		more, err := p.desk.BatchStep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func TestFileOfOffersIsIssuedAndReported(t *testing.T) {
	p := openPortal(t)
	b := p.As(t, kari)
	waiting := send(t, b, head+"\r\n"+lisa+"\r\n"+strings.ReplaceAll(lisa, "Lisa", "Anna")+"\r\n").Is(http.StatusOK).
		Wants("Importert fil", "Tilbud i filen 2", "Tilbudene utstedes nå")
	issueAll(t, p)
	done := b.Get(waiting.Path).Wants("Utstedt 2", "Mislykket 0", "Alle linjer er ferdige")
	report := b.Get(done.Link("Last ned rapporten")).Is(http.StatusOK)
	if got := report.Header.Get("Content-Disposition"); got != `attachment; filename="offers.csv"` {
		t.Errorf("the report is sent as %s", got)
	}
	if !strings.Contains(report.Raw, "Lisa Johnson") || !strings.Contains(report.Raw, "Anna Johnson") {
		t.Errorf("the report has %s", report.Raw)
	}
	b.Get("/offers").Wants("Lisa Johnson", "Anna Johnson")
}

func TestWhatIsWrongWithAFileIsSaidLineByLineAndNothingIsSent(t *testing.T) {
	p := openPortal(t)
	b := p.As(t, kari)
	send(t, b, head+"\n"+lisa+"\n"+strings.Replace(lisa, "634 700 NOK", "mye", 1)+"\n").Is(http.StatusUnprocessableEntity).
		Wants("1 feil i filen", "3 20 Årslønn i NOK Skriv årslønnen i hele kroner", "Ingenting er sendt")
	send(t, b, strings.Replace(head, "Fornavn", "Kallenavn", 1)+"\n"+lisa).Is(http.StatusUnprocessableEntity).
		Wants("Kolonne 1: En kolonne i første linje er ikke et felt")
	send(t, b, "\x00").Is(http.StatusUnprocessableEntity).Wants("ikke tekst i UTF-8")
	b.Get("/offers").Wants("ingen tilbud ennå")
}

func TestTemplateIsAFileThatCanBeFilledIn(t *testing.T) {
	p := openPortal(t)
	b := p.As(t, kari)
	template := b.Get(b.Get("/imports").Link("Last ned en mal med alle kolonner")).Is(http.StatusOK)
	send(t, b, template.Raw).Is(http.StatusUnprocessableEntity).Wants("Filen har ingen tilbud etter første linje")
}

func TestHostile40NoCellOfTheReportIsAFormula(t *testing.T) {
	p := openPortal(t)
	b := p.As(t, kari)
	// The form refuses most formulas as names. A hyphen may begin a name, and is left.
	send(t, b, head+"\n"+strings.Replace(lisa, "Lisa", `=cmd|' /C calc'!A0`, 1)+"\n").Is(http.StatusUnprocessableEntity).
		Wants("Fornavn Et navn har bokstaver")
	waiting := send(t, b, head+"\n"+strings.Replace(lisa, "Lisa", "-Lisa", 1)+"\n").Is(http.StatusOK)
	issueAll(t, p)
	report := b.Get(b.Get(waiting.Path).Link("Last ned rapporten"))
	for line := range strings.SplitSeq(report.Raw, "\r\n") {
		for cell := range strings.SplitSeq(line, ";") {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				t.Errorf("a spreadsheet takes %q for a formula", cell)
			}
		}
	}
	if !strings.Contains(report.Raw, "'-Lisa Johnson") {
		t.Errorf("the report has %s", report.Raw)
	}
}

func TestHostile48AnotherEmployersImportIsNotThere(t *testing.T) {
	p := openPortal(t)
	waiting := send(t, p.As(t, kari), head+"\n"+lisa)
	other := p.As(t, rpc.Principal{Role: web.Employer, Subject: "310000078"})
	for _, path := range []string{waiting.Path, waiting.Path + "/report"} {
		if got := other.Get(path).Is(http.StatusNotFound); strings.Contains(got.Raw, "Lisa") {
			t.Errorf("%s tells of the worker", path)
		}
	}
}

func TestPagesWithManyOffers(t *testing.T) {
	p := openPortal(t)
	b := p.As(t, kari)
	for left := testkit.Many(t); left > 0; left -= 1000 { // a file has two thousand lines at most
		lines := []string{head}
		for i := range min(left, 1000) {
			number := fmt.Sprintf("%05d", left+i)
			lines = append(lines, strings.NewReplacer("Johnson", "Johnson "+letters(number), "123456789", "1234"+number).Replace(lisa))
		}
		send(t, b, strings.Join(lines, "\r\n")+"\r\n").Is(http.StatusOK)
		issueAll(t, p)
	}
	one := signed(t, b, "family_name", "Last").Path
	b.Measure(t, "/offers", "/offers?state=issued", "/offers?state=withdrawn", "/drafts/new", one, one+"/change", "/imports")
	// Who is looked for is in no address.
	b.Get("/offers").Submit("/offers/search", "words", "Last").Is(http.StatusOK).Wants("Last")
}

// letters are the digits of a number as letters.
func letters(number string) string {
	return strings.Map(func(r rune) rune { return 'a' + r - '0' }, number)
}
