package report

import (
	_ "embed"
	"html/template"
	"io"

	"github.com/cyrdrill/cyrdrill/harness/drill"
)

//go:embed report.html.tmpl
var pageText string

// WriteHTML writes the result as one page that needs nothing else: no script,
// no network.
func WriteHTML(w io.Writer, result *drill.Result) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"round": round, "broken": brokenInWords, "found": foundInWords, "restored": restoredInWords,
		"left": leftInWords, "promised": promisedInWords, "marks": marksInWords,
		"accounts": accountsInWords, "timeline": timeline,
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return page.Execute(w, result)
}
