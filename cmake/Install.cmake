# SPDX-License-Identifier: GPL-2.0-only
# Where documents and units of a part go.

set(FASTSWAP_SYSTEMD_UNIT_DIR "lib/systemd/system" CACHE STRING
	"Folder for systemd units, below the prefix unless absolute")

# fastswap_install_docs([DIR]): man pages DIR/*.8 and systemd units DIR/*.service.in.
function(fastswap_install_docs)
	set(dir "${CMAKE_CURRENT_SOURCE_DIR}/${ARGV0}")
	file(GLOB pages CONFIGURE_DEPENDS "${dir}/*.8")
	if(pages)
		install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
	endif()

	file(GLOB units CONFIGURE_DEPENDS "${dir}/*.service.in")
	foreach(unit IN LISTS units)
		cmake_path(GET unit STEM LAST_ONLY name)
		configure_file("${unit}" "${CMAKE_CURRENT_BINARY_DIR}/${name}" @ONLY)
		install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}"
			DESTINATION "${FASTSWAP_SYSTEMD_UNIT_DIR}")
	endforeach()
endfunction()
