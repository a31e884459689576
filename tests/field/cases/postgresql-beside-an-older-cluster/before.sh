# shellcheck shell=sh
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-17 >/dev/null
pg_createcluster 17 old --start >/dev/null
runuser -u postgres -- psql --cluster 17/old -qc 'CREATE DATABASE kept'
