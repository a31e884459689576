# shellcheck shell=sh disable=SC2154,SC2016
# Removes the account $user, and from its home $home, as that account, what is as in /etc/skel.
setpriv --reuid="$user" --regid="$(id -g -- "$user")" --init-groups sh -c '
  cd -- "$1" 2>/dev/null || exit 0
  find /etc/skel -mindepth 1 -type f -printf "%P\\n" | while IFS= read -r file; do
    [ -L "$file" ] || ! cmp -s -- "/etc/skel/$file" "$file" || rm -f -- "$file"
  done
  find /etc/skel -mindepth 1 -depth -type d -printf "%P\\n" | while IFS= read -r folder; do
    rmdir -- "$folder" 2>/dev/null
  done
  :
' sh "$home" || :
userdel -- "$user" || exit
