# SPDX-License-Identifier: GPL-2.0-only
# Libraries, all through pkg-config. A required one that lacks stops the configure run; an optional
# one turns its part off and shows in the summary. Either way the Debian package is named.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# fastswap_dep(MODULE DEBIAN_PACKAGE): PkgConfig::MODULE exists afterwards.
function(fastswap_dep module package)
	pkg_check_modules(${module} IMPORTED_TARGET GLOBAL QUIET ${module})
	if(NOT ${module}_FOUND)
		set_property(GLOBAL APPEND PROPERTY FASTSWAP_DEPS_LACKING "${package}")
	endif()
endfunction()

# fastswap_optional_dep(MODULE DEBIAN_PACKAGE PART): sets FASTSWAP_HAS_MODULE for the caller.
function(fastswap_optional_dep module package part)
	pkg_check_modules(${module} IMPORTED_TARGET GLOBAL QUIET ${module})
	string(MAKE_C_IDENTIFIER "FASTSWAP_HAS_${module}" result)
	if(${module}_FOUND)
		set(${result} TRUE PARENT_SCOPE)
	else()
		set(${result} FALSE PARENT_SCOPE)
		fastswap_missing("${part}" "no ${module} (on Debian: apt-get install ${package})")
	endif()
endfunction()

fastswap_dep(libcrypto libssl-dev)
fastswap_dep(libibverbs libibverbs-dev)
fastswap_dep(librdmacm librdmacm-dev)
fastswap_dep(libevent_core libevent-dev)
fastswap_dep(libevent_extra libevent-dev)
fastswap_dep(libevent_pthreads libevent-dev)
fastswap_dep(json-c libjson-c-dev)
fastswap_dep(numa libnuma-dev)
fastswap_optional_dep(libsystemd libsystemd-dev "a client id from the machine id")
fastswap_optional_dep(hiredis libhiredis-dev "redis-verify, for tools/demo")
fastswap_optional_dep(cmocka libcmocka-dev "unit tests")

get_property(lacking GLOBAL PROPERTY FASTSWAP_DEPS_LACKING)
if(lacking)
	list(REMOVE_DUPLICATES lacking)
	list(JOIN lacking " " lacking)
	message(FATAL_ERROR "libraries are missing; on Debian: apt-get install ${lacking}")
endif()

# The wire protocol, the one header that programs and modules share: <fastswap/proto.h>.
add_library(fastswap_proto INTERFACE)
target_include_directories(fastswap_proto INTERFACE "${PROJECT_SOURCE_DIR}/modules/include/uapi")
