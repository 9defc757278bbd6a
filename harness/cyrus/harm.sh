# Does $1 to the file $2, at byte $3 where that matters, and prints what the file
# was before and what it is after. Owner, mode and time of it stay. Cyrus links one
# file into several mailboxes: what is damaged is this message's, so that it gets a
# file of its own first.

tell() {
    if [ -e "$1" ]; then
        echo "$(stat -c %s "$1") bytes, SHA-1 $(sha1sum <"$1" | cut -c1-12)"
    else
        echo "not there"
    fi
}

tell "$2"
[ -e "$2" ] || exit 1
[ "$(stat -c %h "$2")" = 1 ] || { cp -p "$2" "$2-" && mv "$2-" "$2"; }
date=$(stat -c %y "$2")
size=$(stat -c %s "$2")
at=${3:-$((size / 2))}
case $1 in
truncated) truncate -s "$at" "$2" ;;
'cut short') truncate -s 64 "$2" ;;
flipped)
    byte=$(od -An -tu1 -j "$at" -N 1 "$2")
    printf "\\$(printf %03o $((byte ^ 255)))" | dd of="$2" bs=1 seek="$at" conv=notrunc status=none
    ;;
zeroed) head -c "$size" /dev/zero | dd of="$2" conv=notrunc status=none ;;
emptied) truncate -s 0 "$2" ;;
removed) rm "$2" ;;
esac
[ ! -e "$2" ] || touch -d "$date" "$2"
tell "$2"
