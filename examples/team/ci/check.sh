#!/bin/sh
# For the CI of this repository: each person's environment is good for every machine that we buy, and
# each machine of the inventory has one. No machine is asked, and no rights are needed.
set -eu
cd "$(dirname "$0")/.."
envwright check --for debian-13,ubuntu-24.04,ubuntu-24.04-wsl people/*.yaml
envwright hosts -i inventory.yaml
