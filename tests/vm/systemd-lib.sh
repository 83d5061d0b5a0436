# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For cases whose nodes have init=systemd: . "${GUEST_LIB%/*}/systemd-lib.sh"

# use_unit FILE PROGRAM
#	Make a unit of the build known to systemd, and its program be where the
#	unit says; copies, as a unit may not see the folders of users.
use_unit()
{
	local program

	install -m 0644 "$1" /run/systemd/system/
	program=$(grep -oE "/[^ ]*bin/$2\\b" "$1" | head -n 1)
	install -D -m 0755 "$FASTSWAP_BUILD/bin/$2" "$program"
	systemctl daemon-reload
}
