# shellcheck shell=sh disable=SC2154
# Ends generation $number with what stdin brings, and lets go of the oldest beyond $keep, and of
# those beyond $size KiB, but of none that an environment still owns things by.
ew_open ''
cat >"$number/.end" && ew_look "$number" "$number/made" && ew_beside >"$number/after" || exit
sync "$number/.end" "$number/after" && mv -- "$number/.end" "$number/end.json" || exit
owned=$(cat ../owned/* 2>/dev/null | tr ',' '\n' | sed -n 's/.*"since": *\([0-9]*\).*/\1/p' | sort -u)
count=$(ew_numbers | wc -l)
for old in $(ew_numbers); do
  [ "$old" != "$number" ] || break
  [ "$count" -gt "$keep" ] || [ "$(du -sk . | cut -f 1)" -gt "$size" ] || break
  if ! printf '%s\n' "$owned" | grep -qx "$old"; then
    rm -rf -- "$old"
    find objects -links 1 -type f -delete
    count=$((count - 1))
  fi
done
