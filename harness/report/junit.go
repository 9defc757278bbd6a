package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/property"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"` // seconds
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr,omitempty"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Error   *junitMessage `xml:"error,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the result as a JUnit report: a test case for each step,
// mark and property. What is broken is a failure; what could not be told is an
// error, since a report reader must not count it as passed.
func WriteJUnit(w io.Writer, result *drill.Result) error {
	suite := junitSuite{Name: fmt.Sprintf("%s on %s", result.Plan, result.Target), Time: seconds(result.Wall)}
	if result.FailedAsExpected() {
		// Its failures are the ones that were expected: one case that passes says so.
		suite.add(junitCase{Class: className(result, "drill"), Name: "failed as expected: " + result.Expected.String(), Time: seconds(result.Wall)})
	} else {
		suite.addAll(result)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) addAll(result *drill.Result) {
	for _, step := range result.Steps {
		s.add(stepCase(step, result))
	}
	for _, mark := range result.Marks {
		s.add(markCase(mark, result))
	}
	for _, outcome := range result.Properties {
		s.add(propertyCase(outcome, result))
	}
	s.add(verdictCase(result))
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	s.Cases = append(s.Cases, c)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func className(result *drill.Result, part string) string {
	return fmt.Sprintf("%s.%s.%s", result.Plan, result.Target, part)
}

func stepCase(step drill.StepResult, result *drill.Result) junitCase {
	c := junitCase{Class: className(result, "steps"), Name: fmt.Sprintf("%02d %s", step.Number, step.Kind), Time: seconds(step.Elapsed)}
	switch step.Status {
	case drill.StepFailed:
		c.Error = &junitMessage{Message: "could not be carried out", Text: step.Error}
	case drill.StepSkipped:
		c.Error = &junitMessage{Message: "not reached", Text: "an earlier step could not be carried out"}
	}
	return c
}

func markCase(mark drill.MarkResult, result *drill.Result) junitCase {
	c := junitCase{Class: className(result, "marks"), Name: mark.Name}
	if !mark.Reached {
		c.Failure = &junitMessage{Message: "not reached", Text: "the drill did not test what it promised to; " + result.Rerun}
	}
	return c
}

func propertyCase(outcome property.Result, result *drill.Result) junitCase {
	c := junitCase{Class: className(result, "properties"), Name: outcome.Name}
	switch outcome.Verdict {
	case property.Fail:
		lines := make([]string, len(outcome.Violations))
		for i, v := range outcome.Violations {
			lines[i] = v.String()
		}
		c.Failure = &junitMessage{Message: "broken " + outcome.Broken(), Text: strings.Join(append(lines, result.Rerun), "\n")}
	case property.Unknown:
		c.Error = &junitMessage{Message: "unknown", Text: strings.Join(outcome.Unknown, "\n")}
	}
	return c
}

func verdictCase(result *drill.Result) junitCase {
	c := junitCase{Class: className(result, "drill"), Name: "verdict", Time: seconds(result.Wall)}
	message := &junitMessage{Message: string(result.Verdict), Text: strings.Join(slices.Concat(result.Reasons, []string{result.Rerun}), "\n")}
	switch result.Verdict {
	case property.Fail:
		c.Failure = message
	case property.Unknown:
		c.Error = message
	}
	return c
}
