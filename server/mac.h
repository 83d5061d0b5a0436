/* SPDX-License-Identifier: GPL-2.0-only */
/* HMAC-SHA-256 and what goes with it; the only place that knows a cryptographic library. */
#ifndef FASTSWAP_SERVER_MAC_H
#define FASTSWAP_SERVER_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fastswap/auth.h>

/**
 * mac_proof - what proves that somebody has a key
 * @proof: set
 * @key: the key
 * @len: bytes of @key
 * @transcript: what it is proved for
 *
 * Return: false if the library fails; @proof is of no use then.
 */
bool mac_proof(uint8_t proof[FSW_PROOF_SIZE], const uint8_t *key, size_t len,
	       const struct fsw_transcript *transcript);

/** mac_equal - are two proofs the same? Takes the same time however many bytes are */
bool mac_equal(const uint8_t a[FSW_PROOF_SIZE], const uint8_t b[FSW_PROOF_SIZE]);

/** mac_forget - overwrite what nobody may find later */
void mac_forget(void *secret, size_t size);

#endif /* FASTSWAP_SERVER_MAC_H */
