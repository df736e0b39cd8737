package offer

import (
	"regexp"
	"strings"
)

var (
	fourDigits = regexp.MustCompile(`^[0-9]{4}$`)
	levels     = map[string]bool{"bachelor": true, "master": true, "vocational": true}
)

// mostWeeklyHours is what ordinary working time may be (arbeidsmiljøloven § 10-4).
const mostWeeklyHours = 40

func (c *checking) employment(t *Terms) {
	e := &t.form.Employment
	c.text("employment.job_title", &e.JobTitle, 100)
	c.code("employment.occupation", &e.Occupation, "offer.occupation", "an occupation is its STYRK-08 code of four digits")
	c.startDate(e)
	c.endDate(e)
	c.percentage(t)
	c.salary(t)
	e.RequiredEducationLevel = strings.TrimSpace(e.RequiredEducationLevel)
	if c.required("employment.required_education_level", e.RequiredEducationLevel) && !levels[e.RequiredEducationLevel] {
		c.violate("employment.required_education_level", "offer.education-level", "the education level is bachelor, master or vocational")
	}
	c.weeklyHours(t)
	c.optionalText("employment.collective_agreement", &e.CollectiveAgreement, 200)
	e.WorkplaceMunicipality = strings.TrimSpace(e.WorkplaceMunicipality)
	if e.WorkplaceMunicipality != "" {
		c.code("employment.workplace_municipality", &e.WorkplaceMunicipality, "offer.municipality", "a municipality is its number of four digits")
	}
	c.lines("employment.job_description", &e.JobDescription, 4000)
}

func (c *checking) code(field string, value *string, rule, message string) {
	*value = strings.TrimSpace(*value)
	if c.required(field, *value) && !fourDigits.MatchString(*value) {
		c.violate(field, rule, message)
	}
}

func (c *checking) startDate(e *Employment) {
	start, ok := c.date("employment.start_date", &e.StartDate, "offer.start-date-format")
	if !ok {
		return
	}
	c.start = start
	if start.Before(c.today.AddDate(0, 0, -c.rules.PastStartDays)) {
		c.warn("employment.start_date", "offer.start-date-past", "the start date passed more than a month ago")
	}
	if !c.birth.IsZero() && !ofAge(c.birth, start, c.rules.MinimumAge) {
		c.violate("birthdate", "offer.minimum-age", "the worker must be of age on the start date")
	}
}

func (c *checking) endDate(e *Employment) {
	e.EndDate = strings.TrimSpace(e.EndDate)
	if e.EndDate == "" {
		return
	}
	end, ok := c.date("employment.end_date", &e.EndDate, "offer.end-date-format")
	if !ok {
		return
	}
	if !c.start.IsZero() && !end.After(c.start) {
		c.violate("employment.end_date", "offer.end-after-start", "the end date must come after the start date")
		return
	}
	if !c.expiry.IsZero() && c.expiry.Before(end) {
		c.warn("passport.date_of_expiry", "offer.passport-before-end", "the passport expires before the position ends, and a permit never outlasts it")
	}
}

func (c *checking) percentage(t *Terms) {
	e := &t.form.Employment
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(e.PositionPercentage), "%"))
	if !c.required("employment.position_percentage", text) {
		return
	}
	percentage, ok := parseDecimal(text)
	if !ok {
		c.violate("employment.position_percentage", "offer.percentage-format", "a percentage is a number with at most two decimals")
		return
	}
	if percentage <= 0 || percentage > 100*hundred {
		c.violate("employment.position_percentage", "offer.percentage-range", "a percentage is more than 0 and at most 100")
		return
	}
	if percentage < Decimal(c.rules.FullTimePercent)*hundred {
		c.warn("employment.position_percentage", "offer.percentage-part-time", "less than 80 per cent does not count as full time")
	}
	t.percentage, e.PositionPercentage = percentage, percentage.String()
}

func (c *checking) salary(t *Terms) {
	e := &t.form.Employment
	text := strings.TrimSpace(e.AnnualSalary)
	if !c.required("employment.annual_salary", text) {
		return
	}
	salary, ok := parseKroner(text)
	if !ok {
		c.violate("employment.annual_salary", "offer.salary-format", "the salary is whole kroner, with or without spaces between thousands")
		return
	}
	if salary <= 0 {
		c.violate("employment.annual_salary", "offer.salary-positive", "the salary must be more than 0")
		return
	}
	t.salary, e.AnnualSalary = salary, kroner(salary)
}

func (c *checking) weeklyHours(t *Terms) {
	e := &t.form.Employment
	e.WeeklyHours = strings.TrimSpace(e.WeeklyHours)
	if e.WeeklyHours == "" {
		return
	}
	hours, ok := parseDecimal(e.WeeklyHours)
	if !ok || hours <= 0 || hours > mostWeeklyHours*hundred {
		c.violate("employment.weekly_hours", "offer.weekly-hours", "weekly hours are more than 0 and at most 40")
		return
	}
	t.weeklyHours, e.WeeklyHours = hours, hours.String()
}
