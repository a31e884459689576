# Downloads an archive, checks it and puts its tree in place: whole or not at all (see archive.py).
# shellcheck shell=sh disable=SC2154 # archive.py sets these
trap 'rm -rf "$new" "$listed"' EXIT
read -r wanted <"$listed"
said=$(cat "$path/$stamp" 2>/dev/null || :)
whole=$(printf 'archive=%s\nsha256=%s\ntree=%s' "$archive" "$wanted" "$(tree "$path" 2>/dev/null)")
[ "$said" != "$whole" ] || exit 0
rm -rf "$new"
mkdir -p "$new"
fetch "$url" "$new" archive || { echo "cannot download $url"; grep ^E: "$new/log"; exit 1; }
# Nobody else may touch what root unpacks then.
chown -R root:root "$new"
got=$(sha256sum <"$new/archive" | cut -c 1-64)
if [ "$got" != "$wanted" ]; then
    echo "$url has the SHA-256 $got, not $wanted: nothing was unpacked"
    exit 1
fi
mkdir "$new/tree"
tar --extract --file="$new/archive" --directory="$new/tree" --strip-components="$strip" \
    --no-same-owner --same-permissions
chown "$owner" "$new/tree"
chmod "$mode" "$new/tree"
(cd "$new/tree" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum >"$new/files")
mv "$new/files" "$new/tree/$checksums"
digest=$(tree "$new/tree")
printf 'archive=%s\nsha256=%s\ntree=%s\n' "$archive" "$got" "$digest" >"$new/tree/$stamp"
# Between these two there is no tree at the path; there never is half of one.
[ ! -e "$path" ] || mv -T "$path" "$new/old"
mv -T "$new/tree" "$path"
