# SPDX-License-Identifier: GPL-2.0-only
# Kernel modules, through kbuild, for each kernel in FASTSWAP_KERNELS:
#   6.12, 6.1   stock kernels for the tests, fetched at build time into <build>/kernels/NAME
#   6.12-patched, 6.1-patched   likewise, but built here, with the patches of kernel/patches
#   6.12[-patched]-debug, 6.1[-patched]-debug   likewise, with KASAN, lockdep, ...
#   running     the kernel of this machine
#   /a/path     a kernel directory (tools/fetch-kernel) or a kernel build directory
# Targets: kernels, modules, modules-NAME. Modules of kernel NAME are made in <build>/modules/NAME.

# For the tests: the kernels that can be booted, in the order of FASTSWAP_KERNELS.
set(FASTSWAP_TEST_KERNELS "")

set(_fetch_kernel "${PROJECT_SOURCE_DIR}/tools/fetch-kernel")
set(_build_kernel "${PROJECT_SOURCE_DIR}/tools/kernel")
set(FASTSWAP_FETCHABLE_KERNELS 6.12 6.1)
set(FASTSWAP_PATCHED_KERNELS 6.12-patched 6.1-patched)
set(FASTSWAP_BUILT_KERNELS ${FASTSWAP_PATCHED_KERNELS})
foreach(_kernel IN LISTS FASTSWAP_FETCHABLE_KERNELS FASTSWAP_PATCHED_KERNELS)
	list(APPEND FASTSWAP_BUILT_KERNELS "${_kernel}-debug")
endforeach()

# How many times longer tests take on a debug kernel: needed before there is one to ask.
file(STRINGS "${_build_kernel}" _slowness REGEX "^readonly SLOWNESS=[0-9]+$")
string(REGEX REPLACE ".*=" "" FASTSWAP_DEBUG_SLOWNESS "${_slowness}")
if(NOT FASTSWAP_DEBUG_SLOWNESS)
	message(FATAL_ERROR "${_build_kernel} does not say how slow a debug kernel is")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${_build_kernel}")

add_custom_target(kernels)
add_custom_target(modules)

# Reads the release of a kernel build directory; fails if it is none. (Debian's kernel.release is
# not what uname -r prints; this header is where the modules take it from.)
function(_fastswap_kernel_release result dir)
	set(header "${dir}/include/generated/utsrelease.h")
	if(NOT EXISTS "${header}")
		message(FATAL_ERROR "FASTSWAP_KERNELS: '${dir}' is not a configured kernel build "
			"directory; on Debian: apt-get install linux-headers-amd64")
	endif()
	file(STRINGS "${header}" line REGEX "^#define UTS_RELEASE ")
	string(REGEX REPLACE ".*\"(.*)\".*" "\\1" release "${line}")
	set(${result} "${release}" PARENT_SCOPE)
endfunction()

function(_fastswap_fetch_kernel name)
	set(dir "${PROJECT_BINARY_DIR}/kernels/${name}")
	# The stamp, not the folder, is what a clean takes away: the folder is found again.
	set(command "${_fetch_kernel}" "${name}" "${dir}")
	set(doing "Fetching")
	set(ingredients "")
	if(name IN_LIST FASTSWAP_BUILT_KERNELS)
		string(REPLACE "-" ";" options "${name}")
		list(POP_FRONT options base)
		if("patched" IN_LIST options)
			file(GLOB ingredients CONFIGURE_DEPENDS
				"${PROJECT_SOURCE_DIR}/kernel/patches/${base}/*")
		endif()
		# It looks itself whether any of these makes a difference to the kernel.
		list(APPEND ingredients "${_build_kernel}"
			"${PROJECT_SOURCE_DIR}/kernel/config/boot.config")
		if("debug" IN_LIST options)
			list(APPEND ingredients "${PROJECT_SOURCE_DIR}/kernel/config/debug.config")
		endif()
		list(TRANSFORM options PREPEND "--")
		set(command "${_build_kernel}" ${options} "${base}" "${dir}")
		set(doing "Building")
	endif()
	add_custom_command(OUTPUT "${dir}.stamp"
		COMMAND ${command}
		COMMAND "${CMAKE_COMMAND}" -E touch "${dir}.stamp"
		DEPENDS ${ingredients}
		COMMENT "${doing} kernel ${name}"
		VERBATIM
	)
	add_custom_target(kernel-${name} ALL DEPENDS "${dir}.stamp")
	add_dependencies(kernels kernel-${name})
endfunction()

# _fastswap_modules(NAME HEADERS DEPENDS [--install DIR])
function(_fastswap_modules name headers depends)
	set(stage "${PROJECT_BINARY_DIR}/modules/${name}")
	set(args --headers "${headers}" --stage "${stage}" --version "${PROJECT_VERSION}" ${ARGN})
	if(FASTSWAP_DEVELOPER)
		list(APPEND args --werror)
	endif()

	add_custom_command(OUTPUT "${stage}/built"
		COMMAND "${PROJECT_SOURCE_DIR}/cmake/build-modules" ${args}
		COMMAND "${CMAKE_COMMAND}" -E touch "${stage}/built"
		DEPENDS ${_module_sources} "${depends}"
			"${PROJECT_SOURCE_DIR}/cmake/build-modules"
		COMMENT "Building kernel modules for ${name}"
		VERBATIM
	)
	add_custom_target(modules-${name} ALL DEPENDS "${stage}/built")
	add_dependencies(modules modules-${name})
	set_property(DIRECTORY "${PROJECT_SOURCE_DIR}"
		APPEND PROPERTY ADDITIONAL_CLEAN_FILES "${stage}")
endfunction()

# cmake --install <build> --component modules
function(_fastswap_install_modules name release)
	set(stage "${PROJECT_BINARY_DIR}/modules/${name}")
	install(FILES
			"${stage}/core/fastswap.ko"
			"${stage}/dram/fastswap_dram.ko"
			"${stage}/mirror/fastswap_mirror.ko"
			"${stage}/rdma/fastswap_rdma.ko"
		DESTINATION "/lib/modules/${release}/updates/fastswap"
		COMPONENT modules EXCLUDE_FROM_ALL
	)
	install(CODE "
		if(\"\$ENV{DESTDIR}\" STREQUAL \"\")
			execute_process(COMMAND depmod \"${release}\" COMMAND_ERROR_IS_FATAL ANY)
		endif()"
		COMPONENT modules EXCLUDE_FROM_ALL
	)
endfunction()

function(_fastswap_kernel entry)
	if(entry IN_LIST FASTSWAP_FETCHABLE_KERNELS OR entry IN_LIST FASTSWAP_BUILT_KERNELS)
		set(dir "${PROJECT_BINARY_DIR}/kernels/${entry}")
		_fastswap_fetch_kernel("${entry}")
		_fastswap_modules("${entry}" "${dir}/headers" "${dir}.stamp" --install "${dir}")
		set(FASTSWAP_TEST_KERNELS ${FASTSWAP_TEST_KERNELS} "${entry}" PARENT_SCOPE)
		fastswap_summary("modules" "for ${entry}, a kernel for the tests")
		return()
	endif()

	set(install "")
	if(entry STREQUAL "running")
		set(name running)
		set(headers "/lib/modules/${CMAKE_HOST_SYSTEM_VERSION}/build")
		_fastswap_kernel_release(release "${headers}")
	elseif(IS_ABSOLUTE "${entry}" AND IS_DIRECTORY "${entry}")
		set(headers "${entry}")
		if(EXISTS "${entry}/release" AND IS_DIRECTORY "${entry}/headers")
			set(headers "${entry}/headers")
			set(install --install "${entry}")
		endif()
		_fastswap_kernel_release(release "${headers}")
		string(REGEX REPLACE "[^A-Za-z0-9._-]" "_" name "${release}")
	else()
		set(known ${FASTSWAP_FETCHABLE_KERNELS} ${FASTSWAP_BUILT_KERNELS})
		list(JOIN known ", " known)
		message(FATAL_ERROR "FASTSWAP_KERNELS: '${entry}' is neither auto, none, running, "
			"a kernel for the tests (${known}) nor an existing absolute path")
	endif()
	if(TARGET modules-${name})
		message(FATAL_ERROR "FASTSWAP_KERNELS: ${release} is in the list twice")
	endif()

	_fastswap_modules("${name}" "${headers}" "${headers}/include/config/auto.conf" ${install})
	_fastswap_install_modules("${name}" "${release}")
	fastswap_summary("modules" "for ${release}")
endfunction()

file(GLOB_RECURSE _module_sources CONFIGURE_DEPENDS
	"${PROJECT_SOURCE_DIR}/modules/*.[ch]" "${PROJECT_SOURCE_DIR}/modules/Kbuild"
	"${PROJECT_SOURCE_DIR}/modules/probe.sh" "${PROJECT_SOURCE_DIR}/cmake/kprobes/*.c")

if(FASTSWAP_KERNELS STREQUAL "none" OR FASTSWAP_KERNELS STREQUAL "")
	set(_kernels "")
	fastswap_missing("kernel modules" "FASTSWAP_KERNELS is none")
elseif(FASTSWAP_KERNELS STREQUAL "auto")
	set(_kernels "")
	if(EXISTS "/lib/modules/${CMAKE_HOST_SYSTEM_VERSION}/build/include/generated/utsrelease.h")
		list(APPEND _kernels running)
	else()
		fastswap_missing("modules for the running kernel"
			"no headers of ${CMAKE_HOST_SYSTEM_VERSION} installed")
	endif()
	if(FASTSWAP_VM_TESTS)
		list(APPEND _kernels ${FASTSWAP_FETCHABLE_KERNELS})
	endif()
else()
	set(_kernels ${FASTSWAP_KERNELS})
	list(REMOVE_DUPLICATES _kernels)
endif()
foreach(_kernel IN LISTS _kernels)
	_fastswap_kernel("${_kernel}")
endforeach()
