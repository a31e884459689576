# What dpkg began and did not end: packages by their states, and entries of its journal.
# shellcheck shell=sh
ew_interrupted() {
    set -- '^Status: .* \(half-.*\|unpacked\|triggers-.*\)$' /var/lib/dpkg/updates/[0-9]*
    if grep -q "$1" /var/lib/dpkg/status; then
        dpkg-query -W -f '${db:Status-Status}\t${binary:Package}\n' |
            sed -n 's/^\(half-.*\|unpacked\|triggers-.*\)\t//p'
    fi
    [ ! -e "$2" ] || echo "dpkg's journal"
}
