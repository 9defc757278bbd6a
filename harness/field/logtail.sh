# Prints what was added to the file $1 since it was $3 bytes long and its number (inode) was
# $2: first a line of the number that it has now, and of its size, then what was added, up
# to $4 bytes from the end. Of a file with another number, or that is shorter, all is new.
# Where $3 is -, nothing is.

file=$1
said=$(stat -L -c '%i %s' "$file") || exit 1
set -- $said "$2" "$3" "$4"
from=$4
[ "$from" = - ] && from=$2
[ "$3" != - ] && [ "$1" != "$3" ] && from=0
[ "$from" -gt "$2" ] && from=0
[ $(($2 - from)) -gt "$5" ] && from=$(($2 - $5))
echo "$1 $2"
[ "$from" = "$2" ] || tail -c +$((from + 1)) "$file" | head -c $(($2 - from))
