#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Find out what a kernel's interfaces look like: compile every probe against
# its headers, in one kbuild run, and write a header with FASTSWAP_HAVE_NAME
# for each NAME.c that compiled. kcompat.h is the only reader of that header.

set -euo pipefail
export LC_ALL=C

die()
{
	echo "probe: $*" >&2
	exit 1
}

if (($# != 2)); then
	echo "Usage: modules/probe.sh KERNEL_BUILD_DIR OUTPUT.h" >&2
	exit 2
fi
headers=$1
output=$2

# Beside this script where DKMS has the sources, else in the source tree.
here=$(cd "$(dirname "$0")" && pwd)
probes=$here/kprobes
[[ -d "$probes" ]] || probes=$here/../cmake/kprobes
[[ -f "$probes/sanity.c" ]] || die "no probes in $probes"
[[ -f "$headers/Makefile" ]] ||
	die "no kernel headers in $headers; on Debian: apt-get install linux-headers-amd64"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$probes"/*.c "$work"

names=()
for file in "$work"/*.c; do
	file=${file##*/}
	names+=("${file%.c}")
done
echo "obj-m := ${names[*]/%/.o}" >"$work/Kbuild"

# An outer make would hand down its own idea of flags and job slots.
unset MAKEFLAGS MFLAGS MAKELEVEL
make -k -s -j"$(nproc)" -C "$headers" M="$work" KBUILD_MODPOST_WARN=1 \
	"${names[@]/%/.o}" >"$work/log" 2>&1 || true

# Without this one "does not compile" would say nothing about the kernel.
if [[ ! -f "$work/sanity.o" ]]; then
	cat "$work/log" >&2
	die "cannot compile anything against $headers: its files are missing or broken;" \
		"on Debian: apt-get install --reinstall linux-headers-<release>"
fi

{
	echo "/* SPDX-License-Identifier: GPL-2.0-only */"
	echo "/* Made by modules/probe.sh; include <fastswap/kcompat.h>, not this. */"
	for name in "${names[@]}"; do
		[[ "$name" != sanity ]] || continue
		if [[ -f "$work/$name.o" ]]; then
			echo "#define FASTSWAP_HAVE_${name^^} 1"
		else
			echo "/* FASTSWAP_HAVE_${name^^} is not set */"
		fi
	done
} >"$work/result"
mv "$work/log" "$output.log"
mv "$work/result" "$output"
