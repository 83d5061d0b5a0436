# SPDX-License-Identifier: GPL-2.0-only
# Sanitizers: for the whole build (FASTSWAP_SANITIZE) and for one target (fastswap_sanitize).

set(FASTSWAP_ASAN_FLAGS
	-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
set(FASTSWAP_TSAN_FLAGS -fsanitize=thread -fno-omit-frame-pointer)

# fastswap_sanitize(TARGET address|thread)
function(fastswap_sanitize target kind)
	if(kind STREQUAL "address")
		set(flags ${FASTSWAP_ASAN_FLAGS})
	elseif(kind STREQUAL "thread")
		set(flags ${FASTSWAP_TSAN_FLAGS})
	else()
		message(FATAL_ERROR "unknown sanitizer '${kind}': use address or thread")
	endif()
	target_compile_options(${target} PRIVATE ${flags})
	target_link_options(${target} PRIVATE ${flags})
endfunction()

if(FASTSWAP_SANITIZE STREQUAL "address")
	add_compile_options(${FASTSWAP_ASAN_FLAGS})
	add_link_options(${FASTSWAP_ASAN_FLAGS})
elseif(FASTSWAP_SANITIZE STREQUAL "thread")
	add_compile_options(${FASTSWAP_TSAN_FLAGS})
	add_link_options(${FASTSWAP_TSAN_FLAGS})
elseif(FASTSWAP_SANITIZE)
	message(FATAL_ERROR
		"FASTSWAP_SANITIZE='${FASTSWAP_SANITIZE}': use address, thread, or nothing")
endif()

if(FASTSWAP_COVERAGE)
	add_compile_options(--coverage)
	add_link_options(--coverage)
endif()

# TSan maps its shadow at fixed addresses and dies where the kernel's address randomisation is wider
# than it knows (mmap_rnd_bits > 28 and GCC < 14): run such programs without randomisation.
find_program(FASTSWAP_SETARCH setarch)
set(FASTSWAP_TSAN_LAUNCHER "")
if(FASTSWAP_SETARCH)
	set(FASTSWAP_TSAN_LAUNCHER "${FASTSWAP_SETARCH}" -R)
endif()
