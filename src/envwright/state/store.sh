# shellcheck shell=sh disable=SC2154
# Prepares the store of generations in $folder, and stops where it is not root's alone or of another
# version than $version. Expects the variables; leaves the shell in the folder of generations.
ew_stop() { printf '%s\n' "$2" >&2; exit "$1"; }
ew_own() {
  [ -e "$1" ] || [ -L "$1" ] || [ -z "$2" ] || mkdir -m 0700 -- "$1" || ew_stop 1 "$1: cannot be made"
  if [ ! -d "$1" ] || [ -L "$1" ] || [ ! -O "$1" ]; then
    ew_stop 66 "$1 is not a folder of root's own"
  fi
  case $(stat -c %A -- "$1") in
  ?????w* | ????????w*) ew_stop 66 "others than root can write to $1" ;;
  esac
  [ -z "$2" ] || chmod 0700 -- "$1"
}
ew_open() {
  umask 077
  if [ -z "$1" ] && [ ! -e "$folder/generations" ] && [ ! -L "$folder/generations" ]; then exit 0; fi
  ew_own "$folder" "$1"
  ew_own "$folder/generations" "$1"
  cd -- "$folder/generations" || exit
  [ -e version ] || [ -z "$1" ] || printf '%s\n' "$version" >version || ew_stop 1 "$PWD/version"
  found=$(cat version 2>/dev/null)
  case $found in
  "$version") ;;
  '' | *[!0-9]*) ew_stop 66 "$PWD/version says no version, so that the store is damaged" ;;
  *) ew_stop 65 "$PWD was written by another envwright, and has form $found, not $version" ;;
  esac
}
ew_numbers() { find . -mindepth 1 -maxdepth 1 -type d -name '[1-9]*' -printf '%f\n' | sort -n; }
ew_look() {
  rm -rf -- "$2" && mkdir -- "$2" && { printf '0\0' && sed -z 's/^[*]*/*/' "$1/paths"; } |
    change record "$2" '' ''
}
