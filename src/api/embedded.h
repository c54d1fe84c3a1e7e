/*
 * Files of the source tree that are part of the program, so that it can be copied anywhere alone.
 */
#ifndef FORGEFOLD_API_EMBEDDED_H
#define FORGEFOLD_API_EMBEDDED_H

#include <stdint.h>

/*
 * Puts the file SOURCE_FOLDER/PATH, which the Makefile makes a prerequisite, among the constants:
 * `embedded_NAME` is its first byte, `embedded_NAME_length` how many it has. A NUL follows it. The
 * assembler reads the file, so nothing else is needed to build, and its bytes are the file's.
 */
#define EMBEDDED(NAME, PATH)                                                                       \
    __asm__(".pushsection .rodata.embedded, \"a\", %progbits\n"                                    \
            ".balign 8\n"                                                                          \
            ".hidden embedded_" #NAME "_length\n"                                                  \
            ".global embedded_" #NAME "_length\n"                                                  \
            "embedded_" #NAME "_length: .quad .Lend_" #NAME " - embedded_" #NAME "\n"              \
            ".hidden embedded_" #NAME "\n"                                                         \
            ".global embedded_" #NAME "\n"                                                         \
            "embedded_" #NAME ": .incbin \"" SOURCE_FOLDER "/" PATH "\"\n"                         \
            ".Lend_" #NAME ": .byte 0\n"                                                           \
            ".popsection\n");                                                                      \
    extern const char embedded_##NAME[] __attribute__((visibility("hidden")));                     \
    extern const uint64_t embedded_##NAME##_length __attribute__((visibility("hidden")))

#endif
