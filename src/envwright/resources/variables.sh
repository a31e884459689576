# Decodes a value that systemd prints, from its input. dash, which runs the script, does not know
# $'...', and printf(1) takes only octal numbers behind 0. No value holds the character 1 as it is:
# systemd prints a number for it. See variables.py.
# shellcheck shell=sh
{
IFS= read -r value || :
case $value in
"\$'"*) value=${value#??} value=${value%?} ;;
'"'*) value=${value#?} value=${value%?} ;;
*) printf %s "$value"; value= ;;
esac
[ -z "$value" ] || printf %b "$(printf %s "$value" |
    sed 's/\\\\/\x01/g; s/\\\([0-7]\{3\}\)/\\0\1/g; s/\\\(["$`'\'']\)/\1/g; s/\x01/\\\\/g')"
}
