# Prints what lies in the sync log, in folders "$@": a line of the time, then for each file a
# line of its folder's number among them, its name, when it was last written and when it was
# made (0 or - where the file system does not tell), and a line of what is in it, in base64.

date +%s
number=0
for folder; do
    for name in log log-run; do
        [ -e "$folder/$name" ] || continue
        times=$(stat -c '%Y %W' "$folder/$name" 2>/dev/null) || continue # it has just been taken
        echo "$number $name $times"
        base64 -w 0 <"$folder/$name"
        echo
    done
    number=$((number + 1))
done
