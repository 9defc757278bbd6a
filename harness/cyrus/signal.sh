# Sends signal $2 to all processes of name $1, waits for it to show, and prints
# for each: its pid, the kernel's letter for its state before, and after.

state() {
    # PID (NAME) STATE …: no program of Cyrus has a blank in its name.
    read -r _ _ letter _ <"/proc/$1/stat" && echo "$letter"
}

for folder in /proc/[0-9]*; do
    read -r name 2>/dev/null <"$folder/comm" || continue
    [ "$name" = "$1" ] || continue
    pid=${folder#/proc/}
    before=$(state "$pid")
    kill -"$2" "$pid"
    tries=0
    while after=$(state "$pid"); [ "$2" = STOP ] && [ "$after" != T ] || [ "$2" = CONT ] && [ "$after" = T ]; do
        tries=$((tries + 1))
        [ "$tries" -le 200 ] || break
        sleep 0.01
    done
    echo "$pid $before $after"
done
