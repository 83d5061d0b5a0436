# SPDX-License-Identifier: GPL-2.0-only
# The closing lines of a configure run: what will be built, which optional parts are off, and why.

# fastswap_summary(LABEL VALUE...)
function(fastswap_summary label)
	list(JOIN ARGN " " value)
	set_property(GLOBAL APPEND PROPERTY FASTSWAP_SUMMARY "  ${label}: ${value}")
endfunction()

# fastswap_missing(PART REASON...): PART is left out of this build.
function(fastswap_missing part)
	list(JOIN ARGN " " reason)
	set_property(GLOBAL APPEND PROPERTY FASTSWAP_MISSING "  ${part}: ${reason}")
endfunction()

function(fastswap_print_summary)
	get_property(lines GLOBAL PROPERTY FASTSWAP_SUMMARY)
	get_property(missing GLOBAL PROPERTY FASTSWAP_MISSING)
	list(JOIN lines "\n" lines)
	message(STATUS "fastswap ${PROJECT_VERSION}\n${lines}")
	if(missing)
		list(JOIN missing "\n" missing)
		message(STATUS "Missing optional items\n${missing}")
	endif()
endfunction()
