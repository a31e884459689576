# Prints the states of the packages in $ew_specs, programs of theirs that are missing, and what apt would
# do where they differ, in fields that end in NUL. A spec is a line of fields between tabs: W, name, 1 or "" (absent), version,
# option, argument of apt-get. Before that of a package that comes as a file there is a line of B, name, version,
# SHA-256, address, 1 or "" (a newer version stays, or does not).
# shellcheck shell=sh disable=SC2154,SC2086,SC2013 # the question sets variables; names have no blanks
ew_compared() {
    # The lines of dpkg-query, then a line of T and an argument of apt-get for each package that differs.
    # A version that ends in an asterisk is a prefix, as apt has it (pkgVersionMatch::MatchVer).
    ew_native=
    [ ! -e /var/lib/dpkg/arch ] || read -r ew_native </var/lib/dpkg/arch
    awk -v native="$ew_native" '
        BEGIN { FS = "\t" }
        $1 == "B" { least[$2] = $6; next }
        $1 == "W" { name[++n] = $2; here[n] = $3; version[n] = $4; word[n] = $5 " " $6; next }
        # The same package for another architecture is another one (dpkg(1), --add-architecture).
        native != "" && $5 != native && $5 != "all" { next }
        { print }
        $3 ~ /^.i/ { installed[$2] = $4 }
        END {
            for (i = 1; i <= n; i++) {
                have = (name[i] in installed) ? installed[name[i]] : ""
                want = version[i]
                same = have == want || want == ""
                if (want ~ /\*$/) same = index(have, substr(want, 1, length(want) - 1)) == 1
                if (here[i] ? have == "" || !same : have != "")
                    print (have != "" && least[name[i]] ? "L\t" have "\t" want "\t" : "T\t") word[i]
            }
        }'
}
ew_newer() {
    # The lines of ew_compared, with N and the name for a line of L whose package is newer than its file, and a
    # line of T for any other one.
    while IFS= read -r ew_line; do
        case $ew_line in
        "L$ew_tab"*)
            IFS=$ew_tab
            set -- $ew_line
            unset IFS
            if dpkg --compare-versions "$2" gt "$3"; then
                printf 'N\t%s\n' "${4#* }" | sed 's/:native=.*//'
            else
                printf 'T\t%s\n' "$4"
            fi
            ;;
        *) printf '%s\n' "$ew_line" ;;
        esac
    done
}
ew_file() {
    # The argument of apt-get $1, or the file of its package in $ew_folder. What is wrong with the file goes to
    # $ew_folder/told, and nothing is printed; a newer version that apt finds elsewhere is told there, too.
    ew_line=$(printf '%s\n' "$ew_specs" | grep -F "B$ew_tab${1%%:native*}$ew_tab") || {
        echo "$1"
        return
    }
    IFS=$ew_tab
    set -- $ew_line
    unset IFS
    ew_deb "$ew_folder" "$2" "$3" "$4" "$5" >>"$ew_folder/told" || return
    echo "$ew_folder/$2.deb"
    ew_other=$(apt-cache madison "$2" | awk 'NR == 1 { print $3 }')
    if [ "$ew_other" ] && dpkg --compare-versions "$ew_other" gt "$3"; then
        echo "offered $2 $ew_other" >>"$ew_folder/told"
    fi
}
ew_missing() {
    # A line of M, package and path for each program that is gone of the installed packages in $ew_states.
    # Plans without changes pay for this: one process, and no others.
    set -- /dev/null
    IFS='
'
    for ew_line in $ew_states; do
        case $ew_line in
        "D$ew_tab"*"$ew_tab"?i*) set -- "$@" "/var/lib/dpkg/info/${ew_line##*"$ew_tab"}.list" ;;
        esac
    done
    unset IFS
    # Not by `read`, which asks the kernel for each byte. Names of programs have no blanks.
    for ew_found in $(grep -sE '^(/usr)?/s?bin/.' "$@"); do
        ew_path=${ew_found#*.list:}
        if [ -e "$ew_path" ] || [ -h "$ew_path" ]; then continue; fi
        # Where a program is diverted, another one may be at its place, or none.
        grep -qxF "$ew_path" /var/lib/dpkg/diversions && continue
        ew_name=${ew_found%".list:$ew_path"}
        printf 'M\t%s\t%s\n' "${ew_name##*/}" "$ew_path"
    done
}
ew_without() {
    # The words after the names in $1 that mean other packages.
    ew_names=" $1 "
    shift
    for ew_word in "$@"; do
        case $ew_names in
        *" ${ew_word%%:native*} "*) ;;
        *) echo "$ew_word" ;;
        esac
    done
}
ew_try() {
    # A transaction; where apt refuses it for names that it cannot have, the one without these.
    ew_option=$1
    shift
    ew_said=$(ew_simulated "$ew_option" "$@")
    ew_bad=$(printf '%s\n' "$ew_said" | sed -n "
        s/^E: Unable to locate package \([^ :]*\).*/\1/p
        s/^E: Version '.*' for '\([^']*\)' was not found.*/\1/p
        s/^E: Package '\([^']*\)' has no installation candidate.*/\1/p" | tr '\n' ' ')
    if [ -z "$ew_bad" ]; then
        printf '%s\n' "$ew_said"
        return
    fi
    printf '%s\n' "$ew_said" | grep -e '^E: ' -e '^provider '
    apt-cache madison $ew_bad
    ew_rest=$(ew_without "$ew_bad" "$@")
    [ -z "$ew_rest" ] || ew_simulated "$ew_option" $ew_rest
}
ew_space() {
    # For each disk that the changes in $1 fill: space, where it is mounted, KiB that new packages and all
    # archives take there, KiB that are free. What upgrades take or free is little, and not counted.
    ew_words=$(printf '%s\n' "$1" | sed -n 's/^\(install\|upgrade\) \([^ ]*\) \([^ ]*\) \([^ ]*\).*/\2=\4/p')
    [ -n "$ew_words" ] || return 0
    ew_new=$(printf '%s\n' "$1" | sed -n 's/^install \([^ ]*\) .*/\1/p' | tr '\n' ' ')
    ew_need=$(apt-cache show -- $ew_words | awk -v "new= $ew_new" '
        BEGIN { RS = ""; FS = "\n" }
        {
            name = unpacked = archive = ""
            for (i = 1; i <= NF; i++) {
                if ($i ~ /^Package: /) name = substr($i, 10)
                if ($i ~ /^Installed-Size: /) unpacked = substr($i, 17)
                if ($i ~ /^Size: /) archive = substr($i, 7)
            }
            # A version that several sources have is shown several times.
            if (name in seen) next
            seen[name]
            if (index(new, " " name " ")) all += unpacked
            fetched += archive / 1024
        }
        END { print int(all), int(fetched) }')
    df -Pk /usr /var/cache/apt/archives | awk -v "need=$ew_need" '
        BEGIN { split(need, take, " ") }
        NR > 1 { want[$6] += take[NR - 1]; free[$6] = $4 }
        END { for (disk in want) print "space", disk, want[disk], free[disk] }'
}
ew_main() {
    ew_tab=$(printf '\tx')
    ew_tab=${ew_tab%x}
    ew_interrupted
    printf '\0'
    set -f
    ew_states=$({
        printf '%s\n' "$ew_specs"
        dpkg-query -W -f 'D\t${Package}\t${db:Status-Abbrev}\t${Version}\t${Architecture}\t${binary:Package}\n' -- "$@"
    } | ew_compared)
    case "
$ew_states" in
    *"
L$ew_tab"*) ew_states=$(printf '%s\n' "$ew_states" | ew_newer) ;;
    esac
    printf '%s\n' "$ew_states"
    ew_missing
    printf '\0'
    case "
$ew_states" in
    *"
T$ew_tab"*) ;;
    *) return 0 ;;
    esac
    ew_todo=$(printf '%s\n' "$ew_states" | sed -n "s/^T$ew_tab//p")
    set +f
    set -- /var/lib/apt/lists/*_Packages*
    set -f
    [ ! -e "$1" ] || echo yes
    printf '\0'
    ew_states=$(dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Provides}\n' |
        grep -e '^h' -e "${ew_tab}[^ ]*${ew_tab}.")
    printf '%s\0' "$ew_states"
    # What an installed package provides is there. A word with a version means the package itself.
    ew_provided=$(printf '%s\n' "$ew_states" | grep '^.i' | cut -f 3 | tr ',\n' '  ')
    case $ew_specs in
    *"B$ew_tab"*)
        ew_folder=$(mktemp -d)
        : >"$ew_folder/told"
        trap 'rm -rf "$ew_folder"' EXIT
        ;;
    esac
    for ew_each in --no-install-recommends --install-recommends; do
        set --
        for ew_wanted in $(printf '%s\n' "$ew_todo" | sed -n "s/^$ew_each //p"); do
            case $ew_wanted in
            *:native) ew_wanted=$(ew_without "$ew_provided" "$ew_wanted") ;;
            *:native=*) ew_wanted=$(ew_file "$ew_wanted") ;;
            esac
            [ -z "$ew_wanted" ] || set -- "$@" "$ew_wanted"
        done
        [ $# = 0 ] || {
            ew_said=$(ew_try "$ew_each" "$@")
            printf '%s\n' "$ew_said"
            ew_space "$ew_said"
        }
    done
    [ -z "${ew_folder-}" ] || cat "$ew_folder/told"
    printf '\0'
}
