# What proofs ask a person's own login shell by: see login_shell.py.
# shellcheck shell=sh
ew_begin=envwright-begin ew_end=envwright-end ew_seconds=30
ew_line='
'

# Prints all that the login shell of $1 prints, while it runs $2 by sh between two marks.
ew_login() {
    {
        # A session of its own: what a profile starts gets no terminal, and is killed with it.
        setsid timeout --kill-after=5 "$ew_seconds" su - "$1" --session-command \
            "sh -c 'echo; echo $ew_begin; $2; echo; echo $ew_end'" </dev/null 2>&1 &
        ew_pid=$!
        wait "$ew_pid"
        ew_code=$?
        kill -KILL "-$ew_pid" 2>/dev/null
        [ "$ew_code" != 124 ] || echo "it was stopped after $ew_seconds s"
    } | timeout $((ew_seconds + 10)) sed "/^$ew_end\$/q"
}

# Sets `said` to what $2 prints in the login shell of $1; tells why there is nothing.
ew_ask() {
    said=$(ew_login "$1" "$2")
    case $said in
    *"$ew_line$ew_begin$ew_line"*"$ew_line$ew_end")
        said=${said##*"$ew_line$ew_begin$ew_line"}
        said=${said%"$ew_line$ew_end"}
        said=${said%"$ew_line"}
        return
        ;;
    esac
    echo "the login shell of $1 ran no command; it said:"
    printf '%s\n' "$said" | grep -vxF -e "$ew_begin" -e '' | tail -n 5
    return 1
}

# Prints the accounts of persons who can log in (login.defs(5), UID_MIN; shadow(5), expiration).
ew_people() {
    awk -F: -v today=$(($(date +%s) / 86400)) '
        FILENAME ~ /shadow$/ { if ($8 != "" && $8 <= today) expired[$1]; next }
        ($3 == 0 && $1 == "root" || $3 >= 1000 && $3 < 60000) && !($1 in expired) &&
            $7 !~ /\/(nologin|false|sync)$/ { print $1 }
    ' /etc/shadow /etc/passwd
}

# Prints where the startup files of $1 set the variable $2: only the places, not the lines.
ew_blame() {
    # shellcheck disable=SC2016 # expanded by the shell of the user
    runuser -u "$1" -- env -i HOME="$(getent passwd "$1" | cut -d: -f6)" PATH=/usr/bin:/bin \
        sh -c 'cd "$HOME" && timeout 5 grep -HnE -- "$1" \
            "$HOME"/.profile "$HOME"/.bash_profile "$HOME"/.bash_login "$HOME"/.bashrc \
            "$HOME"/.zshenv "$HOME"/.zprofile "$HOME"/.zshrc "$HOME"/.zlogin \
            "$HOME"/.config/fish/config.fish "$HOME"/.config/fish/conf.d/*.fish \
            "$HOME"/.config/environment.d/*.conf /etc/profile.d/*.sh /etc/environment \
            /etc/zsh/z* /etc/fish/config.fish /etc/fish/conf.d/*.fish /etc/environment.d/*.conf \
            /etc/profile /etc/bash.bashrc' sh \
        "^[^#]*(^|[^A-Za-z0-9_])$2(=|[[:space:]]+[^[:space:]=])" 2>/dev/null </dev/null |
        grep -v '^[^:]*envwright' | cut -d: -f1,2 |
        sed "s/^/look at /" | head -n 5
}

# The program by which the manager of a person's services reads environment.d(5).
ew_generator=/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator

# Prints the variables of services of $1, as systemd prints them.
ew_services() {
    (cd / && timeout 10 runuser -u "$1" -- env -i HOME="$(getent passwd "$1" | cut -d: -f6)" \
        PATH=/usr/bin "$ew_generator" </dev/null)
}
