# SPDX-License-Identifier: GPL-2.0-only
# A script, run with -D: IN is made the array NAME in the C file OUT, and its size NAME_size.

file(READ "${IN}" bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1,\n" bytes "${bytes}")
file(WRITE "${OUT}"
	"#include <stddef.h>\n"
	"extern const unsigned char ${NAME}[];\n"
	"extern const size_t ${NAME}_size;\n"
	"const unsigned char ${NAME}[] = {\n${bytes}\n};\n"
	"const size_t ${NAME}_size = sizeof(${NAME});\n")
