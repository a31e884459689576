# Ends with 0 where wsl.conf, a file at ew_conf, says false to the key ew_key, in small letters. The
# file is read as WSL's own parser reads it (microsoft/WSL: src/shared/configfile/configfile.cpp):
# the first value counts, and behind a bad line nothing does.
# shellcheck shell=sh disable=SC2016,SC2154
key=$ew_key perl -e '
open my $file, "<", shift or exit 1;
undef $/;
$_ = <$file> // "";
my $section = "";
my $escape = qr/\\[\\"bnt\n\r]/;
while ((pos // 0) < length) {
    /\G[ \t]*/gc;
    if (/\G\[([A-Za-z][A-Za-z0-9]*)\][ \t]*(?=[#\r\n]|\z)/gc) {
        $section = $1;
    } elsif (/\G([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*/gc) {
        my $name = lc "$section.$1";
        /\G((?:[^"\\#\r\n]|$escape|"(?:[^"\\\r\n]|$escape)*")*)(?=[#\r\n]|\z)/gc or last;
        my $value = $1;
        if ($name eq $ENV{key}) {
            $value =~ s/[ \t]+\z//;
            $value =~ s/"|\\[\n\r]//g;
            exit($value =~ /\A(?:false|0)(?:\0|\z)/i ? 0 : 1);
        }
    } elsif (substr($_, pos // 0, 1) !~ /\A[#\r\n]?\z/) {
        last;
    }
    /\G(?:#[^\n]*(?:\n|\z)|\r\n|.)/gcs;
}
exit 1;
' "$ew_conf"
