# Downloads an archive, checks it and puts its tree in place: whole or not at all (see archive.py).
# shellcheck shell=sh disable=SC2154 # archive.py sets these
trap 'rm -rf "$new" "$listed"' EXIT
umask 022
refuse() {
    echo "$url $1: nothing was unpacked"
    exit 1
}

# Reads a list of members from `tar --list --verbose` or `unzip -Z`; $1 and $2 are the numbers of
# the columns that have the size and the name. Prints what is wrong with it, and stops there.
members() {
    awk -v size="$1" -v name="$2" -v most="$most" -v free="$free" '
        !/^[-a-zA-Z?][-a-zA-Z]+ +[0-9]/ { next }
        {
            kind = substr($0, 1, 1); all += $size; rest = $0
            for (i = 1; i < name; i++) sub(/^[^ ]+ +/, "", rest)
            if (kind ~ /[lh]/) sub(/ (->|link to) .*/, "", rest)
        }
        kind !~ /[-dlh?]/ { print "holds " rest ", which is no file, folder or link"; exit }
        rest ~ /^\// || rest ~ /(^|\/)\.\.(\/|$)/ { print "holds " rest ", outside of its tree"; exit }
        all > most { printf "would take more than %.0f GiB\n", most / 1073741824; exit }
        all > free { printf "would take more than the %.0f MiB that are free\n", free / 1048576; exit }'
}

unpack() {
    # The program that unpacks the one file of an archive that has but one.
    case $format in
    tar)
        wrong=$(tar --list --verbose --numeric-owner --file="$new/archive" | members 3 6)
        [ -z "$wrong" ] || refuse "$wrong"
        tar --extract --file="$new/archive" --directory="$new/tree" --strip-components="$strip" \
            --no-same-owner --same-permissions
        ;;
    zip)
        wrong=$(unzip -Z "$new/archive" | members 4 9)
        [ -z "$wrong" ] || refuse "$wrong"
        # 1: a warning, such as of bytes in front of the archive.
        unzip -qq -d "$new/whole" "$new/archive" </dev/null || [ $? -eq 1 ]
        depth=$((strip + 1))
        find "$new/whole" -mindepth $depth -maxdepth $depth -exec mv -t "$new/tree" -- {} +
        ;;
    *)
        [ "$format" = cat ] || $format --test <"$new/archive"
        bound=$((free < most ? free : most))
        $format <"$new/archive" | head -c "$bound" >"$new/tree/$file"
        [ "$(stat -c %s "$new/tree/$file")" -lt "$bound" ] ||
            refuse "would take more than the $((bound >> 20)) MiB that there may be"
        chmod 0755 "$new/tree/$file"
        ;;
    esac
}

# Refuses what an archive must not bring: what is set to run as its owner, links that lead out.
judge() {
    cd "$new/tree" || exit
    [ -n "$(find . -mindepth 1 -print -quit)" ] || refuse "holds nothing below $strip folders"
    wrong=$(find . ! -type f ! -type d ! -type l -print -quit)
    [ -z "$wrong" ] || refuse "holds $wrong, which is no file, folder or link"
    wrong=$(find . -type f -perm /6000 -print -quit)
    [ -z "$wrong" ] || refuse "holds $wrong, which is set to run as its owner or group"
    wrong=$(find . -type l -exec sh -c '
        root=$(pwd -P)
        for link; do
            case $(realpath -m -- "$link")/ in "$root"/*) ;; *) echo "$link" ;; esac
        done' sh {} + | head -n 1)
    [ -z "$wrong" ] || refuse "holds the link $wrong, which leads out of its tree"
    cd /
}

read -r wanted <"$listed"
# The tree can be a user's, who may have put anything there.
said=$(dd if="$path/$stamp" iflag=nofollow,nonblock bs=4096 count=1 2>/dev/null || :)
whole=$(printf 'archive=%s\nsha256=%s\ntree=%s' "$archive" "$wanted" "$(tree "$path" 2>/dev/null)")
[ "$said" != "$whole" ] || exit 0
rm -rf "$new"
mkdir -p "$new"
set -f
for url in $urls; do
    rm -f "$new/archive"
    why="cannot download $url"
    fetch "$url" "$new" archive || { why="$why
$(grep ^E: "$new/log" || :)" && continue; }
    # Nobody else may touch what root unpacks then.
    chown -R root:root "$new"
    got=$(sha256sum <"$new/archive" | cut -c 1-64)
    why="$url has the SHA-256 $got, not $wanted: nothing was unpacked"
    [ "$got" != "$wanted" ] || { why='' && break; }
done
set +f
[ -z "$why" ] || { echo "$why" && exit 1; }
free=$(df --output=avail --block-size=1 "$new" | tail -n 1)
mkdir "$new/tree"
unpack
judge
chown -R -h "$owner" "$new/tree"
chmod "$mode" "$new/tree"
(cd "$new/tree" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum >"$new/files")
mv "$new/files" "$new/tree/$checksums"
digest=$(tree "$new/tree")
printf 'archive=%s\nsha256=%s\ntree=%s\n' "$archive" "$got" "$digest" >"$new/tree/$stamp"
# Between these two there is no tree at the path; there never is half of one.
[ ! -e "$path" ] || mv -T "$path" "$new/old"
mv -T "$new/tree" "$path"
