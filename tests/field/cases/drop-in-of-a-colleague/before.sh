# shellcheck shell=sh
mkdir -p /etc/systemd/system/relay.service.d
printf '[Service]\nExecStart=/bin/sleep infinity\n' > /etc/systemd/system/relay.service
printf '[Service]\nExecStart=\nExecStart=/bin/sleep 99999\n' \
    > /etc/systemd/system/relay.service.d/override.conf
printf '[Service]\nEnvironment=DEBUG=1\n' > /etc/systemd/system/relay.service.d/debug.conf
systemctl daemon-reload
systemctl start relay.service
