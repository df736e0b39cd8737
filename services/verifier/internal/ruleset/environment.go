package ruleset

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
)

// The expression language of rules is CEL with what a rule needs and no more:
// comparison, logic, whole numbers, membership, and two ways to count in years
// and months. There is no clock, no text matching, no conversion and nothing that
// reads anything but the facts. Dates are days since 1970-01-01, money is whole
// NOK a year, a position's percentage and
// weekly hours are in hundredths.

// maxCost is what evaluating one expression may cost, estimated when it is
// compiled and counted when it runs. The dearest of ours is estimated at 40 000
// for ten of everything, and costs a few hundred.
const maxCost = 50_000

// maxEntries is how many credentials, nationalities or list entries the estimate
// expects, maxText how many characters.
const (
	maxEntries = 10
	maxText    = 32
)

// Recognition is an EducationRecognition in an expression.
type Recognition struct {
	Level   string `cel:"level"`
	EQF     int64  `cel:"eqf"`
	Field   string `cel:"field"`
	Decided int64  `cel:"decided"`
}

// Certificate is a PoliceCertificate in an expression.
type Certificate struct {
	Kind    string `cel:"kind"`
	Remarks string `cel:"remarks"`
	Issued  int64  `cel:"issued"`
}

// LanguageTest is a LanguageTestResult in an expression.
type LanguageTest struct {
	Name  string `cel:"name"`
	Taken int64  `cel:"taken"`
	Parts []Part `cel:"parts"`
}

// variables are what expressions may name, apart from their own parameters, which
// are param.<name>.
var variables = []struct {
	name string
	typ  *cel.Type
	of   func(f Facts, d Dates) any
}{
	{"on", cel.IntType, func(_ Facts, d Dates) any { return day(d.On) }},
	{"applicant.birthdate", cel.IntType, func(_ Facts, d Dates) any { return day(d.Birth) }},
	{"applicant.nationalities", cel.ListType(cel.StringType), func(f Facts, _ Dates) any { return f.Nationalities }},
	{"applicant.current_country", cel.StringType, func(f Facts, _ Dates) any { return f.CurrentCountry }},
	{"passport.issuing_country", cel.StringType, func(f Facts, _ Dates) any { return f.PassportIssuingCountry }},
	{"passport.expires", cel.IntType, func(_ Facts, d Dates) any { return day(d.PassportExpiry) }},
	{"passport.meets", cel.ListType(cel.StringType), func(f Facts, _ Dates) any { return f.PassportMeets }},
	{"offer.occupation", cel.StringType, func(f Facts, _ Dates) any { return f.Occupation }},
	{"offer.required_education", cel.StringType, func(f Facts, _ Dates) any { return f.RequiredEducation }},
	{"offer.start", cel.IntType, func(_ Facts, d Dates) any { return day(d.Start) }},
	{"offer.percentage", cel.IntType, func(f Facts, _ Dates) any { return f.PercentageHundredths }},
	{"offer.weekly_hours", cel.IntType, func(f Facts, _ Dates) any { return f.WeeklyHoursHundredths }},
	{"offer.salary", cel.IntType, func(f Facts, _ Dates) any { return f.AnnualSalary }},
	{"offer.collective_agreement", cel.StringType, func(f Facts, _ Dates) any { return f.CollectiveAgreement }},
	{"offer.qualifications_confirmed", cel.BoolType, func(f Facts, _ Dates) any { return f.QualificationsConfirmed }},
	{"offer.signatory_authorised", cel.StringType, func(f Facts, _ Dates) any { return string(f.Signatory) }},
	{"employer.organisation_number", cel.StringType, func(f Facts, _ Dates) any { return f.OrganisationNumber }},
	{"employer.accredited", cel.BoolType, func(f Facts, _ Dates) any { return f.EmployerAccredited }},
	{"employer.accredited_organisation_number", cel.StringType, func(f Facts, _ Dates) any { return f.AccreditedOrganisationNumber }},
	{"employer.staffing_agency", cel.StringType, func(f Facts, _ Dates) any { return string(f.StaffingAgency) }},
	{"recognitions", cel.ListType(cel.ObjectType("ruleset.Recognition")), recognitionsOf},
	{"police_certificates", cel.ListType(cel.ObjectType("ruleset.Certificate")), certificatesOf},
	{"language_tests", cel.ListType(cel.ObjectType("ruleset.LanguageTest")), languageTestsOf},
}

// visaFreeVariable holds the conditions by country of the list in force.
const visaFreeVariable = "visa_free"

// environment is the one that every rule's own extends.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(&env.LibrarySubset{
			IncludeMacros: []string{"all", "exists"},
			IncludeFunctions: functions("!_", "_&&_", "_||_", "_?_:_", "@not_strictly_false", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_",
				"_+_", "_-_", "_*_", "_[_]", "@in", "size"),
		})),
		cel.ParserExpressionSizeLimit(2000),
		cel.ParserRecursionLimit(30),
		cel.EnableMacroCallTracking(),
		ext.NativeTypes(types.ParseStructTags(true),
			reflect.TypeFor[Recognition](), reflect.TypeFor[Certificate](), reflect.TypeFor[LanguageTest](), reflect.TypeFor[Part]()),
		cel.Variable(visaFreeVariable, cel.MapType(cel.StringType, cel.ListType(cel.StringType))),
		cel.Function("years_after", cel.Overload("years_after_int_int", []*cel.Type{cel.IntType, cel.IntType}, cel.IntType, cel.BinaryBinding(yearsAfter))),
		cel.Function("months_after", cel.Overload("months_after_int_int", []*cel.Type{cel.IntType, cel.IntType}, cel.IntType, cel.BinaryBinding(monthsAfter))),
	}
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.typ))
	}
	e, err := cel.NewCustomEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("make the environment of rules: %w", err)
	}
	return e, nil
})

func functions(names ...string) []*env.Function {
	all := make([]*env.Function, len(names))
	for i, name := range names {
		all[i] = env.NewFunction(name)
	}
	return all
}

// maxShift is how many years or months an expression may count.
const maxShift = 1200

// yearsAfter is the same date n years on; the 29th of February is the 1st of March
// in other years.
func yearsAfter(date, n ref.Val) ref.Val {
	return shifted(date, n, func(from time.Time, n int) time.Time { return from.AddDate(n, 0, 0) })
}

// monthsAfter is the same day n months on, or the last of a month that has no such
// day: a period never reaches into the month after.
func monthsAfter(date, n ref.Val) ref.Val {
	return shifted(date, n, func(from time.Time, n int) time.Time {
		to := from.AddDate(0, n, 0)
		if to.Day() != from.Day() {
			return to.AddDate(0, 0, -to.Day())
		}
		return to
	})
}

func shifted(date, n ref.Val, by func(time.Time, int) time.Time) ref.Val {
	from, count := date.(types.Int), n.(types.Int)
	if count < -maxShift || count > maxShift || from < -1_000_000 || from > 4_000_000 {
		return types.NewErr("a date is out of range")
	}
	return types.Int(day(by(time.Unix(int64(from)*86400, 0).UTC(), int(count))))
}

// day is a date as days since 1970-01-01, also before it.
func day(date time.Time) int64 {
	seconds := date.Unix()
	if seconds < 0 {
		seconds -= 86399
	}
	return seconds / 86400
}

func dayOf(text string) int64 {
	date, err := time.Parse(isoDate, text)
	if err != nil {
		return 0 // the document's Unread says so, which is a flag
	}
	return day(date)
}

// compile checks an expression that must be a bool and makes a program of it.
func compile(e *cel.Env, expression string) (cel.Program, error) {
	ast, issues := e.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if ast.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("%q is %s, not bool", expression, ast.OutputType())
	}
	cost, err := e.EstimateCost(ast, sizes{})
	if err != nil {
		return nil, err
	}
	if cost.Max > maxCost {
		return nil, fmt.Errorf("%q could cost %d, more than %d", expression, cost.Max, maxCost)
	}
	return e.Program(ast, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
}

// sizes tells the cost estimate how large inputs get.
type sizes struct{}

func (sizes) EstimateSize(element checker.AstNode) *checker.SizeEstimate {
	switch element.Type().Kind() {
	case types.ListKind:
		return &checker.SizeEstimate{Min: 0, Max: maxEntries}
	case types.MapKind:
		return &checker.SizeEstimate{Min: 0, Max: 100}
	}
	return &checker.SizeEstimate{Min: 0, Max: maxText}
}

func (sizes) EstimateCallCost(function, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	if function == "years_after" || function == "months_after" {
		return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 1, Max: 1}}
	}
	return nil
}
