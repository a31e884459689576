# shellcheck shell=sh disable=SC2154
# Ends generation $number with what stdin brings ($end bytes, then what is owned from now on), and
# lets go of the oldest beyond $keep, and of those beyond $size KiB, but of none of $needed.
ew_open ''
head -c "$end" >"$number/.end" && cat >../.owned.json && ew_look "$number" "$PWD/$number/made" && ew_beside >"$number/after" || exit
sync "$number/.end" "$number/after" ../.owned.json && mv -- ../.owned.json ../owned.json &&
  mv -- "$number/.end" "$number/end.json" || exit
# What runs that were killed left behind.
find . -maxdepth 1 -name '.look.*' -mmin +60 -exec rm -rf {} +
count=$(ew_numbers | wc -l)
for old in $(ew_numbers); do
  [ "$old" != "$number" ] || break
  [ "$count" -gt "$keep" ] || [ "$(du -sk . | cut -f 1)" -gt "$size" ] || break
  case " $needed " in *" $old "*) continue ;; esac
  rm -rf -- "$old"
  find objects -links 1 -type f -delete
  count=$((count - 1))
done
