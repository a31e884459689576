#!/bin/sh
# R1 by hand, once, on a fresh machine: the floor of a first apply. Nothing here looks before it acts.
set -eu
export DEBIAN_FRONTEND=noninteractive
umask 022

apt-get update -qq
apt-get install -y -qq --no-install-recommends \
    sudo git curl jq ripgrep tmux docker.io >/dev/null

groupadd devs
useradd --create-home --shell /bin/bash --groups devs,docker dev
rule=$(mktemp)
echo 'dev ALL=(ALL:ALL) NOPASSWD: ALL' >"$rule"
visudo --quiet --check --file="$rule"
install --mode=0440 "$rule" /etc/sudoers.d/dev
rm "$rule"

cat >/etc/wsl.conf <<'EOF'
[boot]
systemd=true
[automount]
enabled=true
options="metadata,umask=22,fmask=11"
[interop]
appendWindowsPath=false
[user]
default=dev
EOF
mkdir -p /etc/docker
echo '{"log-driver": "local", "live-restore": true}' >/etc/docker/daemon.json
printf '%s\n' 'fs.inotify.max_user_watches = 524288' 'vm.max_map_count = 262144' \
    >/etc/sysctl.d/60-dev.conf
sysctl --quiet --load=/etc/sysctl.d/60-dev.conf
echo 'tmpfs /mnt/scratch tmpfs size=64m,mode=1777 0 0' >>/etc/fstab
mkdir /mnt/scratch
mount /mnt/scratch
# shellcheck disable=SC2016 # the login shell expands it
echo 'export GOCACHE=$HOME/.cache/go-build GOMODCACHE=$HOME/go/pkg/mod' >/etc/profile.d/go.sh

cd /home/dev
install --directory --owner=dev --group=dev /mnt/scratch /opt/docker \
    .cache .cache/go-build go go/pkg go/pkg/mod .config
ln -s /opt/docker docker
for number in $(seq 30); do
    printf '# tool %s\nvalue = %s\n' "$number" "$number" >".config/tool$number.conf"
done
chown -R --no-dereference dev:dev .config docker

systemctl enable --quiet docker
systemctl restart docker
