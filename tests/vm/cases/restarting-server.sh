#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The server of recovery.sh and byhand/tight-memory.sh: does what the other node asks for.

# shellcheck source=tests/vm/case-lib.sh
. "${GUEST_LIB%/*}/case-lib.sh"

serve()
{
	start_server --size 128M --chunk-size 4M --keepalive 1
}

is_asked()
{
	for asked in over stop continue nap restart; do
		[[ ! -e "$SHARED/$asked" ]] || return 0
	done
	return 1
}

rdma_up
serve
touch "$SHARED/server-ready"
while wait_for 500 is_asked; do
	case "$asked" in
	over) break ;;
	stop) kill -s STOP "$SERVER" ;;
	continue) kill -s CONT "$SERVER" ;;
	nap)
		# Longer than the client takes to find out.
		kill -s STOP "$SERVER"
		sleep 4
		kill -s CONT "$SERVER"
		;;
	restart)
		kill -s KILL "$SERVER"
		wait "$SERVER" || true
		serve
		;;
	esac
	rm "$SHARED/$asked"
done
stop_server TERM
touch "$SHARED/server-ended"
