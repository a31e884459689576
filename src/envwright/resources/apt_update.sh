# apt-get update, with the options that are given. The lock of the lists is waited for by trying
# again: DPkg::Lock::Timeout covers dpkg's locks alone.
# shellcheck shell=sh
ew_update() {
    ew_patience=$1 ew_waited=0
    shift
    until ew_said=$(apt-get update -qq "$@" 2>&1); do
        case $ew_said in
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
    done
}
