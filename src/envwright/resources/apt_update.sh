# apt-get update, with the options that are given. The lock of the lists is waited for by trying
# again: DPkg::Lock::Timeout covers dpkg's locks alone. $1: seconds to wait for it. $2: seconds that
# an update may take. Of its outputs, stdout only says how far it is, to whoever looks (EW_STATUS).
# apt-get stays in the group of the session, which is hung up as a whole.
# shellcheck shell=sh
ew_update() {
    ew_patience=$1 ew_seconds=$2 ew_waited=0
    shift 2
    until ew_said=$(timeout --foreground -k 10 "$ew_seconds" apt-get update -qq "$@" 2>&1 >&3); do
        case $?$ew_said in
        124* | 137*)
            ew_waited=$ew_patience ew_lists=/var/lib/apt/lists/
            eval "$(apt-config "$@" shell ew_lists Dir::State::lists/d)"
            # The names of what is being fetched begin with the server's.
            ew_from=$(find "$ew_lists/partial" -name '*_*' | sed 's|.*/||; s/_.*//' | sort -u)
            ew_said="E: apt-get update has not ended after $ew_seconds s"
            [ -z "$ew_from" ] ||
                ew_said="$ew_said; it still fetches from $(echo "$ew_from" | tr '\n' ' ')"
            ;;
        *'Could not get lock'*) ;;
        *) ew_waited=$ew_patience ;;
        esac
        if [ "$ew_waited" -ge "$ew_patience" ]; then
            echo "$ew_said" >&2
            return 100
        fi
        if [ $((ew_waited % 30)) = 0 ]; then
            echo "$ew_said" | sed -n 's/^E: \(Could not get lock\)/Waiting for cache lock: \1/p'
        fi
        sleep 1
        ew_waited=$((ew_waited + 1))
    done 3>&1
}
