#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: server,mem=3072
# timeout: 3000
#
# As server-load.sh, but less of it, with servers of the presets asan and tsan: their
# build folders have to be beside the one of --build. What a sanitizer finds makes the
# server end with an error.
#	tests/vm/run-case --build build tests/vm/byhand/server-sanitized.sh 6.12

# shellcheck source=tests/vm/byhand/load-lib.sh
. "${GUEST_LIB%/*}/byhand/load-lib.sh"

# sanitized NAME
sanitized()
{
	local PATH=$FASTSWAP_BUILD-$1/bin:$PATH

	[[ -x ${PATH%%:*}/fastswap-server ]] || die "there is no build with the preset $1"
	step "the server under ${1^^}"
	load 16 500 --size 128M
}

rdma_up
# TSan does not know how wide this kernel places mappings at random.
echo 0 >/proc/sys/kernel/randomize_va_space
sanitized asan
sanitized tsan
