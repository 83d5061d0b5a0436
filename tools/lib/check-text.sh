# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Checks of tools/check that only read the text of the files.
# shellcheck disable=SC2154 # $scratch and $fix are those of tools/check

# Kernel style by clang-format, except for what its authors may decide: where a
# line breaks, how columns inside a line are aligned, and macros of several lines.
check_format()
{
	local file formatter version
	local -a sources

	formatter=$(command -v clang-format-14 || command -v clang-format) ||
		skip "no clang-format; on Debian: apt-get install clang-format"
	version=$("$formatter" --version | sed -E 's/.*version ([0-9]+).*/\1/')
	((version == 14)) || skip "needs clang-format 14: version $version formats differently"
	# Tracepoints are written in a way of their own.
	mapfile -t sources < <(files '*.[ch]' | grep -v '/trace\.h$')
	examined ${#sources[@]} "C files"

	for file in "${sources[@]}"; do
		encode_blanks <"$file" >"$scratch/is"
		exempt_macros <"$file" | "$formatter" --assume-filename="$file" |
			grep -vxE '[[:blank:]]*// clang-format (off|on)' |
			encode_blanks >"$scratch/ought"
		if diff -bu --label "$file" --label "$file (formatted)" \
			"$scratch/is" "$scratch/ought" >"$scratch/diff"; then
			continue
		fi
		if [[ -n "$fix" ]]; then
			# Lines that agree stay as they are, with their columns.
			diff -b --unchanged-line-format='%L' --old-line-format='' \
				--new-line-format='%L' "$scratch/is" "$scratch/ought" |
				decode_blanks >"$scratch/fixed" || true
			cat "$scratch/fixed" >"$file"
		else
			decode_blanks <"$scratch/diff"
		fi
	done
}

exempt_macros()
{
	awk '
		!inside && /^[ \t]*#.*\\$/ { print "// clang-format off"; inside = 1 }
		{ print }
		inside && !/\\$/ { print "// clang-format on"; inside = 0 }
	'
}

# Leading tabs and spaces as letters of their own, so that diff -b ignores white
# space inside lines only. Also, "{ }" is as good as "{}", "(type) {" as "(type){".
encode_blanks()
{
	sed -E ':a; s/^([\x01\x02]*)\t/\1\x01/; ta; s/^([\x01\x02]*) /\1\x02/; ta
		s/\{\}/{ }/g; s/\)\{/) {/g'
}

decode_blanks()
{
	tr '\001\002' '\t '
}

# Trailing white space, spaces before tabs, lines over 100 columns, no newline
# at the end of the file, DOS line ends.
check_whitespace()
{
	local -a sources

	need perl
	mapfile -t sources < <(files '*' | grep -Ev '^LICENSE$|\.patch$' |
		xargs -r -d '\n' grep -lI .)
	examined ${#sources[@]} files
	perl -CSD -ne '
		sub found { print "$ARGV:$.: @_\n" }
		chomp(my $line = $_) or found("no newline at the end of the file");
		found("trailing white space") if $line =~ /[ \t\r]$/;
		found("spaces before a tab") if $line =~ /^ +\t/;
		1 while $line =~ s/^([^\t]*)\t/$1 . " " x (8 - length($1) % 8)/e;
		found("over 100 columns") if length($line) > 100 && $ARGV !~ /\.(md|json|svg|8)$/;
		close ARGV if eof;
	' "${sources[@]}"
}

# The licence in a line of its own, in every file that can hold a comment.
check_spdx()
{
	local -a sources

	mapfile -t sources < <(files '*' | grep -Ev '^LICENSE$|\.(json|patch)$|/series$' |
		xargs -r -d '\n' grep -lI .)
	examined ${#sources[@]} files
	grep -L 'SPDX-License-Identifier: GPL-2\.0-only' "${sources[@]}" |
		sed "s/$/: no line 'SPDX-License-Identifier: GPL-2.0-only'/" || true
}

# A file is one idea, and those are about 600 lines at most.
check_size()
{
	local -a sources

	mapfile -t sources < <({
		files '*.[ch]' '*.py' '*.cmake' '*CMakeLists.txt'
		scripts
	} | sort -u)
	examined ${#sources[@]} files
	wc -l "${sources[@]}" | awk \
		'$1 > 650 && $2 != "total" { print $2 ": " $1 " lines: too much for one file" }'
}

# What the manual of the server must have: every option, which --help and the
# completion have as well, every signal and every exit status. And groff has
# nothing to say about any manual.
check_manual()
{
	local what manual=$scratch/manual completion=server/fastswap-server.bash-completion
	local -a pages options

	mapfile -t pages < <(files '*.8')
	mapfile -t options < <(sed -n 's/^\t\[OPT_[A-Z_]*\] = [^"]*"\([a-z-]*\)".*/\1/p' \
		server/option.c)
	examined ${#options[@]} options
	sed 's/\\-/-/g' server/fastswap-server.8 >"$manual"
	for what in "${options[@]}"; do
		grep -qE "^\.BI? --$what( |\$)" "$manual" || echo "the manual lacks --$what"
		grep -qE "\"  --$what( |\\\\)" server/config.c || echo "--help lacks --$what"
		grep -qE -- "--$what([ ')]|\$)" $completion || echo "the completion lacks --$what"
	done
	while read -r what; do
		sed -n '/^\.SH SIGNALS/,/^\.SH LIMITS/{/^\.TP/{n;p}}' "$manual" | grep -q "$what" ||
			echo "the manual lacks $what"
	done < <(sed -n 's/^.*{ \(SIG[A-Z0-9]*\), .*/\1/p' server/listener.c)
	while read -r what; do
		sed -n '/^\.SH EXIT STATUS/,/^\.SH FILES/p' "$manual" | grep -qx "\.B $what" ||
			echo "the manual lacks the exit status $what"
	done < <(sed -n 's/^\tEXIT_[A-Z_]* = \([0-9]*\),.*/\1/p' server/listener.h)
	! command -v groff >/dev/null || groff -man -ww -z -Tutf8 "${pages[@]}"
}

# Differences between kernels are found by probes and live in kcompat.h.
check_compat()
{
	local -a sources

	mapfile -t sources < <(files 'modules/*.[ch]')
	examined ${#sources[@]} "module files"
	grep -nE 'LINUX_VERSION_CODE|\bKERNEL_VERSION\b|linux/version\.h' "${sources[@]}" || true
	grep -nE 'FASTSWAP_HAVE_|kconfig_probe\.h' "${sources[@]}" |
		grep -v '^modules/include/fastswap/kcompat\.h:' || true
}

# includes NOT-ALLOWED WHY FILE-PATTERN...: no such file includes what matches.
includes()
{
	local regex="$1" why="$2"
	local -a sources
	shift 2

	mapfile -t sources < <(files "$@")
	((${#sources[@]})) || return 0
	grep -nHE "^[ \t]*#[ \t]*include[ \t]*[<\"]($regex)" "${sources[@]}" |
		sed "s/\$/  <-- $why/" || true
}

# Headers that call themselves pure in their first lines, and their sources.
pure_files()
{
	files '*.h' | grep -v '^tests/' | xargs -r -d '\n' awk '
		FNR <= 10 && /(^|[ *])Pure[.:;]/ { print FILENAME; nextfile }
		FNR > 10 { nextfile }' |
		sed 'p; s/h$/c/'
}

# Who may include whom: proto.h <- everything, core <- backends, and the server's
# files by levels, the highest first.
check_layers()
{
	local -a sources pure levels
	local higher='' leaves level name
	local verbs='infiniband/|rdma/' events='event2?[./]|pthread'
	local allocation='linux/(slab|mutex|spinlock|vmalloc)'

	mapfile -t sources < <(files '*.[ch]')
	examined ${#sources[@]} "C files"

	includes '(\.\./)*(tests|tools)/' "the product does not know its tests" \
		'modules/*' 'server/*'
	includes '(\.\./)+(rdma|dram|mirror)/|rdma/|fastswap/proto\.h' \
		"the core knows no transport" 'modules/core/*'
	includes '(\.\./)+(core|dram|rdma)/|core\.h|slotmap\.h' "backends see backend.h only" \
		'modules/rdma/*' 'modules/dram/*' 'modules/mirror/*'
	includes 'fastswap/proto\.h|rdma/' "dram and mirror have no wire" \
		'modules/dram/*' 'modules/mirror/*'
	includes 'fastswap/(backend|kcompat|kconfig)' \
		"user space shares the exported headers only" \
		'server/*' 'tools/*' 'modules/include/uapi/*'
	includes '(\.\./)*(modules|server)/' "the command line knows the kernel's interface only" \
		'tools/fastswap/*'

	mapfile -t pure < <(pure_files)
	includes "$verbs|$events|$allocation" "this file calls itself pure" "${pure[@]}"
	includes "stdio|stdlib|log\\.h" "state machines are pure" '*_sm.[ch]'

	leaves='mailbox vobj notify stats logline log option config conffile adminaddr allow'
	leaves+=' quota ledger rate netaddr conn_sm region_sm auth_sm mac'
	levels=(main 'load admin' 'listener claim admission auth bounds watchdog' snapshot
		'worker resize' serve session grant 'conn ctrl' pool resize_plan
		'region memory tenant' "$leaves")
	for level in "${levels[@]}"; do
		for name in $level; do
			[[ -z "$higher" ]] ||
				includes "($higher)\\.h\"" "$name is below it" "server/$name.[ch]"
		done
		higher+=${higher:+|}${level// /|}
	done
}
