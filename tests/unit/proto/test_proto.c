// SPDX-License-Identifier: GPL-2.0-only
/* The wire protocol: layout on the wire, and every check with every kind of bad input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fastswap/proto.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct fsw_hello good_hello(void)
{
	struct fsw_hello h;

	memset(&h, 0, sizeof(h));
	h.magic = fsw_htole32(FSW_MAGIC);
	h.version = fsw_htole16(FSW_VERSION);
	h.version_min = fsw_htole16(FSW_VERSION_MIN);
	h.role = FSW_ROLE_WRITEBACK;
	h.set = fsw_htole16(3);
	h.nr_sets = fsw_htole16(4);
	memset(h.session_id, 0xa5, sizeof(h.session_id));
	return h;
}

static struct fsw_welcome good_welcome(void)
{
	struct fsw_welcome w;

	memset(&w, 0, sizeof(w));
	w.magic = fsw_htole32(FSW_MAGIC);
	w.version = fsw_htole16(FSW_VERSION);
	w.role = FSW_ROLE_DEMAND;
	w.generation = fsw_htole64(1);
	w.chunk_shift = 26;
	w.max_chunks = fsw_htole32(512);
	w.max_sets = fsw_htole16(8);
	w.keepalive_ms = fsw_htole32(5000);
	return w;
}

/* The bytes as they travel, so that no change of compiler or machine goes unnoticed. */
static void bytes_on_the_wire(void **state)
{
	static const unsigned char magic[] = "FSWP";
	struct fsw_hello h = good_hello();
	unsigned char *b = (unsigned char *)&h;
	struct fsw_msg m;

	assert_memory_equal(b, magic, 4);
	assert_int_equal(b[4], FSW_VERSION);
	assert_int_equal(b[5], 0);
	assert_int_equal(b[8], FSW_ROLE_WRITEBACK);
	assert_int_equal(b[10], 3);
	assert_int_equal(b[12], 4);
	assert_int_equal(offsetof(struct fsw_hello, session_id), 16);
	assert_int_equal(offsetof(struct fsw_hello, generation), 48);
	assert_int_equal(offsetof(struct fsw_welcome, generation), 8);
	assert_int_equal(offsetof(struct fsw_welcome, chunk_shift), 24);
	assert_int_equal(offsetof(struct fsw_welcome, auth), 34);
	assert_int_equal(offsetof(struct fsw_welcome, keepalive_ms), 36);
	assert_int_equal(offsetof(struct fsw_welcome, nonce), 40);
	assert_int_equal(offsetof(struct fsw_auth, nonce), 64);
	assert_int_equal(offsetof(struct fsw_auth, proof), 96);
	assert_int_equal(offsetof(struct fsw_refusal, detail), 8);

	fsw_msg_init(&m, FSW_MSG_RELEASED, 0x01020304, 0x10);
	b = (unsigned char *)&m;
	assert_memory_equal(b, magic, 4);
	assert_int_equal(b[4], 7);
	assert_int_equal(b[5], 0);
	assert_int_equal(b[6] | b[7], 0);
	assert_int_equal(b[8], 0x20);
	assert_int_equal(b[12], 4);
	assert_int_equal(b[15], 1);
}

static void limits(void **state)
{
	assert_true(sizeof(struct fsw_hello) <= 56);
	assert_true(sizeof(struct fsw_welcome) <= 196);
	assert_true(sizeof(struct fsw_refusal) <= 148);
	assert_true(FSW_CTRL_WINDOW < FSW_CTRL_DEPTH);
	assert_int_equal(FSW_GRANTS_PER_MSG, 255);
	assert_true(sizeof(struct fsw_msg) + FSW_GRANTS_PER_MSG * sizeof(struct fsw_grant) <=
		    FSW_MSG_MAX);
}

/* One field changed, as it is in memory. */
struct change {
	size_t offset, size;
	uint64_t value;
	enum fsw_reason reason;
};

#define FIELD(type, field, v, r) \
	{ offsetof(struct type, field), sizeof(((struct type *)0)->field), v, FSW_REASON_##r }

static void change(void *object, const struct change *c)
{
	uint64_t value = fsw_htole64(c->value);

	assert_true(c->size <= sizeof(value));
	memcpy((char *)object + c->offset, &value, c->size);
}

static void hello(void **state)
{
	static const struct change changes[] = {
		FIELD(fsw_hello, magic, 0, MALFORMED),
		FIELD(fsw_hello, magic, FSW_MAGIC + 1, MALFORMED),
		FIELD(fsw_hello, version_min, FSW_VERSION + 1, MALFORMED),
		FIELD(fsw_hello, version, 0, MALFORMED),
		FIELD(fsw_hello, version, 0xffff, NONE),
		FIELD(fsw_hello, role, FSW_NR_ROLES, MALFORMED),
		FIELD(fsw_hello, role, 255, MALFORMED),
		FIELD(fsw_hello, reserved0, 1, MALFORMED),
		FIELD(fsw_hello, reserved1, 1, MALFORMED),
		FIELD(fsw_hello, nr_sets, 0, MALFORMED),
		FIELD(fsw_hello, nr_sets, 3, MALFORMED),
		FIELD(fsw_hello, nr_sets, FSW_MAX_SETS, NONE),
		FIELD(fsw_hello, nr_sets, FSW_MAX_SETS + 1, LIMIT),
		FIELD(fsw_hello, nr_sets, 0xffff, LIMIT),
		FIELD(fsw_hello, set, 4, MALFORMED),
		FIELD(fsw_hello, set, 0xffff, MALFORMED),
		FIELD(fsw_hello, set, 0, NONE),
		/* Set 3 of a control connection. */
		FIELD(fsw_hello, role, FSW_ROLE_CONTROL, MALFORMED),
		FIELD(fsw_hello, role, FSW_ROLE_DEMAND, NONE),
		FIELD(fsw_hello, generation, UINT64_MAX, NONE),
	};
	struct fsw_hello h = good_hello();
	size_t i;

	assert_int_equal(fsw_hello_check(&h, sizeof(h)), FSW_REASON_NONE);
	assert_int_equal(fsw_hello_check(&h, FSW_CONNECT_PRIVATE_MAX + 100), FSW_REASON_NONE);
	for (i = 0; i < sizeof(h); i++)
		assert_int_equal(fsw_hello_check(&h, i), FSW_REASON_MALFORMED);
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		h = good_hello();
		change(&h, &changes[i]);
		if (fsw_hello_check(&h, sizeof(h)) != changes[i].reason)
			fail_msg("change %zu: got %d", i, fsw_hello_check(&h, sizeof(h)));
	}

	h = good_hello();
	memset(h.session_id, 0, sizeof(h.session_id));
	assert_int_equal(fsw_hello_check(&h, sizeof(h)), FSW_REASON_MALFORMED);
	h.session_id[15] = 1;
	assert_int_equal(fsw_hello_check(&h, sizeof(h)), FSW_REASON_NONE);

	/* Another version may mean other fields by the same bytes: say VERSION, not MALFORMED. */
	h = good_hello();
	h.version = fsw_htole16(FSW_VERSION + 7);
	h.version_min = fsw_htole16(FSW_VERSION + 1);
	h.reserved0 = 1;
	assert_int_equal(fsw_hello_check(&h, sizeof(h)), FSW_REASON_VERSION);
	h = good_hello();
	h.version = h.version_min = fsw_htole16(FSW_VERSION_MIN - 1);
	assert_int_equal(fsw_hello_check(&h, sizeof(h)), FSW_REASON_VERSION);
}

static void welcome(void **state)
{
	static const struct change changes[] = {
		FIELD(fsw_welcome, magic, 0, MALFORMED),
		FIELD(fsw_welcome, version, 0, VERSION),
		FIELD(fsw_welcome, version, FSW_VERSION + 1, VERSION),
		FIELD(fsw_welcome, role, FSW_ROLE_CONTROL, MALFORMED),
		FIELD(fsw_welcome, reserved0, 1, MALFORMED),
		FIELD(fsw_welcome, reserved1[0], 1, MALFORMED),
		FIELD(fsw_welcome, reserved1[2], 1, MALFORMED),
		FIELD(fsw_welcome, reserved3[0], 1, MALFORMED),
		FIELD(fsw_welcome, reserved3[23], 1, MALFORMED),
		FIELD(fsw_welcome, generation, 0, MALFORMED),
		FIELD(fsw_welcome, available, 0, NONE),
		FIELD(fsw_welcome, available, UINT64_MAX, NONE),
		FIELD(fsw_welcome, chunk_shift, FSW_CHUNK_SHIFT_MIN - 1, MALFORMED),
		FIELD(fsw_welcome, chunk_shift, FSW_CHUNK_SHIFT_MIN, NONE),
		FIELD(fsw_welcome, chunk_shift, FSW_CHUNK_SHIFT_MAX, NONE),
		FIELD(fsw_welcome, chunk_shift, FSW_CHUNK_SHIFT_MAX + 1, MALFORMED),
		FIELD(fsw_welcome, chunk_shift, 255, MALFORMED),
		FIELD(fsw_welcome, max_chunks, 0, MALFORMED),
		FIELD(fsw_welcome, max_chunks, FSW_MAX_CHUNKS, NONE),
		FIELD(fsw_welcome, max_chunks, FSW_MAX_CHUNKS + 1, MALFORMED),
		FIELD(fsw_welcome, max_sets, 0, MALFORMED),
		FIELD(fsw_welcome, max_sets, FSW_MAX_SETS + 1, MALFORMED),
		FIELD(fsw_welcome, keepalive_ms, 0, NONE),
		FIELD(fsw_welcome, version, FSW_VERSION_AUTH - 1, NONE),
		/* A nonce without a question, a question without a nonce, an unknown question. */
		FIELD(fsw_welcome, nonce[0], 1, MALFORMED),
		FIELD(fsw_welcome, nonce[31], 1, MALFORMED),
		FIELD(fsw_welcome, auth, FSW_AUTH_PSK, MALFORMED),
		FIELD(fsw_welcome, auth, FSW_NR_AUTH_METHODS, MALFORMED),
	};
	struct fsw_welcome w = good_welcome();
	size_t i;

	assert_int_equal(fsw_welcome_check(&w, FSW_ACCEPT_PRIVATE_MAX, FSW_ROLE_DEMAND),
			 FSW_REASON_NONE);
	for (i = 0; i < sizeof(w); i++)
		assert_int_equal(fsw_welcome_check(&w, i, FSW_ROLE_DEMAND), FSW_REASON_MALFORMED);
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		w = good_welcome();
		change(&w, &changes[i]);
		if (fsw_welcome_check(&w, sizeof(w), FSW_ROLE_DEMAND) != changes[i].reason)
			fail_msg("change %zu", i);
	}
}

/* Only a control connection is asked, only in a version that can answer, and with a nonce. */
static void challenge(void **state)
{
	struct fsw_welcome w = good_welcome();

	w.role = FSW_ROLE_CONTROL;
	w.auth = fsw_htole16(FSW_AUTH_PSK);
	w.nonce[31] = 1;
	assert_int_equal(fsw_welcome_check(&w, sizeof(w), FSW_ROLE_CONTROL), FSW_REASON_NONE);
	w.version = fsw_htole16(FSW_VERSION_AUTH - 1);
	assert_int_equal(fsw_welcome_check(&w, sizeof(w), FSW_ROLE_CONTROL), FSW_REASON_MALFORMED);
	w.version = fsw_htole16(FSW_VERSION_AUTH);
	w.nonce[31] = 0;
	assert_int_equal(fsw_welcome_check(&w, sizeof(w), FSW_ROLE_CONTROL), FSW_REASON_MALFORMED);
	w.nonce[0] = 1;
	w.auth = fsw_htole16(FSW_NR_AUTH_METHODS);
	assert_int_equal(fsw_welcome_check(&w, sizeof(w), FSW_ROLE_CONTROL), FSW_REASON_MALFORMED);
	w.auth = fsw_htole16(FSW_AUTH_PSK);
	w.role = FSW_ROLE_DEMAND;
	assert_int_equal(fsw_welcome_check(&w, sizeof(w), FSW_ROLE_DEMAND), FSW_REASON_MALFORMED);
}

static void refusal(void **state)
{
	struct fsw_refusal r = { .magic = fsw_htole32(FSW_MAGIC) };

	assert_int_equal(fsw_refusal_check(&r, sizeof(r)), 1);
	assert_int_equal(fsw_refusal_check(&r, FSW_REJECT_PRIVATE_MAX), 1);
	assert_int_equal(fsw_refusal_check(&r, sizeof(r) - 1), 0);
	assert_int_equal(fsw_refusal_check(NULL, 0), 0);
	assert_int_equal(fsw_refusal_check(NULL, 100), 0);
	r.magic = 0;
	assert_int_equal(fsw_refusal_check(&r, sizeof(r)), 0);
}

static union {
	struct fsw_msg msg;
	unsigned char bytes[FSW_MSG_MAX + 64];
} buf;

static enum fsw_reason check(unsigned int type, size_t payload)
{
	fsw_msg_init(&buf.msg, type, 1, payload);
	return fsw_msg_check(&buf.msg, sizeof(buf.msg) + payload);
}

static void header(void **state)
{
	size_t i;

	memset(&buf, 0, sizeof(buf));
	assert_int_equal(check(FSW_MSG_PING, 0), FSW_REASON_NONE);
	for (i = 0; i < sizeof(buf.msg); i++)
		assert_int_equal(fsw_msg_check(&buf.msg, i), FSW_REASON_MALFORMED);
	/* What the header says must be what arrived. */
	assert_int_equal(fsw_msg_check(&buf.msg, sizeof(buf.msg) + 1), FSW_REASON_MALFORMED);
	buf.msg.length = fsw_htole32(15);
	assert_int_equal(fsw_msg_check(&buf.msg, sizeof(buf.msg)), FSW_REASON_MALFORMED);
	buf.msg.length = fsw_htole32(0xffffffff);
	assert_int_equal(fsw_msg_check(&buf.msg, sizeof(buf.msg)), FSW_REASON_MALFORMED);
	check(FSW_MSG_PING, 0);
	buf.msg.magic ^= 1;
	assert_int_equal(fsw_msg_check(&buf.msg, sizeof(buf.msg)), FSW_REASON_MALFORMED);
	check(FSW_MSG_PING, 0);
	buf.msg.reserved = fsw_htole16(1);
	assert_int_equal(fsw_msg_check(&buf.msg, sizeof(buf.msg)), FSW_REASON_MALFORMED);
	assert_int_equal(check(0, 0), FSW_REASON_MALFORMED);
	for (i = FSW_NR_MSG_TYPES; i < 65536; i++)
		assert_int_equal(check(i, 0), FSW_REASON_MALFORMED);
	assert_int_equal(check(FSW_MSG_GRANT, FSW_MSG_MAX), FSW_REASON_MALFORMED);
}

/* Of the AUTH_OK in @buf. */
static void set_limits(uint32_t max_chunks, uint16_t max_sets, uint16_t reserved)
{
	struct fsw_auth_ok *ok = (struct fsw_auth_ok *)(&buf.msg + 1);

	ok->limits.max_chunks = fsw_htole32(max_chunks);
	ok->limits.max_sets = fsw_htole16(max_sets);
	ok->limits.reserved = fsw_htole16(reserved);
}

/* For each type exactly the payload sizes that it may have, of all that fit. */
static void payload_sizes(void **state)
{
	unsigned int type;
	size_t n;

	for (type = 1; type < FSW_NR_MSG_TYPES; type++) {
		for (n = 0; n <= FSW_MSG_MAX - sizeof(buf.msg); n++) {
			bool ok;

			memset(&buf, 0, sizeof(buf));
			switch (type) {
			case FSW_MSG_PING:
			case FSW_MSG_PONG:
				ok = !n;
				break;
			case FSW_MSG_REQUEST:
			case FSW_MSG_RELEASE:
			case FSW_MSG_RELEASED:
			case FSW_MSG_FORGET:
				((struct fsw_range *)(&buf.msg + 1))->count = fsw_htole32(1);
				ok = n == 8;
				break;
			case FSW_MSG_GRANT:
				ok = n && n % 16 == 0;
				break;
			case FSW_MSG_DENY:
				ok = n == 16;
				break;
			case FSW_MSG_AUTH:
				((struct fsw_auth *)(&buf.msg + 1))->identity[0] = 'a';
				ok = n == 128;
				break;
			case FSW_MSG_AUTH_OK:
				set_limits(1, 1, 0);
				ok = n == 48;
				break;
			case FSW_MSG_RECALL:
				((struct fsw_recall *)(&buf.msg + 1))->chunks = fsw_htole32(1);
				ok = n == 8;
				break;
			default:
				ok = n == 8;
				break;
			}
			if ((check(type, n) == FSW_REASON_NONE) != ok)
				fail_msg("type %u with %zu bytes", type, n);
		}
	}
}

static void ranges(void **state)
{
	static const struct {
		uint32_t first, count;
		bool ok;
	} cases[] = {
		{ 0, 1, true },
		{ 0, 0, false },
		{ 0, FSW_MAX_CHUNKS, true },
		{ 0, FSW_MAX_CHUNKS + 1, false },
		{ FSW_MAX_CHUNKS - 1, 1, true },
		{ FSW_MAX_CHUNKS, 1, false },
		{ FSW_MAX_CHUNKS - 1, 2, false },
		{ 1, FSW_MAX_CHUNKS, false },
		{ UINT32_MAX, 1, false },
		{ UINT32_MAX, 2, false },
		{ 1, UINT32_MAX, false },
		{ UINT32_MAX, UINT32_MAX, false },
	};
	static const unsigned int types[] = {
		FSW_MSG_REQUEST,
		FSW_MSG_RELEASE,
		FSW_MSG_RELEASED,
		FSW_MSG_FORGET,
	};
	struct fsw_range *range = (struct fsw_range *)(&buf.msg + 1);
	size_t i, t;

	for (t = 0; t < ARRAY_SIZE(types); t++) {
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			range->first = fsw_htole32(cases[i].first);
			range->count = fsw_htole32(cases[i].count);
			assert_int_equal(check(types[t], sizeof(*range)) == FSW_REASON_NONE,
					 cases[i].ok);
		}
	}
}

static void promises(void **state)
{
	static const unsigned int types[] = { FSW_MSG_PROMISE, FSW_MSG_PROMISED };
	struct fsw_promise *promise = (struct fsw_promise *)(&buf.msg + 1);
	size_t t;

	for (t = 0; t < ARRAY_SIZE(types); t++) {
		memset(promise, 0, sizeof(*promise));
		assert_int_equal(check(types[t], sizeof(*promise)), FSW_REASON_NONE);
		promise->chunks = fsw_htole32(FSW_MAX_CHUNKS);
		assert_int_equal(check(types[t], sizeof(*promise)), FSW_REASON_NONE);
		promise->chunks = fsw_htole32(FSW_MAX_CHUNKS + 1);
		assert_int_equal(check(types[t], sizeof(*promise)), FSW_REASON_MALFORMED);
		promise->chunks = fsw_htole32(1);
		promise->reserved = fsw_htole32(1);
		assert_int_equal(check(types[t], sizeof(*promise)), FSW_REASON_MALFORMED);
	}
}

static void recalls(void **state)
{
	struct fsw_recall *recall = (struct fsw_recall *)(&buf.msg + 1);

	memset(recall, 0, sizeof(*recall));
	assert_int_equal(check(FSW_MSG_RECALL, sizeof(*recall)), FSW_REASON_MALFORMED);
	recall->chunks = fsw_htole32(1);
	assert_int_equal(check(FSW_MSG_RECALL, sizeof(*recall)), FSW_REASON_NONE);
	recall->chunks = fsw_htole32(FSW_MAX_CHUNKS);
	assert_int_equal(check(FSW_MSG_RECALL, sizeof(*recall)), FSW_REASON_NONE);
	recall->chunks = fsw_htole32(FSW_MAX_CHUNKS + 1);
	assert_int_equal(check(FSW_MSG_RECALL, sizeof(*recall)), FSW_REASON_MALFORMED);
	recall->chunks = fsw_htole32(1);
	recall->reserved = fsw_htole32(1);
	assert_int_equal(check(FSW_MSG_RECALL, sizeof(*recall)), FSW_REASON_MALFORMED);
}

static void reserved_bytes(void **state)
{
	struct fsw_goodbye *bye = (struct fsw_goodbye *)(&buf.msg + 1);
	struct fsw_deny *deny = (struct fsw_deny *)(&buf.msg + 1);
	int i;

	memset(&buf, 0, sizeof(buf));
	deny->reserved = fsw_htole16(1);
	assert_int_equal(check(FSW_MSG_DENY, sizeof(*deny)), FSW_REASON_MALFORMED);
	memset(&buf, 0, sizeof(buf));
	bye->reason = fsw_htole16(0xffff);
	assert_int_equal(check(FSW_MSG_GOODBYE, sizeof(*bye)), FSW_REASON_NONE);
	for (i = 0; i < 3; i++) {
		memset(bye, 0, sizeof(*bye));
		bye->reserved[i] = fsw_htole16(0x100);
		assert_int_equal(check(FSW_MSG_GOODBYE, sizeof(*bye)), FSW_REASON_MALFORMED);
	}
}

static void identities(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} cases[] = {
		{ "", false },
		{ "a", true },
		{ "node-7.rack_2@example.org", true },
		{ "ABCXYZabcxyz0189._-@", true },
		{ "two words", false },
		{ "comma,comma", false },
		{ "semi;colon", false },
		{ "a:b", false },
		{ "a=b", false },
		{ "a/b", false },
		{ "line\n", false },
		{ "caf\xc3\xa9", false },
	};
	struct fsw_auth *auth = (struct fsw_auth *)(&buf.msg + 1);
	char name[FSW_IDENTITY_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(name, 0, sizeof(name));
		strcpy(name, cases[i].name);
		if (fsw_identity_check(name, sizeof(name)) != cases[i].ok)
			fail_msg("'%s'", cases[i].name);
		memset(&buf, 0, sizeof(buf));
		memcpy(auth->identity, name, sizeof(name));
		assert_int_equal(check(FSW_MSG_AUTH, sizeof(*auth)) == FSW_REASON_NONE,
				 cases[i].ok);
	}
	/* One that has no end, and one that has something behind it. */
	memset(name, 'a', sizeof(name));
	assert_false(fsw_identity_check(name, sizeof(name)));
	name[sizeof(name) - 1] = '\0';
	assert_true(fsw_identity_check(name, sizeof(name)));
	name[5] = '\0';
	assert_false(fsw_identity_check(name, sizeof(name)));
}

static void limits_of_an_identity(void **state)
{
	static const struct {
		uint32_t max_chunks;
		uint16_t max_sets, reserved;
		bool ok;
	} cases[] = {
		{ 1, 1, 0, true },
		{ FSW_MAX_CHUNKS, FSW_MAX_SETS, 0, true },
		{ 0, 1, 0, false },
		{ 1, 0, 0, false },
		{ FSW_MAX_CHUNKS + 1, 1, 0, false },
		{ 1, FSW_MAX_SETS + 1, 0, false },
		{ 1, 1, 1, false },
	};
	size_t i;

	memset(&buf, 0, sizeof(buf));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_limits(cases[i].max_chunks, cases[i].max_sets, cases[i].reserved);
		assert_int_equal(check(FSW_MSG_AUTH_OK, sizeof(struct fsw_auth_ok)) ==
					 FSW_REASON_NONE,
				 cases[i].ok);
	}
}

/* The checks read no byte beyond what they were given; the sanitizer watches. */
static void no_byte_too_many(void **state)
{
	size_t len;

	for (len = 1; len <= 160; len++) {
		unsigned char *exact = malloc(len);
		unsigned int type;

		assert_non_null(exact);
		for (type = 0; type <= FSW_NR_MSG_TYPES; type++) {
			memset(exact, 0xff, len);
			if (len >= sizeof(struct fsw_msg))
				fsw_msg_init((struct fsw_msg *)exact, type, 0,
					     len - sizeof(struct fsw_msg));
			fsw_msg_check((struct fsw_msg *)exact, len);
		}
		memset(exact, 0, len);
		memcpy(exact, "FSWP", len < 4 ? len : 4);
		fsw_hello_check((struct fsw_hello *)exact, len);
		fsw_welcome_check((struct fsw_welcome *)exact, len, FSW_ROLE_CONTROL);
		fsw_refusal_check((struct fsw_refusal *)exact, len);
		free(exact);
	}
}

/* Whatever arrives, the checks come to a verdict. */
static void random_bytes(void **state)
{
	uint64_t x = 88172645463325252ull;
	unsigned int round;
	size_t i, len;

	for (round = 0; round < 20000; round++) {
		for (i = 0; i < 128; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			buf.bytes[i] = x;
		}
		len = x % 120;
		/* Right at the beginning, so that later checks are reached as well. */
		if (round % 4)
			fsw_msg_init(&buf.msg, x % FSW_NR_MSG_TYPES, 0,
				     len > sizeof(buf.msg) ? len - sizeof(buf.msg) : 0);
		fsw_msg_check(&buf.msg, len);
		assert_true(fsw_hello_check((void *)&buf, len) < FSW_NR_REASONS);
		assert_true(fsw_welcome_check((void *)&buf, len, 0) < FSW_NR_REASONS);
	}
}

static void reasons_in_words(void **state)
{
	unsigned int i, k;

	for (i = 0; i < FSW_NR_REASONS; i++) {
		assert_true(strlen(fsw_reason_text(i)) > 5);
		assert_string_not_equal(fsw_reason_text(i), "unknown reason");
		for (k = 0; k < i; k++)
			assert_string_not_equal(fsw_reason_text(i), fsw_reason_text(k));
	}
	assert_string_equal(fsw_reason_text(FSW_NR_REASONS), "unknown reason");
	assert_string_equal(fsw_reason_text(0xffff), "unknown reason");
	assert_string_equal(fsw_reason_text(UINT32_MAX), "unknown reason");
	/* Numbers are for ever. */
	assert_int_equal(FSW_REASON_WRONG_DEVICE, 9);
	assert_int_equal(FSW_REASON_DETACH, 11);
	assert_int_equal(FSW_REASON_AUTH, 13);
	assert_int_equal(FSW_REASON_UNPROVEN, 14);
	assert_int_equal(FSW_REASON_ADDRESS, 15);
	assert_string_equal(fsw_reason_text(FSW_REASON_ADDRESS),
			    "the server does not admit this address");
	assert_int_equal(FSW_MSG_GOODBYE, 8);
	assert_int_equal(FSW_MSG_AUTH, 9);
	assert_int_equal(FSW_MSG_AUTH_OK, 10);
	assert_int_equal(FSW_MSG_PROMISE, 11);
	assert_int_equal(FSW_MSG_PROMISED, 12);
	assert_int_equal(FSW_MSG_FORGET, 13);
	assert_int_equal(FSW_MSG_RECALL, 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_on_the_wire),
		cmocka_unit_test(limits),
		cmocka_unit_test(hello),
		cmocka_unit_test(welcome),
		cmocka_unit_test(challenge),
		cmocka_unit_test(refusal),
		cmocka_unit_test(header),
		cmocka_unit_test(payload_sizes),
		cmocka_unit_test(ranges),
		cmocka_unit_test(promises),
		cmocka_unit_test(recalls),
		cmocka_unit_test(reserved_bytes),
		cmocka_unit_test(identities),
		cmocka_unit_test(limits_of_an_identity),
		cmocka_unit_test(no_byte_too_many),
		cmocka_unit_test(random_bytes),
		cmocka_unit_test(reasons_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
