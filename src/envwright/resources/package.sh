# Tell which files of the packages $@ are not what the packages brought: by dpkg's checksums, and by
# diversions of others. Settings may be changed, and documents may be left out (dpkg.cfg(5), path-exclude).
# shellcheck shell=sh
ew_own() {
    # shellcheck disable=SC2046 # names of packages
    set -- $(dpkg-query -W -f '${db:Status-Abbrev}\t${binary:Package}\n' -- "$@" 2>/dev/null |
        sed -n 's/^.i.\t//p')
    [ $# -gt 0 ] || {
        echo 'none of the packages is installed under its own name'
        return 77
    }
    ew_odd=$(
        dpkg --verify -- "$@" | grep -v '^.\{9\} *c ' | sed -n 's/^\([^ ]*\)  *\(\/.*\)/\1 \2/p' |
            grep -v ' /usr/share/' | while read -r ew_flags ew_path; do
            case $ew_flags in
            missing) ew_flags='is missing' ;;
            *) ew_flags='is not the file that the package brought' ;;
            esac
            [ ! -h "$ew_path" ] || ew_flags="$ew_flags, but a link to $(readlink -f "$ew_path")"
            echo "$ew_path $ew_flags"
        done
        dpkg -L -- "$@" 2>/dev/null | awk -v "names= $* " '
            NR == FNR { files[$0]; next }
            FNR % 3 == 1 { from = $0 }
            FNR % 3 == 2 { to = $0 }
            FNR % 3 == 0 && (from in files) && !index(names, " " $0 " ") {
                print from " is diverted to " to " by " ($0 == ":" ? "hand" : $0)
            }' - /var/lib/dpkg/diversions
    )
    [ -z "$ew_odd" ] || {
        echo "$ew_odd"
        return 1
    }
}
