# Makes a link of Windows, behind interop.sh (see link.py).
# shellcheck shell=sh disable=SC2154 # link.py sets these
ew_there() { ew_links '[^<>]*' | grep -qixF -- "$1 [$target]"; }
# shellcheck disable=SC2086 # $kind is one word or none
ew_make() { ew_said=$(ew_cmd mklink $kind "$folder\\$1" "$target"); ew_there "$1"; }
ew_instead() {
 if [ "$script" ]; then
  printf '%s "%s"' "$powershell" "$(ew_cmd_utf16 echo "$script")"
 else
  printf '%s' "mklink${kind:+ $kind} \"$link\" \"$target\""
 fi; }
ew_fail() {
 printf '%s\n' "Windows made no link $link: $ew_said"
 ew_key='HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\AppModelUnlock'
 ew_run reg.exe query "$ew_key" /v AllowDevelopmentWithoutDevLicense | grep -q 0x1 ||
  printf '%s\n' \
  'It takes Developer Mode (Settings, System, For developers), which is off, or this command in' \
  'a Command Prompt that is run as administrator:' \
  "    $(ew_instead)" ${advice:+"$advice"}
 exit 1; }
# What a run that was killed left. `del` of a link to a directory would empty the directory.
ew_clear() {
 if ew_is SYMLINK "$1"; then ew_cmd del "$folder\\$1"
 elif ew_is '[^<>]*' "$1"; then ew_cmd rmdir "$folder\\$1"
 fi >/dev/null; }
if [ "$linux" ] && [ ! -e "$linux" ]; then
 printf '%s\n' "$link would lead to $linux, which is not there"; exit 1; fi
ew_cmd mkdir "$folder" >/dev/null
ew_clear "$name.envwright"
if [ "$old" ]; then
 [ ! -e "$(wslpath -u "$folder\\$name.envwright")" ] ||
  { printf '%s\n' "$link.envwright is in the way: move it away first"; exit 1; }
 # Where no link can be made, the old one stays.
 ew_make "$name.envwright" || ew_fail
 ew_cmd "$remove" "$folder\\$name.envwright" >/dev/null
 ew_cmd "$old" "$link" >/dev/null
fi
ew_make "$name" || ew_fail
