package sim

import (
	"errors"
	"strings"

	"github.com/foxcpp/go-sieve/parser"
)

// errRedirect refuses what would let mail vanish: to the model nobody is elsewhere.
var errRedirect = errors.New("the simulator has nowhere to redirect mail to: use a real pair (--target docker)")

// redirects says whether commands send mail on, under whatever condition.
func redirects(commands []parser.Cmd) bool {
	for _, command := range commands {
		if strings.EqualFold(command.Id, "redirect") || redirects(command.Block) {
			return true
		}
	}
	return false
}
