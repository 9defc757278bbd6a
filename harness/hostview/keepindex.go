package hostview

// keepIndex copies $1's index, cache and header, those that are there, into a new
// directory below $2, and prints its name.
const keepIndex = `[ -d "$1" ] || exit 0
kept="$2/$(basename "$1").$(date +%s.%N)"
mkdir -p "$2"
mkdir "$kept"
for file in cyrus.index cyrus.cache cyrus.header; do
    [ ! -e "$1/$file" ] || cp -p "$1/$file" "$kept/"
done
echo "$kept"`

// KeepIndexCommand copies what a mailbox's directory holds besides its messages to where
// no reconstruct gets at it, and prints where that is; nothing, where there is no such
// directory.
func (l Layout) KeepIndexCommand(folder string) []string {
	return []string{"sh", "-euc", keepIndex, "keeping", folder, l.Lists + "/cyrdrill-kept"}
}
