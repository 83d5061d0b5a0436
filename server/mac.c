// SPDX-License-Identifier: GPL-2.0-only
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "mac.h"

bool mac_proof(uint8_t proof[FSW_PROOF_SIZE], const uint8_t *key, size_t len,
	       const struct fsw_transcript *transcript)
{
	size_t made = 0;

	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, len,
			 (const unsigned char *)transcript, sizeof(*transcript), proof,
			 FSW_PROOF_SIZE, &made) &&
	       made == FSW_PROOF_SIZE;
}

bool mac_equal(const uint8_t a[FSW_PROOF_SIZE], const uint8_t b[FSW_PROOF_SIZE])
{
	return !CRYPTO_memcmp(a, b, FSW_PROOF_SIZE);
}

void mac_forget(void *secret, size_t size)
{
	OPENSSL_cleanse(secret, size);
}
