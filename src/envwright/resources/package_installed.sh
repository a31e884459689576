# Is the package $1 installed for the machine's own architecture, with all programs that it brought; or one
# that provides it?
# shellcheck shell=sh
ew_installed() {
    ew_native=$(dpkg --print-architecture)
    ew_here=$(dpkg-query -W -f '${Architecture} ${db:Status-Abbrev} ${binary:Package}\n' "$1" 2>/dev/null |
        sed -nE "s/^($ew_native|all) .i. //p")
    if [ "$ew_here" ]; then
        ! dpkg -L "$ew_here" | grep -E '^(/usr)?/s?bin/.' | while read -r ew_path; do
            [ -e "$(dpkg-divert --truename "$ew_path")" ] || [ -h "$ew_path" ] ||
                # The package that diverts another one's program has its own at that path.
                { [ -e "$ew_path" ] && [ "$(dpkg-divert --listpackage "$ew_path")" = "${ew_here%%:*}" ]; } ||
                echo "$ew_path"
        done | grep .
        return
    fi
    dpkg-query -W -f '${db:Status-Abbrev}, ${Provides},\n' | grep '^.i' |
        tr -d ' ' | sed 's/([^)]*)//g' | grep -qF ",$1,"
}
