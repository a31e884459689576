# shellcheck shell=sh
printf '\357\273\277[wsl2]\nmemory=4GB\n\n[system-distro-env]\nWESTON_RDP_HI_DPI_SCALING=true\n' >/mnt/c/Users/dev/.wslconfig
