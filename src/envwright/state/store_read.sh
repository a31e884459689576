# shellcheck shell=sh disable=SC2154
# Prints files of generations, a line each: the name, a blank, and the bytes in base64. With $now,
# also what lies now at the paths of these generations, by their names below `now`.
ew_open ''
[ "$which" != all ] || which=$(ew_numbers)
for number in $which; do
  [ -d "$number" ] || continue
  [ -z "$now" ] || ew_look "$number" .look || exit
  for file in $(cd "$number" && find . -type f ! -size +1024k -printf '%P\n' | grep -E "$names"); do
    printf '%s/%s %s\n' "$number" "$file" "$(base64 -w 0 <"$number/$file")"
  done
  [ -z "$now" ] || for file in $(cd .look && find . -name about -printf '%P\n'); do
    printf '%s/now/%s %s\n' "$number" "$file" "$(base64 -w 0 <".look/$file")"
  done
done
rm -rf .look
