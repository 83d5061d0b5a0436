# SPDX-License-Identifier: GPL-2.0-only
# fastswap_warnings: an interface target with every warning flag that this compiler knows.

include(CheckCCompilerFlag)

add_library(fastswap_warnings INTERFACE)

foreach(flag IN ITEMS
	-Wall
	-Wextra
	-Wdeclaration-after-statement
	-Wimplicit-fallthrough
	-Wmissing-prototypes
	-Wpointer-arith
	-Wshadow
	-Wstrict-prototypes
	-Wundef
	-Wvla
	-Wwrite-strings
	-Wno-sign-compare
	-Wno-unused-parameter
	-fno-common
	-fno-strict-aliasing
)
	string(MAKE_C_IDENTIFIER "FASTSWAP_CC_HAS${flag}" result)
	# A compiler accepts any unknown -Wno-x in silence: probe the positive form.
	string(REGEX REPLACE "^-Wno-" "-W" probe "${flag}")
	check_c_compiler_flag("${probe}" ${result})
	if(${result})
		target_compile_options(fastswap_warnings INTERFACE "${flag}")
	endif()
endforeach()

if(FASTSWAP_DEVELOPER)
	target_compile_options(fastswap_warnings INTERFACE -Werror)
endif()

target_compile_definitions(fastswap_warnings INTERFACE _GNU_SOURCE)
