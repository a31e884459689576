# Downloads a package's own file and compares it with what an environment says of it. Prints what is
# wrong, and then leaves no file. $1: a folder of root's, for NAME.deb. $2: the name. $3: the version.
# $4: the SHA-256. $5: the address.
# shellcheck shell=sh disable=SC2016 # dpkg-deb fills in the fields
ew_deb() {
    ew_new=$1/$2.new
    rm -rf "$ew_new" "$1/$2.deb"
    mkdir "$ew_new" || return
    if ! fetch "$5" "$ew_new" file; then
        echo "E: $5: $(sed -n 's/^E: //p' "$ew_new/log" | head -n 1)"
        rm -rf "$ew_new"
        return 1
    fi
    # Nobody else may touch what root reads and installs then.
    chown -R root:root "$ew_new"
    ew_wanted="$2 $3 $(dpkg --print-architecture)"
    ew_got=$(sha256sum <"$ew_new/file" | cut -c 1-64)
    if [ "$ew_got" != "$4" ]; then
        ew_wrong="has the SHA-256 $ew_got, not $4"
    elif ! ew_got=$(dpkg-deb --show --showformat='${Package} ${Version} ${Architecture}' "$ew_new/file" 2>&1); then
        ew_wrong="cannot be read by the machine's dpkg (${ew_got##*"$ew_new/file' "})"
    else
        case $ew_got in
        "$ew_wanted" | "$2 $3 all") ew_wrong= ;;
        *) ew_wrong="holds $ew_got (name, version, architecture), not $ew_wanted" ;;
        esac
    fi
    [ "$ew_wrong" ] || mv "$ew_new/file" "$1/$2.deb"
    rm -rf "$ew_new"
    [ -z "$ew_wrong" ] || {
        echo "fault $5 $ew_wrong"
        return 1
    }
}
