# shellcheck shell=sh
# The machine once trusted https, or its owner could not have come here.
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ca-certificates
