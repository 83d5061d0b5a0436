# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packages of the distribution, downloaded but not installed, and kept for the
# next time. To be sourced; the caller has die().

debs_cache()
{
	echo "${FASTSWAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fastswap}/debs"
}

sha256_is()
{
	[[ -f "$1" ]] && echo "${2#SHA256:}  $1" | sha256sum --check --status
}

# download_debs PACKAGE...: print the paths of the packages in the cache, after
# downloading those that are not there. apt names the file and its hash; a file gets
# its name in the cache only when it is whole. The cache is locked by the caller.
download_debs()
{
	local cache uris file hash tmp

	cache=$(debs_cache)
	uris=$(apt-get download --print-uris "$@") || return 1
	while read -r _ file _ hash; do
		if ! sha256_is "$cache/$file" "$hash"; then
			echo "${0##*/}: downloading ${file%%_*}" >&2
			tmp=$(mktemp -d "$cache/partial.XXXXXX")
			if ! (cd "$tmp" && apt-get -q -o APT::Sandbox::User=root \
				download "${file%%_*}") >&2 ||
			   ! sha256_is "$tmp/$file" "$hash"; then
				rm -rf "$tmp"
				return 1
			fi
			mv "$tmp/$file" "$cache/$file"
			rmdir "$tmp"
		fi
		echo "$cache/$file"
	done <<<"$uris"
}

refresh_package_lists()
{
	local -a sudo=()

	if ((EUID != 0)); then
		sudo -n true 2>/dev/null || return 1
		sudo=(sudo -n)
	fi
	echo "${0##*/}: updating the package lists" >&2
	"${sudo[@]}" apt-get -q -o DPkg::Lock::Timeout=300 update >&2
}

# lock_debs: hold the cache until unlock_debs, or die.
lock_debs()
{
	local cache

	cache=$(debs_cache)
	mkdir -p "$cache"
	exec {debs_lock}<"$cache"
	flock -w 900 "$debs_lock" || die "another download has been under way for 15 minutes"
	rm -rf "$cache"/partial.*
}

unlock_debs()
{
	flock -u "$debs_lock"
}
