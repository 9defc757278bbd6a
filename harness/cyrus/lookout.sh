# Stays in a server's container and answers questions, one a line, until nobody can
# ask any more: each answer is lines of text, and "." ends it.
#   files FOLDER  what lies there, as an archive in base64
#   processes     what the kernel says of each (proc(5), /proc/PID/stat)

while read -r question folder; do
    case $question in
    files)
        tar --format=posix -cf - -C "$folder" . 2>/dev/null | base64 -w 0
        echo
        ;;
    processes)
        for process in /proc/[0-9]*; do
            { read -r stat <"$process/stat"; } 2>/dev/null && printf '%s\n' "$stat"
        done
        ;;
    esac
    echo .
done
