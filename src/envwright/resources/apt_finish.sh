# End what dpkg began. What only lacks its configuration gets it; what was cut off while it was
# unpacked is fetched anew. $1: seconds to wait for a dpkg that is at work. $2: seconds that an update may take.
# shellcheck shell=sh
ew_mend() {
    # A package that was cut off while it was unpacked can only be unpacked anew.
    ew_half=$(dpkg-query -W -f '${db:Status-Eflag}\t${binary:Package}\n' |
        sed -n 's/^reinstreq\t//p')
    # shellcheck disable=SC2086 # names of packages
    apt-get -y --no-remove --fix-broken -o "DPkg::Lock::Timeout=$1" \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --reinstall install $ew_half
}
ew_finish() {
    export DEBIAN_FRONTEND=noninteractive
    # It takes dpkg's lock, and says whose it waits for. That dpkg was interrupted is known.
    apt-get -q -o "DPkg::Lock::Timeout=$1" check 2>/dev/null |
        grep --line-buffered '^Waiting for cache lock:'
    dpkg --force-confdef --force-confold --configure -a
    if [ "$(ew_interrupted)" ]; then
        ew_mend "$1" || { ew_update "$1" "$2" && ew_mend "$1"; } || return
    fi
    [ -z "$(ew_interrupted)" ]
}
