/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C (Castagnoli), of RFC 3720 and snappy's frames. */
#ifndef KVMI_CRC32C_H
#define KVMI_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t kvmi_crc32c(const void *p, size_t len);

#endif
