package cyrus

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.BytecodeSaboteur = saboteur{}

// AgeCompiled implements [target.BytecodeSaboteur].
func (b saboteur) AgeCompiled(ctx context.Context, name target.ServerName, account, script string, source []byte) (target.Evidence, error) {
	evidence, err := b.ReplaceCompiled(ctx, name, account, script, source)
	if err != nil {
		return evidence, err
	}
	s := b.pair.server(name)
	folder, err := s.sieveFolder(ctx, account)
	if err != nil {
		return evidence, err
	}
	aged, err := s.measured(ctx, fmt.Sprintf("the bytecode of %s of %s was dated before its source", script, account), "its date",
		`stat -c %Y "$one"`, `touch -d "2001-01-01" "$one"`, folder+"/"+script+".bc")
	return evidence.And(aged), err
}

// RemoveCompiled implements [target.BytecodeSaboteur].
func (b saboteur) RemoveCompiled(ctx context.Context, name target.ServerName, account, script string) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.sieveFolder(ctx, account)
	if err != nil {
		return target.Evidence{}, err
	}
	return s.harm(ctx, fmt.Sprintf("the bytecode of %s of %s", script, account), folder+"/"+script+".bc", target.Removed)
}

// RemoveActiveLink implements [target.BytecodeSaboteur].
func (b saboteur) RemoveActiveLink(ctx context.Context, name target.ServerName, account string) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.sieveFolder(ctx, account)
	if err != nil {
		return target.Evidence{}, err
	}
	return s.measured(ctx, fmt.Sprintf("the link to the bytecode that runs for %s was removed", account), "link",
		`readlink "$one" || echo "not there"`, `rm "$one"`, folder+"/defaultbc")
}
