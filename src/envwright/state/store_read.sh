# shellcheck shell=sh disable=SC2154
# Prints files of generations, a line each: the name, a blank, and the bytes in base64. With $now,
# also what lies now at the paths of these generations, by their names below `now`.
ew_open ''
[ "$which" != all ] || which=$(ew_numbers)
# Two may read at the same time.
look=
[ -z "$now" ] || look=$(mktemp -d "$PWD/.look.XXXXXX") || exit
trap '[ -z "$look" ] || rm -rf -- "$look"' EXIT
for number in $which; do
  [ -d "$number" ] || continue
  for file in $(cd "$number" && find . -type f ! -size +1024k -printf '%P\n' | grep -E "$names"); do
    printf '%s/%s %s\n' "$number" "$file" "$(base64 -w 0 <"$number/$file")"
  done
  [ -n "$now" ] || continue
  ew_look "$number" "$look/$number" || exit
  for file in $(cd "$look/$number" && find . -name about -printf '%P\n'); do
    printf '%s/now/%s %s\n' "$number" "$file" "$(base64 -w 0 <"$look/$number/$file")"
  done
done
