# Prints what lies in the sync log, in folders "$@": for each file a line of its name and
# when it was last written, and a line of what is in it, in base64.

for folder; do
    for name in log log-run; do
        [ -e "$folder/$name" ] || continue
        written=$(stat -c %Y "$folder/$name" 2>/dev/null) || continue # it has just been taken
        echo "$name $written"
        base64 -w 0 <"$folder/$name"
        echo
    done
done
