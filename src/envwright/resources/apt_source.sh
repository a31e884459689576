# What apt makes of a source. $1: its file. Further arguments: the addresses of its repositories.
# shellcheck shell=sh
ew_taken() {
    # apt-cache policy names each list with its priority; below 0 apt takes nothing from it.
    ew_policy=$(apt-cache policy)
    shift
    for ew_address in "$@"; do
        ew_priority=$(printf '%s\n' "$ew_policy" | awk -v "address=${ew_address%/}" '
            $1 ~ /^-?[0-9]+$/ && ($2 == address || $2 == address "/") && (!n++ || $1 > most) { most = $1 }
            END { if (n) print most }')
        case $ew_priority in
        '')
            echo "apt has no trusted list of $ew_address"
            return 1
            ;;
        -* | 0)
            echo "apt takes nothing from $ew_address: preferences give it the priority $ew_priority"
            grep -rls '^Pin-Priority:' /etc/apt/preferences /etc/apt/preferences.d
            return 1
            ;;
        esac
    done
}
ew_signed() {
    [ -f "$1" ] || {
        echo "there is no $1"
        return 1
    }
    # Only the signed list of lists is fetched, into a folder of its own.
    ew_folder=$(mktemp -d) && chmod 755 "$ew_folder" || return
    trap 'rm -rf "$ew_folder"' EXIT
    ew_index=Acquire::IndexTargets::deb
    ew_said=$(timeout 60 apt-get update -q -o Dir::State::lists="$ew_folder" \
        -o Dir::Etc::SourceList="$1" -o Dir::Etc::SourceParts=/dev/null \
        -o APT::Update::Error-Mode=any -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 \
        -o $ew_index::Packages::DefaultEnabled=false -o $ew_index::Translations::DefaultEnabled=false \
        2>&1) && return
    ew_said=$(echo "$ew_said" | grep '^[EW]: ')
    printf '%s\n' "$ew_said"
    case $ew_said in
    *resolv* | *'Could not connect'* | *'timed out'* | *unreachable* | *'Connection failed'* | '')
        echo "the server of ${1##*/} cannot be asked now"
        return 77
        ;;
    esac
    return 1
}
