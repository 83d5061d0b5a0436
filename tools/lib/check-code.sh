# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Checks of tools/check that run an analyser or a compiler.
# shellcheck disable=SC2154 # $scratch, $build and $top are those of tools/check

# Types that checkpatch.pl must not report, each with its reason.
checkpatch_ignore=(
	# The tables of states are X-macros: lists of calls, which not every reader uses in full.
	COMPLEX_MACRO
	MACRO_ARG_REUSE
	MACRO_ARG_UNUSED
	BRACKET_SPACE
	# The name of a field cannot stand in parentheses.
	MACRO_ARG_PRECEDENCE
	# Sizes are written as shifts, and are no bits.
	BIT_MACRO
	# What a lock protects is said in the kernel-doc of its structure.
	UNCOMMENTED_DEFINITION
	# A pointer that is stored as a truth value is compared, for the reader's sake.
	COMPARISON_TO_NULL
	# Short names of functions are also words of the language.
	EMBEDDED_FUNCTION_NAME
)

check_checkpatch()
{
	local -a sources

	# Tracepoints are written in a way of their own.
	mapfile -t sources < <(files 'modules/*.[ch]' | grep -v '/trace\.h$')
	examined ${#sources[@]} "module files"
	checkpatch --max-line-length=100 \
		--ignore "$(IFS=,; echo "${checkpatch_ignore[*]}")" -f "${sources[@]}"
}

# checkpatch OPTION... FILE...
checkpatch()
{
	local dir=$build/checkpatch

	need perl
	if [[ ! -f "$dir/checkpatch.pl" ]]; then
		[[ -x tools/fetch-checkpatch ]] || skip "no tools/fetch-checkpatch"
		tools/fetch-checkpatch "$dir" >"$scratch/log" 2>&1 ||
			skip "no checkpatch.pl: $(tail -n 1 "$scratch/log")"
	fi
	perl "$dir/checkpatch.pl" --no-tree --strict --terse --show-types --no-summary "$@" || true
}

# Patches to the kernel: each in its series, by the kernel's own rules, and generic.
check_patches()
{
	local series dir file
	local -a patches

	mapfile -t patches < <(files 'kernel/patches/*.patch')
	examined ${#patches[@]} patches
	for series in kernel/patches/*/series; do
		dir=$(dirname "$series")
		grep -q '^# base: ' "$series" || echo "$series: no line '# base: PACKAGE VERSION'"
		diff -u --label "$series" --label "$dir" <(grep -v '^#' "$series" | sort) \
			<(cd "$dir" && printf '%s\n' *.patch | sort) || true
	done
	grep -nHiE '^[+].*(fastswap|rdma)' "${patches[@]}" || true
	# By standard input: a file that git knows it takes for a source.
	for file in "${patches[@]}"; do
		checkpatch - <"$file" | sed "s,^[^:]*:,$file:,"
	done
}

check_shell()
{
	local -a sources

	need shellcheck
	mapfile -t sources < <(scripts)
	examined ${#sources[@]} scripts
	# SC2119: functions may have optional arguments. SC2187: busybox sh is near enough to dash.
	shellcheck -x -e SC2119,SC2187 -P SCRIPTDIR -P "$top" "${sources[@]}" || true
}

# systemd reads its units, and has nothing to say about them.
check_units()
{
	local unit name
	local -a units verified=()

	need systemd-analyze systemd
	mapfile -t units < <(files '*.service.in')
	examined ${#units[@]} "systemd units"
	for unit in "${units[@]}"; do
		# Programs have to be there; a template needs a name.
		name=${unit##*/}
		name=$scratch/${name%.in}
		name=${name/@./@example.}
		sed 's,@CMAKE_INSTALL_FULL_SBINDIR@/[a-z-]*,/bin/true,' "$unit" >"$name"
		verified+=("$name")
	done
	systemd-analyze verify --man=no "${verified[@]}" || true
}

# cppcheck: what is likely wrong, not what could be prettier.
check_static()
{
	local queue
	local -a sources

	need cppcheck
	mapfile -t sources < <(files 'server/*.c' 'tools/*.c' 'tests/vm/*.c' 'tests/bench/*.c' \
		'tests/experiments/*.c')
	examined ${#sources[@]} "C files of programs"
	# It reads no system headers, but cannot follow TAILQ_FOREACH() without this one.
	queue=$(echo '#include <sys/queue.h>' | "${CC:-cc}" -M -x c - | grep -o '[^ ]*sys/queue.h')
	# A DIR of one's own can be read with readdir(), and readdir_r() is deprecated.
	cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,performance,portability \
		--library=posix,gnu --inline-suppr --suppress=missingInclude \
		--suppress=missingIncludeSystem -D__linux__ -D__x86_64__ -U__KERNEL__ \
		--include="$queue" -I modules/include/uapi -I server -I tests/vm/progs \
		-I tools/cgroup -I tools/fastswap --suppress=readdirCalled \
		"${sources[@]}" || true
}

# Headers of a test kernel, the newest first; ends the check if there are none.
kernel_headers()
{
	local name

	for name in 6.12 6.1; do
		if [[ -f "$build/kernels/$name/headers/Makefile" ]]; then
			echo "$build/kernels/$name/headers"
			return
		fi
	done
}

# Endianness, address spaces, lock balance.
check_sparse()
{
	local headers
	local -a sources

	need sparse
	mapfile -t sources < <(files 'modules/*/*.c')
	examined ${#sources[@]} "module files"
	headers=$(kernel_headers)
	[[ -n "$headers" ]] || skip "no kernel in $build: build it first"
	# Warnings do not end kbuild; those about the kernel's own headers are not ours to mend.
	if ! cmake/build-modules --headers "$headers" --stage "$build/check/sparse" -- \
		C=2 CF=-D__CHECK_ENDIAN__ >"$scratch/log" 2>&1; then
		tail -n 30 "$scratch/log"
		return 1
	fi
	grep -E "^$top/modules/.*(warning|error):" "$scratch/log" || true
}

# Every header compiles when it comes first, and again when it comes twice.
check_headers()
{
	local dir=$scratch/headers file headers name nr=0
	local -a user kernel flags objects

	mapfile -t user < <(files 'server/*.h' 'tools/*.h' 'modules/include/uapi/*.h')
	mapfile -t kernel < <(files 'modules/*.h' | grep -v '/trace\.h$')
	examined $((${#user[@]} + ${#kernel[@]})) headers

	read -ra flags < <(pkg-config --cflags libibverbs librdmacm libevent_core json-c ||
		echo "pkg-config: libraries are missing")
	for file in "${user[@]}"; do
		printf '#include "%s"\n' "$top/$file" "$top/$file" |
			"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-sign-compare \
				-Wno-unused-parameter -Werror -fsyntax-only \
				-I modules/include/uapi -I server -I tools/cgroup -I "${file%/*}" \
				"${flags[@]}" -x c - || true
	done

	headers=$(kernel_headers)
	if [[ -z "$headers" ]]; then
		examined ${#user[@]} "headers of programs; the modules' not: no kernel in $build"
		return
	fi
	mkdir "$dir"
	cp -r modules/. "$dir"
	modules/probe.sh "$headers" "$dir/include/fastswap/kconfig_probe.h"
	for file in "${kernel[@]}"; do
		nr=$((nr + 1))
		name=header$nr
		printf '#include "%s"\n' "${file#modules/}" "${file#modules/}" >"$dir/$name.c"
		objects+=("$name.o")
	done
	{
		echo "obj-m := ${objects[*]}"
		# shellcheck disable=SC2016 # for make
		echo 'ccflags-y := -I$(src) -I$(src)/include -I$(src)/include/uapi -Werror'
	} >"$dir/Kbuild"
	make -k -s -j"$(nproc)" -C "$headers" M="$dir" "${objects[@]}" >"$scratch/log" 2>&1 ||
		sed -n "s|$dir/|modules/|g; /error:\|from modules/p" "$scratch/log"
}

# What a probe's comment expects of the test kernels is what was found.
check_probes()
{
	local file kernel name result want have
	local -a probes

	mapfile -t probes < <(files 'cmake/kprobes/*.c')
	examined ${#probes[@]} probes
	for kernel in 6.1 6.12; do
		result=$build/modules/$kernel/include/fastswap/kconfig_probe.h
		[[ -f "$result" ]] || skip "no modules for $kernel in $build: build them first"
		for file in "${probes[@]}"; do
			name=$(basename "$file" .c)
			[[ "$name" != sanity ]] || continue
			want=$(sed -nE "s/^ \* Expect:.* ${kernel//./\\.} (yes|no).*/\1/p" "$file")
			have=no
			! grep -q "^#define FASTSWAP_HAVE_${name^^} 1\$" "$result" || have=yes
			[[ "$want" == "$have" ]] ||
				echo "$file: expects '$want' of $kernel, and '$have' was found"
		done
	done
}
