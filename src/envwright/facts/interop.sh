# How a script reaches Windows from inside WSL (see interop.py).
# shellcheck shell=sh disable=SC2034 # the callers read these
ew_reach() {
 ew_why='' ew_system=''
 [ -e /init ] || { ew_why='this machine does not run under WSL'; return 1; }
 while read -r ew_source ew_target ew_kind ew_options ew_rest; do
  case $ew_kind,$ew_options in
  drvfs,*|virtiofs,*|9p,*aname=drvfs*)
   ew_target=$(printf '%b' "$ew_target")
   [ -f "$ew_target/Windows/System32/cmd.exe" ] || continue
   ew_system=$ew_target/Windows/System32; cd "$ew_target" && break;;
  esac
 done </proc/self/mounts
 [ "$ew_system" ] ||
  { ew_why='the drive of Windows is not mounted: see [automount] in /etc/wsl.conf'; return 1; }
 [ -e "${WSL_INTEROP-}" ] || unset WSL_INTEROP; }
ew_answers() { [ "$1" ] ||
 { ew_why='Windows programs do not run: see [interop] in /etc/wsl.conf'; return 1; }; }
ew_run() { ew_exe=$1; shift
 /init "$ew_system/$ew_exe" "$ew_exe" "$@" </dev/null 2>&1 | tr -d '\r'; }
ew_cmd() { ew_run cmd.exe /d /c "$@" | sed 's/ *$//'; }
ew_cmd_utf16() { /init "$ew_system/cmd.exe" cmd.exe /d /u /c "$@" </dev/null 2>/dev/null |
 iconv -c -f UTF-16LE -t UTF-8 | tr -d '\r' | sed 's/ *$//'; }
