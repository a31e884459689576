# Remove lines from a source file of apt. $1: the file. $2: the SHA-256 of its numbered lines, as the plan saw
# them. Further arguments: the numbers of the lines. A file of which nothing is left goes.
# shellcheck shell=sh
ew_take() {
    ew_file=$1 ew_seen=$2
    shift 2
    ew_now=$(grep -na '' "$ew_file" | sha256sum)
    if [ "${ew_now%% *}" != "$ew_seen" ]; then
        echo "$ew_file changed after the plan was made" >&2
        return 1
    fi
    # sed writes a new file beside the old one, with its owner and mode, and renames it.
    sed -i "$(printf '%sd;' "$@")" "$ew_file"
    grep -q '[^[:space:]]' "$ew_file" || rm "$ew_file"
}
