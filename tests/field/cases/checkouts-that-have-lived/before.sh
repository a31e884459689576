# shellcheck shell=sh
set -e
apt-get update -qq && apt-get install -y -qq --no-install-recommends git >/dev/null
useradd --create-home dev
install -d -o dev /srv/git
cat >/srv/make.sh <<'END'
set -e
git config --global user.name dev
git config --global user.email dev@example.com
git config --global protocol.file.allow always
change() { echo "$2" >>"$1/file" && git -C "$1" add file && git -C "$1" commit -qm "$2"; }
for name in plugin part theme hub dots app; do
    git init -q --initial-branch=main "/srv/git/$name"
    change "/srv/git/$name" 1
done
change /srv/git/part 2
git -C /srv/git/theme submodule --quiet add file:///srv/git/part part
git -C /srv/git/theme commit -qm part
git -C /srv/git/hub tag v1
git -C /srv/git/dots branch --move main master
for name in plugin theme dots app; do
    git clone -q --recurse-submodules "file:///srv/git/$name" "/home/dev/$name"
done
git clone -q --depth 1 --branch v1 file:///srv/git/hub /home/dev/hub 2>/dev/null
git -C /home/dev/theme/part checkout -q HEAD~1
echo mine >/home/dev/app/file
for name in plugin theme hub dots; do change "/srv/git/$name" 3; done
git -C /srv/git/hub tag v2
git -C /srv/git/dots branch --move master main
END
runuser -u dev -- env HOME=/home/dev sh /srv/make.sh
chown -R root: /home/dev/plugin
