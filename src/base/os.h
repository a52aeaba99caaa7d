/* os.h - storey base: the system calls behind the portable files. */
#ifndef WEIR_OS_H
#define WEIR_OS_H

#include <stdint.h>

/* Wakes everybody who sleeps on the word. Never fails in a way that anyone could act on. */
void weir_os_futex_wake(const uint32_t *word);

#endif
