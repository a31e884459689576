# Downloads the files of packages into the folder $1, which root alone can change. Further arguments
# come in fours, as ew_deb has them: name, version, SHA-256, address.
# shellcheck shell=sh
ew_debs() {
    ew_folder=$1
    shift
    rm -rf "$ew_folder"
    mkdir -p "$ew_folder"
    while [ $# -gt 0 ]; do
        ew_deb "$ew_folder" "$1" "$2" "$3" "$4" >&2 || return
        shift 4
    done
}
