# What a checkout is, and how it is made and brought up to date: see checkout.py. Its owner runs this.
# shellcheck shell=sh
# shellcheck disable=SC2154 # path, url, kind, ref, depth and submodules come before
# shellcheck disable=SC2034 # the verdict is for what comes behind
export GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=false LC_ALL=C
# Without a terminal to ask at, ssh must not wait for an answer. A command of the owner's stays.
[ "$(git config --get core.sshCommand 2>/dev/null)" ] ||
    export GIT_SSH_COMMAND='ssh -o BatchMode=yes -o ConnectTimeout=10'

# The credential manager of Windows would open a window there (learn.microsoft.com: WSLENV).
export GCM_INTERACTIVE=never WSLENV="${WSLENV:+$WSLENV:}GCM_INTERACTIVE"

# What says that the first checkout of a repository is not done yet.
new=.git/envwright-new
# Commits that came by their names alone: no branch and no tag says that the remote has them.
pins=refs/envwright/

say() {
    printf '%s\n' "$@"
    exit 0
}

# An address without what makes no difference between two.
plain() {
    ew_plain=${1%/}
    printf '%s\n' "${ew_plain%.git}"
}

# Tells why nothing is changed where commits would be replaced that nobody else has.
own_commits() {
    [ "$head" ] || return 0
    own=$(git rev-list --count "$head" --not --remotes --tags --glob="$pins*" 2>/dev/null) || own=0
    [ "$own" = 0 ] || say left "it has commits that are nowhere else: $own; push them first"
}

# Tells why nothing is changed where files differ from the last commit.
local_changes() {
    changed=$(git status --porcelain --untracked-files=no --ignore-submodules=none | head -n 1)
    [ -z "$changed" ] || say left "files were changed: ${changed#???}; commit or stash the changes"
}

# Tells why nothing is changed where a file that git does not know has the name of a new one.
in_the_way() {
    git diff --no-renames --name-only --diff-filter=A "$head" "$1" | while IFS= read -r file; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        say left "$file is in the way, which is not of the repository: move it away"
    done
}

# Prints `behind` or why it is left, for a commit that is to come; it may be unknown here yet.
compare() {
    [ "$head" ] || say behind "no commit"
    if git cat-file -e "$1" 2>/dev/null; then
        [ "$kind" != branch ] || git merge-base --is-ancestor "$head" "$1" ||
            say left "$ref and origin/$ref have gone different ways: merge or rebase"
        blocked=$(in_the_way "$1")
        [ -z "$blocked" ] || say "$blocked"
    fi
    if [ "$kind" != branch ] || ! git merge-base --is-ancestor "$head" "$1" 2>/dev/null; then
        own_commits
    fi
    local_changes
    say behind "$(git rev-parse --short "$head")"
}

whole() {
    if [ "$submodules" ]; then
        state=$(git submodule status --recursive 2>&1) || say left "${state##*fatal: }"
        case "
$state" in
        *'
-'*) say behind 'no submodules' ;;
        *'
+'*) say left 'a submodule is at another commit: git submodule update' ;;
        esac
    fi
    say there
}

look_branch() {
    current=$(git symbolic-ref -q --short HEAD) || current='no branch'
    [ "$current" = "$ref" ] || [ -z "$head" ] ||
        say left "it is on $current: git switch $ref"
    told=$(timeout 15 git ls-remote --exit-code origin "refs/heads/$ref" 2>/dev/null)
    case $? in
    0) wanted=${told%%[!0-9a-f]*} ;;
    2) say left "its remote has no branch $ref (any more)" ;;
    # Without a network the last news stand.
    *) wanted=$(git rev-parse -q --verify "refs/remotes/origin/$ref") || wanted= ;;
    esac
    [ "$wanted" ] || say behind "$(git rev-parse -q --short HEAD || echo 'no commit')"
    git merge-base --is-ancestor "$wanted" HEAD 2>/dev/null && whole
    compare "$wanted"
}

look() {
    command -v git >/dev/null || say missing
    [ -e "$path" ] || [ -L "$path" ] || say missing
    cd -- "$path" 2>/dev/null || say foreign
    if [ ! -e .git ]; then
        [ -n "$(ls -A . 2>/dev/null)" ] && say foreign
        say missing
    fi
    said=$(git rev-parse --git-dir 2>&1) || say left "git refuses the repository: ${said#fatal: }"
    is=$(git config --get remote.origin.url)
    head=$(git rev-parse -q --verify HEAD) || head=
    [ "$is" ] || [ "$head" ] || say behind 'no remote'
    [ "$is" ] || say left "it has no remote: git remote add origin $url, or move the folder away"
    [ "$(plain "$is")" = "$(plain "$url")" ] ||
        say left "its remote is $is: git remote set-url origin $url, or move the folder away"
    [ "$kind" != branch ] || look_branch
    wanted=$ref
    [ "$kind" = commit ] ||
        wanted=$(git rev-parse -q --verify "refs/tags/$ref^{commit}") || wanted=
    [ "$wanted" ] && [ "$head" = "$wanted" ] && whole
    compare "${wanted:-0}"
}

fetch() {
    set -- --quiet origin "$@"
    [ -z "$depth" ] || [ "$head" ] || set -- --depth "$depth" "$@"
    git fetch "$@"
}

# Gets the commit; a shallow repository gets no more than it needs.
get() {
    case $kind in
    branch)
        fetch "+refs/heads/$ref:refs/remotes/origin/$ref"
        [ "$depth" ] || [ "$head" ] || fetch
        ;;
    tag) fetch "refs/tags/$ref:refs/tags/$ref" ;;
    commit)
        [ "$depth" ] || fetch
        git cat-file -e "$ref^{commit}" 2>/dev/null || fetch "$ref"
        git update-ref "$pins$ref" "$ref"
        ;;
    esac
}

put() {
    set -- git checkout --quiet
    # A run that was killed left files of the repository, which are nobody's work.
    [ "$head" ] || [ ! -e "$new" ] || { rm -f .git/index.lock; set -- "$@" --force; }
    case $kind in
    branch)
        if [ "$head" ]; then
            git merge --quiet --ff-only "refs/remotes/origin/$ref"
        else
            "$@" -B "$ref" --track "origin/$ref"
        fi
        ;;
    tag) "$@" --detach "refs/tags/$ref^{commit}" ;;
    commit) "$@" --detach "$ref" ;;
    esac
    rm -f "$new"
    [ -z "$submodules" ] || git submodule update --quiet --init --recursive
}

update() {
    set -e
    cd -- "$path"
    [ -e .git ] || { git init --quiet && : >"$new"; }
    git config --get remote.origin.url >/dev/null || git remote add origin "$url"
    head=$(git rev-parse -q --verify HEAD) || head=
    get
    # What came may show that the owner's work is in the way: the next plan says so.
    case $(set +e; look) in
    left*) exit 0 ;;
    esac
    put
}

verdict=$(look)
