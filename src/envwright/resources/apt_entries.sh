# Changes of a source file of apt. $1: the file. $2: the SHA-256 of its numbered lines, as the plan saw them.
# shellcheck shell=sh
ew_unchanged() {
    ew_now=$(grep -na '' "$1" | sha256sum)
    if [ "${ew_now%% *}" != "$2" ]; then
        echo "$1 changed after the plan was made" >&2
        return 1
    fi
}
ew_take() {
    # Remove lines, by their numbers (further arguments). A file of which nothing is left goes.
    ew_unchanged "$1" "$2" || return
    ew_file=$1
    shift 2
    # sed writes a new file beside the old one, with its owner and mode, and renames it.
    sed -i "$(printf '%sd;' "$@")" "$ew_file"
    grep -q '[^[:space:]]' "$ew_file" || rm "$ew_file"
}
