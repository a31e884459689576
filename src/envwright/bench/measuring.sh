# shellcheck shell=sh
# Measures one folder with the rights of its owner. Prints a line for each figure: its name, a tab,
# and its value; what fio says is base64. $1 is the folder, $2 the seconds of each run of fio.
#
# Everything lies in one new folder, which goes at the end, however that comes.
set -u
place=$1 seconds=$2
work=$(mktemp -d -- "$place/.envwright-bench.XXXXXX") || exit 3
trap 'cd / && rm -rf -- "$work"' EXIT
trap 'exit 130' HUP INT TERM
cd "$work" || exit 3

say() { printf '%s\t%s\n' "$1" "$2"; }
now() { date +%s%N; }
# Says how long a command took, in milliseconds; nothing where it failed.
timed() {
    name=$1 start=$(now)
    shift
    "$@" >/dev/null 2>&1 && say "$name" "$((($(now) - start) / 1000000))"
}

free=$(df -Pk . | awk 'NR == 2 { print $4 }')
if [ "${free:-0}" -lt 1048576 ]; then
    say lacks "1 GiB of free space: there are $((${free:-0} / 1024)) MiB"
    exit 0
fi

# 4 KiB at random places, 8 jobs with 64 requests each, past the cache where the file system can.
random() {
    fio --name=io --rw="$1" --direct="$2" --bs=4k --size=32m --numjobs=8 --iodepth=64 \
        --ioengine=libaio --time_based --runtime="$seconds" --group_reporting \
        --output-format=json --output=fio.json >/dev/null 2>&1 || return 1
    say "$1" "$2 $(base64 -w0 fio.json)"
}
if command -v fio >/dev/null; then
    for kind in randwrite randread; do
        random "$kind" 1 || random "$kind" 0
    done
    rm -f -- io.*
else
    say lacks 'fio, which measures random reads and writes: it is a package'
fi

# 2 000 files of 2 KiB in 100 folders, as a node_modules has them: packed where nothing is measured.
packed=$(mktemp -d) || exit 3
trap 'cd / && rm -rf -- "$work" "$packed"' EXIT
text=$(head -c 1536 /dev/urandom | base64 -w0)
folder=0
while [ "$folder" -lt 100 ]; do
    mkdir -p "$packed/tree/$folder"
    file=0
    while [ "$file" -lt 20 ]; do
        printf '%s' "$text" >"$packed/tree/$folder/$file"
        file=$((file + 1))
    done
    folder=$((folder + 1))
done
tar -C "$packed" -cf "$packed/tree.tar" tree
timed unpack tar -xf "$packed/tree.tar"
if command -v git >/dev/null; then
    git -C tree -c init.defaultBranch=main init -q && git -C tree add -A >/dev/null 2>&1 &&
        timed status git -C tree status --porcelain
else
    say lacks 'git'
fi
timed remove rm -rf tree

# Each insert is a transaction of its own, which SQLite brings to the disk by fsync.
if command -v python3 >/dev/null; then
    python3 - <<'PYTHON'
import sqlite3, time

base = sqlite3.connect("base.sqlite", isolation_level=None)
base.execute("PRAGMA synchronous = FULL")
base.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")
start = time.monotonic()
done = 0
while done < 200 and time.monotonic() - start < 10:
    base.execute("INSERT INTO row (text) VALUES (?)", ("x" * 100,))
    done += 1
print(f"inserts\t{done / (time.monotonic() - start):.0f}")
PYTHON
else
    say lacks 'python3, which measures SQLite'
fi
