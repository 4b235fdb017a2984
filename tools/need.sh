#!/bin/sh
# Debian packages that a make target needs: installed when we are root or sudo asks for no password, otherwise named.
# usage: tools/need.sh [--optional] PACKAGE...      --optional: say what is missing and go on
set -u
optional=no
if [ "${1:-}" = --optional ]; then
    optional=yes
    shift
fi
if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is no Debian or Ubuntu system; make sure that you have: $*" >&2
    exit 0
fi
missing=
for package in "$@"; do
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ] &&
        ! dpkg-query -W -f='${Provides} ${db:Status-Status}\n' 2>/dev/null | grep -q "\b$package\b.* installed$"; then
        missing="$missing $package"
    fi
done
[ -z "$missing" ] && exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    as_root="sudo -n"
    if ! sudo -n true 2>/dev/null; then
        echo "Missing packages. Please install them and try again:" >&2
        echo "    sudo apt-get install$missing" >&2
        [ "$optional" = yes ] && exit 0
        exit 1
    fi
fi
echo "Installing:$missing" >&2
install() {
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $missing >/dev/null
}
if ! install 2>/dev/null; then
    $as_root apt-get update -q >/dev/null
    if ! install; then
        echo "Could not install:$missing" >&2
        [ "$optional" = yes ] && exit 0
        exit 1
    fi
fi
