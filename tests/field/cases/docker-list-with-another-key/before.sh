mkdir -p /srv/company && : >/srv/company/Packages
