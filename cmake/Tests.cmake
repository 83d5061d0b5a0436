# SPDX-License-Identifier: GPL-2.0-only
# Test registration. Labels: unit (no root, no VM, no network), check (tools/check), vm (virtual machines).
# Exit status 77 means "skipped", with the reason printed.

set(FASTSWAP_SHIM_DIR "${PROJECT_SOURCE_DIR}/tests/unit/shim")

# fastswap_unit_test(NAME name SOURCES file...
#	[UNIT_SOURCES file...]	the real code under test
#	[MOCKS file...]		link-time doubles of its neighbours
#	[WRAP symbol...]	calls to symbol go to __wrap_symbol
#	[INCLUDES dir...] [DEFINES def...] [LIBS target...]
#	[KERNEL]		UNIT_SOURCES are files of modules/: compile against the shim headers
#	[THREADS]		the test starts threads: run it under TSan as well
#	[TIMEOUT seconds])
# Registers unit.NAME, unit.NAME.asan and, with THREADS, unit.NAME.tsan. A test links nothing but what it
# names: a call that is neither real nor mocked is a link error.
function(fastswap_unit_test)
	cmake_parse_arguments(arg "KERNEL;THREADS" "NAME;TIMEOUT"
		"SOURCES;UNIT_SOURCES;MOCKS;WRAP;INCLUDES;DEFINES;LIBS" ${ARGN})
	if(NOT arg_NAME OR NOT arg_SOURCES)
		message(FATAL_ERROR "fastswap_unit_test needs NAME and SOURCES")
	endif()
	if(arg_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "fastswap_unit_test(${arg_NAME}): what is '${arg_UNPARSED_ARGUMENTS}'?")
	endif()
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 60)
	endif()

	_fastswap_unit_variant("")
	if(FASTSWAP_UNIT_VARIANTS AND NOT FASTSWAP_SANITIZE)
		_fastswap_unit_variant(address)
		if(arg_THREADS)
			_fastswap_unit_variant(thread)
		endif()
	endif()
endfunction()

# One executable and its ctest entry; reads the arg_* of fastswap_unit_test.
function(_fastswap_unit_variant sanitizer)
	set(suffixes_address .asan)
	set(suffixes_thread .tsan)
	set(name "${arg_NAME}${suffixes_${sanitizer}}")

	add_executable(${name} ${arg_SOURCES} ${arg_UNIT_SOURCES} ${arg_MOCKS})
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
	# Unit tests check with assert() as well as with cmocka: never without it.
	target_compile_options(${name} PRIVATE -UNDEBUG)
	if(arg_KERNEL)
		target_include_directories(${name} BEFORE PRIVATE
			"${FASTSWAP_SHIM_DIR}" "${PROJECT_SOURCE_DIR}/modules/include")
		target_compile_definitions(${name} PRIVATE __KERNEL__)
	endif()
	target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" ${arg_INCLUDES})
	target_compile_definitions(${name} PRIVATE
		UNIT_TEST FASTSWAP_VERSION="${PROJECT_VERSION}" ${arg_DEFINES})
	target_link_libraries(${name} PRIVATE
		fastswap_proto fastswap_warnings ${arg_LIBS} PkgConfig::cmocka)
	foreach(symbol IN LISTS arg_WRAP)
		target_link_options(${name} PRIVATE "LINKER:--wrap=${symbol}")
	endforeach()
	if(arg_THREADS)
		target_link_libraries(${name} PRIVATE Threads::Threads)
	endif()
	if(sanitizer)
		fastswap_sanitize(${name} ${sanitizer})
	endif()

	set(launcher "")
	if("thread" IN_LIST sanitizer OR FASTSWAP_SANITIZE STREQUAL "thread")
		set(launcher ${FASTSWAP_TSAN_LAUNCHER})
	endif()
	add_test(NAME "unit.${name}" COMMAND ${launcher} $<TARGET_FILE:${name}>)
	set_tests_properties("unit.${name}" PROPERTIES
		LABELS unit
		TIMEOUT ${arg_TIMEOUT}
		SKIP_RETURN_CODE 77
		ENVIRONMENT "CMOCKA_MESSAGE_OUTPUT=stdout"
	)
endfunction()

# fastswap_skipped_test(NAME LABEL REASON): a test that cannot run here, and says so in every run.
function(fastswap_skipped_test name label reason)
	add_test(NAME "${name}" COMMAND sh -c "echo \"SKIP: $1\"; exit 77" sh "${reason}")
	set_tests_properties("${name}" PROPERTIES LABELS "${label}" SKIP_RETURN_CODE 77)
	fastswap_missing("${label} tests" "${reason}")
endfunction()
