# shellcheck shell=sh
# Nothing but the proxy knows the company's servers, and nobody knows the company's authority yet.
hosts=$(grep -v 'envwright\.test' /etc/hosts)
printf '%s\n' "$hosts" >/etc/hosts
rm /usr/local/share/ca-certificates/envwright-tests.crt
