# shellcheck shell=sh
set -e
apt-get update -qq && apt-get install -y -qq --no-install-recommends git stow >/dev/null
useradd --create-home dev
install -d -o dev /srv/git
cat >/srv/make.sh <<'END'
set -e
git config --global user.name dev
git config --global user.email dev@example.com
git init -q --initial-branch=main /srv/git/dots
cd /srv/git/dots
mkdir -p newsboat login
for file in vimrc bashrc newsboat/urls login/.profile; do echo "# of the dotfiles" >"$file"; done
git add . && git commit -qm dots
git clone -q file:///srv/git/dots ~/.dotfiles
mkdir ~/.newsboat && echo mine >~/.newsboat/urls
ln -s ~/dots/vimrc ~/.vimrc
echo "# mine" >>~/.profile
END
runuser -u dev -- env HOME=/home/dev sh /srv/make.sh
