#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test_compress.sh COMPRESS FOLDER
#	What compress.sh says of a zstd that is right, wrong, killed or fails.
#	FOLDER: where textgen is.

set -uo pipefail

compress=$1
PATH=$2:$PATH
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
real=$(type -P zstd) || {
	echo "SKIP: no zstd; on Debian: apt-get install zstd"
	exit 77
}

# with STATUS WHEN COMMAND: that is what it ends with if zstd is replaced by a
# command for compressing or decompressing
with()
{
	local want="$1" pattern="$2" command="$3" status=0

	mkdir -p "$folder/bin" "$folder/far"
	cat >"$folder/bin/zstd" <<-END
		#!/bin/bash
		[[ " \$* " != *"$pattern"* ]] || { $command; }
		exec "$real" "\$@"
	END
	chmod +x "$folder/bin/zstd"
	PATH=$folder/bin:$PATH bash "$compress" 1 "$folder/far" >"$folder/out" 2>/dev/null ||
		status=$?
	if ((status != want)); then
		echo "FAILED: '$command' for '$pattern' ends with $status instead of $want"
		exit 1
	fi
	[[ -z "$(ls "$folder/far")" ]] || {
		echo "FAILED: '$command' for '$pattern' leaves files behind"
		exit 1
	}
}

with 0 ' -3 ' true
(($(grep -cE '^(seconds=[0-9.]+|checksum=[0-9-]+)$' "$folder/out") == 2)) || {
	echo "FAILED: it prints $(tr '\n' ' ' <"$folder/out")"
	exit 1
}
with 1 ' -dc ' "\"$real\" \"\$@\" | tr e o; exit"
with 1 ' -dc ' "\"$real\" \"\$@\" | head -c 5000; exit 0"
with 1 ' -dc ' 'exit 1'
with 3 ' -dc ' 'kill -KILL $$'
with 3 ' -3 ' 'kill -KILL $$'
with 3 ' -3 ' 'exit 1'
echo "all as it ought to be"
