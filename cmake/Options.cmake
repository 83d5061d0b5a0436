# SPDX-License-Identifier: GPL-2.0-only
# Every option of the build, in one place. CONTRIBUTING.md has the same list for readers.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
	set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()

option(FASTSWAP_DEVELOPER "Treat warnings as errors, in programs and kernel modules" OFF)
set(FASTSWAP_SANITIZE "" CACHE STRING
	"Build every program with sanitizers: address (with undefined), thread, or empty")
set_property(CACHE FASTSWAP_SANITIZE PROPERTY STRINGS "" address thread)
option(FASTSWAP_FUZZ "Build the fuzzers of tests/fuzz; wants clang" OFF)
option(FASTSWAP_COVERAGE "Instrument programs for gcov" OFF)
option(FASTSWAP_UNIT_TESTS "Build the cmocka unit tests" ON)
option(FASTSWAP_UNIT_VARIANTS "Build each unit test under ASan+UBSan (and TSan) as well" ON)

find_program(FASTSWAP_QEMU NAMES qemu-system-${CMAKE_HOST_SYSTEM_PROCESSOR}
	DOC "QEMU for the tests in virtual machines")
set(FASTSWAP_VM_TESTS auto CACHE STRING
	"Register the tests in virtual machines, build modules for their kernels: ON, OFF, auto")
set_property(CACHE FASTSWAP_VM_TESTS PROPERTY STRINGS auto ON OFF)
# Decided anew in every run: QEMU may have been installed since the last.
if(FASTSWAP_VM_TESTS STREQUAL "auto")
	if(FASTSWAP_QEMU)
		set(FASTSWAP_VM_TESTS ON)
	else()
		set(FASTSWAP_VM_TESTS OFF)
	endif()
endif()

set(FASTSWAP_KERNELS auto CACHE STRING
	"Kernels for the modules: auto, none, or of 6.12, 6.1 (-patched, -debug), running, /path")

# Asserts stay on in the default build: what they guard is other people's memory.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
