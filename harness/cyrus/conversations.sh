# Prints the GUIDs of which the conversations.db $1 knows, those of message parts among
# them. The file's header says which kind of database it is. A copy is opened, for Cyrus
# mends a database that it opens.
[ -s "$1" ] || exit 0
case $(head -c 20 "$1" | tr -d '\000') in
*'skiplist file') kind=skiplist ;;
*'twoskip file') kind=twoskip ;;
*) exit 0 ;; # Cyrus could not read it either
esac
copy=$(mktemp)
trap 'rm -f "$copy" "$copy.NEW"' EXIT
cp "$1" "$copy"
cyrus cyr_dbtool "$copy" "$kind" show G 2>/dev/null | cut -c 2-41
