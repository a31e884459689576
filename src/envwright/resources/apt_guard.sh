# Fail where apt would do more than $1 (lines of VERB NAME) allows; of the verbs in $2 ("known" or
# "unknown" side effects) it must name all. Further arguments are the transaction's.
# shellcheck shell=sh
ew_guard() {
    ew_allowed=$1 ew_side=$2
    shift 2
    # To remove what nobody knows is an error for apt; here it is done.
    ew_count=$#
    for ew_word in "$@"; do
        case $ew_word in
        *:native-) dpkg-query -W -- "${ew_word%:native-}" >/dev/null 2>&1 || continue ;;
        esac
        set -- "$@" "$ew_word"
    done
    shift "$ew_count"
    [ $# -gt 1 ] || return 0
    ew_more=$(ew_simulated "$@" | while read -r ew_verb ew_name ew_old ew_new; do
        case "$ew_side $ew_verb" in
        *' E:') echo "E: $ew_name $ew_old $ew_new" ;;
        *' provider') echo "    $ew_name is provided by $ew_old" ;;
        'unknown install' | 'unknown upgrade') ;;
        *)
            case $ew_allowed in
            *"
$ew_verb $ew_name
"*) ;;
            *)
                case $ew_side in
                known) echo "E: apt would also $ew_verb $ew_name, which the plan did not show" ;;
                *) echo "E: apt would also $ew_verb $ew_name, which the environment does not name" ;;
                esac
                ;;
            esac
            ;;
        esac
    done)
    [ -z "$ew_more" ] || {
        echo "$ew_more" >&2
        return 100
    }
}
