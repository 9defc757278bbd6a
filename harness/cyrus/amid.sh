# Runs the rest of the arguments, a reconstruct of the mailbox in folder $1, and stops
# it as soon as it has files of that folder open. Prints its pid and what it has open
# there.

folder=$1
shift
"$@" >/dev/null 2>&1 &

found() {
    for at in /proc/[0-9]*; do
        read -r name 2>/dev/null <"$at/comm" && [ "$name" = reconstruct ] && echo "${at#/proc/}" && return
    done
}

opened() { ls -l "/proc/$1/fd" 2>/dev/null | sed -n "s|.*$folder/||p" | sort -u | tr '\n' ' '; }

tries=0
while pid=$(found) && [ -z "$pid" ] && [ "$tries" -le 2000 ]; do tries=$((tries + 1)); done
[ -n "$pid" ] || exit 1
tries=0
while kill -STOP "$pid" 2>/dev/null && [ -z "$(opened "$pid")" ] && [ "$tries" -le 2000 ]; do
    tries=$((tries + 1))
    kill -CONT "$pid" 2>/dev/null || exit 1
    busybox usleep 500
done
kill -0 "$pid" 2>/dev/null || exit 1
echo "$pid"
opened "$pid"
