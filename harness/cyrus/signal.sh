# Sends signal $2 to all processes of name $1, waits for it to show, and prints
# for each: its pid, the kernel's letter for its state before, and after, which is X
# where it has ended meanwhile: a sync_client whose server gave it up while it was
# stopped ends as soon as it goes on.

state() {
    # PID (NAME) STATE …: no program of Cyrus has a blank in its name.
    { read -r _ _ letter _ <"/proc/$1/stat"; } 2>/dev/null && echo "$letter"
}

shows() {
    case $1$2 in
    STOPT) true ;;
    STOP* | CONTT) false ;;
    esac
}

for folder in /proc/[0-9]*; do
    read -r name 2>/dev/null <"$folder/comm" || continue
    [ "$name" = "$1" ] || continue
    pid=${folder#/proc/}
    before=$(state "$pid") && kill -"$2" "$pid" || continue
    tries=0
    while after=$(state "$pid") && ! shows "$2" "$after" && [ "$tries" -le 200 ]; do
        tries=$((tries + 1))
        sleep 0.01
    done
    echo "$pid $before ${after:-X}"
done
