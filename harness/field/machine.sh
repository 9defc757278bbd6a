# Says what a machine's Cyrus is configured to: first "programs: FOLDER" and "version:
# TEXT", then what cyr_info(8) tells of all settings. $1 is imapd.conf, $2 the folder of
# Cyrus's programs, where that is known.

configuration=$1
programs=$2
for folder in /usr/lib/cyrus/bin /usr/libexec/cyrus-imapd /usr/lib/cyrus-imapd /usr/local/cyrus/bin /usr/cyrus/bin /usr/local/libexec /usr/local/sbin /usr/sbin; do
    [ -z "$programs" ] && [ -x "$folder/cyr_dbtool" ] && programs=$folder
done
[ -n "$programs" ] || { echo "no folder with cyr_dbtool is known: name it as paths.programs" >&2; exit 1; }
echo "programs: $programs"
echo "version: $("$programs/cyr_info" -C "$configuration" version)"
exec "$programs/cyr_info" -C "$configuration" conf-all
