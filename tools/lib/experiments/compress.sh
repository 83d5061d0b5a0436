#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# compress.sh SIZE_MIB FOLDER
#	The program "zstd": write a text to the folder, a tmpfs, compress it, and
#	compare what it decompresses to. All of it is in the group that has little
#	memory. Exit status: 1 if the result is wrong, 3 for any other failure.

set -Eeuo pipefail
trap 'exit 3' ERR

mib=$1
text=$2/text
packed=$2/text.zst
trap 'rm -f "$text" "$packed"' EXIT

textgen --size "$mib" >"$text"
before=${EPOCHREALTIME/[.,]/}
zstd -q -3 --single-thread -f -o "$packed" "$text"
after=${EPOCHREALTIME/[.,]/}
statuses=(0 0)
zstd -q -dc "$packed" | cmp -- - "$text" >&2 || statuses=("${PIPESTATUS[@]}")
if ((statuses[0] || statuses[1])); then
	# Killed for want of memory: that says nothing about the data. (SIGPIPE does: cmp stops at
	# the first difference.)
	((statuses[0] != 137 && statuses[1] != 137)) || exit 3
	echo "WRONG DATA: it does not decompress to what it was" >&2
	exit 1
fi
us=$((after - before))
printf 'seconds=%d.%06d\n' $((us / 1000000)) $((us % 1000000))
echo "checksum=$(cksum <"$packed" | tr ' ' -)"
