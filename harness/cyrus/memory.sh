# Uses up the memory that the container may have, until the kernel has ended the
# processes of name $1, and prints how many it has ended before and after, and which
# processes of that name there are before and after.

limits=/sys/fs/cgroup/memory # version 1 of control groups, or else 2
[ -d "$limits" ] || limits=/sys/fs/cgroup

killed() { sed -n 's/^oom_kill //p' "$limits/memory.oom_control" "$limits/memory.events" 2>/dev/null; }

pids() {
    for folder in /proc/[0-9]*; do
        read -r name 2>/dev/null <"$folder/comm" && [ "$name" = "$1" ] && printf '%s ' "${folder#/proc/}"
    done
    echo
}

killed
pids "$1"
for pid in $(pids "$1"); do
    echo 1000 >"/proc/$pid/oom_score_adj" || exit 1 # these first
done
perl -e 'my @hoard; push @hoard, "x" x (4 << 20) for 1 .. 80' >/dev/null 2>&1 # it is the next one
tries=0
while [ "$(killed)" = 0 ] && [ "$tries" -le 100 ]; do
    tries=$((tries + 1))
    sleep 0.01
done
killed
sleep 0.2 # until the master process has started others
pids "$1"
