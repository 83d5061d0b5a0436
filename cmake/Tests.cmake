# SPDX-License-Identifier: GPL-2.0-only
# Test registration. Labels: unit (no root, no VM, no network), check (tools/check), vm (guests).
# Exit status 77 means "skipped", with the reason printed.

set(FASTSWAP_SHIM_DIR "${PROJECT_SOURCE_DIR}/tests/unit/shim")

# fastswap_unit_test(NAME name SOURCES file...
#	[UNIT_SOURCES file...]	the real code under test
#	[MOCKS file...]		link-time doubles of its neighbours
#	[WRAP symbol...]	calls to symbol go to __wrap_symbol
#	[INCLUDES dir...] [DEFINES def...] [LIBS target...]
#	[KERNEL]		UNIT_SOURCES are files of modules/: compile against the shim headers
#	[THREADS]		the test starts threads: run it under TSan as well
#	[ARGS arg...]		what it is called with
#	[EXPECT regex]		passes if it prints that, whatever its exit status
#	[TIMEOUT seconds])
# Registers unit.NAME, unit.NAME.asan and, with THREADS, unit.NAME.tsan. A test links nothing but
# what it names: a call that is neither real nor mocked is a link error.
function(fastswap_unit_test)
	cmake_parse_arguments(arg "KERNEL;THREADS" "NAME;EXPECT;TIMEOUT"
		"SOURCES;UNIT_SOURCES;MOCKS;WRAP;INCLUDES;DEFINES;LIBS;ARGS" ${ARGN})
	if(NOT arg_NAME OR NOT arg_SOURCES)
		message(FATAL_ERROR "fastswap_unit_test needs NAME and SOURCES")
	endif()
	if(arg_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR
			"fastswap_unit_test(${arg_NAME}): what is '${arg_UNPARSED_ARGUMENTS}'?")
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
	add_test(NAME "unit.${name}" COMMAND ${launcher} $<TARGET_FILE:${name}> ${arg_ARGS})
	set_tests_properties("unit.${name}" PROPERTIES
		LABELS unit
		TIMEOUT ${arg_TIMEOUT}
		SKIP_RETURN_CODE 77
		ENVIRONMENT "CMOCKA_MESSAGE_OUTPUT=stdout"
	)
	if(arg_EXPECT)
		set_tests_properties("unit.${name}" PROPERTIES
			PASS_REGULAR_EXPRESSION "${arg_EXPECT}")
	endif()
endfunction()

# fastswap_check_tests(): check.NAME for each check of tools/check.
function(fastswap_check_tests)
	set(program "${PROJECT_SOURCE_DIR}/tools/check")
	execute_process(COMMAND "${program}" --list
		OUTPUT_VARIABLE names OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
	string(REPLACE "\n" ";" names "${names}")
	foreach(name IN LISTS names)
		add_test(NAME "check.${name}"
			COMMAND "${program}" --build "${PROJECT_BINARY_DIR}" "${name}")
		set_tests_properties("check.${name}" PROPERTIES
			LABELS check TIMEOUT 600 SKIP_RETURN_CODE 77)
	endforeach()
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
		"${program}"
		"${PROJECT_SOURCE_DIR}/tools/lib/check-text.sh"
		"${PROJECT_SOURCE_DIR}/tools/lib/check-code.sh")
endfunction()

# fastswap_skipped_test(NAME LABEL REASON): a test that cannot run here, and says so in every run.
function(fastswap_skipped_test name label reason)
	add_test(NAME "${name}" COMMAND sh -c "echo \"SKIP: $1\"; exit 77" sh "${reason}")
	set_tests_properties("${name}" PROPERTIES LABELS "${label}" SKIP_RETURN_CODE 77)
endfunction()

# fastswap_skipped_tier(LABEL REASON): LABEL.unavailable stands for all tests of LABEL.
function(fastswap_skipped_tier label reason)
	fastswap_skipped_test("${label}.unavailable" "${label}" "${reason}")
	fastswap_missing("${label} tests" "${reason}")
endfunction()

# fastswap_vm_case(FILE): vm.CASE.KERNEL for every kernel that the case's header names, skipped
# where this build has no such kernel. A script without nodes in its header is not a case, but what
# another node of one runs.
function(fastswap_vm_case file)
	cmake_path(GET file STEM LAST_ONLY case)
	set(kernels ${FASTSWAP_FETCHABLE_KERNELS})
	set(timeout 300)
	set(processors 2)
	file(STRINGS "${file}" lines REGEX "^# *(nodes|kernels|timeout|processors): ")
	if(NOT lines MATCHES "nodes:")
		return()
	endif()
	foreach(line IN LISTS lines)
		if(line MATCHES "^# *kernels: *(.*)$")
			string(REGEX MATCHALL "[^ ,]+" kernels "${CMAKE_MATCH_1}")
		elseif(line MATCHES "^# *timeout: *([0-9]+) *$")
			set(timeout ${CMAKE_MATCH_1})
		elseif(line MATCHES "^# *processors: *([0-9]+) *$")
			set(processors ${CMAKE_MATCH_1})
		endif()
	endforeach()
	# The header decides which tests there are: read it again when it changes.
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")

	foreach(kernel IN LISTS kernels)
		if(NOT kernel IN_LIST FASTSWAP_FETCHABLE_KERNELS
		   AND NOT kernel IN_LIST FASTSWAP_PATCHED_KERNELS)
			message(FATAL_ERROR "${file}: there is no test kernel '${kernel}'")
		endif()
		# Kernels that are built are for cases of their own, and for those of the kernel
		# that they are made of, by request only.
		if(kernel IN_LIST FASTSWAP_PATCHED_KERNELS
		   AND NOT kernel IN_LIST FASTSWAP_TEST_KERNELS)
			continue()
		endif()
		set(names "${kernel}")
		foreach(flavour IN ITEMS -patched -debug -patched-debug)
			if("${kernel}${flavour}" IN_LIST FASTSWAP_TEST_KERNELS)
				list(APPEND names "${kernel}${flavour}")
			endif()
		endforeach()
		foreach(name IN LISTS names)
			set(limit ${timeout})
			if(name MATCHES "-debug$")
				math(EXPR limit "${FASTSWAP_DEBUG_SLOWNESS} * ${timeout}")
			endif()
			_fastswap_vm_test("vm.${case}" "${name}" ${limit} ${processors}
				"${FASTSWAP_VM_DIR}/run-case"
				--build "${PROJECT_BINARY_DIR}" "${file}" "${name}")
		endforeach()
	endforeach()
endfunction()

set(FASTSWAP_VM_DIR "${PROJECT_SOURCE_DIR}/tests/vm")

function(_fastswap_vm_test case kernel timeout processors)
	set(name "${case}.${kernel}")
	if(NOT kernel IN_LIST FASTSWAP_TEST_KERNELS)
		fastswap_skipped_test("${name}" vm "${kernel} is not in FASTSWAP_KERNELS")
		return()
	endif()
	add_test(NAME "${name}" COMMAND ${ARGN})
	# A guest whose CPU waits for one of the host's spins for its others, so that two guests of
	# two CPUs take longer side by side than one after the other. Two of one CPU do not.
	# tools/vm keeps the time; ctest's limit is for the case that tools/vm itself hangs.
	math(EXPR limit "${timeout} + 120")
	set_tests_properties("${name}" PROPERTIES
		LABELS vm
		TIMEOUT ${limit}
		SKIP_RETURN_CODE 77
		PROCESSORS ${processors}
	)
endfunction()

# The harness's own tests first: without them a pass of the others proves nothing.
function(fastswap_vm_tests)
	if(NOT FASTSWAP_VM_TESTS)
		if(NOT FASTSWAP_QEMU)
			set(reason "no QEMU (on Debian: apt-get install qemu-system-x86)")
		else()
			set(reason "FASTSWAP_VM_TESTS is off")
		endif()
	elseif(NOT EXISTS "${PROJECT_SOURCE_DIR}/tools/vm")
		set(reason "there is no tools/vm")
	elseif(NOT FASTSWAP_TEST_KERNELS)
		set(reason "none of ${FASTSWAP_FETCHABLE_KERNELS} is in FASTSWAP_KERNELS")
	endif()
	if(reason)
		fastswap_skipped_tier(vm "${reason}")
		return()
	endif()

	foreach(kernel IN LISTS FASTSWAP_FETCHABLE_KERNELS)
		if(EXISTS "${FASTSWAP_VM_DIR}/meta/run")
			_fastswap_vm_test(vm.meta "${kernel}" 780 1 "${FASTSWAP_VM_DIR}/meta/run"
				--build "${PROJECT_BINARY_DIR}" --kernel "${kernel}")
		endif()
		if(NOT kernel IN_LIST FASTSWAP_TEST_KERNELS)
			fastswap_missing("vm tests on ${kernel}" "it is not in FASTSWAP_KERNELS")
		endif()
	endforeach()
	file(GLOB cases CONFIGURE_DEPENDS "${FASTSWAP_VM_DIR}/cases/*.sh")
	foreach(case IN LISTS cases)
		fastswap_vm_case("${case}")
	endforeach()
	fastswap_summary("VM tests" "on ${FASTSWAP_TEST_KERNELS}")
endfunction()
